/** Names of group members for display, loaded by group rather than one by one. */
import { setImmediate } from 'node:timers/promises';
import type { DirectoryGroup, DirectoryUser } from '../../core/entities/directory.ts';
import type { MemberRef } from '../../core/ports/directories.ts';
import { parseId } from '../../kernel/ids.ts';
import type { ScimContext } from './context.ts';

const PAGE = 500;

/** The display name of each member by its id: displayName, for users without one the userName. */
export async function memberDisplays(
  context: ScimContext,
  groupId: DirectoryGroup['id'],
  refs: readonly MemberRef[],
): Promise<ReadonlyMap<string, string>> {
  const displays = new Map<string, string>();
  if (refs.some(({ memberKind }) => memberKind === 'user')) await addUsers(context, groupId, displays);
  for (const { memberId, memberKind } of refs) {
    if (memberKind === 'group') await addGroup(context, memberId, displays);
  }
  return displays;
}

async function addUsers(
  { deps, organizationId, directoryId }: ScimContext,
  groupId: DirectoryGroup['id'],
  into: Map<string, string>,
): Promise<void> {
  const query = { kind: 'equals', field: 'group', value: groupId } as const;
  let after: string | undefined;
  do {
    const page = { after, limit: PAGE };
    const users = await deps.storage.directoryUsers.scan(organizationId, directoryId, query, page);
    for (const user of users) into.set(user.id, displayOf(user));
    after = users.length === PAGE ? users.at(-1)?.id : undefined;
    // Other requests get their turn between the pages of a large group.
    if (after !== undefined) await setImmediate();
  } while (after !== undefined);
}

async function addGroup(
  { deps, organizationId, directoryId }: ScimContext,
  id: string,
  into: Map<string, string>,
): Promise<void> {
  const groupId = parseId('dg', id);
  if (groupId === undefined) return;
  const group = await deps.storage.directoryGroups.find(organizationId, directoryId, groupId);
  if (group !== undefined) into.set(id, group.displayName);
}

function displayOf(user: DirectoryUser): string {
  const { displayName } = user.attributes;
  return typeof displayName === 'string' ? displayName : user.userName;
}
