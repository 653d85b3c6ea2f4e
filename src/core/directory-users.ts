/** People as a directory pushes them: each change lands on the person, the membership and the sessions at once. */
import { GatehouseError } from '../kernel/errors.ts';
import type { DirectoryId, DirectoryUserId, OrganizationId, UserId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import { foldKey } from '../kernel/text.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import { touchGroups } from './directory-groups.ts';
import { domainOf } from './domains.ts';
import type { Directory, DirectoryAttributes, DirectoryUser } from './entities/directory.ts';
import type { Cause } from './entities/journal.ts';
import type { Membership, User } from './entities/people.ts';
import {
  endMembership,
  getMembership,
  insertMembership,
  setMembershipStatus,
  updateMembership,
} from './memberships.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Queries, Repositories } from './ports/storage.ts';

/** A person as pushed: the facts core needs, and the whole document for the edge to give back. */
export interface DirectoryUserInput {
  readonly userName: string;
  readonly externalId: string | null;
  readonly isActive: boolean;
  readonly displayName: string | null;
  /** Every e-mail address, as spelled. */
  readonly emails: readonly string[];
  /** The address to show for this person; null when there is none. */
  readonly primaryEmail: string | null;
  /** The name to show; never empty. */
  readonly personName: string;
  readonly attributes: DirectoryAttributes;
}

interface DirectoryRequest {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly cause: Cause;
}

type StoredFields = Pick<
  DirectoryUser,
  'isActive' | 'userName' | 'userNameKey' | 'externalId' | 'displayNameKey' | 'emailKeys' | 'attributes'
>;

const storedFields = (input: DirectoryUserInput): StoredFields => ({
  isActive: input.isActive,
  userName: input.userName,
  userNameKey: foldKey(input.userName),
  externalId: input.externalId,
  displayNameKey: input.displayName === null ? null : foldKey(input.displayName),
  emailKeys: [...new Set(input.emails.map(foldKey))],
  attributes: input.attributes,
});

/** The user, or `not_found`. */
export async function getDirectoryUser(
  from: Queries | Repositories,
  directory: Pick<DirectoryRequest, 'organizationId' | 'directoryId'>,
  id: DirectoryUserId,
): Promise<DirectoryUser> {
  const user = await from.directoryUsers.find(directory.organizationId, directory.directoryId, id);
  if (user === undefined) throw new GatehouseError('not_found', `Resource ${id} not found.`);
  return user;
}

/**
 * Adds a pushed person with a membership in the directory's organization, and nothing anywhere else (law 3).
 * Throws `already_exists` (field `userName`), `seats_exhausted`.
 */
export async function provisionUser(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & { readonly directory: Directory; readonly user: DirectoryUserInput },
): Promise<DirectoryUser> {
  const { organizationId, directoryId, cause, user } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const membership = await adoptOrAdd(tx, context, { directory: input.directory, user });
    const row: DirectoryUser = {
      id: newId('du', context.now),
      version: 1,
      organizationId,
      directoryId,
      membershipId: membership.id,
      userId: membership.userId,
      ...storedFields(user),
      createdAt: context.now,
      updatedAt: context.now,
    };
    await tx.directoryUsers.insert(organizationId, row);
    await record(tx, context, {
      type: 'directory_user.created',
      target: { kind: 'directory_user', id: row.id },
      details: { membershipId: membership.id, userName: user.userName, isActive: user.isActive },
    });
    return row;
  });
}

const profileOf = (user: DirectoryUserInput) => ({
  email: user.primaryEmail,
  emailKey: user.primaryEmail === null ? null : foldKey(user.primaryEmail),
  name: user.personName,
});

/**
 * Finds the member of this organization that the pushed person already is, or adds a new person. Only an address inside
 * a domain this organization has proved may adopt; people of other organizations are never touched (S117, S119).
 */
