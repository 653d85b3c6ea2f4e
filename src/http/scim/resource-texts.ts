/** Resources as JSON texts: users at once, groups member by member, so that no group is too large to be shown. */
import { setImmediate } from 'node:timers/promises';
import { type ContainingGroup, containingGroups } from '../../core/containing-groups.ts';
import type { DirectoryGroup, DirectoryUser } from '../../core/entities/directory.ts';
import type { NamedMember } from '../../core/ports/directories.ts';
import { type Projection, project, wants } from '../../protocols/scim/attributes.ts';
import { isScimObject, newScimObject, ownValue } from '../../protocols/scim/schema.ts';
import type { OpenAnswer } from './answers.ts';
import type { ScimContext } from './context.ts';
import { MEMBERS_AT_ONCE, nextMembers } from './named-members.ts';
import { bareGroup, fullUser, locationOf, MANAGER, quickUserText } from './present.ts';

export type ListedRow = DirectoryUser | DirectoryGroup;

/** What is wanted of each type. */
export interface Projections {
  readonly user: Projection;
  readonly group: Projection;
}

const isUser = (row: ListedRow): row is DirectoryUser => 'userName' in row;

/** The user as an answer shows it; empty when nobody will read it. `isNew`: in no group yet, so that none are looked for. */
export async function userText(
  context: ScimContext,
  user: DirectoryUser,
  { projection, isNew = false }: { readonly projection: Projection; readonly isNew?: boolean },
): Promise<string> {
  if (context.isAnswerUnread === true) return '';
  const groups = isNew ? NO_GROUPS : await groupsAround(context, [user], projection);
  const shown = { projection, groups };
  return shortTextOf(context, user, shown) ?? fullTextOf(context, user, shown);
}

/** Writes resources in the order of `rows`, joined by commas; what users have in common is asked for once. */
export async function writeResources(
  out: OpenAnswer,
  context: ScimContext,
  page: { readonly rows: readonly ListedRow[]; readonly projections: Projections },
): Promise<void> {
  const { rows, projections } = page;
  const shown: Shown = {
    projection: projections.user,
    groups: await groupsAround(context, rows.filter(isUser), projections.user),
  };
  let comma = '';
  for (const row of rows) {
    const before = comma;
    comma = ',';
    if (!isUser(row)) {
      await out.add(before);
      await writeGroup(out, context, { group: row, projection: projections.group });
      continue;
    }
    const text = shortTextOf(context, row, shown) ?? (await fullTextOf(context, row, shown));
    const taken = out.add(before + text);
    if (taken !== undefined) await taken;
    if (out.isGone) return;
  }
}

/** What an answer shows of users, and the groups they are in. */
interface Shown {
  readonly projection: Projection;
  readonly groups: Groups;
}

type Groups = ReadonlyMap<string, readonly ContainingGroup[]>;

const NO_GROUPS: Groups = new Map();

async function groupsAround(
  { deps, organizationId }: ScimContext,
  users: readonly DirectoryUser[],
  projection: Projection,
): Promise<Groups> {
  if (users.length === 0 || !wants(projection, 'groups')) return NO_GROUPS;
  return containingGroups(
    deps.storage,
    organizationId,
    users.map(({ id }) => id),
  );
}

const shortTextOf = (
  context: ScimContext,
  user: DirectoryUser,
  { projection, groups }: Shown,
): string | undefined => quickUserText(context, user, { projection, groups: groups.get(user.id) ?? [] });

async function fullTextOf(
  context: ScimContext,
  user: DirectoryUser,
  { projection, groups }: Shown,
): Promise<string> {
  const around = groups.get(user.id) ?? [];
  const resource = await fullUser(context, user, { groups: around, manager: wants(projection, MANAGER) });
  return JSON.stringify(project(resource, projection, context.userType));
}

/**
 * Writes the group a thousand members at a time, each thousand made when the one before was taken. Members that come or go
 * while the answer is under way may be in it or not; all others are there exactly once. Nothing when nobody will read it.
 */
export async function writeGroup(
  out: OpenAnswer,
  context: ScimContext,
  { group, projection }: { readonly group: DirectoryGroup; readonly projection: Projection },
): Promise<void> {
  if (context.isAnswerUnread === true) return;
  const bare = JSON.stringify(project(bareGroup(context, group), projection, context.groupType));
  const names = memberNames(context, projection);
  const place = { groupId: group.id, withNames: names.includes('display') };
  let page = names.length === 0 ? [] : await nextMembers(context, { ...place, after: undefined });
  if (page.length === 0) {
    await out.add(bare);
    return;
  }
  const write = memberWriter(context, names);
  await out.add(`${bare.slice(0, -1)},"members":[${page.map(write).join()}`);
  while (page.length === MEMBERS_AT_ONCE && !out.isGone) {
    await setImmediate();
    page = await nextMembers(context, { ...place, after: page.at(-1)?.memberId });
    if (page.length > 0) await out.add(`,${page.map(write).join()}`);
  }
  await out.add(']}');
}

/** The sub-attributes of members that are shown: what the projection leaves of one that has them all. */
function memberNames(context: ScimContext, projection: Projection): readonly string[] {
  if (!wants(projection, 'members')) return [];
  const sample = newScimObject();
  sample.members = [Object.assign(newScimObject(), { value: 'v', $ref: 'r', type: 't', display: 'd' })];
  const shown = ownValue(project(sample, projection, context.groupType), 'members');
  return Array.isArray(shown) && isScimObject(shown[0]) ? Object.keys(shown[0]) : [];
}

/** Writes one member as JSON. Ids and addresses are our own and hold nothing that JSON would escape. */
function memberWriter(context: ScimContext, names: readonly string[]): (member: NamedMember) => string {
  const [value, ref, type, display] = ['value', '$ref', 'type', 'display'].map((name) =>
    names.includes(name),
  );
  const kinds = {
    user: { name: context.userType.name, start: locationOf(context, context.userType, '') },
    group: { name: context.groupType.name, start: locationOf(context, context.groupType, '') },
  };
  return ({ memberId, memberKind, name }) => {
    const kind = kinds[memberKind];
    let text = '';
    if (value) text += `,"value":"${memberId}"`;
    if (ref) text += `,"$ref":"${kind.start}${memberId}"`;
    if (type) text += `,"type":"${kind.name}"`;
    if (display && name !== null) text += `,"display":${JSON.stringify(name)}`;
    return `{${text.slice(1)}}`;
  };
}
