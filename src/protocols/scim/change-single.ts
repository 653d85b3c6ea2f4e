/** One step of a PATCH against a single-valued attribute or a sub-attribute. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { coerceInto, coerceSingle, coerceSub, requireSubAttributes } from './coerce.ts';
import { mergeValues } from './elements.ts';
import type { AttributePath } from './path.ts';
import { assignValue, sameValue } from './resource-values.ts';
import { type Attribute, isScimObject, newScimObject, ownValue, type ScimObject } from './schema.ts';
import type { Findings } from './tolerances.ts';

/** What to do with an attribute. `value` is undefined only for `remove`, where it means everything. */
export interface Change {
  readonly op: 'add' | 'replace' | 'remove';
  readonly value: unknown;
}

/** A change, and where to note what was tolerated in it. */
export interface Step {
  readonly change: Change;
  readonly findings: Findings;
}

/**
 * Applies a change to a single-valued attribute of `holder` (a resource or an extension), in place. A complex value is
 * merged, sub-attribute by sub-attribute (RFC 7644 §3.5.2.3). Throws `invalid_value` for a wrong type.
 */
export function changeSingle(holder: ScimObject, path: AttributePath, step: Step): void {
  const { attribute, sub } = path;
  if (step.change.op === 'remove' && sub === undefined) {
    delete holder[attribute.name];
  } else if (attribute.type === 'complex') {
    changeComplex(holder, path, step);
  } else {
    assignValue(holder, attribute.name, coerceSingle(step.change.value, attribute, step.findings));
  }
}

/** Applies a change to one sub-attribute of a complex value, in place. Throws `invalid_value`, `mutability`. */
export function changeSub(value: ScimObject, sub: Attribute, { change, findings }: Step): void {
  const next = change.op === 'remove' ? undefined : coerceSub(change.value, sub, findings);
  const stored = ownValue(value, sub.name);
  if (sub.mutability === 'immutable' && stored !== undefined && !sameValue(stored, next)) {
    throw new GatehouseError('mutability', `${sub.field} cannot be changed once set.`, {
      field: sub.field,
    });
  }
  const isAppended = change.op === 'add' && Array.isArray(next) && Array.isArray(stored);
  assignValue(value, sub.name, isAppended ? mergeValues(stored, next, sub) : next);
}

function changeComplex(holder: ScimObject, { attribute, sub }: AttributePath, step: Step): void {
  const stored = ownValue(holder, attribute.name);
  const before = isScimObject(stored) ? stored : undefined;
  const after = Object.assign(newScimObject(), before);
  if (sub === undefined) {
    coerceInto(after, { raw: step.change.value, attribute }, step.findings);
  } else {
    changeSub(after, sub, step);
  }
  if (before !== undefined) {
    dropStaleReference(before, after);
  }
  requireSubAttributes(after, attribute);
  assignValue(holder, attribute.name, after);
}

/** A new manager must not keep the address of the former one when the client gives none. */
function dropStaleReference(before: ScimObject, after: ScimObject): void {
  const isOther = ownValue(before, 'value') !== ownValue(after, 'value');
  if (isOther && ownValue(after, '$ref') === ownValue(before, '$ref')) {
    delete after.$ref;
  }
}
