/** Variables of a welcome text: a closed set, filled in once. */
import { describe, expect, test } from '@jest/globals';
import { PLAIN_BRANDING } from '../../../src/core/entities/organization.ts';
import { fillIn, unknownVariables, WELCOME_VARIABLES } from '../../../src/core/joining/welcome-text.ts';
import { layOut } from '../../../src/core/mail/mail-layout.ts';
import { welcomeMail } from '../../../src/core/mail/member-mails.ts';
import { anOrganization } from '../../support/builders.ts';

const values = {
  name: 'Ada',
  organization: 'Acme',
  team: 'Red',
  role: 'member',
  link: 'L',
  resources: 'R',
  support: 'S',
  product: 'P',
};

test('every variable stands for its value', () => {
  const text = WELCOME_VARIABLES.map((name) => `{${name}}`).join(' ');
  expect(fillIn(text, values)).toBe('Ada Acme Red member L R S P');
  expect(unknownVariables(text)).toEqual([]);
});

test.each([
  ['{nam}', ['nam']],
  ['{name} {NAME} {constructor} {__proto__}', ['NAME', 'constructor', '__proto__']],
  ['{}', ['']],
  ['{{name}}', []],
  ['{ name }', [' name ']],
  ['a { b } c', [' b ']],
  ['{ and }\n{', [' and ']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what other template languages write
  ['${name} %s <%= name %>', []],
])('of %j it does not know %j', (text, unknown) => {
  expect(unknownVariables(text)).toEqual(unknown);
});

describe('S207: what people are called is literal', () => {
  test.each(['{organization}', '{{role}}', '$&', "$'", '%s', '{link}', '\ue000'])('%j', (name) => {
    const branding = { ...PLAIN_BRANDING, welcomeText: 'Hi {name}! Go to {link}.' };
    const organization = anOrganization({ branding });
    const welcomed = { name, role: 'member', teams: [], resources: [] } as const;
    const { text } = layOut(
      'a@x.example',
      welcomeMail({ organization, welcomed, url: 'https://g.example/s' }),
    );
    // A private-use character means nothing to anybody; as a name it must not become our address.
    const shown = name === '\ue000' ? '' : name;
    expect(text.split('\n')[0]).toBe(`Hi ${shown}! Go to https://g.example/s.`);
  });
});
