/** The ledger at work: keeps stored roles equal to what the grants amount to. */
import type { MembershipId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { ChangeContext } from '../deps.ts';
import type { Membership, TeamMember } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { updateMembership } from '../members/memberships.ts';
import type { Repositories } from '../ports/storage.ts';
import { endingOf, keepPast, traceOf } from './history.ts';
import { ranksOfGrants } from './role-table.ts';
import type { ConflictPolicy, Grant, GrantScope, GrantSource, OrgRole } from './roles.ts';
import { resolveRoles } from './roles.ts';

/** A grant that ought to be there, before it has an id. */
export interface WantedGrant {
  readonly scope: GrantScope;
  readonly source: GrantSource;
  readonly rank: number;
}

/** How roles of one organization are settled; loaded once per transaction. */
export interface RoleRules {
  readonly conflictPolicy: ConflictPolicy;
  readonly defaultRole: OrgRole;
}

/** A reason is who says it of what: where its rule stands among the others is no part of it. */
const keyOf = (grant: WantedGrant): string => JSON.stringify([grant.scope, grant.source]);

/** What makes a ledger agree with what is wanted; all three empty when it does. */
export interface GrantDifference {
  readonly add: readonly WantedGrant[];
  readonly remove: readonly Grant[];
  /** Grants that stay and whose rule has another rank by now. */
  readonly move: readonly { readonly grant: Grant; readonly rank: number }[];
}

/** Pure: which of `current` must go or take another rank and which of `wanted` must come, so that the two agree. */
export function diffGrants(current: readonly Grant[], wanted: readonly WantedGrant[]): GrantDifference {
  const wantedByKey = new Map(wanted.map((grant) => [keyOf(grant), grant]));
  const remove: Grant[] = [];
  const move: { readonly grant: Grant; readonly rank: number }[] = [];
  for (const grant of current) {
    const key = keyOf(grant);
    const kept = wantedByKey.get(key);
    if (kept === undefined) remove.push(grant);
    else if (kept.rank !== grant.rank) move.push({ grant, rank: kept.rank });
    wantedByKey.delete(key);
  }
  return { add: [...wantedByKey.values()], remove, move };
}

/** Pure: whether there is nothing to write. */
export const isSettled = ({ add, remove, move }: GrantDifference): boolean =>
  add.length + remove.length + move.length === 0;

export async function insertGrant(
  tx: Repositories,
  context: ChangeContext,
  grant: WantedGrant & { readonly membershipId: MembershipId },
): Promise<void> {
  const { organizationId, now } = context;
  const { membershipId, scope, source, rank } = grant;
  const row = { id: newId('grt', now), organizationId, membershipId, scope, source, rank, createdAt: now };
  await tx.grants.insert(organizationId, row, traceOf(context));
}

/**
 * Makes the grants of one kind of source exactly `wanted`, leaving every other source alone, then re-resolves the roles.
 * Answers the membership as stored.
 */
export async function syncGrants(
  tx: Repositories,
  context: ChangeContext,
  change: {
    readonly membership: Membership;
    readonly owns: (grant: Grant) => boolean;
    readonly wanted: readonly WantedGrant[];
    readonly rules: RoleRules;
  },
): Promise<Membership> {
  const { membership, owns, wanted, rules } = change;
  const all = await tx.grants.listByMembership(context.organizationId, membership.id);
  const difference = diffGrants(all.filter(owns), wanted);
  if (isSettled(difference)) return membership;
  const { add, remove, move } = difference;
  for (const { grant, rank } of move) await moveGrant(tx, context, { grant, rank });
  for (const grant of remove) await tx.grants.end(context.organizationId, grant, endingOf(context));
  for (const grant of add) await insertGrant(tx, context, { ...grant, membershipId: membership.id });
  await recordResources(tx, context, { membership, add, remove });
  return refreshRoles(tx, context, { membership, rules });
}

/** Gives a grant another rank: it began when it began, through whom it began; the past keeps the rank it had. */
async function moveGrant(
  tx: Repositories,
  context: ChangeContext,
  { grant, rank }: GrantDifference['move'][number],
): Promise<void> {
  await tx.grants.rerank(context.organizationId, grant, rank);
  await keepPast(tx, context, { kind: 'rank', id: grant.id, value: grant.rank });
}

/** Roles on resources are stored nowhere but in the ledger: what came and what went is the change. */
async function recordResources(
  tx: Repositories,
  context: ChangeContext,
  change: {
    readonly membership: Membership;
    readonly add: readonly WantedGrant[];
    readonly remove: readonly WantedGrant[];
  },
): Promise<void> {
  const tell = (grants: readonly WantedGrant[]) =>
    grants.flatMap(({ scope, source }) =>
      scope.kind === 'resource' ? [{ resource: scope.resource, role: scope.role, source }] : [],
    );
  const [added, removed] = [tell(change.add), tell(change.remove)];
  if (added.length + removed.length === 0) return;
  await record(tx, context, {
    type: 'member.resources_changed',
    target: { kind: 'membership', id: change.membership.id },
    details: { added, removed },
  });
}

/** Pure: whether two lists say the same team roles, in any order. */
export const sameTeams = (
  a: readonly Omit<TeamMember, 'membershipId'>[],
  b: readonly Omit<TeamMember, 'membershipId'>[],
) =>
  JSON.stringify(a.map((team) => [team.teamId, team.role]).sort()) ===
  JSON.stringify(b.map((team) => [team.teamId, team.role]).sort());

/** Re-computes and stores the roles of one membership; writes and records only what changed. */
export async function refreshRoles(
  tx: Repositories,
  context: ChangeContext,
  subject: { readonly membership: Membership; readonly rules: RoleRules },
): Promise<Membership> {
  const { membership, rules } = subject;
  const { organizationId, now } = context;
  const grants = await tx.grants.listByMembership(organizationId, membership.id);
  const ranks = await ranksOfGrants(tx, grants);
  const resolved = resolveRoles(grants, rules.conflictPolicy, ranks);
  const orgRole = resolved.org?.role ?? rules.defaultRole;
  const teams = resolved.teams.map(({ teamId, role }) => ({ teamId, role }));
  const before = await tx.teamMembers.listByMemberships(organizationId, [membership.id]);
  const teamsChanged = !sameTeams(before, teams);
  if (orgRole === membership.orgRole && !teamsChanged) return membership;
  if (teamsChanged) {
    await tx.teamMembers.replace(organizationId, membership.id, teams);
    await noteOwned(tx, context, teams);
  }
  const next =
    orgRole === membership.orgRole
      ? membership
      : await updateMembership(tx, context, {
          before: membership,
          after: { ...membership, orgRole, updatedAt: now },
        });
  await record(tx, context, {
    type: 'member.roles_changed',
    target: { kind: 'membership', id: membership.id },
    details: {
      before: { orgRole: membership.orgRole, teams: before.map(({ teamId, role }) => ({ teamId, role })) },
      after: { orgRole, teams },
      because: resolved.org?.because.map((grant) => grant.source) ?? [],
      conflicts: resolved.conflicts,
    },
  });
  return next;
}

/** Notes of the teams that have their first owner that they were owned; see `mayMove`. */
async function noteOwned(
  tx: Repositories,
  { organizationId, now }: ChangeContext,
  teams: readonly Omit<TeamMember, 'membershipId'>[],
): Promise<void> {
  for (const { teamId, role } of teams) {
    if (role !== 'owner') continue;
    const team = await tx.teams.find(organizationId, teamId);
    if (team === undefined || team.wasOwned) continue;
    await tx.teams.update(organizationId, { ...team, wasOwned: true, updatedAt: now }, team.version);
  }
}