async function adoptOrAdd(
  tx: Repositories,
  context: ChangeContext,
  pushed: { readonly directory: Directory; readonly user: DirectoryUserInput },
): Promise<Membership> {
  const { user, directory } = pushed;
  const known = await findAdoptable(tx, context.organizationId, user);
  // `queue` waits for a confirmation that nobody can give yet: until then it refuses, as `reject` does.
  if (known !== undefined && directory.adoption !== 'adopt') {
    throw new GatehouseError(
      'already_exists',
      'A member with this e-mail address exists, and this directory does not adopt members.',
      {
        field: 'emails',
      },
    );
  }
  if (known !== undefined) return adopt(tx, context, { membership: known, user });
  const organization = await getOrganization(tx, context.organizationId);
  const person = await insertPerson(tx, context, user.personName);
  return insertMembership(tx, context, {
    user: person,
    ...profileOf(user),
    status: user.isActive ? 'active' : 'suspended',
    source: 'directory',
    defaultRole: organization.defaultRole,
  });
}

async function findAdoptable(
  tx: Repositories,
  organizationId: OrganizationId,
  user: DirectoryUserInput,
): Promise<Membership | undefined> {
  if (user.primaryEmail === null) return undefined;
  const domain = await tx.domains.findVerified(domainOf(user.primaryEmail));
  if (domain?.organizationId !== organizationId) return undefined;
  for (const membership of await tx.memberships.listByEmail(organizationId, foldKey(user.primaryEmail))) {
    if ((await tx.directoryUsers.findByMembership(organizationId, membership.id)) === undefined)
      return membership;
  }
  return undefined;
}

async function adopt(
  tx: Repositories,
  context: ChangeContext,
  subject: { readonly membership: Membership; readonly user: DirectoryUserInput },
): Promise<Membership> {
  const { membership, user } = subject;
  const adopted = await updateMembership(tx, membership, {
    ...membership,
    name: user.personName,
    source: 'directory',
    updatedAt: context.now,
  });
  await record(tx, context, {
    type: 'member.updated',
    target: { kind: 'membership', id: membership.id },
    details: { adoptedByDirectory: true },
  });
  return setMembershipStatus(tx, context, {
    membership: adopted,
    status: user.isActive ? 'active' : 'suspended',
  });
}

/** A person without sign-in address or password of their own: a directory never sets those. */
async function insertPerson(tx: Repositories, context: ChangeContext, name: string): Promise<User> {
  const id: UserId = newId('usr', context.now);
  const user: User = {
    id,
    version: 1,
    email: null,
    emailKey: null,
    name,
    emailVerifiedAt: null,
    passwordHash: null,
    createdAt: context.now,
    updatedAt: context.now,
  };
  await tx.users.insert(user);
  return user;
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
    readonly change: (current: DirectoryUser) => DirectoryUserInput | undefined;
  },
): Promise<DirectoryUser> {
  const { organizationId, cause, id, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getDirectoryUser(tx, input, id);
    const wanted = change(before);
    if (wanted === undefined) return before;
    const after: DirectoryUser = { ...before, ...storedFields(wanted), updatedAt: context.now };
    await tx.directoryUsers.update(organizationId, after, before.version);
    await followProfile(tx, context, { before, after, wanted });
    await record(tx, context, {
      type: 'directory_user.updated',
      target: { kind: 'directory_user', id },
      details: {
        membershipId: before.membershipId,
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
  let membership = await getMembership(tx, context.organizationId, after.membershipId);
  const profile = profileOf(wanted);
  if (membership.name !== profile.name || membership.email !== profile.email) {
    membership = await updateMembership(tx, membership, {
      ...membership,
      ...profile,
      updatedAt: context.now,
    });
  }
  // Only a switch is followed: a new name for somebody whom an admin suspended must not bring them back.
  if (before.isActive === after.isActive) return;
  await setMembershipStatus(tx, context, { membership, status: after.isActive ? 'active' : 'suspended' });
}

/** Removes a pushed person and ends the membership, its sessions and grants. Throws `not_found`, `last_owner`. */
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
    const user = await getDirectoryUser(tx, input, id);
    input.check?.(user);
    const groupIds = await tx.groupMembers.removeEverywhere(organizationId, id);
    await tx.directoryUsers.remove(organizationId, directoryId, id);
    await touchGroups(tx, context, { directoryId, groupIds });
    const membership = await getMembership(tx, organizationId, user.membershipId);
    await endMembership(tx, context, membership);
    await record(tx, context, {
      type: 'directory_user.removed',
      target: { kind: 'directory_user', id },
      details: { membershipId: user.membershipId, userName: user.userName, groupIds },
    });
  });
}
