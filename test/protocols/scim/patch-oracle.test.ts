/** scim-patch as a second opinion: on every experiment where it is right, and on random mixes of those forms, both engines agree. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ScimPatchOperation, type ScimResource, scimPatch } from 'scim-patch';
import { matchesElement } from '../../../src/protocols/scim/filter.ts';
import type { MemberChange } from '../../../src/protocols/scim/member-changes.ts';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { add, CORE, group, groupType, patch, remove, replace, user, withChanges } from './patch-documents.ts';
import { experiments } from './patch-experiments.ts';

// P37 and P76 are right by their own measure and left out of the comparison: it keeps the address of the former
// manager, and it merges where RFC 7644 §3.5.2.3 replaces.
const onUsers =
  'P01 P03 P05 P09 P10 P11 P12 P16 P35 P38 P44 P45 P47 P49 P50 P51 P52 P63 P64 P65 P66 P67 P79'.split(' ');
const onMembers = 'P23 P24 P25 P26 P28 P30 P31 P34'.split(' ');
const refused = 'P57 P59 P73 P75'.split(' ');
const apart = 'P37 P76'.split(' ');

const shared = experiments.filter(({ title }) => onUsers.includes(title.slice(0, 3)));

/** What scim-patch makes of a resource, without what it adds itself. */
function theirs(before: object, operations: readonly unknown[]): object {
  const meta: ScimResource['meta'] = { created: new Date(0), lastModified: new Date(0) };
  const document = { ...structuredClone(before), schemas: [CORE], meta } as ScimResource;
  const options = { mutateDocument: false, treatMissingAsAdd: true };
  const { schemas, meta: _meta, ...after } = scimPatch(document, operations as ScimPatchOperation[], options);
  expect(schemas).toContain(CORE);
  return after;
}

describe('scim-patch agrees', () => {
  test('on all 37 experiments in which it is right', () => {
    expect(shared).toHaveLength(onUsers.length);
    expect([...onUsers, ...onMembers, ...refused, ...apart]).toHaveLength(37);
  });

  test.each(shared)('$title', ({ stored, operations }) => {
    const before = withChanges(user, stored ?? {});
    expect(patch(before as ScimObject, operations).resource).toEqual(theirs(before, operations));
  });

  test.each<[string, unknown]>([
    ['P57 remove without a path', { op: 'remove' }],
    ['P59 add without a value', { op: 'add', path: 'title' }],
    ['P73 a text for a name', add('name', 'Anna')],
    ['P75 a path that does not end', remove('emails[type eq')],
  ])('%s is refused by both', (_title, operation) => {
    expect(() => patch(user, [operation])).toThrow();
    expect(() => theirs(user, [operation])).toThrow();
  });
});

type Ids = readonly string[];

/** Plays one member change on a list of ids, as storage does on rows. */
function played(ids: Ids, change: MemberChange): Ids {
  switch (change.kind) {
    case 'add':
      return [...new Set([...ids, ...change.members.map(({ value }) => value)])];
    case 'replace':
      return change.members.map(({ value }) => value);
    case 'remove':
      return ids.filter((id) => !change.values.includes(id));
    case 'removeMatching':
      return ids.filter((id) => !matchesElement(change.filter, { value: id }));
  }
}

describe('scim-patch agrees on members', () => {
  test.each<[string, Ids, unknown]>([
    ['P23 remove by filter', ['1', '2'], remove('members[value eq "2"]')],
    ['P24 remove all', ['1', '2'], remove('members')],
    ['P25 remove one who is not in', ['1', '2'], remove('members[value eq "99"]')],
    ['P26 remove nobody', ['1', '2'], { op: 'remove', path: 'members', value: [] }],
    ['P28 add one object', ['1'], add('members', { value: '2' })],
    ['P30 replace by a list', ['1'], replace('members', [{ value: '5' }, { value: '6' }])],
    ['P31 replace by nobody', ['1'], replace('members', [])],
    ['P34 remove the last one', ['1'], remove('members[value eq "1"]')],
  ])('%s', (_title, ids, operation) => {
    const before = { ...group, members: ids.map((value) => ({ value })) };
    const after = theirs(before, [operation]) as { readonly members?: readonly { readonly value: string }[] };
    const { memberChanges } = patch(group, [operation], groupType);
    expect(memberChanges.reduce(played, ids)).toEqual((after.members ?? []).map(({ value }) => value));
  });
});

const text = fc.constantFrom('x', 'Y', 'z w');
const type = fc.constantFrom('work', 'home');
/** Forms in which it is right whatever stands before: no primaries, no doubles, no other letters. */
const operation = fc.oneof(
  fc.record({
    op: fc.constantFrom('replace', 'Replace', 'add'),
    path: fc.constantFrom('title', 'name.givenName', `${CORE}:name.familyName`),
    value: text,
  }),
  fc.record({ op: fc.constant('replace'), value: fc.record({ title: text, 'name.givenName': text }) }),
  fc.record({
    op: fc.constantFrom('Replace', 'Add'),
    path: type.map((one) => `emails[type eq "${one}"].value`),
    value: text,
  }),
  fc.record({ op: fc.constant('remove'), path: fc.constantFrom('title', 'nickName', 'name.givenName') }),
  fc.record({ op: fc.constant('replace'), path: fc.constant('active'), value: fc.boolean() }),
);

test('scim-patch agrees on random mixes of the forms it understands', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 6 }), (operations) => {
      expect(patch(user, operations).resource).toEqual(theirs(user, operations));
    }),
    { numRuns: 500 },
  );
});
