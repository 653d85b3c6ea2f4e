/** SCIM PATCH (RFC 7644 §3.5.2): from a body to operations, and from operations to a changed copy of a resource. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { applyAtPath, applyKeys, type Draft, newDraft } from './apply.ts';
import { guardBody, guardSegments, isJsonObject, type JsonObject, requireJsonObject } from './input-guard.ts';
import type { MemberChange } from './member-changes.ts';
import { keepActive, requireAttributes, requireImmutables } from './resource-rules.ts';
import { sameValue } from './resource-values.ts';
import { ownValue, type ResourceType, type ScimObject } from './schema.ts';
import type { Tolerance } from './tolerances.ts';

/** One operation of a PATCH body whose form is right; whether it fits the resource, `applyPatch` tells. */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  /** Undefined when absent: the value then names its own targets. */
  readonly path: string | undefined;
  /** Undefined when absent, which differs from null. */
  readonly value: unknown;
  /** What was tolerated in the form of the operation. */
  readonly tolerances: readonly Tolerance[];
}

/** What a PATCH comes to. Group members are never part of a resource, so their changes stand beside it, in order. */
export interface PatchResult {
  /** A new object; the one passed in is untouched. */
  readonly resource: ScimObject;
  /** False when the resource is the same as before; says nothing about members and password. */
  readonly changed: boolean;
  readonly memberChanges: readonly MemberChange[];
  /** The password last set, undefined when none was; never part of the resource. */
  readonly password: string | undefined;
  readonly tolerances: readonly Tolerance[];
  /** Ignored attributes as the client spelled them, at most 50. */
  readonly unknownAttributes: readonly string[];
}

const PATCH_URN = 'urn:ietf:params:scim:api:messages:2.0:patchop';
const MAX_OPERATIONS = 1000;

/**
 * Reads a PATCH body: `Operations` with 1 to 1000 entries of add, replace or remove, names in any letter case.
 * Throws `invalid_syntax` (no such body), `too_many` operations, `no_target` (`remove` without a path), `invalid_value`
 * (no value to add, bounds), `invalid_path` (a name of a prototype).
 */
export function parsePatch(body: unknown): PatchOperation[] {
  const envelope = requireJsonObject(body);
  guardBody(envelope);
  const operations = property(envelope, 'Operations');
  if (!Array.isArray(operations.value) || operations.value.length === 0) {
    throw syntax('A PATCH body needs "Operations", a list with at least one entry.', 'Operations');
  }
  if (operations.value.length > MAX_OPERATIONS) {
    throw new GatehouseError('too_many', `A PATCH holds at most ${MAX_OPERATIONS} operations.`, {
      field: 'Operations',
    });
  }
  const tolerances = [...operations.tolerances, ...schemasTolerances(envelope)];
  const entries: readonly unknown[] = operations.value;
  return entries.map((entry, index) => parseOperation(entry, index, index === 0 ? tolerances : []));
}

/**
 * Applies operations in order to a copy of the resource; any failure leaves nothing changed (RFC 7644 §3.5.2).
 * Attributes no schema knows are ignored and reported. Throws, naming the operation, `invalid_path`, `invalid_filter`,
 * `invalid_value`, `no_target`, `mutability`, `too_many` (operations that walk through long lists too often).
 */
export function applyPatch(
  resource: ScimObject,
  operations: readonly PatchOperation[],
  type: ResourceType,
): PatchResult {
  const draft = newDraft(resource, type);
  for (const [index, operation] of operations.entries()) {
    applyOne(draft, operation, index);
  }
  const { findings, memberChanges, password, resource: after } = draft;
  requireAttributes(after, type, resource);
  requireImmutables(resource, after, type);
  return {
    resource: after,
    changed: !sameValue(resource, after),
    memberChanges,
    password,
    tolerances: [...findings.tolerances],
    unknownAttributes: [...findings.unknownAttributes],
  };
}

function applyOne(draft: Draft, operation: PatchOperation, index: number): void {
  for (const tolerance of operation.tolerances) {
    draft.findings.tolerances.add(tolerance);
  }
  const active = ownValue(draft.resource, 'active');
  try {
    applyOperation(draft, operation);
  } catch (error) {
    throw located(error, index);
  }
  // After each operation, not at the end: "deactivate, then remove active" must not bring the first value back.
  keepActive(active, draft.resource, draft.findings);
}

