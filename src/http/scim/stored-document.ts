/** The document of a stored record, back in the form the SCIM engines work on. */
import type { DirectoryAttributes } from '../../core/entities/directory.ts';
import { isJsonObject } from '../../protocols/scim/input-guard.ts';
import { newScimObject, type ScimObject, type ScimValue } from '../../protocols/scim/schema.ts';

/** A fresh object without a prototype; whatever JSON storage keeps that no resource may hold (null) is left out. */
export function storedDocument(attributes: DirectoryAttributes): ScimObject {
  const document = newScimObject();
  for (const name of Object.keys(attributes)) {
    const value = toScimValue(attributes[name]);
    if (value !== undefined) document[name] = value;
  }
  return document;
}

function toScimValue(value: unknown): ScimValue | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return toList(value);
  return isJsonObject(value) ? storedDocument(value) : undefined;
}

function toList(stored: readonly unknown[]): ScimValue[] {
  const list: ScimValue[] = [];
  for (const element of stored) {
    const value = toScimValue(element);
    if (value !== undefined) list.push(value);
  }
  return list;
}
