/** Resources as JSON texts: users at once, groups member by member, so that no group is too large to be shown. */
import { setImmediate } from 'node:timers/promises';
import { type ContainingGroup, containingGroups } from '../../core/containing-groups.ts';
import type { DirectoryGroup } from '../../core/entities/directory.ts';
import type { NamedMember } from '../../core/ports/directories.ts';
import { type Projection, project, wants } from '../../protocols/scim/attributes.ts';
import { isScimObject, newScimObject, ownValue, type ResourceType } from '../../protocols/scim/schema.ts';
import type { OpenAnswer } from './answers.ts';
import type { ScimContext } from './context.ts';
import { MEMBERS_AT_ONCE, nextMembers } from './named-members.ts';
import { bareGroup, fullUser, locationOf, MANAGER, type PresentedUser, quickUserTexts } from './present.ts';

export type ListedRow = PresentedUser | DirectoryGroup;

/** What is wanted of each type. */
export interface Projections {
  readonly user: Projection;
  readonly group: Projection;
}

const isUser = (row: ListedRow): row is PresentedUser => 'isActive' in row;

/** The user as an answer shows it; empty when nobody will read it. `isNew`: in no group yet, so that none are looked for. */
export async function userText(
  context: ScimContext,
  user: PresentedUser,
  { projection, isNew = false }: { readonly projection: Projection; readonly isNew?: boolean },
): Promise<string> {
  if (context.isAnswerUnread === true) return '';
  const groups = isNew ? NO_GROUPS : await groupsAround(context, [user], projection);
  const quick = quickUserTexts(context, projection)(user, groups.get(user.id));
  return quick ?? fullTextOf(context, user, { projection, groups });
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
  const quickTextOf = quickUserTexts(context, projections.user);
  let comma = '';
  for (const row of rows) {
    const before = comma;
    comma = ',';
    if (!isUser(row)) {
      await out.add(before);
      await writeGroup(out, context, { group: row, projection: projections.group });
      continue;
    }
    const quick = quickTextOf(row, shown.groups.get(row.id));
    const text = quick ?? (await fullTextOf(context, row, shown));
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
  users: readonly PresentedUser[],
  projection: Projection,
): Promise<Groups> {
  if (users.length === 0 || !wants(projection, 'groups')) return NO_GROUPS;
  return containingGroups(
    deps.storage,
    organizationId,
    users.map(({ id }) => id),
  );
}

async function fullTextOf(
  context: ScimContext,
  user: PresentedUser,
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
  await out.add(`${bare.slice(0, -1)},"members":[`);
  for (let comma = ''; ; comma = ',') {
    for (let at = 0; at < page.length; at += MEMBERS_WRITTEN) {
      const taken = out.add((at === 0 ? comma : ',') + write(page.slice(at, at + MEMBERS_WRITTEN)));
      if (taken !== undefined) await taken;
    }
    if (page.length < MEMBERS_AT_ONCE || out.isGone) break;
    await setImmediate();
    page = await nextMembers(context, { ...place, after: page.at(-1)?.memberId });
    if (page.length === 0) break;
  }
  await out.add(']}');
}

/** Members whose text is made at once. */
const MEMBERS_WRITTEN = 50;

/** The sub-attributes of members that are shown: what the projection leaves of one that has them all. */
function memberNames(context: ScimContext, projection: Projection): readonly string[] {
  if (!wants(projection, 'members')) return [];
  const sample = newScimObject();
  sample.members = [Object.assign(newScimObject(), { value: 'v', $ref: 'r', type: 't', display: 'd' })];
  const shown = ownValue(project(sample, projection, context.groupType), 'members');
  return Array.isArray(shown) && isScimObject(shown[0]) ? Object.keys(shown[0]) : [];
}

/**
 * Writes members as JSON, joined by commas. Ids and addresses are our own and hold nothing that JSON would escape. The
 * pieces of all of them are joined at once: texts added up one by one are put together, slowly, when they are sent.
 */
function memberWriter(
  context: ScimContext,
  names: readonly string[],
): (members: readonly NamedMember[]) => string {
  const kinds = {
    user: aroundId(context, context.userType, names),
    group: aroundId(context, context.groupType, names),
  };
  const display = names.includes('display') && (names.length === 1 ? '"display":' : ',"display":');
  return (members) => {
    const pieces: string[] = [];
    for (const { memberId, memberKind, name } of members) {
      const [before = '', ...behind] = kinds[memberKind];
      pieces.push(pieces.length === 0 ? '{' : ',{', before);
      for (const text of behind) pieces.push(memberId, text);
      if (display !== false && name !== null) pieces.push(display, JSON.stringify(name));
      pieces.push('}');
    }
    return pieces.join('');
  };
}

/** What stands before, between and behind the ids in a member of this type, in the shown one of its sub-attributes. */
function aroundId(context: ScimContext, type: ResourceType, names: readonly string[]): readonly string[] {
  const texts = [
    ['value', '"value":"\0"'],
    ['$ref', `"$ref":"${locationOf(context, type, '\0')}"`],
    ['type', `"type":"${type.name}"`],
  ] as const;
  const shown = texts.filter(([name]) => names.includes(name)).map(([, text]) => text);
  return shown.join().split('\0');
}
