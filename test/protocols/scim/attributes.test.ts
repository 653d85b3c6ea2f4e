/** Promises of the projection: what each combination of wishes shows of one person and one group. */
import { describe, expect, test } from '@jest/globals';
import { parseProjection, project, wants } from '../../../src/protocols/scim/attributes.ts';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { groupResourceType, parseSchema, userResourceType } from '../../../src/protocols/scim/schema.ts';
import { core, enterprise, userType } from './filter-resources.ts';

const person: ScimObject = {
  schemas: [core, enterprise],
  id: 'dusr_1',
  meta: { resourceType: 'User', version: 'W/"1"' },
  userName: 'alice',
  name: { givenName: 'Alice', familyName: 'Jones' },
  emails: [{ value: 'a@x.com', type: 'work' }, { type: 'home' }],
  password: 'secret',
  hiddenPlan: 'secret',
  note: 'on request',
  tags: [],
  unknown: 'x',
  [enterprise]: { department: 'Eng', manager: { value: 'm1' } },
};

const head = { schemas: [core], id: 'dusr_1' };
const meta = { resourceType: 'User', version: 'W/"1"' };
const emails = [{ value: 'a@x.com', type: 'work' }, { type: 'home' }];
const name = { givenName: 'Alice', familyName: 'Jones' };
const extension = { department: 'Eng', manager: { value: 'm1' } };
const both = { schemas: [core, enterprise], id: 'dusr_1' };
const full = { ...both, meta, userName: 'alice', name, emails, [enterprise]: extension };

/** The person as JSON, for the given values of the two parameters. */
function shown(attributes?: string, excludedAttributes?: string): unknown {
  const projection = parseProjection({ attributes, excludedAttributes }, userType);
  return JSON.parse(JSON.stringify(project(person, projection, userType)));
}

describe('attributes', () => {
  test.each<[string | undefined, object]>([
    [undefined, full],
    ['', full],
    [' ', full],
    ['userName', { ...head, userName: 'alice' }],
    ['USERNAME , id', { ...head, userName: 'alice' }],
    ['nothing', head],
    ['name.givenName', { ...head, name: { givenName: 'Alice' } }],
    ['name.GIVENNAME,name.familyName', { ...head, name }],
    ['name,name.givenName', { ...head, name }],
    ['name.givenName,name', { ...head, name }],
    ['name.nothing', head],
    ['name.givenName.more', head],
    ['emails.value', { ...head, emails: [{ value: 'a@x.com' }] }],
    ['emails[type eq "work"]', { ...head, emails }],
    ['emails[type eq "work"].type', { ...head, emails: [{ type: 'work' }, { type: 'home' }] }],
    ['meta.version', { ...head, meta: { version: 'W/"1"' } }],
    ['note', { ...head, note: 'on request' }],
    ['note,userName', { ...head, note: 'on request', userName: 'alice' }],
    [`${core}:userName`, { ...head, userName: 'alice' }],
    [`${core}:name.givenName`, { ...head, name: { givenName: 'Alice' } }],
    [core, { ...head, userName: 'alice', name, emails, note: 'on request' }],
    [enterprise, { ...both, [enterprise]: extension }],
    [enterprise.toUpperCase(), { ...both, [enterprise]: extension }],
    [`${enterprise}:department`, { ...both, [enterprise]: { department: 'Eng' } }],
    [`${enterprise}:manager.value`, { ...both, [enterprise]: { manager: { value: 'm1' } } }],
    ['department', head],
    ['unknown', head],
    ['__proto__,constructor', head],
    [',,,', head],
  ])('%p', (attributes, expected) => {
    expect(shown(attributes)).toEqual(expected);
  });
});

