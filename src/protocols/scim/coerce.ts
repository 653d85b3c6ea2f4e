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
  tableOf,
} from './schema.ts';
import { type Findings, noteUnknown } from './tolerances.ts';

/** Most values one multi-valued attribute may hold; group members are no part of a resource and not bounded by it. */
export const MAX_VALUES = 1000;

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * Reads one value of an attribute; for a multi-valued attribute, one element. Undefined when the value unassigns: null,
 * "" or an object without content. Throws `invalid_value` for another type (RFC 7643 §2.3).
 */
export function coerceSingle(raw: unknown, attribute: Attribute, findings: Findings): ScimValue | undefined {
  if (raw === null) {
    findings.tolerances.add('null_value');
    return undefined;
  }
  if (attribute.type === 'complex') {
    return coerceComplex(raw, attribute, findings);
  }
  // An empty text must not decide about a boolean: `active` is never true or false by accident.
  if (raw === '' && !['boolean', 'integer', 'decimal'].includes(attribute.type)) {
    findings.tolerances.add('empty_text');
    return undefined;
  }
  return coerceSimple(raw, attribute, findings);
}

/** Reads all values of a multi-valued attribute; one value alone counts as a list of one. Same errors as above. */
export function coerceList(raw: unknown, attribute: Attribute, findings: Findings): ScimValue[] {
  if (!Array.isArray(raw) && raw !== null) {
    findings.tolerances.add('single_for_multi');
  }
  const elements: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  if (elements.length > MAX_VALUES) {
    throw invalid(attribute, `holds at most ${MAX_VALUES} values`);
  }
  const values: ScimValue[] = [];
  for (const element of elements) {
    const value = coerceSingle(element, attribute, findings);
    if (value !== undefined) values.push(value);
  }
  return values;
}

/**
 * Reads the sub-attributes of one complex value into `object`, where those that the value unassigns are removed: read-only
 * ones are left out, unknown ones noted. A bare text stands for the `value` sub-attribute of a single-valued attribute
 * (Entra's manager). True when the value unassigns its own `value`. Throws `invalid_value`.
 */
export function coerceInto(
  object: ScimObject,
  { raw, attribute }: { readonly raw: unknown; readonly attribute: Attribute },
  findings: Findings,
): boolean {
  if (typeof raw === 'string' && !attribute.multiValued) {
    const part = findSubAttribute(attribute, 'value');
    if (part !== undefined) {
      findings.tolerances.add('manager_text');
      assignValue(object, part.name, coerceSingle(raw, { ...part, field: attribute.field }, findings));
      return false;
    }
  }
  if (!isJsonObject(raw)) {
    throw invalid(attribute, 'must be an object');
  }
  const parts = withManagerValue(raw, attribute, findings);
  let isBlank = false;
  for (const key of Object.keys(parts)) {
    const part = subAttribute(key, attribute, findings);
    if (part !== undefined) {
      const value = coerceSub(parts[key], part, findings);
      assignValue(object, part.name, value);
      isBlank ||= value === undefined && part.name === 'value';
    }
  }
  return isBlank;
}

/** Reads a sub-attribute, one value or many as its schema says. */
export function coerceSub(raw: unknown, sub: Attribute, findings: Findings): ScimValue | undefined {
  if (!sub.multiValued) {
    return coerceSingle(raw, sub, findings);
  }
  const list = coerceList(raw, sub, findings);
  return list.length === 0 ? undefined : list;
}

/** An `invalid_value` error: "<field> <what is wrong>." */
export function invalid({ field }: Pick<Attribute, 'field'>, problem: string): GatehouseError {
  return new GatehouseError('invalid_value', `${field} ${problem}.`, { field });
}

function coerceComplex(raw: unknown, attribute: Attribute, findings: Findings): ScimObject | undefined {
  const object = newScimObject();
  const isBlank = coerceInto(object, { raw, attribute }, findings);
  if (isBlank && attribute.multiValued) {
    return undefined;
  }
  requireSubAttributes(object, attribute);
  return isEmpty(object) ? undefined : object;
}

/** Throws `invalid_value` when a value with content lacks a required sub-attribute. */
export function requireSubAttributes(object: ScimObject, attribute: Attribute): void {
  for (const { name } of tableOf(attribute.subAttributes).needed) {
    if (!Object.hasOwn(object, name) && !isEmpty(object)) {
      throw invalid(attribute, `needs ${name}`);
    }
  }
}

function subAttribute(key: string, attribute: Attribute, findings: Findings): Attribute | undefined {
  const sub = findSubAttribute(attribute, key);
  if (sub === undefined) {
    noteUnknown(findings, `${attribute.field}.${key}`);
    return undefined;
  }
  if (sub.name !== key) {
    findings.tolerances.add('attribute_case');
  }
  return sub.mutability === 'readOnly' ? undefined : sub;
}

/** OneLogin's default template writes the manager as SCIM 1.1 did: `{managerId, displayName}`. */
function withManagerValue(raw: JsonObject, attribute: Attribute, findings: Findings): JsonObject {
  if (attribute.name !== 'manager') {
    return raw;
  }
  const key = Object.keys(raw).find((name) => name.toLowerCase() === 'managerid');
  const hasValue = Object.keys(raw).some((name) => name.toLowerCase() === 'value');
  if (key === undefined || hasValue) {
    return raw;
  }
  findings.tolerances.add('manager_id');
  const { [key]: value, ...rest } = raw;
  return { ...rest, value };
}

function coerceSimple(raw: unknown, attribute: Attribute, findings: Findings): ScimValue {
  switch (attribute.type) {
    case 'boolean':
      return coerceBoolean(raw, attribute, findings);
    case 'integer':
      return coerceNumber(raw, Number.isSafeInteger(raw), attribute);
    case 'decimal':
      return coerceNumber(raw, Number.isFinite(raw), attribute);
    case 'dateTime':
      return coerceDateTime(raw, attribute);
    case 'binary':
      return coerceBinary(raw, attribute);
    default:
      return coerceText(raw, 'must be a string', attribute);
  }
}

function coerceText(raw: unknown, problem: string, attribute: Attribute): string {
  if (typeof raw !== 'string') {
    throw invalid(attribute, problem);
  }
  return raw;
}

function coerceNumber(raw: unknown, isFit: boolean, attribute: Attribute): number {
  if (typeof raw !== 'number' || !isFit) {
    throw invalid(attribute, 'must be a number of its type');
  }
  return raw;
}

function coerceDateTime(raw: unknown, attribute: Attribute): string {
  const problem = 'must be a date and time such as 2026-11-20T10:00:00Z';
  const text = coerceText(raw, problem, attribute);
  if (instantOf(text) === undefined) {
    throw invalid(attribute, problem);
  }
  return text;
}

function coerceBinary(raw: unknown, attribute: Attribute): string {
  const text = coerceText(raw, 'must be base64', attribute);
  if (!BASE64.test(text)) {
    throw invalid(attribute, 'must be base64');
  }
  return text;
}

function coerceBoolean(raw: unknown, attribute: Attribute, findings: Findings): boolean {
  if (typeof raw === 'boolean') {
    return raw;
  }
  const text = typeof raw === 'string' ? raw.toLowerCase() : '';
  if (text !== 'true' && text !== 'false') {
    throw invalid(attribute, 'must be true or false');
  }
  findings.tolerances.add('boolean_text');
  return text === 'true';
}
