/** Rules for the values of one multi-valued attribute: which are the same, which is primary, what a filter builds. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { foldText } from '../../kernel/text.ts';
import type { Filter } from './filter.ts';
import { assignValue, valueKey } from './resource-values.ts';
import {
  type Attribute,
  findSubAttribute,
  isScimObject,
  newScimObject,
  ownValue,
  type ScimObject,
  type ScimValue,
} from './schema.ts';
import type { Findings } from './tolerances.ts';

/**
 * The existing values followed by the incoming ones. An incoming value that is there already, by (type, value) or by
 * value alone when it names no type, adds its sub-attributes to the one that is there (RFC 7644 §3.5.2.1, no duplicates).
 * Existing objects are changed in place.
 */
export function mergeValues(
  existing: readonly ScimValue[],
  incoming: readonly ScimValue[],
  attribute: Attribute,
): ScimValue[] {
  const values = [...existing];
  const known = new Map<string, ScimValue>();
  for (const value of values) {
    remember(known, value, attribute);
  }
  for (const value of incoming) {
    const twin = known.get(identity(value, attribute));
    if (twin === undefined) {
      values.push(value);
      remember(known, value, attribute);
    } else if (isScimObject(twin) && isScimObject(value)) {
      Object.assign(twin, value);
    }
  }
  return values;
}

/** The values without repetitions of the same (type, value); notes `duplicate_value` when there were any. */
export function withoutDuplicates(
  values: readonly ScimValue[],
  attribute: Attribute,
  findings: Findings,
): ScimValue[] {
  if (values.length < 2) return [...values];
  const merged = mergeValues([], values, attribute);
  if (merged.length < values.length) {
    findings.tolerances.add('duplicate_value');
  }
  return merged;
}

/** The values that none of `listed` names, by (type, value) or by value alone when it names no type. */
export function withoutListed(
  existing: readonly ScimValue[],
  listed: readonly ScimValue[],
  attribute: Attribute,
): ScimValue[] {
  const unwanted = new Set(listed.map((value) => identity(value, attribute)));
  return existing.filter((value) => !identities(value, attribute).some((key) => unwanted.has(key)));
}

/** The values that are primary now; taken before a change, it tells `keepOnePrimary` which ones are new. */
export function primariesOf(values: readonly ScimValue[]): readonly ScimValue[] {
  return values.filter(isPrimary);
}

/**
 * Leaves at most one primary value (RFC 7643 §2.4): one that has just become primary demotes the earlier one. Of several
 * new ones the first wins, noted as `several_primaries`.
 */
export function keepOnePrimary(
  values: readonly ScimValue[],
  before: readonly ScimValue[],
  findings: Findings,
): void {
  const primaries = values.filter(isPrimary);
  if (primaries.length < 2) return;
  const earlier = new Set(before);
  const fresh = primaries.filter((value) => !earlier.has(value));
  if (fresh.length > 1) {
    findings.tolerances.add('several_primaries');
  }
  const winner = fresh[0] ?? primaries[0];
  for (const value of primaries) {
    if (value !== winner && isScimObject(value)) {
      value.primary = false;
    }
  }
}

/**
 * The element that a filter describes, when it can: `type eq "work"`, also joined by `and`. Entra replaces
 * `emails[type eq "work"].value` before such an element exists and expects it to be made.
 * Throws `no_target` (RFC 7644 §3.5.2.3) for every other filter.
 */
export function elementFromFilter(filter: Filter, attribute: Attribute, path: string): ScimObject {
  const element = newScimObject();
  if (attribute.type !== 'complex' || !describe(filter, element)) {
    throw new GatehouseError('no_target', 'No value matches the filter, and none can be built from it.', {
      field: path,
    });
  }
  return element;
}

/** Gives a value what the filter that selected it demands, where the value does not say otherwise itself. */
export function pinToFilter(value: ScimObject, filter: Filter): ScimObject {
  const pinned = newScimObject();
  return describe(filter, pinned) ? Object.assign(pinned, value) : value;
}

function describe(filter: Filter, element: ScimObject): boolean {
  if (filter.kind === 'and') {
    return filter.operands.every((operand) => describe(operand, element));
  }
  if (filter.kind !== 'compare' || filter.op !== 'eq' || filter.value === null) {
    return false;
  }
  const { attribute } = filter.target;
  if (attribute.mutability !== 'readOnly' && filter.value !== '') {
    assignValue(element, attribute.name, attribute.multiValued ? [filter.value] : filter.value);
  }
  return true;
}

function isPrimary(value: ScimValue): boolean {
  return isScimObject(value) && ownValue(value, 'primary') === true;
}

function remember(known: Map<string, ScimValue>, value: ScimValue, attribute: Attribute): void {
  for (const key of identities(value, attribute)) {
    if (!known.has(key)) {
      known.set(key, value);
    }
  }
}

/** All keys a value answers to: its own, and its value without the type. */
function identities(value: ScimValue, attribute: Attribute): readonly string[] {
  if (!isScimObject(value) || !Object.hasOwn(value, 'type') || !Object.hasOwn(value, 'value')) {
    return [identity(value, attribute)];
  }
  return [identity(value, attribute), identity(without(value, 'type'), attribute)];
}

function without(value: ScimObject, name: string): ScimObject {
  const rest = Object.assign(newScimObject(), value);
  delete rest[name];
  return rest;
}

function identity(value: ScimValue, attribute: Attribute): string {
  if (!isScimObject(value)) {
    return folded(value, attribute);
  }
  const own = ownValue(value, 'value');
  if (own === undefined) {
    // `primary` marks a value, it is no part of it.
    return valueKey(without(value, 'primary'));
  }
  const type = ownValue(value, 'type');
  const parts = [
    folded(own, findSubAttribute(attribute, 'value')),
    type === undefined ? '' : folded(type, findSubAttribute(attribute, 'type')),
  ];
  return parts.join('\n');
}

function folded(value: ScimValue, attribute: Attribute | undefined): string {
  const isText = typeof value === 'string' && attribute?.caseExact === false;
  return valueKey(isText ? foldText(value) : value);
}