describe('excludedAttributes', () => {
  const { emails: _emails, ...withoutEmails } = full;
  const { name: _name, ...withoutName } = full;
  const { [enterprise]: _extension, ...withoutExtension } = full;
  test.each<[string, object]>([
    ['', full],
    ['emails', withoutEmails],
    ['EMAILS', withoutEmails],
    ['emails,emails.value', withoutEmails],
    ['emails.value', { ...full, emails: [{ type: 'work' }, { type: 'home' }] }],
    ['emails.value,emails.type', withoutEmails],
    ['name', withoutName],
    [enterprise, { ...withoutExtension, schemas: [core] }],
    [`${enterprise}:department`, { ...full, [enterprise]: { manager: { value: 'm1' } } }],
    [`${enterprise}:manager.value`, { ...full, [enterprise]: { department: 'Eng' } }],
    ['nothing', full],
  ])('%p', (excluded, expected) => {
    expect(shown(undefined, excluded)).toEqual(expected);
  });

  test('takes from what attributes asked for', () => {
    expect(shown('name,userName', 'name.givenName')).toEqual({
      ...head,
      userName: 'alice',
      name: { familyName: 'Jones' },
    });
  });
});

describe('what the schema decides', () => {
  test.each(['password', 'hiddenPlan', `${core}:password`, core])(
    'S133 %p reveals no secret',
    (attributes) => {
      expect(JSON.stringify(shown(attributes))).not.toContain('secret');
    },
  );

  test.each(['id', 'ID,schemas', `${core}:id`])('S133 excluding %p hides nothing', (excluded) => {
    expect(shown(undefined, excluded)).toEqual(full);
  });

  test('S133 sub-attributes follow their own characteristic', () => {
    const custom = parseSchema({
      id: 'urn:example:Card',
      name: 'Card',
      attributes: [
        {
          name: 'card',
          type: 'complex',
          subAttributes: [
            { name: 'number', returned: 'always' },
            { name: 'pin', returned: 'never', mutability: 'writeOnly' },
            { name: 'memo', returned: 'request' },
            { name: 'color' },
          ],
        },
      ],
    });
    const type = userResourceType([custom]);
    const resource: ScimObject = {
      id: 'x',
      'urn:example:Card': { card: { number: '1', pin: 'secret', memo: 'm', color: 'red' } },
    };
    const see = (attributes: string | undefined, excludedAttributes?: string) => {
      const result = project(resource, parseProjection({ attributes, excludedAttributes }, type), type);
      return JSON.parse(JSON.stringify(result));
    };
    const path = 'urn:example:Card:card';
    const card = (parts: object) => ({ id: 'x', 'urn:example:Card': { card: parts } });
    expect(see(undefined)).toEqual(card({ number: '1', color: 'red' }));
    expect(see(`${path}.memo`)).toEqual(card({ number: '1', memo: 'm' }));
    expect(see(`${path}.pin`)).toEqual(card({ number: '1' }));
    expect(see(undefined, `${path}.number,${path}.color`)).toEqual(card({ number: '1' }));
  });

  test('the resource itself stays as it was', () => {
    const before = structuredClone(person);
    project(person, parseProjection({ excludedAttributes: 'emails.value' }, userType), userType);
    expect(person).toEqual(before);
  });
});

describe('wants: members are loaded only for answers that show them', () => {
  const type = groupResourceType();
  test.each<[string | undefined, string | undefined, boolean]>([
    [undefined, undefined, true],
    [undefined, 'members', false],
    [undefined, 'MEMBERS', false],
    [undefined, 'members.display', true],
    [undefined, 'displayName', true],
    ['id', undefined, false],
    ['id,displayName', undefined, false],
    ['members', undefined, true],
    ['members.value', undefined, true],
    ['urn:ietf:params:scim:schemas:core:2.0:Group:members', undefined, true],
    ['urn:ietf:params:scim:schemas:core:2.0:Group', undefined, true],
    ['members', 'members', false],
  ])('attributes %p, excludedAttributes %p: %p', (attributes, excludedAttributes, expected) => {
    expect(wants(parseProjection({ attributes, excludedAttributes }, type), 'members')).toBe(expected);
  });
});
