/** Turns untrusted JSON into values of the type that the schema gives an attribute, or refuses. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject } from './input-guard.ts';
import { instantOf } from './instant.ts';
import { assignValue, isEmpty } from './resource-values.ts';
import {
  type Attribute,
  findSubAttribute,
  newScimObject,
  type ScimObject,
  type ScimValue,
} from './schema.ts';
import { type Findings, noteUnknown } from './tolerances.ts';

/** Where a value stands, for error messages, and where tolerances are noted. */
export interface Reading {
  readonly findings: Findings;
  /** The attribute as an admin would write it: `emails.value`. */
  readonly field: string;
}

/** The sub-attributes named by one complex value; undefined unassigns. */
type Entries = readonly (readonly [Attribute, ScimValue | undefined])[];

/** Most values one multi-valued attribute may hold; group members are no part of a resource and not bounded by it. */
export const MAX_VALUES = 1000;

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * Reads one value of an attribute; for a multi-valued attribute, one element. Undefined when the value unassigns: null,
 * "" or an object without content. Throws `invalid_value` for another type (RFC 7643 §2.3).
 */
export function coerceSingle(raw: unknown, attribute: Attribute, reading: Reading): ScimValue | undefined {
  if (raw === null) {
    reading.findings.tolerances.add('null_value');
    return undefined;
  }
  if (attribute.type === 'complex') {
    return coerceComplex(raw, attribute, reading);
  }
  // An empty text must not decide about a boolean: `active` is never true or false by accident.
  if (raw === '' && !['boolean', 'integer', 'decimal'].includes(attribute.type)) {
    reading.findings.tolerances.add('empty_text');
    return undefined;
  }
  return coerceSimple(raw, attribute, reading);
}

/** Reads all values of a multi-valued attribute; one value alone counts as a list of one. Same errors as above. */
export function coerceList(raw: unknown, attribute: Attribute, reading: Reading): ScimValue[] {
  if (!Array.isArray(raw) && raw !== null) {
    reading.findings.tolerances.add('single_for_multi');
  }
  const elements: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  if (elements.length > MAX_VALUES) {
    throw invalid(reading, `holds at most ${MAX_VALUES} values`);
  }
  return elements
    .map((element) => coerceSingle(element, attribute, reading))
    .filter((element) => element !== undefined);
}

/**
 * Reads the sub-attributes of one complex value: read-only ones are left out, unknown ones noted. A bare text stands
 * for the `value` sub-attribute of a single-valued attribute (Entra's manager). Throws `invalid_value`.
 */
export function coerceEntries(raw: unknown, attribute: Attribute, reading: Reading): Entries {
  const value = findSubAttribute(attribute, 'value');
  if (typeof raw === 'string' && value !== undefined && !attribute.multiValued) {
    reading.findings.tolerances.add('manager_text');
    return [[value, coerceSingle(raw, value, reading)]];
  }
  if (!isJsonObject(raw)) {
    throw invalid(reading, 'must be an object');
  }
  const object = withManagerValue(raw, attribute, reading.findings);
  return Object.entries(object).flatMap(([key, rawSub]) => {
    const sub = subAttribute(key, attribute, reading);
    return sub === undefined ? [] : [[sub, coerceSub(rawSub, sub, reading)] as const];
  });
}

/** Reads a sub-attribute, one value or many as its schema says. */
export function coerceSub(raw: unknown, sub: Attribute, reading: Reading): ScimValue | undefined {
  const inner = { ...reading, field: `${reading.field}.${sub.name}` };
  if (!sub.multiValued) {
    return coerceSingle(raw, sub, inner);
  }
  const list = coerceList(raw, sub, inner);
  return list.length === 0 ? undefined : list;
}

/** An `invalid_value` error: "<field> <what is wrong>." */
export function invalid(reading: Reading, problem: string): GatehouseError {
  return new GatehouseError('invalid_value', `${reading.field} ${problem}.`, { field: reading.field });
}

