/** Compares one stored value with one literal by the attribute's characteristics. Pure; never builds a pattern. */
import { foldKey, foldText } from '../../kernel/text.ts';
import type { CompareOperator, FilterValue } from './filter-terms.ts';
import { instantOf } from './instant.ts';
import type { Attribute, ScimValue } from './schema.ts';

interface Comparison {
  /** The attribute or sub-attribute whose type and caseExact decide. */
  readonly attribute: Attribute;
  readonly op: CompareOperator;
  readonly stored: ScimValue;
  readonly literal: Exclude<FilterValue, null>;
}

/**
 * Whether a stored value stands in the given relation to a literal (RFC 7644 §3.4.2.2, RFC 7643 §2.3).
 * dateTime compares as an instant; text by caseExact; values of different types differ.
 */
export function compareValue({ attribute, op, stored, literal }: Comparison): boolean {
  if (typeof stored === 'string' && typeof literal === 'string') {
    if (op === 'co' || op === 'sw' || op === 'ew') return contains(attribute, op, { stored, literal });
    return attribute.type === 'dateTime'
      ? inOrder(op, instantOf(stored), instantOf(literal))
      : inOrder(op, key(attribute, stored), key(attribute, literal));
  }
  if (typeof stored === 'number' && typeof literal === 'number') return inOrder(op, stored, literal);
  if (typeof stored === 'boolean' && typeof literal === 'boolean') return inOrder(op, stored, literal);
  return op === 'ne';
}

/** Whether a value counts as assigned for `pr`: not null, "", [], {} or anything made only of these. */
export function isPresent(value: ScimValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (Array.isArray(value)) return value.some(isPresent);
  return typeof value !== 'object' || Object.values(value).some(isPresent);
}

function contains(
  attribute: Attribute,
  op: 'co' | 'sw' | 'ew',
  texts: { readonly stored: string; readonly literal: string },
): boolean {
  // Not the key: trimming "a " would turn a search for a trailing blank into one for "a".
  const stored = attribute.caseExact ? texts.stored : foldText(texts.stored);
  const literal = attribute.caseExact ? texts.literal : foldText(texts.literal);
  if (op === 'co') return stored.includes(literal);
  return op === 'sw' ? stored.startsWith(literal) : stored.endsWith(literal);
}

function key(attribute: Attribute, text: string): string {
  // The same key that makes userName unique, so that a lookup finds exactly what a create would collide with.
  return attribute.caseExact ? text : foldKey(text);
}

function inOrder<Value extends string | number | boolean | bigint>(
  op: CompareOperator,
  stored: Value | undefined,
  literal: Value | undefined,
): boolean {
  if (stored === undefined || literal === undefined) return op === 'ne';
  switch (op) {
    case 'eq':
      return stored === literal;
    case 'ne':
      return stored !== literal;
    case 'gt':
      return stored > literal;
    case 'ge':
      return stored >= literal;
    case 'lt':
      return stored < literal;
    case 'le':
      return stored <= literal;
    default:
      return false;
  }
}
