/** SCIM filters: text to a schema-resolved tree, and that tree against resources in memory. Pure and bounded. */
import { compareValue, isPresent } from './filter-compare.ts';
import type { AttributeTarget, CompareOperator, FilterValue, Scope } from './filter-terms.ts';
import { comparable, elementScope, resolveTarget, toFilterValue, toOperator } from './filter-terms.ts';
import type { FilterToken } from './filter-tokens.ts';
import { filterError, quoted, tokenize } from './filter-tokens.ts';
import type { Attribute, ResourceType, ScimObject, ScimValue } from './schema.ts';
import { isScimObject, newScimObject, ownValue } from './schema.ts';

/**
 * A filter. `and` and `or` hold two or more operands, or none: true and false. Inside `element`, targets name sub-attributes of one element,
 * and `emails[type eq "work"].value eq "x"` reads as `emails[type eq "work" and value eq "x"]`.
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | {
      readonly kind: 'compare';
      readonly target: AttributeTarget;
      readonly op: CompareOperator;
      readonly value: FilterValue;
    }
  | { readonly kind: 'present'; readonly target: AttributeTarget }
  | { readonly kind: 'element'; readonly target: AttributeTarget; readonly filter: Filter };

const maxDepth = 20;
const maxTerms = 100;

/**
 * Reads a filter of RFC 7644 §3.4.2.2 over one resource type. At most 4,096 characters, 20 levels, 100 terms.
 * Throws `invalid_filter` with the position for anything else, unknown and never-returned attributes included.
 * `others`: further types of the same list (RFC 7644 §3.4.2.1); their attributes are known, and have no value here.
 */
export function parseFilter(text: string, type: ResourceType, others: readonly ResourceType[] = []): Filter {
  return parseWhole(text, { kind: 'resource', type, others });
}

/** Reads what stands between the brackets of `attribute[...]`: same grammar, bounds and errors as `parseFilter`. */
export function parseElementFilter(text: string, attribute: Attribute): Filter {
  return parseWhole(text, elementScope(attribute));
}

/**
 * Whether a resource satisfies a filter. The resource is the full view: id, meta, schemas, groups or members are seen
 * if the caller put them in. A multi-valued attribute matches when any value does; `ne` also matches when absent.
 */
export function matches(filter: Filter, resource: ScimObject): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.operands.every((operand) => matches(operand, resource));
    case 'or':
      return filter.operands.some((operand) => matches(operand, resource));
    case 'not':
      return !matches(filter.operand, resource);
    case 'present':
      return valuesAt(filter.target, resource).some(isPresent);
    case 'compare':
      return matchesComparison(filter, resource);
    case 'element':
      return valuesAt(filter.target, resource).some((element) => matchesElement(filter.filter, element));
  }
}

/** Whether one element satisfies a filter of `parseElementFilter`; a simple value counts as `{ value }`. */
export function matchesElement(filter: Filter, element: ScimValue): boolean {
  if (isScimObject(element)) return matches(filter, element);
  const wrapped = newScimObject();
  wrapped.value = element;
  return matches(filter, wrapped);
}

function matchesComparison(filter: Extract<Filter, { kind: 'compare' }>, resource: ScimObject): boolean {
  const { target, op, value } = filter;
  const values = valuesAt(target, resource);
  if (value === null) return values.some(isPresent) === (op === 'ne');
  if (values.length === 0) return op === 'ne';
  const attribute = target.sub ?? target.attribute;
  return values.some((stored) => compareValue({ attribute, op, stored, literal: value }));
}

function valuesAt(target: AttributeTarget, resource: ScimObject): readonly ScimValue[] {
  const { schemaUrn, attribute, sub } = target;
  const holder = schemaUrn === undefined ? resource : ownValue(resource, schemaUrn);
  const values = isScimObject(holder) ? asList(ownValue(holder, attribute.name)) : [];
  if (sub === undefined) return values;
  return values.flatMap((value) => (isScimObject(value) ? asList(ownValue(value, sub.name)) : []));
}

