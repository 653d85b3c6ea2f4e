/** Mapping tests for tests, valid and overridable. */
import type { MappingTest } from '../../src/core/entities/mapping-test.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId } from './builders.ts';

/** Somebody in the group named Staff is expected to be an admin. */
export function aMappingTest(
  organizationId: OrganizationId,
  overrides: Partial<MappingTest> = {},
): MappingTest {
  return {
    ...{ id: nextId('mpt'), version: 1, organizationId, createdAt: BUILT_AT, updatedAt: BUILT_AT },
    name: 'Staff are admins',
    given: { groups: [{ kind: 'name', groupName: 'Staff' }], claims: [] },
    expect: { orgRole: 'admin' },
    ...overrides,
  };
}
