/** What PATCH refuses, with which code, and what it hands out beside the changed resource. */
import { describe, expect, test } from '@jest/globals';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import {
  add,
  CORE,
  CUSTOM,
  ENT,
  group,
  groupType,
  patch,
  remove,
  replace,
  user,
  withChanges,
} from './patch-documents.ts';

const refusals: readonly (readonly [string, string, unknown, Record<string, unknown>?])[] = [
  ['a read-only attribute by path', 'mutability', replace('meta.version', '2')],
  ['groups of a user by path', 'mutability', add('groups', [{ value: 'g' }])],
  ['groups of a user by filter', 'mutability', remove('groups[value eq "g"]')],
  ['a read-only part by path', 'mutability', replace(`${ENT}:manager.displayName`, 'B')],
  [
    'an immutable attribute changed',
    'mutability',
    replace(`${CUSTOM}:badge`, 'B2'),
    { [CUSTOM]: { badge: 'B1' } },
  ],
  [
    'an immutable attribute removed',
    'mutability',
    remove(`${CUSTOM}:badge`),
    { [CUSTOM]: { badge: 'B1', level: 1 } },
  ],
  [
    'an immutable attribute removed with its extension',
    'mutability',
    remove(CUSTOM),
    { [CUSTOM]: { badge: 'B1' } },
  ],
  [
    'an immutable part changed',
    'mutability',
    replace(`${CUSTOM}:desk.serial`, 't'),
    { [CUSTOM]: { desk: { site: 'A', serial: 's' } } },
  ],
  [
    'an immutable part of an element changed',
    'mutability',
    replace(`${CUSTOM}:keys[value eq "k"].value`, 'l'),
    { [CUSTOM]: { keys: [{ value: 'k' }] } },
  ],
  ['a required part missing', 'invalid_value', add(`${CUSTOM}:desk`, { row: 1 })],
  [
    'a required part removed',
    'invalid_value',
    remove(`${CUSTOM}:desk.site`),
    { [CUSTOM]: { desk: { site: 'A', row: 1 } } },
  ],
  ['userName emptied', 'invalid_value', replace('userName', '')],
  ['userName null', 'invalid_value', replace('userName', null)],
  ['active as a number', 'invalid_value', replace('active', 0)],
  ['active as ""', 'invalid_value', replace('active', '')],
  ['active as "yes"', 'invalid_value', replace('active', 'yes')],
  ['active as an object', 'invalid_value', replace('active', { value: false })],
  ['active as a list', 'invalid_value', replace('active', [false])],
  ['a number for a text', 'invalid_value', replace('title', 7)],
  ['an operator for a text (S122)', 'invalid_value', replace('userName', { $ne: 1 })],
  ['a list for a text', 'invalid_value', replace('title', ['a'])],
  ['a text for an integer', 'invalid_value', replace(`${CUSTOM}:level`, '3')],
  ['a fraction for an integer', 'invalid_value', replace(`${CUSTOM}:level`, 1.5)],
  ['no date', 'invalid_value', replace(`${CUSTOM}:hired`, '2026-02-30T00:00:00Z')],
  ['no base64', 'invalid_value', replace(`${CUSTOM}:photo`, 'a b')],
  ['a text for an extension', 'invalid_value', replace(ENT, 'x')],
  ['a list without a path', 'invalid_value', { op: 'add', value: [{ title: 'x' }] }],
  ['null without a path', 'invalid_value', { op: 'replace', value: null }],
  ['several addresses and no filter', 'no_target', replace('emails.value', 'n@x.com')],
  ['several addresses and no filter for primary', 'no_target', replace('emails.primary', true)],
  [
    'a filter no element can be built from',
    'no_target',
    replace('emails[type ne "work" and type ne "home"].value', 'x'),
  ],
  ['a filter with or', 'no_target', add('emails[type eq "a" or type eq "b"].value', 'x')],
  ['the core URN removed', 'no_target', remove(CORE)],
  ['remove with an empty path', 'no_target', { op: 'remove', path: '' }],
  ['a path that is no text', 'invalid_path', { op: 'add', path: 7, value: 1 }],
  ['a path with three names', 'invalid_path', replace('name.given.first', 'x')],
  ['a filter on a single value', 'invalid_path', replace('name[givenName eq "A"].familyName', 'x')],
  ['text after the bracket', 'invalid_path', replace('emails[type eq "work"]value', 'x')],
  ['two brackets', 'invalid_path', replace('emails[type eq "work"][value pr]', 'x')],
  ['blanks in a path', 'invalid_path', replace('na me', 'x')],
  ['an empty filter', 'invalid_filter', remove('emails[]')],
  ['an unknown attribute in the filter', 'invalid_filter', remove('emails[colour eq "red"]')],
  ['a broken filter in a key', 'invalid_filter', { op: 'add', value: { 'emails[type xx "a"].value': 'x' } }],
];

describe('PATCH refuses', () => {
  test.each(refusals)('%s', (_title, code, operation, stored = {}) => {
    const before = withChanges(user, stored) as ScimObject;
    const copy = structuredClone(before);
    expect(() => patch(before, [operation])).toThrow(
      expect.objectContaining({
        name: 'GatehouseError',
        code,
        field: expect.any(String),
      }),
    );
    expect(before).toEqual(copy);
  });
});

describe('PATCH besides the resource', () => {
  test('a password is handed out, never stored (S132)', () => {
    const result = patch(user, [replace('password', 'one'), { op: 'replace', value: { password: 'two' } }]);
    expect(result.password).toBe('two');
    expect(result.changed).toBe(false);
    expect(JSON.stringify(result.resource)).not.toContain('two');
  });

  test('a resource that lacks a required attribute already can still be deactivated', () => {
    const stored = withChanges(user, { userName: undefined }) as ScimObject;
    expect(patch(stored, [replace('active', false)]).resource.active).toBe(false);
  });

  test('an unknown attribute is reported as it was written, briefly', () => {
    const result = patch(user, [add('shoeSize', 41), { op: 'add', value: { ['x'.repeat(500)]: 1 } }]);
    expect(result.unknownAttributes).toEqual(['shoeSize', 'x'.repeat(200)]);
  });

  test('every tolerance of a request is named once', () => {
    const operations = [
      { op: 'Replace', path: 'Active', value: 'True' },
      { op: 'Replace', path: `${ENT}.manager`, value: 'm2' },
      { op: 'Replace', path: 'phoneNumbers[type eq "work"].value', value: '1' },
    ];
    expect([...patch(user, operations).tolerances].sort()).toEqual([
      'attribute_case',
      'boolean_text',
      'create_on_replace',
      'manager_text',
      'op_case',
      'urn_dot',
    ]);
  });

  test('a group keeps its own attributes', () => {
    const { resource } = patch(group, [replace('displayName', 'Team'), remove('externalId')], groupType);
    expect(resource).toEqual({ displayName: 'Team' });
  });
});
