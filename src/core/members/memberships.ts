/** Memberships: every write to one goes through here, so that seats and owners are counted in one place. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { endingOf, factsOf, keepPast, traceOf } from '../access/history.ts';
import type { Grant, OrgRole } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, MembershipSource, MembershipStatus, Team, User } from '../entities/people.ts';
import { endLinksOf } from '../joining/link-endings.ts';
import { record } from '../journal/audit.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessions, type SessionEnd } from '../sign-in/session-endings.ts';
import { dropUnderWayOfStranded } from './person-records.ts';
import { insertUpstreamPerson } from './users.ts';

const seatWeight = (membership: Membership | undefined): number => (membership?.status === 'active' ? 1 : 0);
const ownerWeight = (membership: Membership | undefined): number =>
  membership?.status === 'active' && membership.orgRole === 'owner' ? 1 : 0;

interface Move {
  readonly before: Membership | undefined;
  readonly after: Membership | undefined;
}

async function moveCounts(
  tx: Repositories,
  organizationId: OrganizationId,
  { before, after }: Move,
): Promise<void> {
  const delta = {
    seats: seatWeight(after) - seatWeight(before),
    owners: ownerWeight(after) - ownerWeight(before),
  };
  if (delta.seats === 0 && delta.owners === 0) return;
  const outcome = await tx.organizations.moveCounts(organizationId, delta);
  if (outcome === 'seats_exhausted') {
    throw new GatehouseError(
      'seats_exhausted',
      'Every seat of this organization is taken. Free one, or ask for a plan with more seats.',
    );
  }
  if (outcome === 'last_owner') {
    throw new GatehouseError(
      'last_owner',
      'This is the last active owner. Make somebody else an owner first.',
    );
  }
}

/** Stores a new version of the membership, moves seats and owners with it and keeps a status that ends. Answers it with its new version. */
export async function updateMembership(
  tx: Repositories,
  context: ChangeContext,
  { before, after }: { readonly before: Membership; readonly after: Membership },
): Promise<Membership> {
  await moveCounts(tx, before.organizationId, { before, after });
  if (before.status !== after.status)
    await keepPast(tx, context, { kind: 'membership', id: before.id, value: factsOf(before) });
  await tx.memberships.update(before.organizationId, after, before);
  return { ...after, version: before.version + 1 };
}

export interface NewMember {
  /** Absent: a new one. Given for somebody who comes back. */
  readonly id?: MembershipId | undefined;
  readonly user: User;
  readonly email: string | null;
  readonly emailKey: string | null;
  readonly name: string;
  readonly status: MembershipStatus;
  readonly source: MembershipSource;
  readonly defaultRole: OrgRole;
  /** The organization as this transaction has read it; absent: read for its plan. */
  readonly organization?: Organization | undefined;
}

/** Adds a membership with its default grant. Takes a seat when active; throws `seats_exhausted`. */
export async function insertMembership(
  tx: Repositories,
  context: ChangeContext,
  member: NewMember,
): Promise<Membership> {
  const { organizationId, now } = context;
  const membership: Membership = {
    id: member.id ?? newId('mem', now),
    version: 1,
    organizationId,
    userId: member.user.id,
    email: member.email,
    emailKey: member.emailKey,
    name: member.name,
    avatarUrl: member.user.avatarUrl,
    status: member.status,
    source: member.source,
    orgRole: member.defaultRole,
    ...{ department: null, lastActiveAt: null, lastSignedInAt: null },
    ...{ createdAt: now, updatedAt: now },
  };
  await moveCounts(tx, organizationId, { before: undefined, after: membership });
  await tx.memberships.insert(organizationId, membership);
  await giveDefaults(tx, context, { membership, organization: member.organization });
  await record(tx, context, {
    type: 'member.added',
    target: { kind: 'membership', id: membership.id },
    details: { source: member.source, status: member.status, email: member.email },
  });
  return membership;
}

/** A member's place in the one team of a plan, as a grant. */
export const placeInDefaultTeam = ({ id: teamId }: Pick<Team, 'id'>) =>
  ({ scope: { kind: 'team', teamId, role: 'member' }, source: { kind: 'default' }, rank: 0 }) as const;

/** What everybody has by nobody's word, whatever door they came through: the default role and, where the plan has one team, a place in it. */
async function giveDefaults(
  tx: Repositories,
  context: ChangeContext,
  member: { readonly membership: Membership; readonly organization: Organization | undefined },
): Promise<void> {
  const { organizationId, now } = context;
  const { id: membershipId, orgRole } = member.membership;
  const give = (grant: Pick<Grant, 'scope' | 'source' | 'rank'>) => {
    const row: Grant = { id: newId('grt', now), organizationId, membershipId, createdAt: now, ...grant };
    return tx.grants.insert(organizationId, row, traceOf(context));
  };
  await give({ scope: { kind: 'org', role: orgRole }, source: { kind: 'default' }, rank: 0 });
  const { plan } = member.organization ?? (await getOrganization(tx, organizationId));
  if (plan.teams !== 'one') return;
  const team = (await tx.teams.list(organizationId)).find(({ isDefault }) => isDefault);
  if (team === undefined) return;
  await give(placeInDefaultTeam(team));
  await tx.teamMembers.replace(organizationId, membershipId, [{ teamId: team.id, role: 'member' }]);
}

