/** Sorting of lists (RFC 7644 §3.4.2.3): what is sorted by, the key of a resource, and the order of keys. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import type { AttributeTarget } from './filter-terms.ts';
import { findTarget, isHidden } from './filter-terms.ts';
import { instantOf } from './instant.ts';
import type { Attribute, ResourceType, ScimObject, ScimValue } from './schema.ts';
import { findSubAttribute, isScimObject, ownValue } from './schema.ts';

/** What a list is sorted by. */
export interface Sort {
  /** Undefined: resources of this type do not have the attribute. */
  readonly target: AttributeTarget | undefined;
  readonly isDescending: boolean;
}

/** Null: the resource has no value; it comes last ascending, first descending. */
export type SortKey = string | number | null;

/**
 * Reads sortBy and sortOrder for a list over `types`; the answer has one entry for each. Undefined when the list is not
 * sorted: sortBy absent, blank, or an attribute that none of the types has (ignored, dossier 57). Throws `invalid_value`
 * for an attribute that is never returned, whose order would tell its value (S125), and for another sortOrder.
 */
export function parseSort(
  wishes: { readonly sortBy?: string | undefined; readonly sortOrder?: string | undefined },
  types: readonly ResourceType[],
): readonly Sort[] | undefined {
  const path = wishes.sortBy?.trim() ?? '';
  if (path === '') return undefined;
  const targets = types.map((type) => sortTarget(path, type));
  if (targets.every((target) => target === undefined)) return undefined;
  const isDescending = readOrder(wishes.sortOrder);
  return targets.map((target) => ({ target, isDescending }));
}

function sortTarget(path: string, type: ResourceType): AttributeTarget | undefined {
  const target = findTarget({ kind: 'resource', type }, path);
  if (target === undefined) return undefined;
  if (isHidden(target.attribute) || (target.sub !== undefined && isHidden(target.sub))) {
    throw new GatehouseError('invalid_value', 'Lists cannot be sorted by this attribute.', {
      field: 'sortBy',
    });
  }
  if (target.attribute.type !== 'complex' || target.sub !== undefined) return target;
  const sub = findSubAttribute(target.attribute, 'value');
  return sub && { ...target, sub };
}

function readOrder(text: string | undefined): boolean {
  const word = text?.trim().toLowerCase() ?? '';
  if (word === '' || word === 'ascending') return false;
  if (word === 'descending') return true;
  throw new GatehouseError('invalid_value', 'sortOrder is ascending or descending.', { field: 'sortOrder' });
}

/** The key of a resource, as full as a filter would need it: of several values the primary one counts, else the first. */
export function sortKeyOf(resource: ScimObject, { target }: Sort): SortKey {
  if (target === undefined) return null;
  const { schemaUrn, attribute, sub } = target;
  const holder = schemaUrn === undefined ? resource : ownValue(resource, schemaUrn);
  const value = isScimObject(holder) ? oneOf(ownValue(holder, attribute.name)) : undefined;
  if (sub === undefined) return keyOf(attribute, value);
  return keyOf(sub, isScimObject(value) ? oneOf(ownValue(value, sub.name)) : undefined);
}

function oneOf(value: ScimValue | undefined): ScimValue | undefined {
  if (!Array.isArray(value)) return value;
  return value.find((element) => isScimObject(element) && ownValue(element, 'primary') === true) ?? value[0];
}

function keyOf(attribute: Attribute, value: ScimValue | undefined): SortKey {
  switch (typeof value) {
    case 'number':
      return value;
    case 'boolean':
      return Number(value);
    case 'string':
      return value === '' ? null : textKey(attribute, value);
    default:
      return null;
  }
}

function textKey(attribute: Attribute, text: string): SortKey {
  if (attribute.type !== 'dateTime') return attribute.caseExact ? text : foldKey(text);
  const instant = instantOf(text);
  return instant === undefined ? null : Number(instant) / 1e6;
}

/** The ascending order of two keys, as storage keeps it too: text by code point, no key last. */
export function compareSortKeys(left: SortKey, right: SortKey): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return compareText(String(left), String(right));
}

/** By code point, which `<` is not: it puts the surrogates of 𝒜 before ￿. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return rankOf(a) - rankOf(b);
  }
  return left.length - right.length;
}

const rankOf = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
