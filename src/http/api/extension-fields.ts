/** What an admin may say about a schema extension, rule by rule; the answers have the same form. */
import { z } from 'zod';
import { continuesUrn } from '../../core/directory/directory-extensions.ts';
import { type DirectoryExtension, EXTENSION_TYPES } from '../../core/entities/directory-extension.ts';
import { enterpriseUserSchema, userResourceType } from '../../protocols/scim/schema.ts';
import { lineOf } from './fields.ts';

/** Names that could be taken for a part of a JavaScript object, in any letter case. */
const DANGEROUS = /^(?:constructor|prototype|__proto__)$/i;

/** RFC 8141, without the characters that mean something in a path or a filter. */
const URN = /^urn:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?(?::[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)+$/i;

/** Of IETF's own SCIM names, only this part is for others; Entra asks for extensions there. */
const SCIM = /^urn:ietf:params:scim:/i;
const SCIM_EXTENSION = /^urn:ietf:params:scim:schemas:extension:/i;

const STANDARD = [userResourceType().schema.id, enterpriseUserSchema.id];

const isReserved = (urn: string): boolean =>
  (SCIM.test(urn) && !SCIM_EXTENSION.test(urn)) ||
  STANDARD.some(
    (id) => urn.toLowerCase() === id.toLowerCase() || continuesUrn(urn, id) || continuesUrn(id, urn),
  );

const urnField = z
  .string()
  .max(200, 'At most 200 characters.')
  .regex(URN, 'A URN such as urn:acme:scim:1.0:Badge, of letters, digits, dots, colons, hyphens.')
  .refine(
    (urn) => !urn.split(/[:.]/).some((part) => DANGEROUS.test(part)),
    'Must not hold a name that JavaScript gives a meaning.',
  )
  .refine((urn) => !isReserved(urn), 'This URN belongs to a standard schema.');

const attributeName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,99}$/,
    'A letter, then letters, digits, hyphens and underscores, at most 100 in all (RFC 7643 §2.1).',
  )
  .refine((name) => !DANGEROUS.test(name), 'Must not be a name that JavaScript gives a meaning.');

const descriptionField = z.union([z.literal(''), lineOf(500)]).default('');

// Defaults are those of RFC 7643 §2.2.
const subAttributeField = z.strictObject({
  name: attributeName,
  type: z.enum(EXTENSION_TYPES).default('string'),
  multiValued: z.boolean().default(false),
  description: descriptionField,
  required: z.boolean().default(false),
  caseExact: z.boolean().default(false),
  mutability: z.enum(['readOnly', 'readWrite', 'immutable', 'writeOnly']).default('readWrite'),
  returned: z.enum(['always', 'default', 'request', 'never']).default('default'),
  canonicalValues: z.array(lineOf(200)).max(100, 'At most 100.').optional(),
});

const attributeField = subAttributeField.extend({
  type: z.enum([...EXTENSION_TYPES, 'complex']).default('string'),
  uniqueness: z.enum(['none', 'server']).default('none'),
  subAttributes: z.array(subAttributeField).max(100, 'At most 100.').default([]),
});

type AttributeInput = z.output<typeof attributeField>;

/** One rule between the fields of an attribute: the field at fault, and what to do. Undefined where it holds. */
type Rule = (attribute: AttributeInput) => readonly [field: string, message: string] | undefined;

const UNIQUE_TYPES = ['string', 'reference', 'integer'];

const RULES: readonly Rule[] = [
  ({ type, subAttributes }) =>
    (type === 'complex') === subAttributes.length > 0
      ? undefined
      : ['subAttributes', 'A complex attribute has sub-attributes, and only a complex one has them.'],
  ({ uniqueness, type, multiValued }) =>
    uniqueness === 'none' || (UNIQUE_TYPES.includes(type) && !multiValued)
      ? undefined
      : ['uniqueness', 'Only a single string, reference or integer can be unique.'],
  ({ mutability, returned }) =>
    mutability !== 'writeOnly' || returned === 'never'
      ? undefined
      : ['returned', 'What can only be written is never returned (RFC 7643 §2.2).'],
  ({ subAttributes }) =>
    subAttributes.every(({ mutability, returned }) => mutability !== 'writeOnly' || returned === 'never')
      ? undefined
      : ['subAttributes', 'What can only be written is never returned (RFC 7643 §2.2).'],
  ({ subAttributes }) =>
    hasTwins(subAttributes) ? ['subAttributes', 'Two of them have one name.'] : undefined,
];

function hasTwins(named: readonly { readonly name: string }[]): boolean {
  return new Set(named.map(({ name }) => name.toLowerCase())).size < named.length;
}

const ruledAttribute = attributeField.superRefine((attribute, context) => {
  for (const rule of RULES) {
    const broken = rule(attribute);
    if (broken !== undefined) context.addIssue({ code: 'custom', path: [broken[0]], message: broken[1] });
  }
});

const content = {
  /** Absent: the last part of the URN. */
  name: lineOf(100).optional(),
  description: descriptionField,
  attributes: z
    .array(ruledAttribute)
    .min(1, 'At least one.')
    .max(200, 'At most 200.')
    .refine((attributes) => !hasTwins(attributes), 'Two of them have one name.'),
};

/** The body of POST: `urn`, or `id` as a SCIM schema document calls it. */
export const newExtensionBody = z
  .strictObject({ urn: urnField.optional(), id: urnField.optional(), ...content })
  .refine(({ urn, id }) => (urn === undefined) !== (id === undefined), {
    path: ['urn'],
    message: 'Give the URN once, as urn.',
  });

/** The body of PUT: the path says which; a URN beside it is not wanted. */
export const extensionBody = z.strictObject(content);

/** The extension that a body describes. */
export function toExtension(
  urn: string,
  { name, description, attributes }: z.output<typeof extensionBody>,
): DirectoryExtension {
  return { urn, name: name ?? urn.slice(urn.lastIndexOf(':') + 1), description, attributes };
}

/** An extension as answered, every characteristic spelled out. */
export const extensionShape = z.object({
  urn: z.string(),
  name: z.string(),
  description: z.string(),
  attributes: z.array(
    z.object({
      ...attributeField.shape,
      subAttributes: z.array(z.object(subAttributeField.shape)),
    }),
  ),
});
