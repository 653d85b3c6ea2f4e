/** Shadows: people of a directory that is not switched on. They are stored and answered, and nobody becomes a member by them. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { ChangeContext } from '../deps.ts';
import type { DirectoryUser, ShadowProfile } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { type DirectoryUserInput, storedFields } from './pushed-user.ts';

/** What a membership of this person would say, kept until there is one. */
export const shadowProfileOf = (user: DirectoryUserInput): ShadowProfile => ({
  name: user.personName,
  email: user.primaryEmail,
});

/** Stores a pushed person as a shadow. Who they are, and whether there is a seat, is asked at the cut-over. Throws `already_exists`. */
export async function insertShadow(
  tx: Repositories,
  context: ChangeContext,
  pushed: { readonly directoryId: DirectoryId; readonly user: DirectoryUserInput },
): Promise<DirectoryUser> {
  const { organizationId, now } = context;
  const { directoryId, user } = pushed;
  const row: DirectoryUser = {
    id: newId('du', now),
    version: 1,
    organizationId,
    directoryId,
    ...reservedIds(now),
    ...storedFields(user),
    shadow: shadowProfileOf(user),
    createdAt: now,
    updatedAt: now,
  };
  await tx.directoryUsers.insert(organizationId, row);
  await record(tx, context, {
    type: 'directory_user.created',
    target: { kind: 'directory_user', id: row.id },
    details: { userName: user.userName, isActive: user.isActive },
  });
  return row;
}

/** Ids that no membership and no person has or will have. */
export const reservedIds = (now: number): Pick<DirectoryUser, 'membershipId' | 'userId'> => ({
  membershipId: newId('mem', now),
  userId: newId('usr', now),
});

/** A push that was let in as a shadow's must not act, nor be told, as one after the switch. Throws `version_conflict`. */
export async function assertStillShadow(
  tx: Repositories,
  push: {
    readonly organizationId: OrganizationId;
    readonly directoryId: DirectoryId;
    readonly cause: Cause;
  },
): Promise<void> {
  if (push.cause.isShadow !== true) return;
  const directory = await tx.directories.find(push.organizationId, push.directoryId);
  if (directory?.isShadow === true) return;
  throw new GatehouseError('version_conflict', 'This directory has just been switched on. Send it again.');
}
