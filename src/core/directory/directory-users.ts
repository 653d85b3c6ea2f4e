/** People as a directory pushes them: each change lands on the person, the membership and the sessions at once. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryId, DirectoryUserId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Directory, DirectoryUser, ShownUser } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership, MembershipStatus } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { endMembership, getMembership, setMembershipStatus } from '../members/memberships.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { receivePerson } from './adoption.ts';
import { isHeld, openConflict } from './adoption-conflicts.ts';
import { touchGroups } from './directory-groups.ts';
import { type DirectoryUserInput, profileOf, storedFields } from './pushed-user.ts';
import { rememberRemoved } from './removed-users.ts';
import { assertStillShadow, insertShadow, shadowProfileOf } from './shadow-users.ts';

interface DirectoryRequest {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly cause: Cause;
}

/** The user, or `not_found`. */
export async function getDirectoryUser(
  from: Queries | Repositories,
  directory: Pick<DirectoryRequest, 'organizationId' | 'directoryId'>,
  id: DirectoryUserId,
): Promise<DirectoryUser> {
  const user = await from.directoryUsers.find(directory.organizationId, directory.directoryId, id);
  if (user === undefined) throw noSuchUser(id);
  return user;
}

/** As much of one user as answers show. Throws `not_found`. */
export async function showDirectoryUser(
  from: Queries,
  { organizationId, directoryId }: Pick<DirectoryRequest, 'organizationId' | 'directoryId'>,
  id: DirectoryUserId,
): Promise<ShownUser> {
  const query = { kind: 'equals', field: 'id', value: id } as const;
  const found = await from.directoryUsers.queryShown(organizationId, directoryId, query, ONE);
  const [user] = found.rows;
  if (user === undefined) throw noSuchUser(id);
  return user;
}

const ONE = { offset: 0, limit: 1 } as const;

const noSuchUser = (id: DirectoryUserId) => new GatehouseError('not_found', `Resource ${id} not found.`);

/**
 * Adds a pushed person with a membership in the directory's organization, and nothing anywhere else (law 3). Somebody
 * whom the directory had removed is the same person under a new SCIM id; who may be a member already waits for an admin.
 * Throws `already_exists` (field `userName`, `emails` or a unique attribute), `seats_exhausted`, `version_conflict`
 * when the directory's extensions are not those of `directory` any more.
 */
export async function provisionUser(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & { readonly directory: Directory; readonly user: DirectoryUserInput },
): Promise<DirectoryUser> {
  const { organizationId, directoryId, cause, user } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const directory = await assertUnchanged(tx, input.directory);
    if (directory.isShadow) {
      const shadow = await insertShadow(tx, context, { directoryId, user });
      await keepUniqueValues(tx, shadow, user);
      return shadow;
    }
    const { membership, conflict, returned } = await receivePerson(tx, context, {
      directory: input.directory,
      user,
    });
    const row: DirectoryUser = {
      id: newId('du', context.now),
      version: 1,
      organizationId,
      directoryId,
      membershipId: membership.id,
      userId: membership.userId,
      shadow: null,
      ...storedFields(user),
      createdAt: context.now,
      updatedAt: context.now,
    };
    await tx.directoryUsers.insert(organizationId, row);
    await keepUniqueValues(tx, row, user);
    await record(tx, context, {
      type: 'directory_user.created',
      target: { kind: 'directory_user', id: row.id },
      details: {
        membershipId: membership.id,
        userName: user.userName,
        isActive: user.isActive,
        ...(returned === undefined ? {} : { returnedFrom: returned.id }),
      },
    });
    if (conflict !== undefined) await openConflict(tx, context, { user: row, conflict });
    return row;
  });
}

/**
 * Changes a pushed person. `change` is given the stored user and answers the new state, or undefined for "nothing
 * changes" (then version and dates stay); it may run more than once. An inactive person's sessions are gone when this
 * answers (law 6). Throws `not_found`, `already_exists`, `last_owner`, `seats_exhausted`, and whatever `change` throws.
 */
