/** Where rules disagree about somebody: found by going through the members, told with what wins and what is overruled. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Membership } from '../entities/people.ts';
import { loadRuleSet } from '../members/member-projection.ts';
import { scanMembers } from '../members/member-scan.ts';
import type { Settlement } from './role-settlement.ts';
import { settlementsOf } from './role-settlement.ts';
import type { ResolvedRoles } from './roles.ts';
import { resolveRoles, resourceKey } from './roles.ts';

export interface MemberConflicts {
  readonly membership: Membership;
  /** `role`: what the member has there in the end, also by hand; null: none. */
  readonly conflicts: readonly (Settlement & { readonly role: string | null })[];
}

/** One request looks at no more people than this, however few conflicts it finds. */
const MOST_LOOKED_AT = 2000;

/**
 * Members about whom rules disagree, by id, after the one with the id `after`. `next`: the id to go on after, null at the
 * end; a page may be short, or empty, and there may still be more.
 */
export async function listRoleConflicts(
  { storage }: Pick<Deps, 'storage'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly after?: string | undefined;
    readonly limit: number;
    readonly pause: () => Promise<unknown>;
  },
): Promise<{ readonly items: readonly MemberConflicts[]; readonly next: string | null }> {
  const { organizationId, after, limit, pause } = input;
  const { conflictPolicy, rankOf } = await loadRuleSet(storage, organizationId);
  const items: MemberConflicts[] = [];
  let looked = 0;
  for await (const page of scanMembers(storage, organizationId, after)) {
    for (const { membership, facts } of page) {
      looked += 1;
      const settlements = settlementsOf(facts.grants, conflictPolicy, rankOf);
      if (settlements.length > 0) {
        const roles = resolveRoles(facts.grants, conflictPolicy, rankOf);
        const conflicts = settlements.map((one) => ({ ...one, role: roleThere(roles, one) }));
        items.push({ membership, conflicts });
      }
      if (items.length === limit || looked === MOST_LOOKED_AT) return { items, next: membership.id };
    }
    await pause();
  }
  return { items, next: null };
}

function roleThere(roles: ResolvedRoles, { teamId, resource }: Settlement): string | null {
  if (teamId !== undefined) return roles.teams.find((team) => team.teamId === teamId)?.role ?? null;
  if (resource === undefined) return roles.org?.role ?? null;
  const key = resourceKey(resource);
  return roles.resources.find((one) => resourceKey(one.resource) === key)?.role ?? null;
}
