/** SCIM schema tables: what each attribute is, and how a written name or URN is resolved against them. Pure. */
import { z } from 'zod';
import enterpriseUserDocument from '../../../schemas/scim/EnterpriseUser.json' with { type: 'json' };
import groupDocument from '../../../schemas/scim/Group.json' with { type: 'json' };
import userDocument from '../../../schemas/scim/User.json' with { type: 'json' };
import { GatehouseError } from '../../kernel/errors.ts';

/** Data types of RFC 7643 §2.3. */
export type AttributeType = (typeof attributeTypes)[number];

/** One attribute with its characteristics (RFC 7643 §2.2). `subAttributes` is empty unless `type` is complex. */
export interface Attribute {
  readonly name: string;
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
  readonly returned: 'always' | 'default' | 'request' | 'never';
  readonly uniqueness: 'none' | 'server' | 'global';
  /** Hints, not a closed list: other values are stored as sent. */
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes: readonly Attribute[];
  /** As an admin would write it, for messages: `emails.value`. */
  readonly field: string;
}

/** A schema document as a table; `id` is its URN. */
export interface Schema {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly Attribute[];
}

/** A kind of resource: its core schema and the extensions a directory uses with it. */
export interface ResourceType {
  readonly name: 'User' | 'Group';
  readonly endpoint: '/Users' | '/Groups';
  readonly description: string;
  readonly schema: Schema;
  readonly extensions: readonly { readonly schema: Schema; readonly required: boolean }[];
}

/** A value inside a resource. There is no null: null, [] and absent are one state (RFC 7643 §2.5). */
export type ScimValue = string | number | boolean | ScimValue[] | ScimObject;

/**
 * A resource, an element or an extension: names in the schema's own case, extension attributes under their URN.
 * Made only by `newScimObject`, so that no key can reach a prototype.
 */
export type ScimObject = { [name: string]: ScimValue };

const attributeTypes = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'reference',
  'binary',
  'complex',
] as const;

// `$ref` is the one name outside the grammar of RFC 7643 §2.1; `__proto__` and the like never match it.
const attributeName = z
  .string()
  .regex(/^(\$ref|[A-Za-z][A-Za-z0-9_-]*)$/)
  .refine((name) => name !== 'constructor' && name !== 'prototype');

// Defaults are those of RFC 7643 §2.2.
const simpleAttribute = z.object({
  name: attributeName,
  type: z.enum(attributeTypes).default('string'),
  multiValued: z.boolean().default(false),
  description: z.string().default(''),
  required: z.boolean().default(false),
  caseExact: z.boolean().default(false),
  mutability: z.enum(['readOnly', 'readWrite', 'immutable', 'writeOnly']).default('readWrite'),
  returned: z.enum(['always', 'default', 'request', 'never']).default('default'),
  uniqueness: z.enum(['none', 'server', 'global']).default('none'),
  canonicalValues: z.array(z.string()).optional(),
  referenceTypes: z.array(z.string()).optional(),
});
const attributeDocument = simpleAttribute.extend({ subAttributes: z.array(simpleAttribute).default([]) });
const schemaDocument = z.object({
  id: z.string().regex(/^urn:[A-Za-z0-9][A-Za-z0-9-]*:\S+$/),
  name: z.string(),
  description: z.string().default(''),
  attributes: z.array(attributeDocument).min(1),
});

/** The enterprise extension of RFC 7643 §4.3. */
export const enterpriseUserSchema: Schema = parseSchema(enterpriseUserDocument);

const userSchema = parseSchema(userDocument);
const groupSchema = parseSchema(groupDocument);

const commonSchema = parseSchema({
  id: 'urn:ietf:params:scim:schemas:core:2.0:Common',
  name: 'Common',
  attributes: [
    // URNs compare without case.
    { name: 'schemas', type: 'reference', multiValued: true, mutability: 'readOnly', returned: 'always' },
    { name: 'id', caseExact: true, mutability: 'readOnly', returned: 'always', uniqueness: 'server' },
    { name: 'externalId', caseExact: true },
    {
      name: 'meta',
      type: 'complex',
      mutability: 'readOnly',
      subAttributes: [
        { name: 'resourceType', caseExact: true, mutability: 'readOnly' },
        { name: 'created', type: 'dateTime', mutability: 'readOnly' },
        { name: 'lastModified', type: 'dateTime', mutability: 'readOnly' },
        { name: 'location', type: 'reference', caseExact: true, mutability: 'readOnly' },
        { name: 'version', caseExact: true, mutability: 'readOnly' },
      ],
    },
  ],
});

/** Attributes every resource has besides its schema (RFC 7643 §3.1). */
export const commonAttributes: readonly Attribute[] = commonSchema.attributes;

/**
 * Reads a schema document (RFC 7643 §7). Absent characteristics take the defaults of §2.2.
 * Throws `internal` when the document is not a usable schema: wrong shape, duplicate or unsafe names.
 */
export function parseSchema(document: unknown): Schema {
  const parsed = schemaDocument.safeParse(document);
  if (!parsed.success) {
    throw new GatehouseError('internal', 'A SCIM schema document is not valid.', { cause: parsed.error });
  }
  const { id, name, description, attributes } = parsed.data;
  const read = attributes.map((attribute) => toAttribute(attribute));
  return { id, name, description, attributes: uniqueNames(read, id) };
}

/** The User type. Without `extensions` it carries the enterprise extension alone. */
export function userResourceType(extensions: readonly Schema[] = [enterpriseUserSchema]): ResourceType {
  return {
    name: 'User',
    endpoint: '/Users',
    description: 'User Account',
    schema: userSchema,
    extensions: extensions.map((schema) => ({ schema, required: false })),
  };
}

