/** One member back to what they were before a switch. */
import type { ChangeContext } from './deps.ts';
import type { Cutover, CutoverMember } from './entities/cutover.ts';
import type { DirectoryUser } from './entities/directory.ts';
import type { Membership, MembershipStatus } from './entities/people.ts';
import { insertGrant, type RoleRules, refreshRoles, syncGrants } from './grants.ts';
import { reinstateMembership, setMembershipStatus, updateMembership } from './memberships.ts';
import type { Repositories } from './ports/storage.ts';
import type { Grant } from './roles.ts';
import { endSessions } from './session-endings.ts';

interface Restoration {
  readonly cutover: Cutover;
  readonly member: CutoverMember;
  /** As the directory holds them now; undefined: it does not. */
  readonly pushed: DirectoryUser | undefined;
  readonly rules: RoleRules;
}

/** True when they are a member again or still, false when people have removed them since. */
export async function restoreMember(
  tx: Repositories,
  context: ChangeContext,
  restoration: Restoration,
): Promise<boolean> {
  const { cutover, member, pushed, rules } = restoration;
  const current = await tx.memberships.find(context.organizationId, member.membershipId);
  if (current === undefined) return bringBack(tx, context, restoration);
  // Removed by the directory and pushed again: the same person, with nothing of what they held.
  if (current.createdAt !== member.membership.createdAt)
    await giveBack(tx, context, { member, skip: ({ source }) => source.kind === 'default' });
  const status = statusAfter(member, current, pushed);
  const own = pushed === undefined ? current : await backInOwnHands(tx, context, { ...restoration, current });
  const membership = await setMembershipStatus(tx, context, { membership: own, status });
  const isOurs = ({ source }: Grant) =>
    source.kind === 'directory_group' && source.directoryId === cutover.directoryId;
  const next = await syncGrants(tx, context, { membership, rules, owns: isOurs, wanted: [] });
  await refreshRoles(tx, context, { membership: next, rules });
  return true;
}

/**
 * Pure. What the switch or the directory did to the status is undone; what people did stays: nobody whom an admin has
 * suspended since comes back by a roll-back.
 */
export function statusAfter(
  { membership: { status: before }, isSwitchedOff }: Pick<CutoverMember, 'membership' | 'isSwitchedOff'>,
  { status: current }: Pick<Membership, 'status'>,
  pushed: Pick<DirectoryUser, 'isActive'> | undefined,
): MembershipStatus {
  if (before === current || isSwitchedOff) return before;
  if (pushed === undefined) return current;
  return current === 'suspended' && pushed.isActive ? current : before;
}

/** Profile and source as before; sessions and identities that came since on the word of the match end. */
async function backInOwnHands(
  tx: Repositories,
  context: ChangeContext,
  { cutover, member, current }: Restoration & { readonly current: Membership },
): Promise<Membership> {
  const { organizationId, now } = context;
  const which = { by: 'membership', membershipId: current.id } as const;
  const isSince = (at: number) => at >= cutover.switchedAt;
  await endSessions(tx, context, {
    ...{ which, reason: 'directory_disabled' },
    only: (session) => isSince(session.authenticatedAt),
  });
  const identities = await tx.identities.listByMembership(organizationId, current.id);
  if (identities.some(({ createdAt }) => isSince(createdAt))) {
    await tx.identities.removeByMembership(organizationId, current.id);
    for (const identity of identities)
      if (!isSince(identity.createdAt)) await tx.identities.insert(organizationId, identity);
  }
  const { name, email, emailKey, source } = member.membership;
  const after = { ...current, name, email, emailKey, source, updatedAt: now };
  return updateMembership(tx, context, { before: current, after });
}

/** Whom the directory has removed since is there again, with the grants of before; whom people removed is not. */
async function bringBack(
  tx: Repositories,
  context: ChangeContext,
  { cutover, member, rules }: Restoration,
): Promise<boolean> {
  const { organizationId } = context;
  const { directoryId } = cutover;
  const removed = await tx.removedUsers.findByMembership(organizationId, directoryId, member.membershipId);
  if (removed === undefined) return false;
  await tx.removedUsers.consume(organizationId, directoryId, removed.id);
  const membership = await reinstateMembership(tx, context, member.membership);
  await giveBack(tx, context, { member, skip: () => false });
  await refreshRoles(tx, context, { membership, rules });
  return true;
}

/** The grants of before, those of teams that are no more left out. */
async function giveBack(
  tx: Repositories,
  context: ChangeContext,
  { member, skip }: { readonly member: CutoverMember; readonly skip: (grant: Grant) => boolean },
): Promise<void> {
  const { membershipId } = member;
  for (const grant of member.grants) {
    const { scope, source, rank } = grant;
    if (skip(grant)) continue;
    if (scope.kind === 'team' && !(await tx.teams.find(context.organizationId, scope.teamId))) continue;
    await insertGrant(tx, context, { membershipId, scope, source, rank });
  }
}
