/** Parses JSON that every reader reads alike: what JSON.parse would silently accept and another reader take differently is refused. */
import { GatehouseError } from './errors.ts';

const MAX_DEPTH = 64;
const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype']);

interface Level {
  readonly keys: Set<string> | undefined;
  expectsKey: boolean;
}

/**
 * Parses JSON text. Throws `invalid_syntax` for what is not JSON, doubled keys, more than 64 levels and lone surrogates,
 * `invalid_path` for keys that reach for prototypes.
 */
export function parsePlainJson(text: string): unknown {
  if (!text.isWellFormed())
    throw new GatehouseError('invalid_syntax', 'The body holds half a character (a lone surrogate).');
  const names = countNames(text);
  if (names === UNSURE) assertPlainJson(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // What stands before the fault is said first.
    assertPlainJson(text);
    throw new GatehouseError('invalid_syntax', 'The body is not valid JSON.', { cause });
  }
  // A doubled key is one key of the value.
  if (names !== UNSURE && names !== keysIn(value)) assertPlainJson(text);
  return value;
}

const UNSURE = -1;
const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * How many names of members JSON text has, doubled ones included; `UNSURE` when it must be looked at name by name: it is
 * too deep, or somewhere in it stands an escape or a part of a dangerous name. Of a doubled name that is one escaped character V8's
 * JSON.parse makes, now and then, two names.
 */
function countNames(text: string): number {
  if (text.includes('\\') || text.includes('proto') || text.includes('constructor')) return UNSURE;
  let names = 0;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = closingQuote(text, index);
        break;
      case COLON:
        names += 1;
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > MAX_DEPTH) return UNSURE;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
    }
  }
  return names;
}

function closingQuote(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end >= 0 ? end : text.length;
}

/** An odd number of backslashes escapes what follows them. */
function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (index - first) % 2 === 1;
}

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) count += keysIn(element);
    return count;
  }
  for (const inner of Object.values(value)) {
    count += 1;
    if (typeof inner === 'object') count += keysIn(inner);
  }
  return count;
}

/** Looks at every name and text; what is not JSON at all is left for JSON.parse to refuse. */
function assertPlainJson(text: string): void {
  const levels: Level[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      const end = closingQuote(text, index);
      noteString(levels.at(-1), text, { start: index, end });
      index = end;
    } else {
      noteStructure(levels, character);
    }
  }
}

function noteStructure(levels: Level[], character: string | undefined): void {
  switch (character) {
    case '{':
    case '[':
      if (levels.length >= MAX_DEPTH) {
        throw new GatehouseError('invalid_syntax', `The body is nested deeper than ${MAX_DEPTH} levels.`);
      }
      levels.push({ keys: character === '{' ? new Set() : undefined, expectsKey: character === '{' });
      return;
    case '}':
    case ']':
      levels.pop();
      return;
    case ',': {
      const level = levels.at(-1);
      if (level?.keys !== undefined) level.expectsKey = true;
    }
  }
}

function noteString(
  level: Level | undefined,
  text: string,
  span: { readonly start: number; readonly end: number },
): void {
  const raw = text.slice(span.start, span.end + 1);
  if (raw.includes('\\u')) assertWellFormedEscapes(raw);
  if (level?.keys === undefined || !level.expectsKey) return;
  level.expectsKey = false;
  const key = decode(raw);
  if (key === undefined) return;
  if (DANGEROUS.has(key))
    throw new GatehouseError('invalid_path', `The name ${key} is not allowed.`, { field: key });
  if (level.keys.has(key))
    throw new GatehouseError('invalid_syntax', `The name ${key.slice(0, 100)} appears twice in one object.`);
  level.keys.add(key);
}

function assertWellFormedEscapes(raw: string): void {
  const value = decode(raw);
  if (value !== undefined && !value.isWellFormed()) {
    throw new GatehouseError('invalid_syntax', 'The body holds half a character (a lone surrogate).');
  }
}

function decode(raw: string): string | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
