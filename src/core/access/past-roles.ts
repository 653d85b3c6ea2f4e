/** What removed roles were worth, for looking back: the audit of the installation kept it. */
import { INSTALLATION } from '../journal/audit.ts';
import type { Queries } from '../ports/storage.ts';
import { ranksOfGrants } from './role-table.ts';
import type { Grant, OrgRole, RankOf } from './roles.ts';

/** The ranks of the org roles in these grants; of a role that has been removed since, the one it had to the end. */
export async function ranksLookingBack(from: Queries, grants: readonly Grant[]): Promise<RankOf> {
  const ranks = await ranksOfGrants(from, grants);
  const removed = new Map<OrgRole, number>();
  for (const { scope } of grants) {
    if (scope.kind !== 'org' || ranks(scope.role) !== undefined || removed.has(scope.role)) continue;
    const filter = { targetId: scope.role, type: 'org_role.removed' } as const;
    const [row] = await from.auditEvents.list(INSTALLATION, filter, { limit: 1 });
    if (typeof row?.details.rank === 'number') removed.set(scope.role, row.details.rank);
  }
  return (role) => ranks(role) ?? removed.get(role);
}
