/** The short way to a user's text says what the long way says, whatever the user is made of. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isEverythingShown,
  isStandard,
  parseProjection,
  urnKeysIn,
} from '../../../src/protocols/scim/attributes.ts';
import { parseSchema, userResourceType } from '../../../src/protocols/scim/schema.ts';
import { ENTERPRISE_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const odd = fc.constantFrom(
  ...[
    'plain',
    'ä😀',
    '"',
    '\\',
    '\\"',
    'x"y',
    '\n',
    '\u2028',
    '{',
    '}',
    ',"urn:x":{',
    `"${ENTERPRISE_URN}":{`,
  ],
  ...['","manager":', '"manager":{"value":"x"}', '"active":false', 'urn:x', '</script>', '\\u0022', ' '],
);

describe('users as they are stored', () => {
  test('L26, L62, S133: what is sent unread is what a look through all attributes would send', async () => {
    const world = await suite.world();
    const boss = await world.addUser({ userName: 'boss', displayName: 'The "Boss"' });
    const gone = await world.addUser({ userName: 'gone' });
    await world.scim.delete(`/Users/${gone}`);
    const body = fc.record(
      {
        displayName: odd,
        title: odd,
        active: fc.boolean(),
        name: fc.record({ givenName: odd, familyName: odd }, { requiredKeys: [] }),
        emails: fc.array(fc.record({ value: odd, type: odd }, { requiredKeys: ['value'] }), { maxLength: 3 }),
        roles: fc.array(fc.record({ value: odd }), { maxLength: 2 }),
        password: fc.constant('Correct-horse-9'),
        [ENTERPRISE_URN]: fc.record(
          {
            department: odd,
            manager: fc.constantFrom({ value: boss }, { value: gone }, { value: 'm1' }, { value: 'du_x' }),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    let made = 0;
    await fc.assert(
      fc.asyncProperty(body, async (fields) => {
        made += 1;
        const id = await world.addUser({ externalId: undefined, ...fields, userName: `u${made}` });
        if (made % 3 === 0) await world.addGroup({ displayName: 'G"1"', members: [{ value: id }] });
        const quick = await world.scim.get(`/Users/${id}`);
        // Leaving out what is always shown changes nothing, but has to look.
        const whole = await world.scim.get(`/Users/${id}?excludedAttributes=id`);
        expect(quick.body).toEqual(whole.body);
        const filter = encodeURIComponent(`userName eq "u${made}"`);
        expect((await world.scim.get(`/Users?filter=${filter}`)).body.Resources).toEqual([whole.body]);
        const patched = await world.scim.patch(
          `/Users/${id}`,
          patchOf({ op: 'add', path: 'nickName', value: 'n' }),
        );
        expect(patched.body).toEqual((await world.scim.get(`/Users/${id}?excludedAttributes=id`)).body);
      }),
      { numRuns: 60 },
    );
  });
});

describe('what may be sent unread', () => {
  const everything = parseProjection({}, userResourceType());
  const stored = (document: object) => JSON.stringify(document);
  const badge = 'urn:acme:badge';

  test.each<[string, object, boolean]>([
    ['core attributes', { userName: 'a', title: 'x' }, true],
    ['the enterprise extension', { userName: 'a', [ENTERPRISE_URN]: { department: 'x' } }, true],
    ['an extension of the directory', { userName: 'a', [badge]: { number: '1' } }, false],
    ['an extension that is gone', { userName: 'a', 'urn:gone': { x: 1 } }, false],
    [
      'values that look like one',
      { userName: '"urn:gone":{', title: `,"urn:gone":`, roles: [{ value: 'urn:gone' }] },
      true,
    ],
  ])('%s: %j is: %s', (_name, document, expected) => {
    const custom = parseSchema({ id: badge, name: 'Badge', attributes: [{ name: 'number' }] });
    for (const type of [userResourceType(), userResourceType([custom])]) {
      const isShown = isEverythingShown(everything, type) && urnKeysIn(stored(document)).every(isStandard);
      expect(isShown).toBe(expected);
    }
  });

  test('S133: nothing, once somebody wishes for attributes', () => {
    for (const wishes of [{ attributes: 'userName' }, { excludedAttributes: 'title' }]) {
      const projection = parseProjection(wishes, userResourceType());
      expect(isEverythingShown(projection, userResourceType())).toBe(false);
    }
  });

  test('S133: nothing, of a type that keeps an attribute to itself', () => {
    const hidden = (returned: string) => ({
      ...userResourceType(),
      schema: parseSchema({ id: USER_URN, name: 'User', attributes: [{ name: 'secret', returned }] }),
    });
    expect(isEverythingShown(everything, hidden('request'))).toBe(false);
    expect(isEverythingShown(everything, hidden('never'))).toBe(false);
    expect(isEverythingShown(everything, hidden('default'))).toBe(true);
  });

  test('keys are told from values by the quotes that JSON escapes', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('urn:a', 'urn:b', 'x', '"urn:c'), fc.jsonValue()),
        odd,
        (document, text) => {
          const whole = { ...document, text, list: [text, 'urn:a'] };
          const keys: string[] = [];
          JSON.parse(JSON.stringify(whole), function note(key, value) {
            if (key.startsWith('urn:') && !Array.isArray(this)) keys.push(key);
            return value;
          });
          expect([...urnKeysIn(JSON.stringify(whole))].sort()).toEqual(keys.sort());
        },
      ),
    );
  });
});
