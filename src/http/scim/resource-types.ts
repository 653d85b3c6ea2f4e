/** The resource types of one directory: the standard schemas and the extensions its admins have added. */
import type { UserField } from '../../core/directory/directory-query.ts';
import type { Directory } from '../../core/entities/directory.ts';
import {
  type DirectoryExtension,
  type UniqueValue,
  uniqueValue,
} from '../../core/entities/directory-extension.ts';
import { foldKey } from '../../kernel/text.ts';
import {
  type Attribute,
  enterpriseUserSchema,
  groupResourceType,
  isScimObject,
  newScimObject,
  ownValue,
  parseSchema,
  type ResourceType,
  type Schema,
  type ScimObject,
  userResourceType,
} from '../../protocols/scim/schema.ts';
import { type FieldTable, userFields } from './query.ts';

/** An attribute of an extension whose value only one person may hold. */
interface UniqueAttribute {
  readonly schema: Schema;
  readonly attribute: Attribute;
}

/** What one directory understands, and what its storage can look up. */
export interface DirectoryTypes {
  readonly userType: ResourceType;
  readonly groupType: ResourceType;
  readonly userFields: FieldTable<UserField>;
  readonly uniqueAttributes: readonly UniqueAttribute[];
}

/** Builds the types of a directory with these extensions. */
export function directoryTypes(extensions: readonly DirectoryExtension[]): DirectoryTypes {
  const schemas = extensions.map(schemaOf);
  const uniqueAttributes = schemas.flatMap((schema) =>
    schema.attributes
      .filter(({ uniqueness }) => uniqueness === 'server')
      .map((attribute) => ({ schema, attribute })),
  );
  const uniqueFields = uniqueAttributes.map((unique) => {
    const uniquePath = pathOf(unique);
    return [uniquePath, { field: 'uniqueValue', uniquePath }] as const;
  });
  return {
    userType: userResourceType([enterpriseUserSchema, ...schemas]),
    groupType: groupResourceType(),
    userFields: { ...userFields, ...Object.fromEntries(uniqueFields) },
    uniqueAttributes,
  };
}

const MOST_CACHED = 1000;

/**
 * Answers the types of directories, each built once for each version: a request must not read schemas anew. Forgetting or
 * having them is never seen from outside, and what it keeps is bounded.
 */
export function createTypeCache(): (directory: Directory) => DirectoryTypes {
  const plain = directoryTypes([]);
  const built = new Map<string, { readonly version: number; readonly types: DirectoryTypes }>();
  return ({ id, version, extensions }) => {
    if (extensions.length === 0) return plain;
    const known = built.get(id);
    if (known?.version === version) return known.types;
    const types = directoryTypes(extensions);
    built.delete(id);
    for (const oldest of built.keys()) {
      if (built.size < MOST_CACHED) break;
      built.delete(oldest);
    }
    built.set(id, { version, types });
    return types;
  };
}

/** The extension as a schema table. */
export function schemaOf({ urn, name, description, attributes }: DirectoryExtension): Schema {
  return parseSchema({ id: urn, name, description, attributes });
}

/** The values in a document that nobody else may hold; undefined when the directory has no such attribute. */
export function uniqueValuesIn(
  document: ScimObject,
  { uniqueAttributes }: Pick<DirectoryTypes, 'uniqueAttributes'>,
): readonly UniqueValue[] | undefined {
  if (uniqueAttributes.length === 0) return undefined;
  return uniqueAttributes.flatMap((unique) => {
    const extension = ownValue(document, unique.schema.id);
    const value = isScimObject(extension) ? ownValue(extension, unique.attribute.name) : undefined;
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    const text = String(value);
    return [uniqueValue(pathOf(unique), unique.attribute.caseExact ? text : foldKey(text))];
  });
}

/**
 * The document without what an extension that was removed, or has become smaller, left behind: such values are hidden, and
 * a document that is written again no longer holds them.
 */
export function knownPart(document: ScimObject, type: ResourceType): ScimObject {
  const known = newScimObject();
  for (const [name, value] of Object.entries(document)) {
    const schema = type.extensions.find((extension) => extension.schema.id === name)?.schema;
    if (schema !== undefined && isScimObject(value)) {
      const part = attributesOf(schema, value);
      if (Object.keys(part).length > 0) known[name] = part;
    } else if (!URN.test(name)) {
      known[name] = value;
    }
  }
  return known;
}

const URN = /^urn:/i;

function attributesOf(schema: Schema, holder: ScimObject): ScimObject {
  const part = newScimObject();
  for (const { name } of schema.attributes) {
    const value = ownValue(holder, name);
    if (value !== undefined) part[name] = value;
  }
  return part;
}

const pathOf = ({ schema, attribute }: UniqueAttribute): string => `${schema.id}:${attribute.name}`;
