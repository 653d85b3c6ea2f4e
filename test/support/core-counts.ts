/** The kept counters of an organization against what its memberships say. */
import type { OrganizationId } from '../../src/kernel/ids.ts';
import type { CoreWorld } from './core-world.ts';

export interface Counts {
  readonly seats: number;
  readonly owners: number;
}

/** Both ways of counting: as kept in the organization, and as found in its memberships. */
export async function countsOf(
  { deps }: CoreWorld,
  organizationId: OrganizationId,
): Promise<{ readonly kept: Counts; readonly found: Counts }> {
  const organization = await deps.storage.organizations.find(organizationId);
  const members = await deps.storage.memberships.list(
    organizationId,
    { status: 'active' },
    { limit: 10_000 },
  );
  return {
    kept: { seats: organization?.seatsUsed ?? 0, owners: organization?.activeOwners ?? 0 },
    found: { seats: members.length, owners: members.filter(({ orgRole }) => orgRole === 'owner').length },
  };
}
