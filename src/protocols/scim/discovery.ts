/** The discovery documents: what /Schemas, /ResourceTypes and /ServiceProviderConfig say, made from the tables. Pure. */
import serviceProviderConfig from '../../../schemas/scim/ServiceProviderConfig.json' with { type: 'json' };
import type { Attribute, ResourceType, Schema } from './schema.ts';

/** The Schema resource that a table was read from, all characteristics spelled out, no nulls (RFC 7643 §7). */
export interface SchemaDocument {
  readonly schemas: readonly string[];
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly object[];
  readonly meta: DiscoveryMeta;
}

/** RFC 7643 §6. */
export interface ResourceTypeDocument {
  readonly schemas: readonly string[];
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly description: string;
  readonly schema: string;
  readonly schemaExtensions: readonly { readonly schema: string; readonly required: boolean }[];
  readonly meta: DiscoveryMeta;
}

interface DiscoveryMeta {
  readonly resourceType: string;
  readonly location: string;
}

/** The Schema resource of a table. `baseUrl` is the directory's SCIM base without a closing slash. */
export function schemaDocument(schema: Schema, baseUrl: string): SchemaDocument {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(attributeDocument),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  };
}

/** The ResourceType resource, its extensions included. `baseUrl` as for `schemaDocument`. */
export function resourceTypeDocument(type: ResourceType, baseUrl: string): ResourceTypeDocument {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: type.name,
    name: type.name,
    endpoint: type.endpoint,
    description: type.description,
    schema: type.schema.id,
    schemaExtensions: type.extensions.map(({ schema, required }) => ({ schema: schema.id, required })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${type.name}` },
  };
}

/** What this server supports (RFC 7643 §5): only what is enforced. `baseUrl` as for `schemaDocument`. */
export function serviceProviderConfigDocument(
  baseUrl: string,
): typeof serviceProviderConfig & { readonly meta: DiscoveryMeta } {
  const meta = { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` };
  return { ...serviceProviderConfig, meta };
}

function attributeDocument(attribute: Attribute): object {
  const { subAttributes, field, ...characteristics } = attribute;
  if (attribute.type !== 'complex') return characteristics;
  return { ...characteristics, subAttributes: subAttributes.map(attributeDocument) };
}
