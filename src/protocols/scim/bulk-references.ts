/** References between the operations of a Bulk request (RFC 7644 §3.7.2): finds `bulkId:...` and puts ids in its place. Pure. */
import type { BulkOperation } from './bulk.ts';
import { isJsonObject } from './input-guard.ts';

/** The id that a bulkId has become; undefined while there is none. */
export type IdOf = (bulkId: string) => string | undefined;

/** A whole value, or the end of an address such as `../Users/bulkId:x`. */
const VALUE = /^(?<before>(?:.*\/)?)bulkId:(?<bulkId>.+)$/s;

/** In the path of a PATCH operation: a quoted value of its filter. */
const QUOTED = /"bulkId:((?:[^"\\]|\\.)+)"/gs;

/** The bulkIds an operation names, in its path and anywhere in its data. */
export function referencesOf({ target, data }: BulkOperation): ReadonlySet<string> {
  const named = new Set<string>();
  const note: IdOf = (bulkId) => {
    named.add(bulkId);
    return '';
  };
  if (target !== undefined) resolveText(target, note);
  noteReferences(data, note);
  return named;
}

/** Looks where `resolveValue` does; most data names nobody, and is not copied to find that out. */
function noteReferences(value: unknown, note: IdOf): void {
  if (typeof value === 'string') resolveText(value, note);
  else if (Array.isArray(value)) for (const element of value) noteReferences(element, note);
  else if (isJsonObject(value)) for (const name of Object.keys(value)) noteReferences(value[name], note);
}

/**
 * A copy with the ids in place of their bulkIds. A reference that has no id yet is left out: the attribute it stands in, or
 * the whole element when it stands in an element of a list, so that half a member is never sent on.
 */
export function resolveReferences(data: unknown, idOf: IdOf): unknown {
  const { value } = resolveValue(data, idOf);
  return value;
}

/** A text with the ids in place; undefined when it names a bulkId that has no id yet. */
export function resolveText(text: string, idOf: IdOf): string | undefined {
  if (!text.includes('bulkId:')) return text;
  const { before, bulkId } = VALUE.exec(text)?.groups ?? {};
  if (bulkId === undefined) return resolveQuoted(text, idOf);
  const id = idOf(bulkId);
  return id === undefined ? undefined : `${before ?? ''}${id}`;
}

function resolveQuoted(text: string, idOf: IdOf): string | undefined {
  let isWhole = true;
  const resolved = text.replaceAll(QUOTED, (_match, bulkId: string) => {
    const id = idOf(bulkId);
    isWhole &&= id !== undefined;
    return `"${id}"`;
  });
  return isWhole ? resolved : undefined;
}

interface Resolved {
  readonly value: unknown;
  /** False when something was left out. */
  readonly isWhole: boolean;
}

function resolveValue(value: unknown, idOf: IdOf): Resolved {
  if (typeof value === 'string') {
    const text = resolveText(value, idOf);
    return { value: text, isWhole: text !== undefined };
  }
  if (Array.isArray(value)) {
    const elements = value.map((element: unknown) => resolveValue(element, idOf));
    return {
      value: elements.filter(({ isWhole }) => isWhole).map(({ value: element }) => element),
      isWhole: true,
    };
  }
  if (!isJsonObject(value)) return { value, isWhole: true };
  const members = Object.entries(value).map(([name, member]) => ({ name, ...resolveValue(member, idOf) }));
  const known = members.filter(({ value: member }) => member !== undefined);
  // fromEntries defines own members, so that not even a key `__proto__` reaches a prototype.
  return {
    value: Object.fromEntries(known.map(({ name, value: member }) => [name, member])),
    isWhole: members.every(({ isWhole }) => isWhole),
  };
}
