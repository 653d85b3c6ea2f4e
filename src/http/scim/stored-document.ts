/** The document of a stored record, back in the form the SCIM engines work on. */
import type { DirectoryAttributes } from '../../core/entities/directory.ts';
import { newScimObject, type ScimObject, type ScimValue } from '../../protocols/scim/schema.ts';

/** A fresh object without a prototype; whatever JSON storage keeps that no resource may hold (null) is left out. */
export function storedDocument(attributes: DirectoryAttributes): ScimObject {
  const document = newScimObject();
  for (const [name, value] of Object.entries(attributes)) {
    const known = toScimValue(value);
    if (known !== undefined) document[name] = known;
  }
  return document;
}

function toScimValue(value: unknown): ScimValue | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.flatMap((element: unknown) => toScimValue(element) ?? []);
  if (typeof value !== 'object' || value === null) return undefined;
  return storedDocument({ ...value });
}
