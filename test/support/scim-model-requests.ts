/** What the model speaks about, as SCIM: the request of an action, and the resources the model expects to be shown. */
import { ENTERPRISE_URN, GROUP_URN, patchOf, USER_URN } from './scim.ts';
import {
  type Action,
  type GroupPatch,
  groupsAround,
  type Model,
  type UserBody,
  type UserPatch,
  type Who,
  whoIs,
} from './scim-model.ts';

/** One request, alone or as an operation of a Bulk. */
export interface ModelRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly data: unknown;
}

/** The ids of keys; a key without one was created in the same Bulk and is named by its bulkId. */
export type Ids = ReadonlyMap<string, string>;

const NOBODY = { user: 'du_00000000000000000000000000', group: 'dg_00000000000000000000000000' };

const refOf = (ids: Ids, key: string): string => ids.get(key) ?? `bulkId:${key}`;

const refTo = (model: Model, ids: Ids, who: Who): string => {
  const key = whoIs(model, who);
  return key === undefined ? NOBODY.user : refOf(ids, key);
};

/** The request of an action on the directory as the model has it. `key` is whom the action works on. */
export function requestOf(
  model: Model,
  ids: Ids,
  { action, key }: { readonly action: Action; readonly key: string | undefined },
): ModelRequest {
  const users = key === undefined ? `/Users/${NOBODY.user}` : `/Users/${refOf(ids, key)}`;
  const groups = key === undefined ? `/Groups/${NOBODY.group}` : `/Groups/${refOf(ids, key)}`;
  const members = (list: readonly Who[]) => list.map((who) => ({ value: refTo(model, ids, who) }));
  switch (action.do) {
    case 'createUser':
      return { method: 'POST', path: '/Users', data: userBody(model, ids, action.body) };
    case 'putUser':
      return { method: 'PUT', path: users, data: userBody(model, ids, action.body) };
    case 'patchUser': {
      const operations = action.patches.map((patch) => userOperation(model, ids, patch));
      return { method: 'PATCH', path: users, data: patchOf(...operations) };
    }
    case 'deleteUser':
      return { method: 'DELETE', path: users, data: undefined };
    case 'createGroup':
    case 'putGroup': {
      const data = { schemas: [GROUP_URN], displayName: action.name, members: members(action.members) };
      return action.do === 'putGroup'
        ? { method: 'PUT', path: groups, data }
        : { method: 'POST', path: '/Groups', data };
    }
    case 'patchGroup': {
      const operations = action.patches.map((patch) => groupOperation(patch, members));
      return { method: 'PATCH', path: groups, data: patchOf(...operations) };
    }
    case 'deleteGroup':
      return { method: 'DELETE', path: groups, data: undefined };
  }
}

function userBody(model: Model, ids: Ids, { department, manager, ...body }: UserBody): object {
  const extension = {
    department,
    manager: manager === undefined ? undefined : { value: refTo(model, ids, manager) },
  };
  return { schemas: [USER_URN, ENTERPRISE_URN], ...body, [ENTERPRISE_URN]: extension };
}

function userOperation(model: Model, ids: Ids, patch: UserPatch): object {
  switch (patch.kind) {
    case 'title':
    case 'displayName':
      return setOrRemove(patch.kind, patch.value);
    case 'department':
      return setOrRemove(`${ENTERPRISE_URN}:department`, patch.value);
    case 'active': {
      if (patch.form === 'pathless') return { op: 'replace', value: { active: patch.value } };
      const text = patch.value ? 'True' : 'False';
      return { op: 'Replace', path: 'active', value: patch.form === 'text' ? text : patch.value };
    }
    case 'addEmail':
      return { op: 'add', path: 'emails', value: [patch.email] };
    case 'emailValue':
      return { op: 'Replace', path: `emails[type eq "${patch.type}"].value`, value: patch.value };
    case 'removeEmail':
      return { op: 'remove', path: `emails[type eq "${patch.type}"]` };
    case 'manager':
      return setOrRemove(
        `${ENTERPRISE_URN}:manager`,
        patch.who === undefined ? undefined : refTo(model, ids, patch.who),
      );
    case 'rename':
      return { op: 'replace', value: { userName: patch.value } };
    case 'bad':
      return patch.operation;
  }
}

const setOrRemove = (path: string, value: string | undefined): object =>
  value === undefined ? { op: 'remove', path } : { op: 'add', path, value };

function groupOperation(
  patch: GroupPatch,
  members: (list: readonly Who[]) => readonly { readonly value: string }[],
): object {
  switch (patch.kind) {
    case 'add':
    case 'replace': {
      const value = members(patch.members);
      return patch.pathless
        ? { op: patch.kind, value: { members: value } }
        : { op: patch.kind, path: 'members', value };
    }
    case 'remove': {
      const value = members(patch.members);
      if (patch.form === 'values') return { op: 'Remove', path: 'members', value };
      const filter = value.map((one) => `value eq "${one.value}"`).join(' or ');
      return { op: 'remove', path: `members[${filter}]` };
    }
    case 'empty':
      return { op: 'remove', path: 'members' };
    case 'rename':
      return { op: 'replace', path: 'displayName', value: patch.value };
    case 'bad':
      return patch.operation;
  }
}

