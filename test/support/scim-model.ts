/** A simple model of what a directory holds: says which status each request gets and what the directory shows afterwards. */
import { types } from 'node:util';

export interface Email {
  readonly type: string;
  readonly value?: string | undefined;
  readonly primary?: boolean | undefined;
}

/** A user as the model knows it. `manager` is the key of another user, also of one who is gone. */
export interface ModelUser {
  userName: string;
  title?: string | undefined;
  displayName?: string | undefined;
  active: boolean;
  emails: readonly Email[];
  department?: string | undefined;
  manager?: string | undefined;
  version: number;
  changedAt: number;
}

export interface ModelGroup {
  displayName: string;
  members: ReadonlySet<string>;
  version: number;
  changedAt: number;
}

/** Keys are the model's own and never used twice; the ids the server gave them are kept beside it. */
export interface Model {
  readonly users: Map<string, ModelUser>;
  readonly groups: Map<string, ModelGroup>;
  created: number;
}

/** Names somebody among those that are there; nobody when there is none, or when it says so. */
export interface Who {
  readonly kind: 'user' | 'group' | 'nobody';
  readonly pick: number;
}

export interface UserBody {
  readonly userName: string;
  readonly title?: string | undefined;
  readonly displayName?: string | undefined;
  readonly active?: boolean | undefined;
  readonly emails: readonly Email[];
  readonly department?: string | undefined;
  readonly manager?: Who | undefined;
}

/** An operation that is refused; a malformed one before anybody is looked for. */
interface Bad {
  readonly kind: 'bad';
  readonly operation: object;
  readonly isMalformed: boolean;
}

export type UserPatch =
  | { readonly kind: 'title' | 'displayName' | 'department'; readonly value?: string | undefined }
  | { readonly kind: 'active'; readonly value: boolean; readonly form: 'boolean' | 'text' | 'pathless' }
  | { readonly kind: 'addEmail'; readonly email: Email }
  | { readonly kind: 'emailValue'; readonly type: string; readonly value: string }
  | { readonly kind: 'removeEmail'; readonly type: string }
  | { readonly kind: 'manager'; readonly who?: Who | undefined }
  | { readonly kind: 'rename'; readonly value: string }
  | Bad;

export type GroupPatch =
  | { readonly kind: 'add' | 'replace'; readonly members: readonly Who[]; readonly pathless: boolean }
  | { readonly kind: 'remove'; readonly members: readonly Who[]; readonly form: 'filter' | 'values' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'rename'; readonly value: string }
  | Bad;

export type Action =
  | { readonly do: 'createUser'; readonly body: UserBody }
  | { readonly do: 'putUser'; readonly who: number; readonly body: UserBody }
  | { readonly do: 'patchUser'; readonly who: number; readonly patches: readonly UserPatch[] }
  | { readonly do: 'deleteUser'; readonly who: number }
  | { readonly do: 'createGroup'; readonly name: string; readonly members: readonly Who[] }
  | { readonly do: 'putGroup'; readonly who: number; readonly name: string; readonly members: readonly Who[] }
  | { readonly do: 'patchGroup'; readonly who: number; readonly patches: readonly GroupPatch[] }
  | { readonly do: 'deleteGroup'; readonly who: number };

/** What the model expects of an action. `next` holds what the model held when the action is refused. */
export interface Outcome {
  readonly status: number;
  readonly next: Model;
  /** The key the action works on; undefined when there is nobody. */
  readonly key: string | undefined;
}

/** A refusal on the way through an action. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number) {
    super(String(status));
    this.status = status;
  }
}

export const emptyModel = (): Model => ({ users: new Map(), groups: new Map(), created: 0 });

/** Tells the outcome of an action at a time (epoch ms); the model given stays as it is. */
export function outcomeOf(model: Model, action: Action, now: number): Outcome {
  const next: Model = structuredClone(model);
  const key = keyOf(next, action);
  try {
    return { status: perform(next, action, { key, now }), next, key };
  } catch (error) {
    if (error instanceof Refusal)
      return { status: error.status, next: { ...model, created: next.created }, key };
    throw error;
  }
}