/** Puts back somebody as they were, under the same id; their grants are the caller's. Takes a seat when active; throws `seats_exhausted`. */
export async function reinstateMembership(
  tx: Repositories,
  context: ChangeContext,
  former: Membership,
): Promise<Membership> {
  const { organizationId, now } = context;
  const { userId, name } = former;
  if ((await tx.users.find(userId)) === undefined)
    await insertUpstreamPerson(tx, context, { id: userId, name });
  const membership: Membership = { ...former, version: 1, createdAt: now, updatedAt: now };
  await moveCounts(tx, organizationId, { before: undefined, after: membership });
  await tx.memberships.insert(organizationId, membership);
  await record(tx, context, {
    type: 'member.added',
    target: { kind: 'membership', id: membership.id },
    details: { source: former.source, status: former.status, email: former.email, isBack: true },
  });
  return membership;
}

/** Suspends or reactivates, a new `profile` in the same write. Suspension ends every session in the same transaction (law 6). */
export async function setMembershipStatus(
  tx: Repositories,
  context: ChangeContext,
  change: {
    readonly membership: Membership;
    readonly status: MembershipStatus;
    readonly profile?: Pick<Membership, 'name' | 'email' | 'emailKey'> | undefined;
  },
): Promise<Membership> {
  const { membership, status, profile } = change;
  const after = { ...membership, ...profile, status, updatedAt: context.now };
  if (membership.status === status)
    return profile === undefined ? membership : updateMembership(tx, context, { before: membership, after });
  const next = await updateMembership(tx, context, { before: membership, after });
  const ended = status === 'suspended' ? await cutOff(tx, context, membership) : NOTHING_ENDED;
  await record(tx, context, {
    type: status === 'suspended' ? 'member.suspended' : 'member.reactivated',
    target: { kind: 'membership', id: membership.id },
    details: ended,
  });
  return next;
}

const NOTHING_ENDED = { endedSessions: 0, revokedApiKeys: 0 };

/** Ends every way in that a suspended member has (law 6). Most people whom a directory suspends have none, which one question tells. */
async function cutOff(
  tx: Repositories,
  context: ChangeContext,
  membership: Membership,
): Promise<typeof NOTHING_ENDED> {
  const { organizationId } = context;
  if (!(await tx.memberships.holdsWaysIn(organizationId, membership))) return NOTHING_ENDED;
  const endedSessions = await endSessionsOf(tx, context, { membership, reason: 'member_suspended' });
  // Keys do not come back with the person (S144).
  const revokedApiKeys = await tx.apiKeys.removeByMembership(organizationId, membership.id);
  await endLinksOf(tx, context, membership.id);
  await dropUnderWayOfStranded(tx, membership.userId);
  return { endedSessions, revokedApiKeys };
}

/**
 * Ends a membership: sessions, grants, team roles and identities go with it, in the same transaction (law 6). The event lists
 * every grant that goes, so that whoever holds work of this person can hand it back.
 */
export async function endMembership(
  tx: Repositories,
  context: ChangeContext,
  end: { readonly membership: Membership; readonly reason?: 'removed' | 'left' | undefined },
): Promise<void> {
  const { organizationId } = context;
  const { membership, reason = 'removed' } = end;
  const dropped = await tx.grants.listByMembership(organizationId, membership.id);
  await moveCounts(tx, organizationId, { before: membership, after: undefined });
  const endedSessions = await endSessionsOf(tx, context, { membership, reason: 'member_removed' });
  await tx.grants.endByMembership(organizationId, membership.id, endingOf(context));
  await keepPast(tx, context, { kind: 'membership', id: membership.id, value: factsOf(membership) });
  await endLinksOf(tx, context, membership.id);
  await tx.teamMembers.replace(organizationId, membership.id, []);
  await tx.identities.removeByMembership(organizationId, membership.id);
  await tx.memberships.remove(organizationId, membership.id);
  await dropUnderWayOfStranded(tx, membership.userId);
  await removeUserWithoutTies(tx, membership);
  await record(tx, context, {
    type: 'member.removed',
    target: { kind: 'membership', id: membership.id },
    details: {
      reason,
      endedSessions,
      userId: membership.userId,
      email: membership.email,
      orgRole: membership.orgRole,
      grants: dropped.map(({ scope, source }) => ({ ...scope, source: source.kind })),
    },
  });
}

async function endSessionsOf(
  tx: Repositories,
  context: ChangeContext,
  end: { readonly membership: Membership; readonly reason: SessionEnd },
): Promise<number> {
  const which = { by: 'membership', membershipId: end.membership.id } as const;
  const ended = await endSessions(tx, context, { which, reason: end.reason });
  return ended.length;
}

/** A person who never chose a sign-in address of their own and is nowhere a member any more leaves no row behind. */
async function removeUserWithoutTies(tx: Repositories, membership: Membership): Promise<void> {
  const user = await tx.users.find(membership.userId);
  if (user === undefined || user.emailKey !== null) return;
  const rest = await tx.memberships.listByUser(user.id);
  if (rest.every((other) => other.id === membership.id)) await tx.users.remove(user.id);
}

/** The membership, or `not_found`. */
export async function getMembership(
  from:
    | Pick<Repositories, 'memberships'>
    | { readonly memberships: Pick<Repositories['memberships'], 'find'> },
  organizationId: OrganizationId,
  id: MembershipId,
): Promise<Membership> {
  const membership = await from.memberships.find(organizationId, id);
  if (membership === undefined) throw new GatehouseError('not_found', 'No such member.');
  return membership;
}
