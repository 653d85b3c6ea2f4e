/** One member under the rules: what their ledger ought to hold, and the change that makes it so. Looks at nobody else. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { RoleRules, WantedGrant } from '../access/grants.ts';
import { diffGrants, isSettled, refreshRoles, sameTeams, syncGrants } from '../access/grants.ts';
import { groupsOf, wantedGroupGrants } from '../access/role-projection.ts';
import { loadRoles, rankIn } from '../access/role-table.ts';
import type { Grant, RankOf } from '../access/roles.ts';
import { isMapped, resolveRoles } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { DirectoryGroup, GroupMapping } from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import { carriedClaimGrants } from '../mapping/claim-grants.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

type Reader = Queries | Repositories;

/** Everything of an organization that decides about roles. */
export interface RuleSet extends RoleRules {
  /** Over groups and over claims. */
  readonly mappings: readonly GroupMapping[];
  readonly rankOf: RankOf;
}

/** The rules in force. Throws `not_found` without such an organization. */
export async function loadRuleSet(from: Reader, organizationId: OrganizationId): Promise<RuleSet> {
  const { conflictPolicy, defaultRole } = await getOrganization(from, organizationId);
  const mappings = await from.groupMappings.list(organizationId);
  return { conflictPolicy, defaultRole, mappings, rankOf: rankIn(await loadRoles(from)) };
}

/** What is known of one member besides the rules. */
export interface MemberFacts {
  readonly grants: readonly Grant[];
  /** The groups around them; none for people no directory has pushed. */
  readonly groups: readonly Pick<DirectoryGroup, 'id' | 'displayName' | 'directoryId'>[];
}

/** Pure: the grants that rules ought to have made for this member. What people gave is no part of it. */
export const wantedOf = (
  { mappings, rankOf }: Pick<RuleSet, 'mappings' | 'rankOf'>,
  { grants, groups }: MemberFacts,
): readonly WantedGrant[] => [
  ...wantedGroupGrants(mappings, groups, rankOf),
  ...carriedClaimGrants(mappings, grants),
];

/** Reads what is known of a member. */
export async function memberFacts(
  from: Reader,
  { organizationId, id }: Pick<Membership, 'organizationId' | 'id'>,
): Promise<MemberFacts> {
  const user = await from.directoryUsers.findByMembership(organizationId, id);
  // Behind a shadow there is nobody to give a role to.
  const isPushed = user !== undefined && user.shadow === null;
  const around = !isPushed ? [] : await groupsOf(from, organizationId, user.id);
  const grants = await from.grants.listByMembership(organizationId, id);
  return { grants, groups: around.map(({ group }) => group) };
}

/** Makes the member's ledger and roles what the rules say; writes nothing where they are so already. Answers the membership as stored. */
export async function projectMember(
  tx: Repositories,
  context: ChangeContext,
  subject: { readonly membership: Membership; readonly rules: RuleSet },
): Promise<Membership> {
  const { membership, rules } = subject;
  const facts = await memberFacts(tx, membership);
  const wanted = wantedOf(rules, facts);
  const synced = await syncGrants(tx, context, { membership, owns: isMapped, wanted, rules });
  // The rules may settle the same ledger in another way than before.
  return synced === membership ? refreshRoles(tx, context, { membership, rules }) : synced;
}

/** Whether `projectMember` would find nothing to write. */
export async function isProjected(
  from: Reader,
  subject: { readonly membership: Membership; readonly rules: RuleSet },
): Promise<boolean> {
  const { membership, rules } = subject;
  const facts = await memberFacts(from, membership);
  if (!isSettled(diffGrants(facts.grants.filter(isMapped), wantedOf(rules, facts)))) return false;
  const resolved = resolveRoles(facts.grants, rules.conflictPolicy, rules.rankOf);
  if ((resolved.org?.role ?? rules.defaultRole) !== membership.orgRole) return false;
  const stored = await from.teamMembers.listByMemberships(membership.organizationId, [membership.id]);
  return sameTeams(stored, resolved.teams);
}
