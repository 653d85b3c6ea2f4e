/** Bodies of POST and PUT: what is taken, what is tolerated and named, what is refused. */
import { describe, expect, test } from '@jest/globals';
import { type InputMode, readResource } from '../../../src/protocols/scim/resource-input.ts';
import { parseSchema, type ScimObject, userResourceType } from '../../../src/protocols/scim/schema.ts';
import { CORE, CUSTOM, ENT, groupType, user, userType, withChanges } from './patch-documents.ts';

const create: InputMode = { mode: 'create' };
const body = (more: Record<string, unknown>) => ({ schemas: [CORE], userName: 'a@x.com', ...more });

describe('what a body comes to', () => {
  test.each<readonly [string, Record<string, unknown>, Record<string, unknown>, readonly string[]]>([
    ['plain', { title: 'CTO' }, { title: 'CTO' }, []],
    [
      'names in any case',
      { Title: 'CTO', NAME: { GivenName: 'A' } },
      { title: 'CTO', name: { givenName: 'A' } },
      ['attribute_case'],
    ],
    ['read-only attributes', { id: 'x', meta: { version: '1' }, groups: [{ value: 'g' }] }, {}, []],
    ['unknown attributes', { shoeSize: 41, name: { nick: 'x' } }, {}, ['unknown_attribute']],
    ['an unknown URN', { 'urn:a:b:c': { x: 1 } }, {}, ['unknown_attribute']],
    ['null, [] and {}', { title: null, emails: [], name: {} }, {}, ['null_value']],
    [
      'null inside',
      { name: { givenName: null, familyName: 'B' } },
      { name: { familyName: 'B' } },
      ['null_value'],
    ],
    ['empty text', { title: '', name: { givenName: '' } }, {}, ['empty_text']],
    [
      'booleans as text (Entra)',
      { active: 'True', emails: [{ value: 'a@x', primary: 'TRUE' }] },
      { active: true, emails: [{ value: 'a@x', primary: true }] },
      ['boolean_text'],
    ],
    ['active "False"', { active: 'False' }, { active: false }, ['boolean_text']],
    ['active false', { active: false }, { active: false }, []],
    [
      'unheard-of types are stored',
      { emails: [{ value: 'a@x', type: 'other2' }] },
      { emails: [{ value: 'a@x', type: 'other2' }] },
      [],
    ],
    [
      'two primaries',
      {
        emails: [
          { value: '1', primary: true },
          { value: '2', primary: true },
        ],
      },
      {
        emails: [
          { value: '1', primary: true },
          { value: '2', primary: false },
        ],
      },
      ['several_primaries'],
    ],
    [
      'the same value twice',
      {
        emails: [
          { value: '1', type: 'work' },
          { value: '1', type: 'Work', display: 'D' },
        ],
      },
      { emails: [{ value: '1', type: 'Work', display: 'D' }] },
      ['duplicate_value'],
    ],
    [
      'the same address element twice',
      { addresses: [{ locality: 'O' }, { locality: 'O' }] },
      { addresses: [{ locality: 'O' }] },
      ['duplicate_value'],
    ],
    ['one object for a list', { emails: { value: '1' } }, { emails: [{ value: '1' }] }, ['single_for_multi']],
    [
      'blank elements (OneLogin)',
      {
        phoneNumbers: [
          { type: 'work', value: '' },
          { type: 'mobile', value: '1' },
        ],
      },
      { phoneNumbers: [{ type: 'mobile', value: '1' }] },
      ['empty_text'],
    ],
    ['null elements', { emails: [null, { value: '1' }] }, { emails: [{ value: '1' }] }, ['null_value']],
    [
      'manager as text (Entra)',
      { [ENT]: { manager: 'm1' } },
      { [ENT]: { manager: { value: 'm1' } } },
      ['manager_text'],
    ],
    [
      'manager of SCIM 1.1 (OneLogin)',
      { [ENT]: { manager: { managerId: 'm1', displayName: '' } } },
      { [ENT]: { manager: { value: 'm1' } } },
      ['manager_id'],
    ],
    [
      'an empty manager (OneLogin)',
      { [ENT]: { manager: { managerId: '', displayName: '' } } },
      {},
      ['empty_text', 'manager_id'],
    ],
    ['dotted keys', { 'name.givenName': 'A' }, { name: { givenName: 'A' } }, ['dotted_key']],
    [
      'a filtered key',
      { 'emails[type eq "work"].value': 'a@x' },
      { emails: [{ type: 'work', value: 'a@x' }] },
      ['create_on_replace', 'filtered_key'],
    ],
    ['a URN key with attribute', { [`${ENT}:department`]: 'Eng' }, { [ENT]: { department: 'Eng' } }, []],
    [
      'a URN in another case',
      { [ENT.toUpperCase()]: { Department: 'Eng' } },
      { [ENT]: { department: 'Eng' } },
      ['attribute_case'],
    ],
    ['an empty extension', { [ENT]: {} }, {}, []],
    [
      'Okta: groups, meta and a locale',
      { groups: [], locale: 'en-US', meta: { resourceType: 'User' } },
      { locale: 'en-US' },
      [],
    ],
  ])('%s', (_title, more, gives, tolerances) => {
    const result = readResource(body(more), userType, create);
    expect(result.resource).toEqual({ userName: 'a@x.com', ...gives });
    expect([...result.tolerances].sort()).toEqual([...tolerances].sort());
  });

  test('a body without schemas is tolerated and reported', () => {
    expect(readResource({ userName: 'a' }, userType, create).tolerances).toEqual(['schemas_missing']);
    expect(readResource({ userName: 'a', schemas: null }, userType, create).tolerances).toContain(
      'schemas_missing',
    );
    expect(
      readResource({ userName: 'a', Schemas: [CORE.toLowerCase()] }, userType, create).tolerances,
    ).toEqual([]);
  });

  test.each([2, 23, 24, 25, 150])('S120: of %s keys, one is another in other letters', (count) => {
    const others = Array.from({ length: count - 2 }, (_, index) => [`unknown${index}`, 1]);
    const twice = { userName: 'a', ...Object.fromEntries(others), USERNAME: 'b' };
    expect(() => readResource(twice, userType, create)).toThrow(
      expect.objectContaining({ code: 'invalid_syntax', field: 'USERNAME' }),
    );
  });

  test('objects that are made inherit nothing (S120)', () => {
    const { resource } = readResource(
      body({ name: { givenName: 'A' }, [ENT]: { department: 'E' } }),
      userType,
      create,
    );
    for (const value of [resource, resource.name, resource[ENT]]) {
      expect(value !== undefined && 'toString' in Object(value)).toBe(false);
    }
  });

  test('a password stands beside the resource (S132)', () => {
    const { resource, password } = readResource(body({ password: 'secret' }), userType, create);
    expect(password).toBe('secret');
    expect(resource).toEqual({ userName: 'a@x.com' });
  });

  test('ignored attributes are named as the client spelled them, at most fifty', () => {
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`x${index}`, 1]));
    const { unknownAttributes } = readResource(
      body({ Foo: 1, name: { Nick: 1 }, ...many }),
      userType,
      create,
    );
    expect(unknownAttributes.slice(0, 2)).toEqual(['Foo', 'name.Nick']);
    expect(unknownAttributes).toHaveLength(50);
  });
});

