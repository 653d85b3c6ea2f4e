/** Cuts a SCIM filter into tokens; knows no attribute and no operator. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';

/** A piece of a filter. `position` counts characters from 1; `text` of a string is decoded, without quotes. */
export interface FilterToken {
  readonly kind: 'word' | 'string' | '(' | ')' | '[' | ']' | 'end';
  readonly text: string;
  readonly position: number;
  /** True when nothing but the previous token stands before it. */
  readonly isGlued: boolean;
}

const maxLength = 4096;
// One of: blanks, a quoted string, a bracket, a run of anything else. Each alternative is linear.
const pattern = /\s+|"(?:[^"\\]|\\.)*"|[()[\]]|[^\s()[\]"]+/suy;

/**
 * The tokens of a filter, closed by one of kind `end`. At most 4,096 characters.
 * Throws `invalid_filter` for longer or ill-formed text, an unfinished string or a bad escape (RFC 7644 §3.4.2.2).
 */
export function tokenize(text: string): readonly FilterToken[] {
  if (text.length > maxLength) throw filterError(`longer than ${maxLength} characters`, maxLength + 1);
  if (!text.isWellFormed()) throw filterError('not well-formed Unicode', 1);
  const tokens: FilterToken[] = [];
  let offset = 0;
  let isGlued = false;
  while (offset < text.length) {
    pattern.lastIndex = offset;
    if (!pattern.test(text)) throw filterError('a string without its closing quote', offset + 1);
    const piece = text.slice(offset, pattern.lastIndex);
    const isBlank = piece.trim() === '';
    if (!isBlank) tokens.push(toToken(piece, offset + 1, isGlued));
    isGlued = !isBlank;
    offset = pattern.lastIndex;
  }
  rejectTouchingStrings(tokens);
  tokens.push({ kind: 'end', text: '', position: text.length + 1, isGlued: false });
  return tokens;
}

/** The error for anything wrong in a filter; `position` counts characters from 1. */
export function filterError(problem: string, position: number): GatehouseError {
  return new GatehouseError('invalid_filter', `Filter, character ${position}: ${problem}.`, {
    context: { position },
  });
}

/** Caller's text as it may stand in an error: quoted and cut to a readable length. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function toToken(piece: string, position: number, isGlued: boolean): FilterToken {
  if (piece === '(' || piece === ')' || piece === '[' || piece === ']') {
    return { kind: piece, text: piece, position, isGlued };
  }
  if (!piece.startsWith('"')) return { kind: 'word', text: piece, position, isGlued };
  return { kind: 'string', text: decode(piece, position), position, isGlued };
}

function decode(piece: string, position: number): string {
  const value = parseJson(piece);
  if (typeof value !== 'string')
    throw filterError('a string with a bad escape or a control character', position);
  // A lone surrogate would be stored and compared differently by each database.
  if (!value.isWellFormed()) throw filterError('a string that is not well-formed Unicode', position);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rejectTouchingStrings(tokens: readonly FilterToken[]): void {
  let previous: FilterToken | undefined;
  for (const token of tokens) {
    const isText = token.kind === 'word' || token.kind === 'string';
    if (previous !== undefined && token.isGlued && isText) {
      if (token.kind === 'string' || previous.kind === 'string')
        throw filterError('a blank is missing beside a string', token.position);
    }
    previous = token;
  }
}
