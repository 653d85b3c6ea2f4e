/** What must hold for a resource after a change, whichever way it came: required, immutable, never re-activated by omission. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { assignValue, sameValue } from './resource-values.ts';
import {
  type Attribute,
  isScimObject,
  newScimObject,
  ownValue,
  type ResourceType,
  type Schema,
  type ScimObject,
  type ScimValue,
  tableOf,
} from './schema.ts';
import type { Findings } from './tolerances.ts';

/**
 * Throws `invalid_value`, naming the first required attribute that is missing (RFC 7643 §2.2). With `before`, what was
 * missing there already is passed over: a rule added later must not stand in the way of a deactivation.
 */
export function requireAttributes(resource: ScimObject, type: ResourceType, before?: ScimObject): void {
  const missing = missingAttributes(resource, type);
  if (missing.length === 0) {
    return;
  }
  const known = new Set(before === undefined ? [] : missingAttributes(before, type));
  const field = missing.find((name) => !known.has(name));
  if (field !== undefined) {
    throw new GatehouseError('invalid_value', `${field} is required.`, { field });
  }
}

/** Throws `mutability` when an immutable attribute that had a value has another one, or none, now (RFC 7643 §2.2). */
export function requireImmutables(before: ScimObject, after: ScimObject, type: ResourceType): void {
  for (const { schema, old, next } of holders(before, after, type)) {
    if (!tableOf(schema.attributes).hasImmutable) continue;
    const changed = schema.attributes.find((attribute) => isBroken(attribute, old, next));
    if (changed !== undefined) {
      throw new GatehouseError('mutability', `${changed.name} cannot be changed once set.`, {
        field: changed.name,
      });
    }
  }
}

/** Puts `active` back where a change has dropped it: a suspended person is not re-activated by an omission. */
export function keepActive(active: ScimValue | undefined, resource: ScimObject, findings: Findings): void {
  if (typeof active === 'boolean' && !Object.hasOwn(resource, 'active')) {
    resource.active = active;
    findings.tolerances.add('active_kept');
  }
}

/**
 * Carries into a replacement what a client may leave out without losing it: read-only and immutable attributes of the
 * stored resource (RFC 7644 §3.5.1).
 */
export function keepUnwritable(before: ScimObject, after: ScimObject, type: ResourceType): void {
  for (const { schema, old, next } of holders(before, after, type)) {
    const kept = schema.attributes.filter(
      ({ mutability, name }) =>
        (mutability === 'readOnly' || mutability === 'immutable') && !(next && Object.hasOwn(next, name)),
    );
    const target = next ?? newScimObject();
    for (const { name } of kept) {
      assignValue(target, name, old && ownValue(old, name));
    }
    if (next === undefined) {
      assignValue(after, schema.id, target);
    }
  }
}

interface Holder {
  readonly schema: Schema;
  readonly old: ScimObject | undefined;
  readonly next: ScimObject | undefined;
}

/** The core and every extension, each with what it held and holds. */
function holders(before: ScimObject, after: ScimObject, type: ResourceType): readonly Holder[] {
  const extensions = type.extensions.map(({ schema }) => ({
    schema,
    old: extensionIn(before, schema),
    next: extensionIn(after, schema),
  }));
  return [{ schema: type.schema, old: before, next: after }, ...extensions];
}

function extensionIn(resource: ScimObject, schema: Schema): ScimObject | undefined {
  const value = ownValue(resource, schema.id);
  return isScimObject(value) ? value : undefined;
}

function isBroken(attribute: Attribute, old: ScimObject | undefined, next: ScimObject | undefined): boolean {
  const before = old && ownValue(old, attribute.name);
  const after = next && ownValue(next, attribute.name);
  if (before === undefined) {
    return false;
  }
  if (attribute.mutability === 'immutable') {
    return !sameValue(before, after);
  }
  // Elements of a list have no identity that outlives a replacement; only a single complex value can be compared.
  const subs = isScimObject(before) ? attribute.subAttributes : [];
  return subs.some((sub) => isBroken(sub, isScimObject(before) ? before : undefined, asObject(after)));
}

function asObject(value: ReturnType<typeof ownValue>): ScimObject | undefined {
  return isScimObject(value) ? value : undefined;
}

function missingAttributes(resource: ScimObject, type: ResourceType): readonly string[] {
  const missing: string[] = [];
  noteMissing(missing, { holder: resource, schema: type.schema, prefix: '' });
  for (const { schema, required } of type.extensions) {
    const extension = extensionIn(resource, schema);
    if (extension !== undefined) {
      noteMissing(missing, { holder: extension, schema, prefix: `${schema.id}:` });
    } else if (required) {
      missing.push(schema.id);
    }
  }
  return missing;
}

interface Place {
  readonly holder: ScimObject;
  readonly schema: Schema;
  readonly prefix: string;
}

function noteMissing(missing: string[], { holder, schema, prefix }: Place): void {
  for (const { name, mutability } of tableOf(schema.attributes).needed) {
    if (mutability !== 'writeOnly' && !Object.hasOwn(holder, name)) missing.push(`${prefix}${name}`);
  }
}
