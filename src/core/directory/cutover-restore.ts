/** One member back to what they were before a switch. */

import { insertGrant, type RoleRules, refreshRoles, syncGrants } from '../access/grants.ts';
import type { Grant } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { Cutover, CutoverMember } from '../entities/cutover.ts';
import type { DirectoryUser } from '../entities/directory.ts';
import type { Membership, MembershipStatus } from '../entities/people.ts';
import {
  endMembership,
  reinstateMembership,
  setMembershipStatus,
  updateMembership,
} from '../members/memberships.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessions } from '../sign-in/session-endings.ts';
import {
  grantsTaken,
  isOfDirectory,
  type SinceSwitch,
  sinceSwitch,
  withoutReplaced,
} from './cutover-since.ts';

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
  const { membershipId } = member;
  const current = await tx.memberships.find(context.organizationId, membershipId);
  const since = await sinceSwitch(tx, cutover, { membershipId, current });
  if (since.word === 'removed') {
    // The directory may have brought them back: then they go like everybody who came by it.
    if (current !== undefined) await endMembership(tx, context, { membership: current });
    return false;
  }
  const status = since.word ?? member.membership.status;
  if (current === undefined) return bringBack(tx, context, { ...restoration, since, status });
  // Removed by the directory and pushed again: the same person, with nothing of what they held.
  if (current.createdAt !== member.membership.createdAt)
    await giveWhatIsMissing(tx, context, { ...restoration, since });
  const own = pushed === undefined ? current : await backInOwnHands(tx, context, { ...restoration, current });
  const membership = await setMembershipStatus(tx, context, { membership: own, status });
  const isOurs = (grant: Grant) => isOfDirectory(cutover, grant);
  const next = await syncGrants(tx, context, { membership, rules, owns: isOurs, wanted: [] });
  await refreshRoles(tx, context, { membership: next, rules });
  return true;
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

/** Whom the directory has removed since is there again, with the grants it took. */
async function bringBack(
  tx: Repositories,
  context: ChangeContext,
  restoration: Restoration & { readonly since: SinceSwitch; readonly status: MembershipStatus },
): Promise<boolean> {
  const { cutover, member, rules, status } = restoration;
  const { organizationId } = context;
  const { directoryId } = cutover;
  const removed = await tx.removedUsers.findByMembership(organizationId, directoryId, member.membershipId);
  if (removed === undefined) return false;
  await tx.removedUsers.consume(organizationId, directoryId, removed.id);
  const membership = await reinstateMembership(tx, context, { ...member.membership, status });
  await giveBack(tx, context, { ...member, grants: await grantsTaken(tx, context, restoration) });
  await refreshRoles(tx, context, { membership, rules });
  return true;
}

/** What the removal took, but the default, which is there, and what people have given anew since. */
async function giveWhatIsMissing(
  tx: Repositories,
  context: ChangeContext,
  restoration: Restoration & { readonly since: SinceSwitch },
): Promise<void> {
  const { member } = restoration;
  const current = await tx.grants.listByMembership(context.organizationId, member.membershipId);
  const taken = (await grantsTaken(tx, context, restoration)).filter(
    ({ source }) => source.kind !== 'default',
  );
  await giveBack(tx, context, { ...member, grants: withoutReplaced(taken, current) });
}

/** Those of teams that are no more are left out. */
async function giveBack(
  tx: Repositories,
  context: ChangeContext,
  { membershipId, grants }: Pick<CutoverMember, 'membershipId' | 'grants'>,
): Promise<void> {
  for (const { scope, source, rank } of grants) {
    if (scope.kind === 'team' && !(await tx.teams.find(context.organizationId, scope.teamId))) continue;
    await insertGrant(tx, context, { membershipId, scope, source, rank });
  }
}
