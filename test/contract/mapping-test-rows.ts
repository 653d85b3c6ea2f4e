/** Driver of the mapping tests' rows. */
import { aMappingTest } from '../support/mapping-test-builders.ts';
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
