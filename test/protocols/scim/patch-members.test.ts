/** PATCH on the members of a group: experiments P21 to P34 and P68 of the SCIM dossier, and the forms beyond them. */
import { describe, expect, test } from '@jest/globals';
import { add, CORE, group, groupType, patch, remove, replace, user } from './patch-documents.ts';

const one = (value: string) => ({ value, type: undefined });
const memberCases: readonly { title: string; operation: unknown; changes: readonly unknown[] }[] = [
  {
    title: 'P21 remove by a list of values',
    operation: { op: 'Remove', path: 'members', value: [{ value: '2', display: 'B', $ref: '../Users/2' }] },
    changes: [{ kind: 'remove', values: ['2'] }],
  },
  {
    title: 'P22 remove by a list of values with $ref null',
    operation: { op: 'Remove', path: 'members', value: [{ $ref: null, value: '2' }] },
    changes: [{ kind: 'remove', values: ['2'] }],
  },
  {
    title: 'P23 remove by filter',
    operation: remove('members[value eq "2"]'),
    changes: [{ kind: 'remove', values: ['2'] }],
  },
  { title: 'P24 remove all', operation: remove('members'), changes: [{ kind: 'replace', members: [] }] },
  {
    title: 'P25 remove a member who is none',
    operation: remove('members[value eq "99"]'),
    changes: [{ kind: 'remove', values: ['99'] }],
  },
  { title: 'P26 remove nobody', operation: { op: 'remove', path: 'members', value: [] }, changes: [] },
  {
    title: 'P27 add a member (twice in one list)',
    operation: add('members', [{ value: '2' }, { value: '2', display: 'B' }]),
    changes: [{ kind: 'add', members: [one('2')] }],
  },
  {
    title: 'P28 add one member as object',
    operation: add('members', { value: '2' }),
    changes: [{ kind: 'add', members: [one('2')] }],
  },
  {
    title: 'P29 add members without a path',
    operation: {
      op: 'add',
      value: {
        members: [
          { value: '2', type: 'User' },
          { value: '3', type: 'group' },
        ],
      },
    },
    changes: [
      {
        kind: 'add',
        members: [
          { value: '2', type: 'User' },
          { value: '3', type: 'Group' },
        ],
      },
    ],
  },
  {
    title: 'P30 replace members',
    operation: replace('members', [{ value: '5' }, { value: '6' }]),
    changes: [{ kind: 'replace', members: [one('5'), one('6')] }],
  },
  {
    title: 'P31 replace members by nobody',
    operation: replace('members', []),
    changes: [{ kind: 'replace', members: [] }],
  },
  {
    title: 'P32 replace members by one object',
    operation: replace('members', { value: '5' }),
    changes: [{ kind: 'replace', members: [one('5')] }],
  },
  {
    title: 'P33 remove by filter from an empty group',
    operation: remove('members[value eq "1" or value eq "2"]'),
    changes: [{ kind: 'remove', values: ['1', '2'] }],
  },
  {
    title: 'P34 the last member leaves nothing behind',
    operation: remove('members[value eq "1"]'),
    changes: [{ kind: 'remove', values: ['1'] }],
  },
  {
    title: 'P68 a colon inside the literal',
    operation: remove('members[value eq "urn:a:b"]'),
    changes: [{ kind: 'remove', values: ['urn:a:b'] }],
  },
];

describe('PATCH experiments on members', () => {
  test.each(memberCases)('$title', ({ operation, changes }) => {
    const result = patch(group, [operation], groupType);
    expect(result.memberChanges).toEqual(changes);
    expect(result.resource).toEqual(group);
    expect(result.changed).toBe(false);
  });

  test('P55 Okta renames a group with its id beside the name: the id is ignored', () => {
    const rename = { op: 'replace', value: { id: 'g1', displayName: 'Team' } };
    expect(patch(group, [rename], groupType).resource).toEqual({ ...group, displayName: 'Team' });
  });
});

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

