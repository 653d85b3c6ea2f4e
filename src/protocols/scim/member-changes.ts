/** Group members, which no resource holds: reads them from bodies and turns PATCH operations into changes of rows. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { Change } from './change-single.ts';
import type { Filter } from './filter.ts';
import { isJsonObject, type JsonObject } from './input-guard.ts';
import type { AttributePath } from './path.ts';
import type { ResourceType } from './schema.ts';
import type { Findings } from './tolerances.ts';

/** One member of a group. `value` is the id of a User or Group; `type` is undefined when the client names none. */
export interface MemberValue {
  readonly value: string;
  readonly type: 'User' | 'Group' | undefined;
}

/**
 * A change to the members of a group, to be applied in order. `remove` and `removeMatching` are about members that may
 * be absent: that is no error. A filter is matched against `{ value, type, display, $ref }` of each member.
 */
export type MemberChange =
  | { readonly kind: 'add'; readonly members: readonly MemberValue[] }
  | { readonly kind: 'remove'; readonly values: readonly string[] }
  | { readonly kind: 'removeMatching'; readonly filter: Filter }
  | { readonly kind: 'replace'; readonly members: readonly MemberValue[] };

/** True for the one attribute that lives in rows of its own: `members` of a Group. */
export function isMembersPath(path: AttributePath, type: ResourceType): boolean {
  return type.name === 'Group' && path.extension === undefined && path.attribute.name === 'members';
}

/**
 * The change an operation on `members` means; undefined when it means nothing. `remove` without a value empties the
 * group, with values removes exactly those (Entra), with [] nothing. null removes all only under `replace` and `remove`.
 * Throws `invalid_value` for what is no member, `mutability` for changing one in place, `invalid_path`, `no_target`.
 */
export function memberChange(
  path: AttributePath,
  change: Change,
  findings: Findings,
): MemberChange | undefined {
  if (path.sub !== undefined) {
    throw refuseSub(path);
  }
  if (path.filter !== undefined) {
    return filteredChange(path.filter, change, path);
  }
  if (change.op === 'remove') {
    return removal(change.value, findings);
  }
  const members = readMembers(change.value, findings);
  if (change.op === 'replace') {
    return { kind: 'replace', members };
  }
  return members.length === 0 ? undefined : { kind: 'add', members };
}

function readMembers(raw: unknown, findings: Findings): MemberValue[] {
  if (raw === null) {
    findings.tolerances.add('null_value');
    return [];
  }
  if (!Array.isArray(raw)) {
    findings.tolerances.add('single_for_multi');
  }
  const elements: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  const members = new Map<string, MemberValue>();
  for (const element of elements) {
    const member = readMember(element, findings);
    if (!members.has(member.value)) {
      members.set(member.value, member);
    }
  }
  return [...members.values()];
}

function readMember(raw: unknown, findings: Findings): MemberValue {
  if (!isJsonObject(raw)) {
    throw invalidMember();
  }
  const value = property(raw, 'value', findings);
  if (typeof value !== 'string' || value === '') {
    throw invalidMember();
  }
  return { value, type: memberType(property(raw, 'type', findings)) };
}

/** The type is a hint: the id decides what a member is, so an unknown hint is left out (RFC 7643 §7, canonicalValues). */
function memberType(raw: unknown): MemberValue['type'] {
  if (raw !== undefined && raw !== null && typeof raw !== 'string') {
    throw invalidMember();
  }
  const name = raw?.toLowerCase();
  if (name === 'user') {
    return 'User';
  }
  return name === 'group' ? 'Group' : undefined;
}

function property(object: JsonObject, name: string, findings: Findings): unknown {
  if (Object.hasOwn(object, name)) {
    return object[name];
  }
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name);
  if (key === undefined) {
    return undefined;
  }
  findings.tolerances.add('attribute_case');
  return object[key];
}

function removal(raw: unknown, findings: Findings): MemberChange | undefined {
  if (raw === undefined || raw === null) {
    return { kind: 'replace', members: [] };
  }
  findings.tolerances.add('member_value_list');
  const values = readMembers(raw, findings).map(({ value }) => value);
  return values.length === 0 ? undefined : { kind: 'remove', values };
}

function filteredChange(filter: Filter, change: Change, path: AttributePath): MemberChange | undefined {
  const values = namedValues(filter);
  if (change.op === 'remove' || change.value === null) {
    return values === undefined ? { kind: 'removeMatching', filter } : { kind: 'remove', values };
  }
  if (values === undefined) {
    throw new GatehouseError('no_target', 'A filter cannot say which members to add.', { field: path.text });
  }
  throw new GatehouseError('mutability', 'A member is added or removed, never changed.', {
    field: path.text,
  });
}

/** The ids, when a filter does nothing but name them: then removing needs no look at the other members. */
function namedValues(filter: Filter): string[] | undefined {
  if (filter.kind === 'or') {
    const lists = filter.operands.map(namedValues);
    return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
  }
  const isName = filter.kind === 'compare' && filter.op === 'eq' && filter.target.attribute.name === 'value';
  return isName && typeof filter.value === 'string' ? [filter.value] : undefined;
}

function refuseSub(path: AttributePath): GatehouseError {
  return new GatehouseError('mutability', 'The parts of a member cannot be changed.', { field: path.text });
}

function invalidMember(): GatehouseError {
  return new GatehouseError(
    'invalid_value',
    'A member needs a "value": the id of a user or group, as text.',
    {
      field: 'members',
    },
  );
}
