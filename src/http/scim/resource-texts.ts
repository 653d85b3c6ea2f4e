/** Resources as JSON texts: users at once, groups member by member, so that no group is too large to be shown. */
import { setImmediate } from 'node:timers/promises';
import { type ContainingGroup, containingGroups } from '../../core/directory/containing-groups.ts';
import type { DirectoryGroup } from '../../core/entities/directory.ts';
import type { MemberWording, WrittenMembers } from '../../core/ports/directories.ts';
import { type Projection, project, wants } from '../../protocols/scim/attributes.ts';
import { isScimObject, newScimObject, ownValue, type ResourceType } from '../../protocols/scim/schema.ts';
import type { OpenAnswer } from './answers.ts';
import type { ScimContext } from './context.ts';
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
    if (out.isGone()) return;
  }
}

/** What an answer shows of users, and the groups they are in. */
interface Shown {
  readonly projection: Projection;
  readonly groups: Groups;
}

type Groups = ReadonlyMap<string, readonly ContainingGroup[]>;

const NO_GROUPS: Groups = new Map();

const isInNoGroup = (user: PresentedUser): boolean => 'isInNoGroup' in user && user.isInNoGroup === true;

function groupsAround(
  { deps, organizationId }: ScimContext,
  users: readonly PresentedUser[],
  projection: Projection,
): Groups | Promise<Groups> {
  const asked = users.filter((user) => !isInNoGroup(user)).map(({ id }) => id);
  if (asked.length === 0 || !wants(projection, 'groups')) return NO_GROUPS;
  return containingGroups(deps.storage, organizationId, asked);
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

/** Members that are written at once. */
const MEMBERS_WRITTEN = 250;

/**
 * Writes the group some members at a time, the next ones made when those before were taken. Members that come or go
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
  const wording = wordingOf(context, names);
  const { groupMembers } = context.deps.storage;
  const next = (after: string | undefined): Promise<WrittenMembers> =>
    groupMembers.listWritten(context.organizationId, group.id, { after, limit: MEMBERS_WRITTEN }, wording);
  let written = names.length === 0 ? NOBODY : await next(undefined);
  if (written.count === 0) {
    await out.add(bare);
    return;
  }
  await out.add(`${bare.slice(0, -1)},"members":[`);
  await out.add(written.text);
  while (written.count === MEMBERS_WRITTEN && !out.isGone()) {
    await setImmediate();
    written = await next(written.last);
    if (written.count > 0) await out.add(`,${written.text}`);
  }
  await out.add(']}');
}

const NOBODY: WrittenMembers = { text: '', count: 0, last: undefined };

/** The sub-attributes of members that are shown: what the projection leaves of one that has them all. */
function memberNames(context: ScimContext, projection: Projection): readonly string[] {
  if (!wants(projection, 'members')) return [];
  const sample = newScimObject();
  sample.members = [Object.assign(newScimObject(), { value: 'v', $ref: 'r', type: 't', display: 'd' })];
  const shown = ownValue(project(sample, projection, context.groupType), 'members');
  return Array.isArray(shown) && isScimObject(shown[0]) ? Object.keys(shown[0]) : [];
}

/** A member as JSON, with these sub-attributes. Ids and addresses are our own and hold nothing that JSON would escape. */
function wordingOf(context: ScimContext, names: readonly string[]): MemberWording {
  const textFor = (type: ResourceType): string => {
    const texts = [
      ['value', `"value":"${MARK}"`],
      ['$ref', `"$ref":"${locationOf(context, type, MARK)}"`],
      ['type', `"type":"${type.name}"`],
    ] as const;
    return `{${texts.flatMap(([name, text]) => (names.includes(name) ? [text] : [])).join()}`;
  };
  const name = names.length === 1 ? '"display":' : ',"display":';
  return {
    user: textFor(context.userType),
    group: textFor(context.groupType),
    mark: MARK,
    name: names.includes('display') ? name : null,
  };
}

/** Stands in no address. */
const MARK = '\u0001';
