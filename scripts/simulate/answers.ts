/** Reads SCIM answers: what is in them, and the problems with them as sentences; an empty list means that all is well. */
import type { Exchange } from './client.ts';

export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** The body of a PATCH. */
export const patchBody = (...operations: readonly unknown[]) => ({
  schemas: [PATCH_OP],
  Operations: operations,
});

/** The member of an object or the element of an array; undefined for anything else. */
export function valueAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let now = value;
  for (const key of path) {
    if (typeof now !== 'object' || now === null) return undefined;
    now = Object.entries(now).find(([name]) => name === String(key))?.[1];
  }
  return now;
}

/** The elements under a path; none when there is no array. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The text under a path; empty when there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The `id` of the resource an exchange answered; empty when there is none. */
export const idOf = (exchange: Exchange): string => textAt(exchange.body, 'id');

/** The ids of the resources a list answered. */
export const listedIds = (exchange: Exchange): string[] =>
  listAt(exchange.body, 'Resources').map((resource) => textAt(resource, 'id'));

/** The ids of a group's members. */
export const memberIds = (exchange: Exchange): string[] =>
  listAt(exchange.body, 'members').map((member) => textAt(member, 'value'));

/** Problems unless the status is one of those. */
export function hasStatus({ status }: Exchange, ...expected: readonly number[]): string[] {
  return expected.includes(status)
    ? []
    : [`status ${status === 0 ? 'missing' : status}, not ${expected.join(' or ')}`];
}

/** Problems unless it is a ListResponse (RFC 7644 §3.4.2) of whole numbers and an array; of `total` results, if given. */
export function isList(exchange: Exchange, total?: number): string[] {
  const { body } = exchange;
  const counted = valueAt(body, 'totalResults');
  return [
    ...hasStatus(exchange, 200),
    ...(listAt(body, 'schemas').includes(LIST_RESPONSE) ? [] : ['schemas does not name ListResponse']),
    ...(Number.isInteger(counted) ? [] : ['totalResults is not a whole number']),
    ...(Array.isArray(valueAt(body, 'Resources')) ? [] : ['Resources is not an array']),
    ...(total === undefined || counted === total ? [] : [`totalResults is ${String(counted)}, not ${total}`]),
  ];
}

/** Problems unless the list holds exactly this resource. */
export function listsOnly(exchange: Exchange, id: string): string[] {
  const ids = listedIds(exchange);
  return [
    ...isList(exchange, 1),
    ...(ids.includes(id) ? [] : [`the list holds ${ids.join(', ') || 'nothing'}, not ${id}`]),
  ];
}

/** Problems unless it is a SCIM error with this status (RFC 7644 §3.12): JSON, `status` as text, a `detail`. */
export function isError(exchange: Exchange, status: number, scimType?: string): string[] {
  const { body } = exchange;
  const given = valueAt(body, 'scimType');
  return [
    ...hasStatus(exchange, status),
    ...(/json/i.test(exchange.headers['content-type'] ?? '') ? [] : ['the error is not labelled as JSON']),
    ...(listAt(body, 'schemas').includes(ERROR) ? [] : ['schemas does not name Error']),
    ...(valueAt(body, 'status') === String(status) ? [] : [`the body's status is not "${status}"`]),
    ...(textAt(body, 'detail') === '' ? ['there is no detail'] : []),
    ...(scimType === undefined || given === scimType
      ? []
      : [`scimType is ${String(given)}, not ${scimType}`]),
  ];
}

/** Problems unless it is a resource with `id`, `schemas` and `meta.resourceType`, that holds the expected values. */
export function isResource(exchange: Exchange, status: number, expected: object = {}): string[] {
  const { body } = exchange;
  return [
    ...hasStatus(exchange, status),
    ...(idOf(exchange) === '' ? ['there is no id'] : []),
    ...(listAt(body, 'schemas').length === 0 ? ['there are no schemas'] : []),
    ...(textAt(body, 'meta', 'resourceType') === '' ? ['there is no meta.resourceType'] : []),
    ...holds(body, expected),
  ];
}

/** Problems unless every expected value is there, byte for byte. Objects may hold more; lists are compared in order. */
export function holds(actual: unknown, expected: unknown, at = ''): string[] {
  if (expected === undefined) return actual === undefined ? [] : [`${at} is there, and should not be`];
  if (typeof expected !== 'object' || expected === null) {
    return actual === expected ? [] : [`${at} is ${show(actual)}, not ${show(expected)}`];
  }
  if (Array.isArray(expected) && (!Array.isArray(actual) || actual.length !== expected.length)) {
    return [`${at} is ${show(actual)}, not ${show(expected)}`];
  }
  return Object.entries(expected).flatMap(([name, value]) =>
    holds(valueAt(actual, name), value, at === '' ? name : `${at}.${name}`),
  );
}

const show = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 200);

/** Problems unless the element of a list whose `type` is that one, and no second, holds the expected values. */
export function holdsTyped(list: readonly unknown[], type: string, expected: object): string[] {
  const found = list.filter((element) => valueAt(element, 'type') === type);
  return found.length === 1
    ? holds(found[0], expected, type)
    : [`${found.length} elements of type ${type}, not 1`];
}

/** Problems unless both hold the same values, each once, in any order. */
export function isSameSet(actual: readonly string[], expected: readonly string[]): string[] {
  const missing = expected.filter((value) => !actual.includes(value));
  const surplus = actual.filter((value) => !expected.includes(value));
  return [
    ...(missing.length === 0 ? [] : [`missing: ${missing.slice(0, 5).join(', ')} (${missing.length})`]),
    ...(surplus.length === 0 ? [] : [`too many: ${surplus.slice(0, 5).join(', ')} (${surplus.length})`]),
    ...(new Set(actual).size === actual.length ? [] : ['something is there twice']),
  ];
}

/** Problems when the text of a secret is anywhere in the answer. */
export const keepsSecret = (exchange: Exchange, secret: string): string[] =>
  exchange.text.includes(secret) || valueAt(exchange.body, 'password') !== undefined
    ? ['the password is in the answer']
    : [];