/** Everything the directory must show, by id, in a form that ignores the order of sets. */
export interface Shown {
  readonly users: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Record<string, unknown>>;
}

/** What the model expects. `baseUrl` is the directory's SCIM base. */
export function shownBy(model: Model, ids: Ids, baseUrl: string): Shown {
  const id = (key: string) => ids.get(key) ?? key;
  const users = [...model.users.keys()].map((key) => [id(key), userShown(model, id, { key, baseUrl })]);
  const groups = [...model.groups.keys()].map((key) => [id(key), groupShown(model, id, { key, baseUrl })]);
  return { users: Object.fromEntries(users), groups: Object.fromEntries(groups) };
}

interface Subject {
  readonly key: string;
  readonly baseUrl: string;
}

function userShown(model: Model, id: (key: string) => string, { key, baseUrl }: Subject): object | undefined {
  const user = model.users.get(key);
  if (user === undefined) return undefined;
  const { userName, title, displayName, active, department, manager, version, changedAt } = user;
  const managed = manager === undefined ? undefined : managerShown(model, id, { key: manager, baseUrl });
  const extension = withoutAbsent({ department, manager: managed });
  const hasExtension = Object.keys(extension).length > 0;
  const emails = user.emails.map(({ primary, ...email }) =>
    withoutAbsent({ ...email, primary: primary === true ? true : undefined }),
  );
  const groups = [...groupsAround(model, key)].map(([group, type]) => {
    const [value, display] = [id(group), model.groups.get(group)?.displayName];
    return { value, display, type, $ref: `${baseUrl}/Groups/${value}` };
  });
  return withoutAbsent({
    ...{ schemas: [USER_URN, ...(hasExtension ? [ENTERPRISE_URN] : [])], id: id(key) },
    ...{ userName, title, displayName, active, version: `W/"${version}"` },
    ...{ emails: unlessEmpty(emails), groups: unlessEmpty(sorted(groups)) },
    lastModified: new Date(changedAt).toISOString(),
    [ENTERPRISE_URN]: hasExtension ? extension : undefined,
  });
}

/** Nobody's id stays as it was sent; a manager who is gone is shown no more. */
function managerShown(
  model: Model,
  id: (key: string) => string,
  { key, baseUrl }: Subject,
): object | undefined {
  const manager = model.users.get(key);
  if (manager === undefined) return undefined;
  return withoutAbsent({
    value: id(key),
    displayName: manager.displayName,
    $ref: `${baseUrl}/Users/${id(key)}`,
  });
}

function groupShown(
  model: Model,
  id: (key: string) => string,
  { key, baseUrl }: Subject,
): object | undefined {
  const group = model.groups.get(key);
  if (group === undefined) return undefined;
  const members = [...group.members].map((member) => {
    const user = model.users.get(member);
    const type = user === undefined ? 'Group' : 'User';
    const display = user?.displayName ?? user?.userName ?? model.groups.get(member)?.displayName;
    return { value: id(member), type, display, $ref: `${baseUrl}/${type}s/${id(member)}` };
  });
  return withoutAbsent({
    ...{ schemas: [GROUP_URN], id: id(key), displayName: group.displayName, version: `W/"${group.version}"` },
    ...{ members: unlessEmpty(sorted(members)), lastModified: new Date(group.changedAt).toISOString() },
  });
}

const unlessEmpty = <Element>(list: readonly Element[]) => (list.length === 0 ? undefined : list);

const sorted = <Element extends { readonly value: string }>(list: readonly Element[]) =>
  list.toSorted((left, right) => (left.value < right.value ? -1 : 1));

function withoutAbsent(object: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** The resources of two lists in the form of `Shown`: a primary that is false is as good as none. */
export function shownIn(users: readonly Resource[], groups: readonly Resource[]): Shown {
  const byId = (list: readonly Resource[]) => Object.fromEntries(list.map((one) => [one.id, flattened(one)]));
  return { users: byId(users), groups: byId(groups) };
}

/** A resource as it came. */
export interface Resource {
  readonly id: string;
  readonly meta: { readonly version: string; readonly lastModified: string };
  readonly emails?: readonly { readonly primary?: boolean }[];
  readonly groups?: readonly { readonly value: string }[];
  readonly members?: readonly { readonly value: string }[];
}

function flattened({ meta, emails, groups, members, ...rest }: Resource): object {
  const { version, lastModified } = meta;
  return withoutAbsent({
    ...{
      ...rest,
      version,
      lastModified,
      groups: groups && sorted(groups),
      members: members && sorted(members),
    },
    emails: emails?.map(({ primary, ...email }) => (primary === true ? { ...email, primary } : email)),
  });
}
