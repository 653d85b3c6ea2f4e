/** Writes operations and body keys into a draft of a resource: what may be written, what is ignored, what is kept apart. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { changeAttribute } from './change.ts';
import type { Change } from './change-single.ts';
import { coerceSingle } from './coerce.ts';
import { isJsonObject } from './input-guard.ts';
import { isMembersPath, type MemberChange, memberChange } from './member-changes.ts';
import { type AttributePath, type PatchPath, parseKey, parsePath } from './path.ts';
import { copyObject } from './resource-values.ts';
import { isScimObject, ownValue, type ResourceType, type Schema, type ScimObject } from './schema.ts';
import { type Findings, newFindings, noteUnknown, type Tolerance } from './tolerances.ts';

/** A resource being changed. It is a copy: whoever drops it has changed nothing. */
export interface Draft {
  readonly type: ResourceType;
  readonly resource: ScimObject;
  readonly findings: Findings;
  readonly memberChanges: MemberChange[];
  /** The last password given; it is never written into the resource. */
  password: string | undefined;
  /** Steps through lists that this request may still cause. */
  work: number;
}

// 1000 operations with long filters over long lists would hold up every other request for seconds.
const MAX_WORK = 100_000;
const FILTER_CHARACTERS_PER_STEP = 64;

/** A draft of a deep copy of `resource`. */
export function newDraft(resource: ScimObject, type: ResourceType): Draft {
  return {
    type,
    resource: copyObject(resource),
    findings: newFindings(),
    memberChanges: [],
    password: undefined,
    work: MAX_WORK,
  };
}

/**
 * Applies a change at a path. A path no schema knows is ignored and noted.
 * Throws `mutability` for a read-only target, `invalid_path`, `invalid_filter`, `invalid_value`, `no_target`, and
 * `too_many` when all changes of the draft together walk through lists too often.
 */
export function applyAtPath(draft: Draft, text: string, change: Change): void {
  const path = parsePath(text, draft.type);
  if (path.kind === 'attribute' && isReadOnly(path)) {
    // `schemas` is derived from the content; clients that add a URN to it mean no harm.
    if (path.attribute.name !== 'schemas') {
      throw new GatehouseError('mutability', `${path.text} cannot be written.`, { field: path.text });
    }
    return;
  }
  applyAt(draft, path, change);
}

/**
 * Applies every key of an object as a path of its own (RFC 7644 §3.5.2.1: `add` and `replace` without a path).
 * Read-only attributes are ignored, unknown ones ignored and noted. Throws `invalid_value` when it is no object.
 */
export function applyKeys(draft: Draft, value: unknown, op: 'add' | 'replace'): void {
  if (!isJsonObject(value)) {
    throw new GatehouseError('invalid_value', 'Without a path, the value must be an object.', {
      field: 'value',
    });
  }
  for (const key of Object.keys(value)) {
    const path = parseKey(key, draft.type);
    if (path.kind !== 'attribute' || !isReadOnly(path)) {
      applyAt(draft, path, { op, value: value[key] });
    }
  }
}

function applyAt(draft: Draft, path: PatchPath, change: Change): void {
  note(draft.findings, path.tolerances);
  switch (path.kind) {
    case 'unknown':
      noteUnknown(draft.findings, path.text);
      break;
    case 'schema':
      applyToSchema(draft, path, change);
      break;
    case 'attribute':
      applyToAttribute(draft, path, change);
      break;
  }
}

function applyToAttribute(draft: Draft, path: AttributePath, change: Change): void {
  const { findings, resource, type } = draft;
  if (isMembersPath(path, type)) {
    const members = memberChange(path, change, findings);
    if (members !== undefined) draft.memberChanges.push(members);
  } else if (isPassword(path)) {
    draft.password = readPassword(path, change, findings);
  } else {
    spendWork(draft, path);
    changeAttribute(resource, path, { change, findings });
  }
}

function spendWork(draft: Draft, path: AttributePath): void {
  const holder = path.extension === undefined ? draft.resource : ownValue(draft.resource, path.extension.id);
  const list = isScimObject(holder) ? ownValue(holder, path.attribute.name) : undefined;
  const filterSteps = path.filter === undefined ? 0 : path.text.length / FILTER_CHARACTERS_PER_STEP;
  draft.work -= Array.isArray(list) ? list.length * (1 + filterSteps) : 0;
  if (draft.work < 0) {
    throw new GatehouseError('too_many', 'The operations together are too much work; send fewer at a time.');
  }
}

/** A URN alone: the attributes of that schema, merged as a complex value would be; removing it removes an extension. */
function applyToSchema(draft: Draft, path: PatchPath & { kind: 'schema' }, change: Change): void {
  if (change.op !== 'remove' && change.value !== null) {
    applySchemaKeys(draft, path.schema, { op: change.op, value: change.value });
  } else if (path.isExtension) {
    removeExtension(draft.resource, path.schema);
  } else {
    throw new GatehouseError('no_target', 'A resource cannot lose its core schema.', { field: path.text });
  }
}

interface KeysChange {
  readonly op: 'add' | 'replace';
  readonly value: unknown;
}

function applySchemaKeys(draft: Draft, schema: Schema, { op, value }: KeysChange): void {
  if (!isJsonObject(value)) {
    throw new GatehouseError('invalid_value', `${schema.id} must be an object.`, { field: schema.id });
  }
  for (const key of Object.keys(value)) {
    const path = parseKey(key, draft.type, schema);
    if (path.kind !== 'attribute' || !isReadOnly(path)) {
      applyAt(draft, path, { op, value: value[key] });
    }
  }
}

function removeExtension(resource: ScimObject, schema: Schema): void {
  const extension = ownValue(resource, schema.id);
  const kept = schema.attributes.filter(({ mutability }) => mutability === 'readOnly');
  if (!isScimObject(extension) || !kept.some(({ name }) => Object.hasOwn(extension, name))) {
    delete resource[schema.id];
    return;
  }
  for (const attribute of schema.attributes.filter(({ mutability }) => mutability !== 'readOnly')) {
    delete extension[attribute.name];
  }
}

function readPassword(path: AttributePath, change: Change, findings: Findings): string | undefined {
  const value = change.op === 'remove' ? undefined : coerceSingle(change.value, path.attribute, findings);
  return typeof value === 'string' ? value : undefined;
}

function isPassword({ attribute, extension }: AttributePath): boolean {
  return extension === undefined && attribute.name === 'password';
}

function isReadOnly({ attribute, sub }: AttributePath): boolean {
  return attribute.mutability === 'readOnly' || sub?.mutability === 'readOnly';
}

function note(findings: Findings, tolerances: readonly Tolerance[]): void {
  for (const tolerance of tolerances) {
    findings.tolerances.add(tolerance);
  }
}
