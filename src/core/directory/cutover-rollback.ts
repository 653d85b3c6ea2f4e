/** Takes a switch back: what the directory gave goes, what was by hand returns, and its people are shadows again. */

import type { ChangeContext } from '../deps.ts';
import type { Cutover, CutoverMember } from '../entities/cutover.ts';
import type { Directory, DirectoryUser, ShadowProfile } from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { endMembership } from '../members/memberships.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { usersOf } from './cutover-facts.ts';
import { restoreMember } from './cutover-restore.ts';
import { getDirectory } from './directories.ts';
import { settleProvisioning } from './provisioning.ts';
import { reservedIds } from './shadow-users.ts';

/** How many members were put back as they were, and how many who came by the directory are members no more. */
export interface RollbackCounts {
  readonly restored: number;
  readonly ended: number;
}

/**
 * Everything in the caller's transaction. Whoever was a member before is one again, also who was removed by the directory
 * since; what people did by hand since stays. Throws `last_owner`, `seats_exhausted`: then nothing has changed.
 */
export async function rollBackDirectory(
  tx: Repositories,
  context: ChangeContext,
  cutover: Cutover,
): Promise<RollbackCounts> {
  const { organizationId } = context;
  const directory = await getDirectory(tx, organizationId, cutover.directoryId);
  const rules = await getOrganization(tx, organizationId);
  const people = await peopleOf(tx, directory);
  const held = new Map(people.map(({ user }) => [user.membershipId, user]));
  const before = await listRemembered(tx, cutover);
  const known = new Set(before.map(({ membershipId }) => membershipId));
  let restored = 0;
  const restore = async (members: readonly CutoverMember[]) => {
    for (const member of members) {
      const pushed = held.get(member.membershipId);
      if (await restoreMember(tx, context, { cutover, member, pushed, rules })) restored += 1;
    }
  };
  // Owners first, so that one is left at every moment; then who goes, so that there are seats for who returns.
  const isOwner = ({ membership }: CutoverMember) => membership.orgRole === 'owner';
  await restore(before.filter(isOwner));
  const newcomers = people.filter(({ user }) => !known.has(user.membershipId));
  for (const { user } of newcomers) await endNewcomer(tx, context, user);
  await restore(before.filter((member) => !isOwner(member)));
  for (const { user, shadow } of people) await becomeShadow(tx, context, { user, shadow });
  await switchOff(tx, context, { cutover, directory });
  const counts = { restored, ended: newcomers.length };
  await record(tx, context, {
    type: 'directory.rolled_back',
    target: { kind: 'directory', id: directory.id },
    details: { ...counts, voided: cutover.voided.length },
  });
  return counts;
}

interface PushedMember {
  readonly user: DirectoryUser;
  readonly shadow: ShadowProfile;
}

/** The people of the directory, with what their memberships say of them now. */
async function peopleOf(tx: Repositories, directory: Directory): Promise<readonly PushedMember[]> {
  const people: PushedMember[] = [];
  for (const user of await usersOf(tx, directory)) {
    if (user.shadow !== null) continue;
    const membership = await tx.memberships.find(directory.organizationId, user.membershipId);
    const shadow = { name: membership?.name ?? user.userName, email: pushedAddress(user, membership) };
    people.push({ user, shadow });
  }
  return people;
}

/** Of a member whom an admin matched by hand the directory may say another address. */
function pushedAddress({ emailKeys }: DirectoryUser, membership: Membership | undefined): string | null {
  if (membership === undefined || membership.emailKey === null) return null;
  const isPushed = emailKeys.length === 0 || emailKeys.includes(membership.emailKey);
  return isPushed ? membership.email : (emailKeys[0] ?? null);
}

async function listRemembered(
  tx: Repositories,
  { organizationId, directoryId }: Cutover,
): Promise<readonly CutoverMember[]> {
  const members: CutoverMember[] = [];
  const limit = 500;
  for (let after: string | undefined; ; after = members.at(-1)?.membershipId) {
    const rows = await tx.cutoverMembers.list(organizationId, directoryId, { after, limit });
    members.push(...rows);
    if (rows.length < limit) return members;
  }
}

async function endNewcomer(tx: Repositories, context: ChangeContext, user: DirectoryUser): Promise<void> {
  const membership = await tx.memberships.find(context.organizationId, user.membershipId);
  if (membership !== undefined) await endMembership(tx, context, { membership });
}

async function becomeShadow(
  tx: Repositories,
  { organizationId, now }: ChangeContext,
  { user, shadow }: PushedMember,
): Promise<void> {
  const conflict = await tx.adoptionConflicts.findByUser(organizationId, user.id);
  if (conflict !== undefined) await tx.adoptionConflicts.remove(organizationId, conflict.id);
  const next = { ...user, ...reservedIds(now), shadow };
  await tx.directoryUsers.update(organizationId, next, user.version);
}

async function switchOff(
  tx: Repositories,
  context: ChangeContext,
  { cutover, directory }: { readonly cutover: Cutover; readonly directory: Directory },
): Promise<void> {
  const { organizationId, now } = context;
  const draft = { ...directory, status: 'draft', isShadow: true, updatedAt: now } as const;
  await tx.directories.update(organizationId, draft, directory.version);
  await settleProvisioning(tx, context);
  const over: Cutover = { ...cutover, status: 'rolled_back', rolledBackAt: now };
  await tx.cutovers.update(organizationId, over, cutover.version);
}
