/** People a directory removed: what is remembered of them, and who of them a pushed person is. */
import { days } from '../../kernel/clock.ts';
import type { DirectoryId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { ChangeContext } from '../deps.ts';
import type { RemovedUser } from '../entities/adoption.ts';
import type { DirectoryUser } from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { DirectoryUserInput } from './pushed-user.ts';

/** How long somebody who was removed still comes back as the same person. */
const REMEMBERED_MS = days(180);

/** Remembers somebody whom the directory is removing. */
export async function rememberRemoved(
  tx: Repositories,
  context: ChangeContext,
  gone: { readonly user: DirectoryUser; readonly membership: Membership },
): Promise<void> {
  const { user, membership } = gone;
  await tx.removedUsers.insert(context.organizationId, {
    id: user.id,
    organizationId: context.organizationId,
    directoryId: user.directoryId,
    userNameKey: user.userNameKey,
    externalId: user.externalId,
    userId: user.userId,
    membershipId: user.membershipId,
    isSuspended: user.isActive && membership.status === 'suspended',
    removedAt: context.now,
    expiresAt: context.now + REMEMBERED_MS,
  });
}

/**
 * Whom this directory had removed and now pushes again; undefined for anybody else, and for somebody who has become a
 * member by another way in the meantime: that membership is theirs, and the adoption policy speaks about it.
 */
export async function findReturning(
  from: Queries | Repositories,
  context: Pick<ChangeContext, 'organizationId' | 'now'>,
  pushed: {
    readonly directoryId: DirectoryId;
    readonly user: Pick<DirectoryUserInput, 'userName' | 'externalId'>;
  },
): Promise<RemovedUser | undefined> {
  const { organizationId, now } = context;
  const { externalId } = pushed.user;
  const match = { userNameKey: foldKey(pushed.user.userName), externalId, now };
  const removed = await from.removedUsers.listMatching(organizationId, pushed.directoryId, match);
  const returning = choosePerson(removed, externalId);
  if (returning === undefined) return undefined;
  const member = await from.memberships.findByUser(organizationId, returning.userId);
  return member === undefined ? returning : undefined;
}

/**
 * Pure. The externalId decides where both sides have one: a userName is given to the next person of that name, who must
 * not become the one who left. Expects the last removed first.
 */
export function choosePerson(
  removed: readonly RemovedUser[],
  externalId: string | null,
): RemovedUser | undefined {
  const bySubject = removed.find((user) => externalId !== null && user.externalId === externalId);
  return bySubject ?? removed.find((user) => externalId === null || user.externalId === null);
}
