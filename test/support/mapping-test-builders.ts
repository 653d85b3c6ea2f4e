/** Mapping tests and mapping drafts for tests, valid and overridable. */
import type { MappingDraft } from '../../src/core/entities/mapping-draft.ts';
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

/** An open draft without any rule. */
export function aMappingDraft(
  organizationId: OrganizationId,
  overrides: Partial<MappingDraft> = {},
): MappingDraft {
  return {
    ...{ id: nextId('mdr'), version: 1, organizationId, createdAt: BUILT_AT, updatedAt: BUILT_AT },
    ...{ name: 'Next year', rules: [], policy: null, basis: '', createdBy: 'operator' },
    ...{ undoes: null, applied: null },
    ...overrides,
  };
}