export async function changeDirectoryUser(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & {
    readonly id: DirectoryUserId;
    /** As the change was read by; absent: the change knows no extensions. */
    readonly directory?: Directory | undefined;
    readonly change: (current: DirectoryUser) => DirectoryUserInput | undefined;
  },
): Promise<DirectoryUser> {
  const { organizationId, cause, id, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    if (input.directory !== undefined) await assertUnchanged(tx, input.directory);
    const before = await getDirectoryUser(tx, input, id);
    const wanted = change(before);
    if (wanted === undefined) return before;
    const shadow = before.shadow && { ...before.shadow, ...shadowProfileOf(wanted) };
    const after: DirectoryUser = { ...before, ...storedFields(wanted), shadow, updatedAt: context.now };
    await tx.directoryUsers.update(organizationId, after, before);
    await keepUniqueValues(tx, after, wanted);
    if (shadow === null) await followProfile(tx, context, { before, after, wanted });
    await record(tx, context, {
      type: 'directory_user.updated',
      target: { kind: 'directory_user', id },
      details: {
        ...memberOf(before),
        ...(before.userName === after.userName
          ? {}
          : { userName: { before: before.userName, after: after.userName } }),
        ...(before.isActive === after.isActive
          ? {}
          : { isActive: { before: before.isActive, after: after.isActive } }),
      },
    });
    return { ...after, version: before.version + 1 };
  });
}

/** Carries name, address and active state over to the membership of this organization; never to the global user. */
async function followProfile(
  tx: Repositories,
  context: ChangeContext,
  subject: {
    readonly before: DirectoryUser;
    readonly after: DirectoryUser;
    readonly wanted: DirectoryUserInput;
  },
): Promise<void> {
  const { before, after, wanted } = subject;
  const membership = await getMembership(tx, context.organizationId, after.membershipId);
  const pushed = profileOf(wanted);
  const isSame = membership.name === pushed.name && membership.email === pushed.email;
  const status = await statusAfter(tx, context, { membership, before, after });
  await setMembershipStatus(tx, context, { membership, status, profile: isSame ? undefined : pushed });
}

/** Only a switch is followed: a new name for somebody whom an admin suspended must not bring them back. */
async function statusAfter(
  tx: Repositories,
  context: ChangeContext,
  subject: {
    readonly membership: Membership;
    readonly before: DirectoryUser;
    readonly after: DirectoryUser;
  },
): Promise<MembershipStatus> {
  const { membership, before, after } = subject;
  if (before.isActive === after.isActive) return membership.status;
  if (!after.isActive) return 'suspended';
  return (await isHeld(tx, context.organizationId, after.id)) ? membership.status : 'active';
}

/**
 * Removes a pushed person and ends the membership, its sessions and grants. For 180 days the same person comes back when
 * this directory pushes them again. Throws `not_found`, `last_owner`.
 */
export async function removeDirectoryUser(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & {
    readonly id: DirectoryUserId;
    readonly check?: (current: DirectoryUser) => void;
  },
): Promise<void> {
  const { organizationId, directoryId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertStillShadow(tx, input);
    const user = await getDirectoryUser(tx, input, id);
    input.check?.(user);
    if (user.shadow === null) await endMember(tx, context, user);
    const groupIds = await tx.groupMembers.removeEverywhere(organizationId, id);
    await tx.directoryUsers.remove(organizationId, directoryId, id);
    await touchGroups(tx, context, { directoryId, groupIds });
    await record(tx, context, {
      type: 'directory_user.removed',
      target: { kind: 'directory_user', id },
      details: { ...memberOf(user), userName: user.userName, groupIds },
    });
  });
}

/** Whom a row of the journal is about; a shadow is nobody. */
const memberOf = ({ shadow, membershipId }: DirectoryUser) => (shadow === null ? { membershipId } : {});

async function endMember(tx: Repositories, context: ChangeContext, user: DirectoryUser): Promise<void> {
  const membership = await getMembership(tx, context.organizationId, user.membershipId);
  // Who was never let in is judged anew when pushed again.
  if (!(await isHeld(tx, context.organizationId, user.id)))
    await rememberRemoved(tx, context, { user, membership });
  await endMembership(tx, context, { membership });
}

async function keepUniqueValues(
  tx: Repositories,
  user: DirectoryUser,
  { uniqueValues }: DirectoryUserInput,
): Promise<void> {
  if (uniqueValues !== undefined) await tx.uniqueValues.replace(user.organizationId, user, uniqueValues);
}

/**
 * What was read by older rules could break the newer ones: a value that must be unique by now, say, or a directory that
 * has been switched on. Answers the directory as it is.
 */
async function assertUnchanged(tx: Repositories, asRead: Directory): Promise<Directory> {
  const version = await tx.directories.findVersion(asRead.organizationId, asRead.id);
  if (version === undefined || version === asRead.version) return asRead;
  const current = await tx.directories.find(asRead.organizationId, asRead.id);
  if (
    current !== undefined &&
    current.isShadow === asRead.isShadow &&
    JSON.stringify(current.extensions) === JSON.stringify(asRead.extensions)
  )
    return current;
  throw new GatehouseError(
    'version_conflict',
    'The directory has just been changed in Gatehouse. Send it again.',
  );
}