function keyOf(model: Model, action: Action): string | undefined {
  if (action.do === 'createUser' || action.do === 'createGroup') {
    model.created += 1;
    return `k${model.created}`;
  }
  return pickKey(action.do.endsWith('User') ? model.users : model.groups, action.who);
}

const pickKey = (map: ReadonlyMap<string, unknown>, pick: number): string | undefined =>
  [...map.keys()][pick % Math.max(1, map.size)];

/** The key of somebody; undefined for nobody. */
export function whoIs(model: Model, who: Who): string | undefined {
  if (who.kind === 'nobody') return undefined;
  return pickKey(who.kind === 'user' ? model.users : model.groups, who.pick);
}

interface Place {
  readonly key: string | undefined;
  readonly now: number;
}

function perform(model: Model, action: Action, { key = '', now }: Place): number {
  switch (action.do) {
    case 'createUser':
      model.users.set(key, { ...bodyFields(model, action.body, true), version: 1, changedAt: now });
      refuseTwins(model);
      return 201;
    case 'createGroup': {
      const members = membersOf(model, action.members, key);
      model.groups.set(key, { displayName: action.name, members, version: 1, changedAt: now });
      return 201;
    }
    case 'putUser':
      return changeUser(model, { key, now }, (user) => ({
        ...{ version: user.version, changedAt: user.changedAt },
        ...bodyFields(model, action.body, user.active),
      }));
    case 'patchUser':
      refuseMalformed(action.patches);
      return changeUser(model, { key, now }, (user) =>
        action.patches.reduce((before, patch) => patchedUser(model, before, patch), user),
      );
    case 'putGroup':
      changeGroup(model, { key, now }, (group) => ({
        ...group,
        displayName: action.name,
        members: membersOf(model, action.members, key),
      }));
      return 200;
    case 'patchGroup':
      refuseMalformed(action.patches);
      changeGroup(model, { key, now }, (group) =>
        action.patches.reduce((before, patch) => patchedGroup(model, before, { patch, key }), group),
      );
      return 204;
    case 'deleteUser':
    case 'deleteGroup':
      return remove(model, action.do === 'deleteUser' ? model.users : model.groups, { key, now });
  }
}

function refuseMalformed(patches: readonly (UserPatch | GroupPatch)[]): void {
  if (patches.some((patch) => patch.kind === 'bad' && patch.isMalformed)) throw new Refusal(400);
}

function bodyFields(model: Model, body: UserBody, active: boolean) {
  const { userName, title, displayName, emails, department, manager } = body;
  return {
    ...{ userName, title, displayName, emails, department, active: body.active ?? active },
    manager: manager === undefined ? undefined : (whoIs(model, manager) ?? 'nobody'),
  };
}

/** No two users of one name, whatever its letters. */
function refuseTwins(model: Model): void {
  const names = [...model.users.values()].map(({ userName }) => userName.toLowerCase());
  if (new Set(names).size < names.length) throw new Refusal(409);
}

const isSame = (left: unknown, right: unknown): boolean => canonical(left) === canonical(right);

