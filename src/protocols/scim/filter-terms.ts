/** What a filter term means: which attribute its path names and which value its literal is. Pure. */
import type { FilterToken } from './filter-tokens.ts';
import { filterError, quoted } from './filter-tokens.ts';
import { instantOf } from './instant.ts';
import type { Attribute, ResourceType, Schema } from './schema.ts';
import { findAttribute, findSchemaAttribute, findSubAttribute, splitUrn } from './schema.ts';

/** Comparison operators of RFC 7644 §3.4.2.2; `pr` is a node of its own. */
export type CompareOperator = (typeof operators)[number];

/** A literal in the type of its attribute. A dateTime stays text that `instantOf` reads. */
export type FilterValue = string | number | boolean | null;

/** The attribute a term is about, resolved against the schema. */
export interface AttributeTarget {
  /** The path as written, for messages. */
  readonly path: string;
  /** The extension that holds the attribute; undefined for core and common attributes and inside an element. */
  readonly schemaUrn: string | undefined;
  readonly attribute: Attribute;
  readonly sub: Attribute | undefined;
  /** True for an attribute of another type that the same list spans: resources of this type never have it. */
  readonly isForeign?: boolean;
}

/** Where names are looked up: a whole resource, or one element of a multi-valued attribute. */
export type Scope =
  | {
      readonly kind: 'resource';
      readonly type: ResourceType;
      /** Other types of the same list, whose attributes may be named too. */
      readonly others?: readonly ResourceType[];
    }
  | { readonly kind: 'element'; readonly attributes: readonly Attribute[] };

const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
const ordering: readonly CompareOperator[] = ['gt', 'ge', 'lt', 'le'];
const substring: readonly CompareOperator[] = ['co', 'sw', 'ew'];

/** The comparison operator a word spells, in any letter case; undefined for other words. */
export function toOperator(word: string): CompareOperator | undefined {
  const wanted = word.toLowerCase();
  return operators.find((operator) => operator === wanted);
}

/** What can be named inside `attribute[...]`: sub-attributes, or `value` for a list of simple values. */
export function elementScope(attribute: Attribute): Scope {
  if (attribute.type === 'complex') return { kind: 'element', attributes: attribute.subAttributes };
  return { kind: 'element', attributes: [{ ...attribute, name: 'value', multiValued: false }] };
}

/**
 * Resolves an attribute path in any letter case. Throws `invalid_filter` for an unknown attribute and for one that is
 * never returned: a filter on it would tell its value yes by yes.
 */
export function resolveTarget(scope: Scope, path: string, position: number): AttributeTarget {
  const target = findTarget(scope, path);
  if (target === undefined) throw filterError(`unknown attribute ${quoted(path)}`, position);
  if (isHidden(target.attribute) || (target.sub !== undefined && isHidden(target.sub))) {
    throw filterError(`attribute ${quoted(path)} cannot be filtered on`, position);
  }
  return target;
}

/** The attribute a path names, in any letter case; undefined when there is none. */
export function findTarget(scope: Scope, path: string): AttributeTarget | undefined {
  if (scope.kind === 'element') return inElement(scope.attributes, path);
  return inResource(scope.type, path) ?? inOthers(scope.others ?? [], path);
}

/**
 * The target as compared: a complex attribute named alone stands for its `value` (RFC 7644 §3.4.2.2).
 * Throws `invalid_filter` when it has none.
 */
export function comparable(target: AttributeTarget, position: number): AttributeTarget {
  if (target.attribute.type !== 'complex' || target.sub !== undefined) return target;
  const sub = findSubAttribute(target.attribute, 'value');
  if (sub === undefined) throw filterError(`${quoted(target.path)} needs a sub-attribute`, position);
  if (isHidden(sub)) throw filterError(`attribute ${quoted(target.path)} cannot be filtered on`, position);
  return { ...target, sub };
}

/**
 * Reads a literal in the type of the attribute. Beyond the grammar it takes "True" for booleans (Entra) and strings
 * without quotes (Microsoft's own collection). Throws `invalid_filter` for any other value or operator of that type.
 */
