/** Member rows of a group: applies ordered member changes at a cost of the members named. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryGroupId, DirectoryUserId, OrganizationId } from '../../kernel/ids.ts';
import { usersIn } from '../access/role-projection.ts';
import type { ChangeContext } from '../deps.ts';
import type { DirectoryGroup } from '../entities/directory.ts';
import { record } from '../journal/audit.ts';
import type { MemberRef } from '../ports/directories.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** One step on a group's membership. `removeWhere` reads the whole group; the others only touch the rows named. */
export type GroupMemberChange =
  | { readonly kind: 'add'; readonly memberIds: readonly string[] }
  | { readonly kind: 'remove'; readonly memberIds: readonly string[] }
  | { readonly kind: 'removeWhere'; readonly matches: (member: MemberRef) => boolean }
  | { readonly kind: 'replace'; readonly memberIds: readonly string[] };

interface Moved {
  readonly added: readonly MemberRef[];
  readonly removed: readonly MemberRef[];
}

const PAGE = 1000;

/** Every direct member, ordered by id. */
export async function listAllMembers(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  groupId: DirectoryGroupId,
): Promise<readonly MemberRef[]> {
  const all: MemberRef[] = [];
  for (;;) {
    const page = await from.groupMembers.list(organizationId, groupId, {
      after: all.at(-1)?.memberId,
      limit: PAGE,
    });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/**
 * Applies the changes in order. Answers whether the membership is another one afterwards, and the users whose groups are now
 * other ones: who was taken out and put back in the same request has not moved (dossier 22).
 */
export async function applyMemberChanges(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly group: DirectoryGroup; readonly changes: readonly GroupMemberChange[] },
): Promise<{ readonly changed: boolean; readonly userIds: ReadonlySet<DirectoryUserId> }> {
  const { group, changes } = input;
  const added = new Map<string, MemberRef>();
  const removed = new Map<string, MemberRef>();
  for (const change of changes) {
    const moved = await applyChange(tx, group, change);
    for (const member of moved.removed) {
      if (!added.delete(member.memberId)) removed.set(member.memberId, member);
    }
    for (const member of moved.added) {
      if (!removed.delete(member.memberId)) added.set(member.memberId, member);
    }
  }
  const userIds = new Set<DirectoryUserId>();
  for (const member of [...added.values(), ...removed.values()]) {
    await collectUsers(tx, group, { member, into: userIds });
  }
  const changed = added.size > 0 || removed.size > 0;
  if (changed) {
    await record(tx, context, {
      type: 'directory_group.members_changed',
      target: { kind: 'directory_group', id: group.id },
      details: { displayName: group.displayName, added: [...added.keys()], removed: [...removed.keys()] },
    });
  }
  return { changed, userIds };
}

async function applyChange(
  tx: Repositories,
  group: DirectoryGroup,
  change: GroupMemberChange,
): Promise<Moved> {
  const { organizationId, id } = group;
  switch (change.kind) {
    case 'add': {
      const members = await resolveMembers(tx, group, change.memberIds);
      return { added: await insertMembers(tx, group, members), removed: [] };
    }
    case 'remove':
      return { added: [], removed: await removeMembers(tx, group, change.memberIds) };
    case 'removeWhere': {
      const matching = (await listAllMembers(tx, organizationId, id)).filter(change.matches);
      const memberIds = matching.map((member) => member.memberId);
      return { added: [], removed: await removeMembers(tx, group, memberIds) };
    }
    case 'replace': {
      const members = await resolveMembers(tx, group, change.memberIds);
      const wanted = new Set<string>(members.map((member) => member.memberId));
      const current = await listAllMembers(tx, organizationId, id);
      const gone = current.map((member) => member.memberId).filter((memberId) => !wanted.has(memberId));
      const removed = await removeMembers(tx, group, gone);
      return { added: await insertMembers(tx, group, members), removed };
    }
  }
}

/** Members that one statement is about: a group of any size gives the event loop its turns between them. */
const AT_ONCE = 500;

/** Turns ids into member rows; every one must be a user or another group of the same directory. */
async function resolveMembers(
  tx: Repositories,
  { organizationId, directoryId, id: groupId }: DirectoryGroup,
  ids: readonly string[],
): Promise<readonly MemberRef[]> {
  const members: MemberRef[] = [];
  for (const part of inParts([...new Set(ids)])) {
    const found = await tx.groupMembers.listCandidates(organizationId, directoryId, part);
    members.push(...found.filter(({ memberId }) => memberId !== groupId));
  }
  const known = new Set<string>(members.map(({ memberId }) => memberId));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return members;
  throw new GatehouseError(
    'invalid_value',
    `No user or other group of this directory has the id ${unknown}.`,
    {
      field: 'members.value',
    },
  );
}

async function insertMembers(
  tx: Repositories,
  { organizationId, id }: DirectoryGroup,
  members: readonly MemberRef[],
): Promise<readonly MemberRef[]> {
  const added: MemberRef[] = [];
  for (const part of inParts(members))
    added.push(...(await tx.groupMembers.insert(organizationId, id, part)));
  return added;
}

async function removeMembers(
  tx: Repositories,
  { organizationId, id }: DirectoryGroup,
  memberIds: readonly string[],
): Promise<readonly MemberRef[]> {
  const removed: MemberRef[] = [];
  for (const part of inParts(memberIds))
    removed.push(...(await tx.groupMembers.remove(organizationId, id, part)));
  return removed;
}

const inParts = <Item>(items: readonly Item[]): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) =>
    items.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );

async function collectUsers(
  tx: Repositories,
  group: DirectoryGroup,
  found: { readonly member: MemberRef; readonly into: Set<DirectoryUserId> },
): Promise<void> {
  const { member, into } = found;
  if (member.memberKind === 'user') {
    into.add(member.memberId as DirectoryUserId);
    return;
  }
  for (const id of await usersIn(tx, group.organizationId, member.memberId as DirectoryGroupId)) into.add(id);
}