function applyOperation(draft: Draft, { op, path, value }: PatchOperation): void {
  if (path !== undefined) {
    applyAtPath(draft, path, { op, value });
  } else if (op === 'remove') {
    throw new GatehouseError('no_target', 'A "remove" needs a path.', { field: 'path' });
  } else {
    applyKeys(draft, value, op);
  }
}

/** An admin reading the provisioning log must see which of many operations was refused. */
function located(error: unknown, index: number): unknown {
  if (!(error instanceof GatehouseError)) {
    return error;
  }
  const field = error.field === undefined ? `Operations[${index}]` : `Operations[${index}].${error.field}`;
  return new GatehouseError(error.code, `Operation ${index + 1}: ${error.detail}`, {
    field,
    cause: error,
    context: error.context,
  });
}

function parseOperation(entry: unknown, index: number, inherited: readonly Tolerance[]): PatchOperation {
  const field = `Operations[${index}]`;
  if (!isJsonObject(entry)) {
    throw syntax('An operation must be an object.', field);
  }
  const op = property(entry, 'op');
  const path = property(entry, 'path');
  const value = property(entry, 'value');
  const name = parseOp(op.value, field);
  const tolerances = new Set([...inherited, ...op.tolerances, ...path.tolerances, ...value.tolerances]);
  if (name !== op.value) {
    tolerances.add('op_case');
  }
  const text = parsePathText(path.value, field);
  if (text === '') {
    tolerances.add('empty_path');
  }
  const operation = { op: name, path: text === '' ? undefined : text, value: value.value };
  requireOperands(operation, field);
  return { ...operation, tolerances: [...tolerances] };
}

function parseOp(op: unknown, field: string): PatchOperation['op'] {
  const name = typeof op === 'string' ? op.toLowerCase() : undefined;
  if (name === 'add' || name === 'replace' || name === 'remove') {
    return name;
  }
  throw syntax('"op" must be add, replace or remove.', `${field}.op`);
}

function parsePathText(path: unknown, field: string): string | undefined {
  if (path === undefined || path === null) {
    return undefined;
  }
  if (typeof path !== 'string') {
    throw new GatehouseError('invalid_path', 'A path must be text.', { field: `${field}.path` });
  }
  guardSegments(path, `${field}.path`);
  return path.trim();
}

function requireOperands({ op, path, value }: Omit<PatchOperation, 'tolerances'>, field: string): void {
  if (op === 'remove' && path === undefined) {
    throw new GatehouseError('no_target', 'A "remove" needs a path.', { field: `${field}.path` });
  }
  if (op !== 'remove' && value === undefined) {
    throw new GatehouseError('invalid_value', `A value is missing for "${op}".`, { field: `${field}.value` });
  }
}

interface Property {
  readonly value: unknown;
  readonly tolerances: readonly Tolerance[];
}

/** A member of the envelope in any letter case; the exact spelling wins. */
function property(object: JsonObject, name: string): Property {
  if (Object.hasOwn(object, name)) {
    return { value: object[name], tolerances: [] };
  }
  const wanted = name.toLowerCase();
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined
    ? { value: undefined, tolerances: [] }
    : { value: object[key], tolerances: ['attribute_case'] };
}

function schemasTolerances(envelope: JsonObject): readonly Tolerance[] {
  const { value, tolerances } = property(envelope, 'schemas');
  if (value === undefined || value === null) {
    return [...tolerances, 'schemas_missing'];
  }
  const urns: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = urns.map((urn) => (typeof urn === 'string' ? urn.toLowerCase() : undefined));
  if (!Array.isArray(value) || names.includes(undefined)) {
    throw syntax('"schemas" must be a list of texts.', 'schemas');
  }
  return names.includes(PATCH_URN) ? tolerances : [...tolerances, 'schemas_missing'];
}

function syntax(detail: string, field: string): GatehouseError {
  return new GatehouseError('invalid_syntax', detail, { field });
}