describe('members of a group', () => {
  test.each([
    ['absent', {}, undefined],
    ['null', { members: null }, undefined],
    ['empty', { members: [] }, []],
    [
      'given',
      { members: [{ value: '1', display: 'A', $ref: null }, { value: '1' }] },
      [{ value: '1', type: undefined }],
    ],
    ['with a type', { Members: [{ value: '1', type: 'Group' }] }, [{ value: '1', type: 'Group' }]],
  ])('%s', (_title, more, members) => {
    const result = readResource({ displayName: 'G', ...more }, groupType, create);
    expect(result.members).toEqual(members);
    expect(result.resource).toEqual({ displayName: 'G' });
  });
});

describe('refused bodies', () => {
  test.each<readonly [string, string, unknown, string?]>([
    ['one name in two spellings (S129)', 'invalid_syntax', { userName: 'a', USERNAME: 'b' }],
    ['a list', 'invalid_syntax', []],
    ['a text', 'invalid_syntax', 'x'],
    ['null', 'invalid_syntax', null],
    ['nothing', 'invalid_syntax', undefined],
    ['no userName', 'invalid_value', { schemas: [CORE] }, 'userName'],
    ['an empty userName', 'invalid_value', { userName: '' }, 'userName'],
    ['userName null', 'invalid_value', { userName: null }, 'userName'],
    ['userName as object (S122)', 'invalid_value', { userName: { $ne: 1 } }, 'userName'],
    ['userName as list', 'invalid_value', { userName: ['a'] }, 'userName'],
    ['schemas as text', 'invalid_value', body({ schemas: CORE }), 'schemas'],
    ['schemas of numbers', 'invalid_value', body({ schemas: [1] }), 'schemas'],
    ['active as a number', 'invalid_value', body({ active: 1 }), 'active'],
    ['active as ""', 'invalid_value', body({ active: '' }), 'active'],
    ['active as "maybe"', 'invalid_value', body({ active: 'maybe' }), 'active'],
    ['name as text', 'invalid_value', body({ name: 'A' }), 'name'],
    ['name as list', 'invalid_value', body({ name: [] }), 'name'],
    ['emails as text', 'invalid_value', body({ emails: 'a@x' }), 'emails'],
    ['emails as a list of texts', 'invalid_value', body({ emails: ['a@x'] }), 'emails'],
    ['a part of the wrong type', 'invalid_value', body({ emails: [{ value: 7 }] }), 'emails.value'],
    ['a list inside a list', 'invalid_value', body({ emails: [[{ value: 'x' }]] }), 'emails'],
    ['an extension as text', 'invalid_value', body({ [ENT]: 'x' }), ENT],
    ['a required part missing', 'invalid_value', body({ [CUSTOM]: { desk: { row: 1 } } }), 'desk'],
    ['a password as number', 'invalid_value', body({ password: 1 }), 'password'],
    [
      'more than 1000 values',
      'invalid_value',
      body({ roles: Array.from({ length: 1001 }, (_, i) => ({ value: `${i}` })) }),
      'roles',
    ],
    ['a broken filtered key', 'invalid_path', body({ 'emails[type eq': 'x' })],
    ['__proto__ as key', 'invalid_path', JSON.parse('{"userName":"a","__proto__":{"polluted":1}}')],
    [
      '__proto__ deep inside',
      'invalid_path',
      JSON.parse('{"userName":"a","x":[{"y":{"__proto__":{"polluted":1}}}]}'),
    ],
    ['constructor as key', 'invalid_path', body({ constructor: { prototype: {} } })],
  ])('%s', (_title, code, input, field = '') => {
    const named = field === '' ? {} : { field };
    expect(() => readResource(input, userType, create)).toThrow(
      expect.objectContaining({ name: 'GatehouseError', code, ...named }),
    );
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('an extension that is required must be there', () => {
    const badge = parseSchema({ id: 'urn:b:B', name: 'B', attributes: [{ name: 'badge', required: true }] });
    const type = { ...userResourceType(), extensions: [{ schema: badge, required: true }] };
    expect(() => readResource(body({}), type, create)).toThrow(expect.objectContaining({ field: 'urn:b:B' }));
    expect(() => readResource(body({ 'urn:b:B': { other: 1 } }), type, create)).toThrow();
    expect(readResource(body({ 'urn:b:B': { badge: '1' } }), type, create).resource['urn:b:B']).toEqual({
      badge: '1',
    });
  });
});

describe('bounds of a body', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
  const keys = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));

  test.each<readonly [string, boolean, Record<string, unknown>]>([
    ['12 levels', true, { x: nested(11) }],
    ['13 levels', false, { x: nested(12) }],
    ['1 000 levels (S129)', false, { x: nested(1000) }],
    ['200 keys', true, { x: keys(200) }],
    ['201 keys', false, { x: keys(201) }],
    ['20 000 entries', true, { x: Array(20_000).fill(1) }],
    ['20 001 entries', false, { x: Array(20_001).fill(1) }],
    ['64 KiB of text', true, { title: 'a'.repeat(65_536) }],
    ['more than 64 KiB of text', false, { title: 'a'.repeat(65_537) }],
    ['more than 64 KiB in fewer characters', false, { title: '\u{20AC}'.repeat(22_000) }],
    ['a lone surrogate (S129)', false, { title: '\uD800' }],
    ['a long key', false, { ['k'.repeat(70_000)]: 1 }],
  ])('%s: taken %s', (_title, isTaken, more) => {
    const act = () => readResource(body(more), userType, create);
    if (isTaken) {
      expect(act).not.toThrow();
    } else {
      expect(act).toThrow(expect.objectContaining({ code: 'invalid_value' }));
    }
  });
});