function coerceComplex(raw: unknown, attribute: Attribute, reading: Reading): ScimObject | undefined {
  const entries = coerceEntries(raw, attribute, reading);
  const isBlank = entries.some(([sub, value]) => sub.name === 'value' && value === undefined);
  if (isBlank && attribute.multiValued) {
    return undefined;
  }
  const object = newScimObject();
  for (const [sub, value] of entries) {
    assignValue(object, sub.name, value);
  }
  requireSubAttributes(object, attribute, reading);
  return isEmpty(object) ? undefined : object;
}

/** Throws `invalid_value` when a value with content lacks a required sub-attribute. */
export function requireSubAttributes(object: ScimObject, attribute: Attribute, reading: Reading): void {
  const missing = attribute.subAttributes.find(
    (sub) => sub.required && sub.mutability !== 'readOnly' && !Object.hasOwn(object, sub.name),
  );
  if (missing !== undefined && !isEmpty(object)) {
    throw invalid(reading, `needs ${missing.name}`);
  }
}

function subAttribute(key: string, attribute: Attribute, reading: Reading): Attribute | undefined {
  const sub = findSubAttribute(attribute, key);
  if (sub === undefined) {
    noteUnknown(reading.findings, `${reading.field}.${key}`);
    return undefined;
  }
  if (sub.name !== key) {
    reading.findings.tolerances.add('attribute_case');
  }
  return sub.mutability === 'readOnly' ? undefined : sub;
}

/** OneLogin's default template writes the manager as SCIM 1.1 did: `{managerId, displayName}`. */
function withManagerValue(raw: JsonObject, attribute: Attribute, findings: Findings): JsonObject {
  const key = Object.keys(raw).find((name) => name.toLowerCase() === 'managerid');
  const hasValue = Object.keys(raw).some((name) => name.toLowerCase() === 'value');
  if (attribute.name !== 'manager' || key === undefined || hasValue) {
    return raw;
  }
  findings.tolerances.add('manager_id');
  const { [key]: value, ...rest } = raw;
  return { ...rest, value };
}

function coerceSimple(raw: unknown, attribute: Attribute, reading: Reading): ScimValue {
  switch (attribute.type) {
    case 'boolean':
      return coerceBoolean(raw, reading);
    case 'integer':
      return coerceNumber(raw, Number.isSafeInteger(raw), reading);
    case 'decimal':
      return coerceNumber(raw, Number.isFinite(raw), reading);
    case 'dateTime':
      return coerceDateTime(raw, reading);
    case 'binary':
      return coerceBinary(raw, reading);
    default:
      return coerceText(raw, 'must be a string', reading);
  }
}

function coerceText(raw: unknown, problem: string, reading: Reading): string {
  if (typeof raw !== 'string') {
    throw invalid(reading, problem);
  }
  return raw;
}

function coerceNumber(raw: unknown, isFit: boolean, reading: Reading): number {
  if (typeof raw !== 'number' || !isFit) {
    throw invalid(reading, 'must be a number of its type');
  }
  return raw;
}

function coerceDateTime(raw: unknown, reading: Reading): string {
  const problem = 'must be a date and time such as 2026-11-20T10:00:00Z';
  const text = coerceText(raw, problem, reading);
  if (instantOf(text) === undefined) {
    throw invalid(reading, problem);
  }
  return text;
}

function coerceBinary(raw: unknown, reading: Reading): string {
  const text = coerceText(raw, 'must be base64', reading);
  if (!BASE64.test(text)) {
    throw invalid(reading, 'must be base64');
  }
  return text;
}

function coerceBoolean(raw: unknown, reading: Reading): boolean {
  if (typeof raw === 'boolean') {
    return raw;
  }
  const text = typeof raw === 'string' ? raw.toLowerCase() : '';
  if (text !== 'true' && text !== 'false') {
    throw invalid(reading, 'must be true or false');
  }
  reading.findings.tolerances.add('boolean_text');
  return text === 'true';
}
