/** Drivers of the rows of mapping tests and mapping drafts. */
import { aMappingDraft, aMappingTest } from '../support/mapping-test-builders.ts';
import type { RowKind } from './row-kind.ts';

/** Their kind. */
export const mappingTests: RowKind = {
  name: 'mappingTests',
  make: ({ organization: { id }, team }, text) => {
    const value = aMappingTest(id, {
      name: text,
      given: { groups: [{ kind: 'name', groupName: text }], claims: [{ claim: text, values: [text] }] },
      expect: {
        teams: [{ teamId: team.id, role: 'admin' }],
        resources: [{ resource: { type: text, id: text }, role: 'viewer' }],
      },
    });
    return {
      value,
      insert: (tx) => tx.mappingTests.insert(id, value),
      find: (store) => store.mappingTests.find(id, value.id),
      update: (tx, name, version) => tx.mappingTests.update(id, { ...value, name }, version),
      remove: (tx) => tx.mappingTests.remove(id, value.id),
    };
  },
};

/** Theirs. */
export const mappingDrafts: RowKind = {
  name: 'mappingDrafts',
  make: ({ organization: { id }, mapping }, text) => {
    const rule = { id: mapping.id, match: mapping.match, grants: mapping.grants, rank: 7 };
    const before = { rules: [rule], policy: 'refuse' } as const;
    const value = aMappingDraft(id, {
      ...{ name: text, rules: [rule], policy: 'ranked', basis: text, createdBy: text },
      applied: { at: 7, by: text, before },
    });
    return {
      value,
      insert: (tx) => tx.mappingDrafts.insert(id, value),
      find: (store) => store.mappingDrafts.find(id, value.id),
      update: (tx, name, version) => tx.mappingDrafts.update(id, { ...value, name }, version),
      remove: (tx) => tx.mappingDrafts.remove(id, value.id),
    };
  },
};