/** The Group type (RFC 7643 §4.2). */
export function groupResourceType(): ResourceType {
  return { name: 'Group', endpoint: '/Groups', description: 'Group', schema: groupSchema, extensions: [] };
}

/**
 * A core or common attribute by name, in any letter case; undefined for names the type does not have.
 * Extension attributes are found through `splitUrn` and `findSchemaAttribute`.
 */
export function findAttribute(
  type: ResourceType,
  name: string,
): { readonly schema: Schema; readonly attribute: Attribute } | undefined {
  const attribute = findSchemaAttribute(type.schema, name) ?? findSchemaAttribute(commonSchema, name);
  return attribute === undefined ? undefined : { schema: type.schema, attribute };
}

/** An attribute that the schema itself defines, in any letter case. */
export function findSchemaAttribute(schema: Schema, name: string): Attribute | undefined {
  return named(schema.attributes, name);
}

/** A sub-attribute by name, in any letter case; undefined for simple attributes. */
export function findSubAttribute(attribute: Attribute, name: string): Attribute | undefined {
  return named(attribute.subAttributes, name);
}

/**
 * Splits a text that starts with a URN of the type into that schema and what follows (`rest` is '' for the URN alone).
 * Known URNs are matched whole, never cut at a dot or colon of their own. Undefined when no known URN leads the text.
 */
export function splitUrn(
  type: ResourceType,
  text: string,
): { readonly schema: Schema; readonly isExtension: boolean; readonly rest: string } | undefined {
  // Every schema's id is a URN.
  if (!text.includes(':')) return undefined;
  const extensions = type.extensions.map(({ schema }) => ({ schema, isExtension: true }));
  const candidates = [{ schema: type.schema, isExtension: false }, ...extensions]
    .filter(({ schema }) => leads(schema.id, text))
    .sort((left, right) => right.schema.id.length - left.schema.id.length);
  const best = candidates[0];
  return best === undefined ? undefined : { ...best, rest: text.slice(best.schema.id.length + 1) };
}

/** An empty object without a prototype: the only way resources, elements and extensions are made. */
export function newScimObject(): ScimObject {
  return Object.create(noPrototype);
}

/**
 * Empty, and without a prototype itself: an object made from it inherits nothing and takes `__proto__` as any other name.
 * Objects made from null would do the same, but V8 keeps them as hash tables, which cost twice as much to fill and to read.
 */
const noPrototype: ScimObject = Object.freeze(Object.create(null));

/** The object's own value under that exact name; never one from a prototype. */
export function ownValue(object: ScimObject, name: string): ScimValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** True for a complex value: neither a simple value nor a list. */
export function isScimObject(value: ScimValue | undefined): value is ScimObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function leads(urn: string, text: string): boolean {
  const next = text.charAt(urn.length);
  // Old Entra jobs wrote a dot between the URN and the attribute.
  return text.slice(0, urn.length).toLowerCase() === urn.toLowerCase() && ['', ':', '.'].includes(next);
}

/** Attributes as they are looked for. */
export interface AttributeTable {
  /** By name, as the schema writes it and in lower case. */
  readonly byName: ReadonlyMap<string, Attribute>;
  /** Required, and not read-only. */
  readonly needed: readonly Attribute[];
  /** Whether one of them is immutable, or has an immutable part. */
  readonly hasImmutable: boolean;
}

const tables = new WeakMap<readonly Attribute[], AttributeTable>();

/** The table of a list of attributes; made once, since no such list changes. */
export function tableOf(attributes: readonly Attribute[]): AttributeTable {
  const known = tables.get(attributes);
  if (known !== undefined) return known;
  const folded = attributes.map((attribute) => [attribute.name.toLowerCase(), attribute] as const);
  const table: AttributeTable = {
    byName: new Map([...folded, ...attributes.map((attribute) => [attribute.name, attribute] as const)]),
    needed: attributes.filter(({ required, mutability }) => required && mutability !== 'readOnly'),
    hasImmutable: attributes.some(
      ({ mutability, subAttributes }) => mutability === 'immutable' || tableOf(subAttributes).hasImmutable,
    ),
  };
  tables.set(attributes, table);
  return table;
}

function named(attributes: readonly Attribute[], name: string): Attribute | undefined {
  const { byName } = tableOf(attributes);
  return byName.get(name) ?? byName.get(name.toLowerCase());
}

function toAttribute(document: z.infer<typeof attributeDocument>, owner?: string): Attribute {
  const { canonicalValues, referenceTypes, subAttributes, ...rest } = document;
  if ((rest.type === 'complex') !== subAttributes.length > 0) {
    throw new GatehouseError('internal', `Attribute ${rest.name}: exactly complex ones have sub-attributes.`);
  }
  const parts = subAttributes.map((part) => toAttribute({ ...part, subAttributes: [] }, rest.name));
  return {
    ...rest,
    ...(canonicalValues && { canonicalValues }),
    ...(referenceTypes && { referenceTypes }),
    subAttributes: uniqueNames(parts, rest.name),
    field: owner === undefined ? rest.name : `${owner}.${rest.name}`,
  };
}

function uniqueNames(attributes: readonly Attribute[], owner: string): readonly Attribute[] {
  const names = new Set(attributes.map((attribute) => attribute.name.toLowerCase()));
  if (names.size !== attributes.length) {
    throw new GatehouseError('internal', `${owner} names an attribute twice.`);
  }
  return attributes;
}