describe('more forms of member operations', () => {
  test.each([
    [
      'a URN before members',
      add(`${GROUP}:members`, [{ value: '2' }]),
      [{ kind: 'add', members: [one('2')] }],
    ],
    [
      'Members and Value in other letters',
      add('Members', [{ Value: '2' }]),
      [{ kind: 'add', members: [one('2')] }],
    ],
    [
      'an unknown type is a hint dropped',
      add('members', [{ value: '2', type: 'Robot' }]),
      [{ kind: 'add', members: [one('2')] }],
    ],
    ['add nobody', add('members', []), []],
    ['add null', add('members', null), []],
    ['replace null', replace('members', null), [{ kind: 'replace', members: [] }]],
    ['replace by keys', { op: 'replace', value: { members: [] } }, [{ kind: 'replace', members: [] }]],
    [
      'a filtered key under replace with null',
      { op: 'replace', value: { 'members[value eq "2"]': null } },
      [{ kind: 'remove', values: ['2'] }],
    ],
    [
      'remove one object',
      { op: 'remove', path: 'members', value: { value: '2' } },
      [{ kind: 'remove', values: ['2'] }],
    ],
  ])('%s', (_title, operation, changes) => {
    expect(patch(group, [operation], groupType).memberChanges).toEqual(changes);
  });

  test('Okta removes and adds in one request: the order is kept', () => {
    const operations = [remove('members[value eq "1"]'), add('members', [{ value: '2' }]), remove('members')];
    expect(patch(group, operations, groupType).memberChanges.map(({ kind }) => kind)).toEqual([
      'remove',
      'add',
      'replace',
    ]);
  });

  test('a filter that does more than name ids is handed on', () => {
    const { memberChanges } = patch(group, [remove('members[type eq "Group"]')], groupType);
    expect(memberChanges).toEqual([
      { kind: 'removeMatching', filter: expect.objectContaining({ op: 'eq' }) },
    ]);
  });

  test.each([
    ['a number', 'invalid_value', add('members', [{ value: 7 }])],
    ['an empty id', 'invalid_value', add('members', [{ value: '' }])],
    ['a bare text', 'invalid_value', add('members', ['2'])],
    ['no id', 'invalid_value', add('members', [{ display: 'B' }])],
    ['an operator for an id (S122)', 'invalid_value', add('members', [{ value: { $ne: 1 } }])],
    ['an object for a type', 'invalid_value', add('members', [{ value: '2', type: {} }])],
    [
      'values to remove without ids',
      'invalid_value',
      { op: 'remove', path: 'members', value: [{ display: 'B' }] },
    ],
    ['replace in place', 'mutability', replace('members[value eq "1"]', { value: '2' })],
    ['replace what no filter can build', 'no_target', replace('members[type eq "User"]', { value: '2' })],
    ['an immutable part', 'mutability', replace('members[value eq "1"].value', '2')],
    ['a read-only part', 'mutability', replace('members[value eq "1"].display', 'B')],
    ['parts without a filter', 'mutability', remove('members.value')],
    ['the required displayName', 'invalid_value', remove('displayName')],
    ['a broken filter', 'invalid_filter', remove('members[value xx "1"]')],
  ])('%s is refused', (_title, code, operation) => {
    expect(() => patch(group, [operation], groupType)).toThrow(expect.objectContaining({ code }));
  });

  test('20 000 members in one operation are read in order', () => {
    const members = Array.from({ length: 20_000 }, (_, index) => ({ value: `u${index}` }));
    const [change] = patch(group, [add('members', members)], groupType).memberChanges;
    expect(change).toEqual({ kind: 'add', members: members.map(({ value }) => one(value)) });
  });

  test('members is an unknown attribute of a user', () => {
    const result = patch(user, [add('members', [{ value: '2' }]), add(`${CORE}:members`, [])]);
    expect(result.unknownAttributes).toEqual(['members', `${CORE}:members`]);
    expect(result.changed).toBe(false);
  });
});