function asList(value: ScimValue | undefined): readonly ScimValue[] {
  // Null does not occur in a resource by type, but may in one read back from old storage.
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** What is said of an attribute that resources of this type cannot have. */
const ALWAYS: Filter = { kind: 'and', operands: [] };
const NEVER: Filter = { kind: 'or', operands: [] };

interface Parser {
  readonly tokens: readonly FilterToken[];
  readonly scope: Scope;
  readonly counts: { index: number; depth: number; terms: number };
}

function parseWhole(text: string, scope: Scope): Filter {
  const parser: Parser = { tokens: tokenize(text), scope, counts: { index: 0, depth: 0, terms: 0 } };
  const filter = parseOr(parser);
  expect(parser, 'end');
  return filter;
}

function parseOr(parser: Parser): Filter {
  return parseChain(parser, 'or', parseAnd);
}

function parseAnd(parser: Parser): Filter {
  return parseChain(parser, 'and', parseOperand);
}

function parseChain(parser: Parser, word: 'and' | 'or', next: (parser: Parser) => Filter): Filter {
  const first = next(parser);
  const operands = [first];
  while (isWord(peek(parser), word)) {
    take(parser);
    operands.push(next(parser));
  }
  return operands.length === 1 ? first : { kind: word, operands };
}

function parseOperand(parser: Parser): Filter {
  const token = take(parser);
  if (token.kind === '(') return parseNested(parser, ')');
  if (token.kind !== 'word') throw unexpected(token, 'an attribute');
  if (!isWord(token, 'not')) return parseTerm(parser, token);
  expect(parser, '(');
  return { kind: 'not', operand: parseNested(parser, ')') };
}

function parseNested(parser: Parser, close: ')' | ']'): Filter {
  parser.counts.depth += 1;
  if (parser.counts.depth > maxDepth) {
    throw filterError(`nested deeper than ${maxDepth} levels`, peek(parser).position);
  }
  const filter = parseOr(parser);
  expect(parser, close);
  parser.counts.depth -= 1;
  return filter;
}

function parseTerm(parser: Parser, path: FilterToken): Filter {
  const target = resolveTarget(parser.scope, path.text, path.position);
  const next = peek(parser);
  return next.kind === '[' && next.isGlued
    ? parseElement(parser, target, path)
    : parseComparison(parser, target, path);
}

function parseElement(parser: Parser, target: AttributeTarget, path: FilterToken): Filter {
  const isList = target.attribute.type === 'complex' || target.attribute.multiValued;
  if (parser.scope.kind === 'element' || target.sub !== undefined || !isList) {
    throw filterError(`${quoted(path.text)} has no elements to filter`, path.position);
  }
  take(parser);
  const inner: Parser = { ...parser, scope: elementScope(target.attribute) };
  const filter = parseNested(inner, ']');
  const inElements = (of: Filter): Filter =>
    target.isForeign === true ? NEVER : { kind: 'element', target, filter: of };
  const next = peek(parser);
  const hasTail = next.kind === 'word' && next.isGlued && next.text.startsWith('.');
  if (!hasTail) return inElements(filter);
  take(parser);
  // Entra writes emails[type eq "work"].value eq "x"; the grammar would want the comparison inside the brackets.
  const sub = resolveTarget(inner.scope, next.text.slice(1), next.position + 1);
  const tail = parseComparison(parser, sub, next);
  const operands = filter.kind === 'and' ? [...filter.operands, tail] : [filter, tail];
  return inElements({ kind: 'and', operands });
}

function parseComparison(parser: Parser, target: AttributeTarget, path: FilterToken): Filter {
  parser.counts.terms += 1;
  if (parser.counts.terms > maxTerms) throw filterError(`more than ${maxTerms} terms`, path.position);
  const token = take(parser);
  if (isWord(token, 'pr')) return target.isForeign === true ? NEVER : { kind: 'present', target };
  const op = token.kind === 'word' ? toOperator(token.text) : undefined;
  if (op === undefined) throw unexpected(token, `an operator after ${quoted(path.text)}`);
  const compared = comparable(target, path.position);
  const value = toFilterValue(compared.sub ?? compared.attribute, op, take(parser));
  if (target.isForeign === true) return (op === 'ne') === (value !== null) ? ALWAYS : NEVER;
  return { kind: 'compare', target: compared, op, value };
}

function peek(parser: Parser): FilterToken {
  const token = parser.tokens[parser.counts.index] ?? parser.tokens.at(-1);
  return token ?? { kind: 'end', text: '', position: 1, isGlued: false };
}

function take(parser: Parser): FilterToken {
  const token = peek(parser);
  parser.counts.index += 1;
  return token;
}

function expect(parser: Parser, kind: FilterToken['kind']): void {
  const token = take(parser);
  if (token.kind !== kind) throw unexpected(token, kind === 'end' ? '"and", "or" or the end' : `"${kind}"`);
}

function isWord(token: FilterToken, word: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === word;
}

function unexpected(token: FilterToken, wanted: string): Error {
  const found = token.kind === 'end' ? 'the end' : quoted(token.text);
  return filterError(`expected ${wanted}, found ${found}`, token.position);
}
