/** Looks over JSON text before it is parsed: what JSON.parse would silently accept and two readers could read differently. */
import { GatehouseError } from './errors.ts';

const MAX_DEPTH = 64;
const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype']);

interface Level {
  readonly keys: Set<string> | undefined;
  expectsKey: boolean;
}

/**
 * Throws `invalid_syntax` for doubled keys, keys that reach for prototypes, more than 64 levels, and lone surrogates.
 * Text that is not JSON at all is left for JSON.parse to refuse.
 */
export function assertPlainJson(text: string): void {
  if (!text.isWellFormed())
    throw new GatehouseError('invalid_syntax', 'The body holds half a character (a lone surrogate).');
  const levels: Level[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      const end = endOfString(text, index);
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

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index;
  }
  return text.length;
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