describe('PUT', () => {
  const replaceOf = (existing: Record<string, unknown>): InputMode => ({
    mode: 'replace',
    existing: existing as ScimObject,
  });

  test('what is left out is cleared', () => {
    const { resource } = readResource(body({ userName: 'b', active: true }), userType, replaceOf(user));
    expect(resource).toEqual({ userName: 'b', active: true });
  });

  test.each([[true], [false]])('without active keeps the stored %s', (active) => {
    const result = readResource(body({}), userType, replaceOf(withChanges(user, { active })));
    expect(result.resource.active).toBe(active);
    expect(result.tolerances).toEqual(['active_kept']);
  });

  test('active null keeps the stored value', () => {
    const result = readResource(
      body({ active: null }),
      userType,
      replaceOf({ userName: 'a', active: false }),
    );
    expect(result.resource.active).toBe(false);
  });

  test('a resource as it was read back changes nothing', () => {
    const read = { schemas: [CORE, ENT], id: 'u1', meta: { version: '1' }, groups: [], ...user };
    expect(readResource(read, userType, replaceOf(user)).resource).toEqual(user);
  });

  test('read-only and immutable attributes stay when left out', () => {
    const existing = { userName: 'a', [CUSTOM]: { badge: 'B1', score: 7, level: 1 } };
    const { resource } = readResource(body({}), userType, replaceOf(existing));
    expect(resource[CUSTOM]).toEqual({ badge: 'B1', score: 7 });
  });

  test('a read-only value from the client never replaces the stored one', () => {
    const existing = { userName: 'a', [CUSTOM]: { score: 7 } };
    const { resource } = readResource(
      body({ [CUSTOM]: { score: 9, level: 2 } }),
      userType,
      replaceOf(existing),
    );
    expect(resource[CUSTOM]).toEqual({ score: 7, level: 2 });
  });

  test.each([
    ['equal passes', 'B1', undefined],
    ['different is refused', 'B2', 'mutability'],
  ])('an immutable attribute: %s', (_title, badge, code) => {
    const existing = { userName: 'a', [CUSTOM]: { badge: 'B1' } };
    const act = () => readResource(body({ [CUSTOM]: { badge } }), userType, replaceOf(existing));
    if (code === undefined) {
      expect(act().resource[CUSTOM]).toEqual({ badge: 'B1' });
    } else {
      expect(act).toThrow(expect.objectContaining({ code, field: 'badge' }));
    }
  });

  test('the stored resource is never touched', () => {
    const existing = structuredClone(user);
    readResource(body({ emails: [{ value: 'x' }] }), userType, replaceOf(existing));
    expect(existing).toEqual(user);
  });
});
