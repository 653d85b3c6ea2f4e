/** Groups as a directory pushes them: member rows, and the roles that follow from them, change in one transaction. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryGroupId, DirectoryId, DirectoryUserId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import { keepPast } from '../access/history.ts';
import { groupsOf, loadProjection, matchesGroup, projectUsers, usersIn } from '../access/role-projection.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { DirectoryAttributes, DirectoryGroup } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { GroupMemberChange } from './group-members.ts';
import { applyMemberChanges, listAllMembers } from './group-members.ts';
import { assertStillShadow } from './shadow-users.ts';

/** A group as pushed, without its members. */
export interface DirectoryGroupInput {
  readonly displayName: string;
  readonly externalId: string | null;
  readonly attributes: DirectoryAttributes;
}

interface DirectoryRequest {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly cause: Cause;
}

const storedFields = (input: DirectoryGroupInput) => ({
  displayName: input.displayName,
  displayNameKey: foldKey(input.displayName),
  externalId: input.externalId,
  attributes: input.attributes,
});

/** The group, or `not_found`. */
export async function getDirectoryGroup(
  from: Queries | Repositories,
  directory: Pick<DirectoryRequest, 'organizationId' | 'directoryId'>,
  id: DirectoryGroupId,
): Promise<DirectoryGroup> {
  const group = await from.directoryGroups.find(directory.organizationId, directory.directoryId, id);
  if (group === undefined) throw new GatehouseError('not_found', `Resource ${id} not found.`);
  return group;
}

/** Adds a group with its first members. Throws `invalid_value` for a member this directory does not have. */
export async function createDirectoryGroup(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & { readonly group: DirectoryGroupInput; readonly memberIds: readonly string[] },
): Promise<DirectoryGroup> {
  const { organizationId, directoryId, cause, memberIds } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertStillShadow(tx, input);
    const group: DirectoryGroup = {
      id: newId('dg', context.now),
      version: 1,
      organizationId,
      directoryId,
      ...storedFields(input.group),
      createdAt: context.now,
      updatedAt: context.now,
    };
    await tx.directoryGroups.insert(organizationId, group);
    await record(tx, context, {
      type: 'directory_group.created',
      target: { kind: 'directory_group', id: group.id },
      details: { displayName: group.displayName },
    });
    const affected = await applyMemberChanges(tx, context, { group, changes: [{ kind: 'add', memberIds }] });
    await projectGroup(tx, context, { group, userIds: affected.userIds });
    return group;
  });
}

/**
 * Changes a group. `change` answers the new attributes or undefined for "attributes stay"; `memberChanges` are applied
 * in order. Cost follows the members named, not the size of the group. Throws `not_found`, `invalid_value`, and
 * whatever `change` throws; then nothing has changed.
 */
export async function changeDirectoryGroup(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & {
    readonly id: DirectoryGroupId;
    readonly change: (current: DirectoryGroup) => {
      readonly group: DirectoryGroupInput | undefined;
      readonly memberChanges: readonly GroupMemberChange[];
    };
  },
): Promise<DirectoryGroup> {
  const { organizationId, cause, id } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertStillShadow(tx, input);
    const before = await getDirectoryGroup(tx, input, id);
    const { group: wanted, memberChanges } = input.change(before);
    const after: DirectoryGroup = {
      ...before,
      ...(wanted === undefined ? {} : storedFields(wanted)),
      updatedAt: context.now,
    };
    const affected = await applyMemberChanges(tx, context, { group: after, changes: memberChanges });
    if (wanted === undefined && !affected.changed) return before;
    await tx.directoryGroups.update(organizationId, after, before.version);
    if (before.displayName !== after.displayName)
      await keepPast(tx, context, { kind: 'name', id, value: before.displayName });
    if (wanted !== undefined) await recordUpdate(tx, context, { before, after });
    // A rename may move the whole group in or out of a name rule; everything else concerns the named members only.
    const renamed = before.displayNameKey !== after.displayNameKey;
    const userIds = renamed
      ? new Set([...affected.userIds, ...(await usersIn(tx, organizationId, id))])
      : affected.userIds;
    await projectGroup(tx, context, { group: after, renamedFrom: renamed ? before : undefined, userIds });
    return { ...after, version: before.version + 1 };
  });
}

async function recordUpdate(
  tx: Repositories,
  context: ChangeContext,
  change: { readonly before: DirectoryGroup; readonly after: DirectoryGroup },
): Promise<void> {
  await record(tx, context, {
    type: 'directory_group.updated',
    target: { kind: 'directory_group', id: change.after.id },
    details: { displayName: { before: change.before.displayName, after: change.after.displayName } },
  });
}

/** Removes a group; roles that came through it go in the same transaction. Throws `not_found`. */
export async function removeDirectoryGroup(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & {
    readonly id: DirectoryGroupId;
    readonly check?: (current: DirectoryGroup) => void;
  },
): Promise<void> {
  const { organizationId, directoryId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertStillShadow(tx, input);
    const group = await getDirectoryGroup(tx, input, id);
    input.check?.(group);
    const userIds = await usersIn(tx, organizationId, id);
    const parentIds = (await tx.groupMembers.listGroupsOf(organizationId, id)).map((parent) => parent.id);
    const members = await listAllMembers(tx, organizationId, id);
    await tx.groupMembers.remove(
      organizationId,
      id,
      members.map((member) => member.memberId),
    );
    await tx.groupMembers.removeEverywhere(organizationId, id);
    await tx.directoryGroups.remove(organizationId, directoryId, id);
    await keepPast(tx, context, { kind: 'name', id, value: group.displayName });
    await touchGroups(tx, context, { directoryId, groupIds: parentIds });
    await projectUsers(tx, context, { directoryId, userIds });
    await record(tx, context, {
      type: 'directory_group.removed',
      target: { kind: 'directory_group', id },
      details: { displayName: group.displayName, memberCount: members.length },
    });
  });
}

/** Gives groups a new version because their membership changed from outside (dossier 105). */
export async function touchGroups(
  tx: Repositories,
  context: ChangeContext,
  subject: { readonly directoryId: DirectoryId; readonly groupIds: readonly DirectoryGroupId[] },
): Promise<void> {
  for (const id of subject.groupIds) {
    const group = await tx.directoryGroups.find(context.organizationId, subject.directoryId, id);
    if (group === undefined) continue;
    await tx.directoryGroups.update(
      context.organizationId,
      { ...group, updatedAt: context.now },
      group.version,
    );
  }
}

/** Re-projects people when, and only when, some rule speaks of this group or of one that contains it. */
async function projectGroup(
  tx: Repositories,
  context: ChangeContext,
  subject: {
    readonly group: DirectoryGroup;
    readonly renamedFrom?: DirectoryGroup | undefined;
    readonly userIds: ReadonlySet<DirectoryUserId>;
  },
): Promise<void> {
  const { group, renamedFrom, userIds } = subject;
  if (userIds.size === 0) return;
  const { mappings } = await loadProjection(tx, context.organizationId);
  if (mappings.length === 0) return;
  const around = (await groupsOf(tx, context.organizationId, group.id)).map((parent) => parent.group);
  const concerned = [group, ...around, ...(renamedFrom === undefined ? [] : [renamedFrom])];
  if (!mappings.some((mapping) => concerned.some((one) => matchesGroup(mapping.match, one)))) return;
  await projectUsers(tx, context, { directoryId: group.directoryId, userIds });
}
