/** Reads stored documents by the rules of an extension that is about to hold: do they fit, and what in them is unique. */

import type { ExtensionReader } from '../../core/directory/extension-fit.ts';
import type { DirectoryAttributes } from '../../core/entities/directory.ts';
import type { DirectoryExtension } from '../../core/entities/directory-extension.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { readResource } from '../../protocols/scim/resource-input.ts';
import { sameValue } from '../../protocols/scim/resource-values.ts';
import {
  type Attribute,
  ownValue,
  type ResourceType,
  type ScimObject,
  userResourceType,
} from '../../protocols/scim/schema.ts';
import { directoryTypes, knownPart, schemaOf, uniqueValuesIn } from './resource-types.ts';
import { storedDocument } from './stored-document.ts';

/** The reader for the extension of that URN among all of a directory's. */
export function extensionReader(extensions: readonly DirectoryExtension[], urn: string): ExtensionReader {
  const types = directoryTypes(extensions);
  const own = extensions.filter((extension) => extension.urn === urn).map(schemaOf);
  const strict = userResourceType(
    own.map((schema) => ({ ...schema, attributes: schema.attributes.map(asWritten) })),
  );
  const shown = (attributes: DirectoryAttributes, type: ResourceType): ScimObject =>
    knownPart(storedDocument(attributes), type);
  return {
    violationOf: (attributes) => violationIn(shown(attributes, strict), strict, urn),
    uniqueValuesOf: (attributes) => uniqueValuesIn(shown(attributes, types.userType), types) ?? [],
  };
}

/** A value that is there was written once, whoever may write it now. */
function asWritten(attribute: Attribute): Attribute {
  const isReadOnly = attribute.mutability === 'readOnly';
  return {
    ...attribute,
    mutability: 'readWrite',
    required: attribute.required && !isReadOnly && attribute.mutability !== 'writeOnly',
    subAttributes: attribute.subAttributes.map(asWritten),
  };
}

/** Reading what is stored must give it back unchanged: a value that would be converted has another type now. */
function violationIn(document: ScimObject, type: ResourceType, urn: string): string | undefined {
  const stored = ownValue(document, urn);
  if (stored === undefined) return undefined;
  try {
    const { resource } = readResource({ userName: 'x', [urn]: stored }, type, { mode: 'create' });
    return sameValue(ownValue(resource, urn), stored) ? undefined : `${urn} has values of another form.`;
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    return error.detail;
  }
}
