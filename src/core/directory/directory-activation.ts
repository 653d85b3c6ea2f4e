/** What it takes to switch a directory on: a plan that has it, and nobody inside whom the directory keeps out. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ChangeContext } from '../deps.ts';
import type { Directory } from '../entities/directory.ts';
import { setMembershipStatus } from '../members/memberships.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { isHeld } from './adoption-conflicts.ts';

/** Throws `plan_lacks` when the plan has no directories. */
export async function assertPlanHasDirectories(
  tx: Repositories,
  { organizationId }: Pick<ChangeContext, 'organizationId'>,
): Promise<void> {
  const { plan } = await getOrganization(tx, organizationId);
  if (plan.scim) return;
  throw new GatehouseError('plan_lacks', `The plan ${plan.preset} has no directory provisioning (SCIM).`);
}

const PAGE = 500;

/** Suspends whom an admin let in while the directory, which has deactivated them or asks who they are, was off. Throws `last_owner`. */
export async function cutInactive(
  tx: Repositories,
  context: ChangeContext,
  { organizationId, id }: Directory,
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = { after, limit: PAGE };
    const users = await tx.directoryUsers.scan(organizationId, id, { kind: 'all' }, page);
    for (const user of users) {
      if (user.shadow !== null) continue;
      if (user.isActive && !(await isHeld(tx, organizationId, user.id))) continue;
      const membership = await tx.memberships.find(organizationId, user.membershipId);
      if (membership !== undefined)
        await setMembershipStatus(tx, context, { membership, status: 'suspended' });
    }
    if (users.length < PAGE) return;
    after = users.at(-1)?.id;
  }
}
