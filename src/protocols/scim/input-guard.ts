/** The first look at a SCIM body: refuses dangerous names and oversize shapes before anything else walks it. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';

/** A JSON object as it arrived; read it only through its own keys. */
export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 12;
const MAX_KEYS = 200;
const MAX_ARRAY = 20_000;
const MAX_STRING_BYTES = 64 * 1024;
const MAX_BYTES_OF_UNIT = 3;
const MAX_FIELD = 200;
const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype']);
/** What every dangerous name has in it; nearly no other text does. */
const MAY_BE_DANGEROUS = /proto|constructor/i;
const SHORTEST_DANGEROUS = 9;
const FEW_KEYS = 24;

/** True for a JSON object: not null, not a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a JSON object; else throws `invalid_syntax` (a list, string, number or nothing as a body). */
export function requireJsonObject(body: unknown): JsonObject {
  if (!isJsonObject(body)) {
    throw new GatehouseError('invalid_syntax', 'The body must be a JSON object.');
  }
  return body;
}

/**
 * Checks a whole body: objects nested at most 12 deep with at most 200 keys, lists of at most 20 000 entries, strings
 * of at most 64 KiB and well-formed. Throws `invalid_path` for a key with `__proto__`, `constructor` or `prototype` as
 * a segment, `invalid_value` for the bounds.
 */
export function guardBody(body: unknown): void {
  guardValue(body, []);
}

/**
 * Throws `invalid_path` when a path or key names `__proto__`, `constructor` or `prototype` outside quoted text.
 * `field` is what the error names; the text itself when absent.
 */
export function guardSegments(text: string, field: string = text): void {
  if (text.length < SHORTEST_DANGEROUS || !MAY_BE_DANGEROUS.test(text)) return;
  // The pattern never fails once it has met a quote, so it stays linear on hostile text.
  const unquoted = text.includes('"') ? text.replaceAll(/"(?:[^"\\]|\\.?)*("|$)/gs, '""') : text;
  const segments = unquoted.split(/[^A-Za-z0-9_$-]+/);
  if (segments.some((segment) => DANGEROUS.has(segment.toLowerCase()))) {
    throw new GatehouseError('invalid_path', 'This name cannot be an attribute.', {
      field: field.slice(0, MAX_FIELD),
    });
  }
}

function guardValue(value: unknown, at: (string | number)[]): void {
  if (typeof value === 'string') {
    guardText(value, at);
  } else if (Array.isArray(value)) {
    if (value.length > MAX_ARRAY) refuse(`A list holds at most ${MAX_ARRAY} values.`, at);
    guardDepth(at);
    for (let index = 0; index < value.length; index += 1) guardEntry(index, value[index], at);
  } else if (isJsonObject(value)) {
    const keys = Object.keys(value);
    if (keys.length > MAX_KEYS) refuse(`An object holds at most ${MAX_KEYS} keys.`, at);
    refuseSpelledTwice(keys);
    for (const key of keys) {
      guardText(key, at);
      guardSegments(key);
    }
    guardDepth(at);
    for (const key of keys) guardEntry(key, value[key], at);
  }
}

function guardEntry(key: string | number, value: unknown, at: (string | number)[]): void {
  at.push(key);
  guardValue(value, at);
  at.pop();
}

function guardDepth(at: readonly (string | number)[]): void {
  if (at.length >= MAX_DEPTH) refuse(`A body nests at most ${MAX_DEPTH} levels.`, at);
}

/** Attribute names ignore case (RFC 7643 §2.1): `userName` beside `USERNAME` is one name with two values, and no reader may choose. */
function refuseSpelledTwice(keys: readonly string[]): void {
  if (keys.length < 2) return;
  const folded: string[] = [];
  for (const key of keys) folded.push(key.toLowerCase());
  // A few are compared sooner than put into a set.
  const isTwice = keys.length > FEW_KEYS ? new Set(folded).size < keys.length : hasTwice(folded);
  if (!isTwice) return;
  const again = keys.find((_, index) => folded.indexOf(folded[index] ?? '') < index) ?? '';
  throw new GatehouseError('invalid_syntax', 'An attribute is given twice in one object.', {
    field: again.slice(0, MAX_FIELD),
  });
}

function hasTwice(names: readonly string[]): boolean {
  for (let index = 1; index < names.length; index += 1)
    for (let earlier = 0; earlier < index; earlier += 1) if (names[earlier] === names[index]) return true;
  return false;
}

function guardText(text: string, at: readonly (string | number)[]): void {
  if (text.length * MAX_BYTES_OF_UNIT > MAX_STRING_BYTES && Buffer.byteLength(text) > MAX_STRING_BYTES)
    refuse(`A text holds at most ${MAX_STRING_BYTES} bytes.`, at);
  if (!text.isWellFormed()) refuse('A text holds half a character (a lone surrogate).', at);
}

function refuse(detail: string, at: readonly (string | number)[]): never {
  throw new GatehouseError('invalid_value', detail, { field: at.join('.').slice(0, MAX_FIELD) });
}
