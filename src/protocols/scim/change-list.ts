/** One step of a PATCH against a multi-valued attribute: which elements are meant, and what becomes of them. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { changeSub, type Step } from './change-single.ts';
import { coerceList, coerceSingle, coerceSub, invalid, MAX_VALUES, requireSubAttributes } from './coerce.ts';
import {
  elementFromFilter,
  keepOnePrimary,
  mergeValues,
  pinToFilter,
  primariesOf,
  withoutDuplicates,
  withoutListed,
} from './elements.ts';
import { type Filter, matchesElement } from './filter.ts';
import type { AttributePath } from './path.ts';
import { assignValue, copyObject, isEmpty } from './resource-values.ts';
import {
  type Attribute,
  isScimObject,
  newScimObject,
  ownValue,
  type ScimObject,
  type ScimValue,
} from './schema.ts';

/** The attribute, and the filter and sub-attribute of the path that led to it. */
type Target = AttributePath & { readonly filter: Filter };

/**
 * Applies a change to a multi-valued attribute of `holder` (a resource or an extension), in place: `add` appends
 * without duplicates, `replace` replaces the list or what the filter selects, `remove` drops (RFC 7644 §3.5.2). A filter
 * that selects nothing is fine for `remove`; otherwise the element is built from it, else `no_target`.
 * Throws `invalid_value` for a wrong type and beyond 1000 values.
 */
export function changeList(holder: ScimObject, path: AttributePath, step: Step): void {
  const { attribute, filter } = path;
  const stored = ownValue(holder, attribute.name);
  const existing = Array.isArray(stored) ? stored : [];
  const before = primariesOf(existing);
  const changed =
    filter === undefined
      ? changeAll(existing, path, step)
      : changeSelected(existing, { ...path, filter }, step);
  const values = changed.some(isEmpty) ? changed.filter((value) => !isEmpty(value)) : changed;
  keepOnePrimary(values, before, step.findings);
  requireFit(values, attribute);
  assignValue(holder, attribute.name, values);
}

function requireFit(values: readonly ScimValue[], attribute: Attribute): void {
  if (values.length > MAX_VALUES) {
    throw invalid(attribute, `holds at most ${MAX_VALUES} values`);
  }
  for (const value of values) {
    if (isScimObject(value)) requireSubAttributes(value, attribute);
  }
}

function changeAll(existing: ScimValue[], { attribute, sub }: AttributePath, step: Step): ScimValue[] {
  const { change, findings } = step;
  if (sub !== undefined) {
    return changeSubOfAll(existing, { attribute, sub }, step);
  }
  if (change.op === 'remove') {
    return change.value === undefined ? [] : removeListed(existing, attribute, step);
  }
  const values = coerceList(change.value, attribute, findings);
  return change.op === 'add'
    ? mergeValues(existing, values, attribute)
    : withoutDuplicates(values, attribute, findings);
}

/** Entra and others name what to remove beside the path; removing more than that would empty the list. */
function removeListed(existing: ScimValue[], attribute: Attribute, { change, findings }: Step): ScimValue[] {
  findings.tolerances.add('member_value_list');
  return withoutListed(existing, coerceList(change.value, attribute, findings), attribute);
}

interface SubTarget {
  readonly attribute: Attribute;
  readonly sub: Attribute;
}

/** `emails.type` without a filter means every element; with several, one `value` for all is never meant. */
function changeSubOfAll(existing: ScimValue[], { attribute, sub }: SubTarget, step: Step): ScimValue[] {
  const isRemoval = step.change.op === 'remove';
  if (!isRemoval && existing.length > 1 && (sub.name === 'value' || sub.name === 'primary')) {
    throw new GatehouseError('no_target', 'Several values exist; a filter must say which one is meant.', {
      field: attribute.field,
    });
  }
  const elements = existing.length === 0 && !isRemoval ? [newScimObject()] : existing;
  // Elements that have become the same value are one value (RFC 7643 §2.4).
  return mergeValues([], changeSubOf(elements, sub, step), attribute);
}

function changeSelected(existing: ScimValue[], path: Target, step: Step): ScimValue[] {
  const { filter, sub } = path;
  const selected = existing.filter((value) => matchesElement(filter, value));
  if (sub === undefined && step.change.op === 'remove') {
    return existing.filter((value) => !matchesElement(filter, value));
  }
  if (selected.length === 0) {
    return step.change.op === 'remove' ? existing : mergeValues(existing, build(path, step), path.attribute);
  }
  if (sub === undefined) {
    return mergeValues([], changeElements(existing, new Set(selected), { ...step, path }), path.attribute);
  }
  changeSubOf(selected, sub, step);
  return mergeValues([], existing, path.attribute);
}

/** The element a filter describes, with the change applied to it; none when the change has no content. */
function build({ filter, attribute, sub, text }: Target, { change, findings }: Step): ScimValue[] {
  const element = elementFromFilter(filter, attribute, text);
  findings.tolerances.add('create_on_replace');
  const value =
    sub === undefined
      ? coerceSingle(change.value, attribute, findings)
      : coerceSub(change.value, sub, findings);
  if (value === undefined) {
    return [];
  }
  if (sub !== undefined) {
    assignValue(element, sub.name, value);
  } else if (isScimObject(value)) {
    Object.assign(element, value);
  }
  return [element];
}

function changeSubOf(elements: ScimValue[], sub: Attribute, step: Step): ScimValue[] {
  for (const element of elements.filter(isScimObject)) {
    changeSub(element, sub, step);
  }
  return elements;
}

type ElementStep = Step & { readonly path: Target };

function changeElements(
  existing: ScimValue[],
  selected: ReadonlySet<ScimValue>,
  { change, findings, path }: ElementStep,
): ScimValue[] {
  const value = coerceSingle(change.value, path.attribute, findings);
  if (value === undefined) {
    return existing.filter((element) => !selected.has(element));
  }
  return existing.map((element) => {
    if (!selected.has(element)) {
      return element;
    }
    if (!isScimObject(element) || !isScimObject(value)) {
      return value;
    }
    return change.op === 'add' ? Object.assign(element, value) : pinToFilter(copyObject(value), path.filter);
  });
}