/** Texts that are equal for equal values, whatever the order of names; undefined is absent. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) => {
    if (types.isSet(part)) return [...part].sort();
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)));
  });

function changeUser(model: Model, { key = '', now }: Place, change: (user: ModelUser) => ModelUser): number {
  const before = model.users.get(key);
  if (before === undefined) throw new Refusal(404);
  const after = change(before);
  if (isSame(before, after)) return 200;
  model.users.set(key, { ...after, version: before.version + 1, changedAt: now });
  refuseTwins(model);
  return 200;
}

function changeGroup(
  model: Model,
  { key = '', now }: Place,
  change: (group: ModelGroup) => ModelGroup,
): void {
  const before = model.groups.get(key);
  if (before === undefined) throw new Refusal(404);
  const after = change(before);
  if (isSame(before, after)) return;
  model.groups.set(key, { ...after, version: before.version + 1, changedAt: now });
}

function remove(model: Model, from: Map<string, unknown>, { key = '', now }: Place): number {
  if (!from.delete(key)) throw new Refusal(404);
  for (const group of model.groups.values()) {
    if (!group.members.has(key)) continue;
    group.members = new Set([...group.members].filter((member) => member !== key));
    group.version += 1;
    group.changedAt = now;
  }
  return 204;
}

/** Everybody named must be there, and nobody is a member of itself. */
function membersOf(model: Model, members: readonly Who[], self: string): ReadonlySet<string> {
  const keys = members.map((who) => whoIs(model, who));
  const known = keys.filter((key) => key !== undefined && key !== self);
  if (known.length < keys.length) throw new Refusal(400);
  return new Set(known.flatMap((key) => key ?? []));
}

function patchedUser(model: Model, user: ModelUser, patch: UserPatch): ModelUser {
  switch (patch.kind) {
    case 'title':
    case 'displayName':
    case 'department':
      return { ...user, [patch.kind]: patch.value };
    case 'active':
      return { ...user, active: patch.value };
    case 'addEmail':
      return { ...user, emails: withEmail(user.emails, patch.email) };
    case 'emailValue':
      return { ...user, emails: withValue(user.emails, patch) };
    case 'removeEmail':
      return { ...user, emails: user.emails.filter(({ type }) => type !== patch.type) };
    case 'manager':
      return {
        ...user,
        manager: patch.who === undefined ? undefined : (whoIs(model, patch.who) ?? 'nobody'),
      };
    case 'rename':
      return { ...user, userName: patch.value };
    case 'bad':
      throw new Refusal(400);
  }
}

/** One of each type and value; a new primary demotes the old one. */
function withEmail(emails: readonly Email[], email: Email): readonly Email[] {
  const isThere = emails.some(({ type, value }) => type === email.type && value === email.value);
  const others = email.primary ? emails.map(({ type, value }) => ({ type, value })) : emails;
  if (!isThere) return [...others, email];
  return others.map((one) =>
    one.type === email.type && one.value === email.value ? { ...one, ...email } : one,
  );
}

/** Changes the value of every e-mail of the type, or makes one. */
function withValue(
  emails: readonly Email[],
  { type, value }: { readonly type: string; readonly value: string },
): readonly Email[] {
  if (!emails.some((email) => email.type === type)) return [...emails, { type, value }];
  return emails.map((email) => (email.type === type ? { ...email, value } : email));
}

function patchedGroup(
  model: Model,
  group: ModelGroup,
  { patch, key }: { readonly patch: GroupPatch; readonly key: string },
): ModelGroup {
  switch (patch.kind) {
    case 'add':
      return { ...group, members: new Set([...group.members, ...membersOf(model, patch.members, key)]) };
    case 'replace':
      return { ...group, members: membersOf(model, patch.members, key) };
    case 'remove': {
      const gone = new Set(patch.members.map((who) => whoIs(model, who)));
      return { ...group, members: new Set([...group.members].filter((member) => !gone.has(member))) };
    }
    case 'empty':
      return { ...group, members: new Set() };
    case 'rename':
      return { ...group, displayName: patch.value };
    case 'bad':
      throw new Refusal(400);
  }
}

/** Every group a user is in, with how; a circle of groups ends. */
export function groupsAround(model: Model, userKey: string): ReadonlyMap<string, 'direct' | 'indirect'> {
  const found = new Map<string, 'direct' | 'indirect'>();
  const visit = (member: string, type: 'direct' | 'indirect'): void => {
    for (const [key, group] of model.groups) {
      if (group.members.has(member) && !found.has(key)) found.set(key, type);
    }
  };
  visit(userKey, 'direct');
  // The loop also comes to what is found on the way.
  for (const key of found.keys()) visit(key, 'indirect');
  return found;
}