export function toFilterValue(
  attribute: Attribute,
  operator: CompareOperator,
  token: FilterToken,
): FilterValue {
  if (token.kind !== 'word' && token.kind !== 'string')
    throw filterError('a value is missing', token.position);
  if (isUnusable(attribute, operator)) {
    throw filterError(`"${operator}" does not apply to ${attribute.type} attributes`, token.position);
  }
  const word = token.kind === 'word' ? token.text.toLowerCase() : undefined;
  if (word === 'and' || word === 'or' || word === 'not')
    throw filterError('a value is missing', token.position);
  if (word === 'null') {
    if (operator === 'eq' || operator === 'ne') return null;
    throw filterError(`"${operator}" does not apply to null`, token.position);
  }
  const value = readLiteral(attribute, operator, token);
  if (value !== undefined) return value;
  throw filterError(`${quoted(token.text)} is not a ${attribute.type}`, token.position);
}

/** True for what no answer ever shows. */
export function isHidden(attribute: Attribute): boolean {
  return attribute.returned === 'never' || attribute.mutability === 'writeOnly';
}

function inElement(attributes: readonly Attribute[], path: string): AttributeTarget | undefined {
  const wanted = path.toLowerCase();
  const attribute = attributes.find((candidate) => candidate.name.toLowerCase() === wanted);
  return attribute && { path, schemaUrn: undefined, attribute, sub: undefined };
}

function inResource(type: ResourceType, path: string): AttributeTarget | undefined {
  const split = splitUrn(type, path);
  const rest = split?.rest ?? path;
  const dot = rest.indexOf('.');
  const name = dot === -1 ? rest : rest.slice(0, dot);
  const subName = dot === -1 ? undefined : rest.slice(dot + 1);
  if (subName?.includes('.') === true) return undefined;
  const found = split?.isExtension
    ? inExtension(split.schema, name)
    : inCore(type, name, split === undefined);
  if (found === undefined) return undefined;
  const sub = subName === undefined ? undefined : findSubAttribute(found.attribute, subName);
  if (subName !== undefined && sub === undefined) return undefined;
  return { path, schemaUrn: found.schemaUrn, attribute: found.attribute, sub };
}

function inOthers(types: readonly ResourceType[], path: string): AttributeTarget | undefined {
  const found = types.map((type) => inResource(type, path)).find((target) => target !== undefined);
  return found && { ...found, isForeign: true };
}

type Found = Pick<AttributeTarget, 'schemaUrn' | 'attribute'>;

function inCore(type: ResourceType, name: string, mayBeExtension: boolean): Found | undefined {
  const found = findAttribute(type, name);
  if (found !== undefined) return { schemaUrn: undefined, attribute: found.attribute };
  if (!mayBeExtension) return undefined;
  // Entra probes references with a bare `manager eq "..."`.
  return type.extensions.map(({ schema }) => inExtension(schema, name)).find((hit) => hit !== undefined);
}

function inExtension(schema: Schema, name: string): Found | undefined {
  const attribute = findSchemaAttribute(schema, name);
  return attribute && { schemaUrn: schema.id, attribute };
}

function isUnusable({ type }: Attribute, operator: CompareOperator): boolean {
  if (ordering.includes(operator)) return type === 'boolean' || type === 'binary';
  return substring.includes(operator) && (type === 'boolean' || type === 'integer' || type === 'decimal');
}

function readLiteral(
  attribute: Attribute,
  operator: CompareOperator,
  token: FilterToken,
): FilterValue | undefined {
  switch (attribute.type) {
    case 'boolean':
      return readBoolean(token.text);
    case 'integer':
    case 'decimal':
      return token.kind === 'word' ? readNumber(token.text) : undefined;
    case 'dateTime':
      return substring.includes(operator) || instantOf(token.text) !== undefined ? token.text : undefined;
    case 'string':
    case 'reference':
    case 'binary':
      return token.text;
    case 'complex':
      return undefined;
  }
}

function readBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

function readNumber(text: string): number | undefined {
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
