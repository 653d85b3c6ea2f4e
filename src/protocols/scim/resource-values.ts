/** Copying and comparing the values of a resource, without regard to key order and without touching a prototype. Pure. */
import { isScimObject, newScimObject, ownValue, type ScimObject, type ScimValue } from './schema.ts';

/** A deep copy made of prototype-free objects; the original is never shared. */
export function copyObject(object: ScimObject): ScimObject {
  const copy = newScimObject();
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value !== undefined) {
      copy[name] = copyValue(value);
    }
  }
  return copy;
}

/** True when both are the same value: key order does not count, the order of a list does. Both absent is the same. */
export function sameValue(left: ScimValue | undefined, right: ScimValue | undefined): boolean {
  if (left === right) {
    return true;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => sameValue(value, right[index]));
  }
  if (isScimObject(left) && isScimObject(right)) {
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => sameValue(ownValue(left, name), ownValue(right, name)))
    );
  }
  return false;
}

/** A text that is equal for equal values and only for those: lets a Map find a value. */
export function valueKey(value: ScimValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(valueKey).join(',')}]`;
  }
  if (isScimObject(value)) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${valueKey(ownValue(value, name) ?? '')}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Sets the value, or removes the name when the value is absent or empty: null, [] and absent are one state. */
export function assignValue(object: ScimObject, name: string, value: ScimValue | undefined): void {
  if (value === undefined || isEmpty(value)) {
    delete object[name];
  } else {
    object[name] = value;
  }
}

/** True for a list or object that holds nothing. */
export function isEmpty(value: ScimValue): boolean {
  if (Array.isArray(value)) {
    return value.length === 0;
  }
  if (isScimObject(value)) {
    for (const _ in value) return false;
    return true;
  }
  return false;
}

/** A deep copy, as `copyObject`. */
export function copyValue(value: ScimValue): ScimValue {
  if (Array.isArray(value)) {
    return value.map(copyValue);
  }
  return isScimObject(value) ? copyObject(value) : value;
}
