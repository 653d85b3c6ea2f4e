/** What an admin may say about a connection: the schemas of its bodies. */
import { z } from 'zod';
import { IDENTITY_PROVIDERS } from '../../core/entities/connection.ts';
import { SIGNATURE_ALGORITHMS, TENANT_ID } from '../../protocols/oidc/settings.ts';
import { changesSomething, lineOf, NOTHING_TO_CHANGE, nameField, timeField } from './fields.ts';

const claimField = lineOf(256);
const addressField = lineOf(2048);

const commonFields = {
  jit: z.boolean().optional(),
  attributes: z
    .strictObject({
      email: claimField.optional(),
      name: claimField.optional(),
      groups: claimField.optional(),
    })
    .optional(),
  userNameClaim: claimField.nullable().optional(),
};

const samlFields = {
  metadataXml: z.string().min(1).max(524_288).optional(),
  metadataUrl: addressField.nullable().optional(),
  trustMetadata: z.boolean().optional(),
  entityId: lineOf(1024).optional(),
  ssoUrl: addressField.optional(),
  sloUrl: addressField.nullable().optional(),
  sloBinding: z.enum(['redirect', 'post']).optional(),
  certificates: z.array(z.string().max(16_384)).min(1).max(10).optional(),
  signatures: z.enum(['any', 'assertion', 'response', 'both']).optional(),
  idpInitiated: z.boolean().optional(),
  spEntityId: lineOf(1024).nullable().optional(),
  requestBinding: z.enum(['redirect', 'post']).optional(),
  signRequests: z.boolean().optional(),
  acceptSha1Until: timeField
    .nullable()
    .optional()
    .describe('SHA-1 signatures are accepted until then, at most 90 days from now; null: no more.'),
  forceAuthn: z.boolean().optional(),
  authnContexts: z.array(lineOf(256)).max(10).optional(),
  nameIdFormat: z.enum(['emailAddress', 'persistent', 'unspecified']).nullable().optional(),
};

const scopesField = z
  .array(z.string().regex(/^[!#-[\]-~]{1,100}$/, 'A scope is one word.'))
  .min(1)
  .max(30)
  .refine((scopes) => scopes.includes('openid'), 'openid must be among the scopes.');

const oidcFields = {
  tokenEndpointAuthMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
    .optional(),
  scopes: scopesField.optional(),
  idTokenAlgs: z
    .array(z.enum(SIGNATURE_ALGORITHMS, `One of ${SIGNATURE_ALGORITHMS.join(', ')}.`))
    .min(1)
    .max(SIGNATURE_ALGORITHMS.length)
    .optional(),
  tenantId: z
    .string()
    .regex(TENANT_ID, 'The directory id of the tenant, a GUID.')
    .nullable()
    .optional()
    .describe('Entra: every ID token must come from this tenant.'),
  // RFC 6749 appendix A.2: any printable ASCII. The value itself is never shown again (S213).
  clientSecret: z
    .string()
    .regex(/^[\x20-\x7e]{1,1024}$/, 'Printable ASCII characters, at most 1024.')
    .optional(),
  idpInitiated: z.literal(false, 'Only SAML knows sign-ins that start at the identity provider.').optional(),
};

const presetField = z.enum(IDENTITY_PROVIDERS, `One of ${IDENTITY_PROVIDERS.join(', ')}.`);

const born = {
  name: nameField,
  status: z.enum(['draft', 'active']).optional(),
  preset: presetField.optional(),
};

/** A new connection. */
export const createBody = z.discriminatedUnion('protocol', [
  z.strictObject({ protocol: z.literal('saml'), ...born, ...commonFields, ...samlFields }),
  z.strictObject({
    protocol: z.literal('oidc'),
    ...born,
    ...commonFields,
    ...oidcFields,
    issuer: addressField,
    clientId: lineOf(1024),
  }),
]);

/** A change; which keys fit depends on the protocol of the stored connection. */
export const changeBody = z
  .strictObject({
    name: nameField.optional(),
    status: z.enum(['draft', 'active', 'disabled']).optional(),
    preset: presetField.nullable().optional(),
    ...commonFields,
    ...samlFields,
    ...oidcFields,
    idpInitiated: z.boolean().optional(),
    issuer: addressField.optional(),
    clientId: lineOf(1024).optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

export type CreateInput = z.output<typeof createBody>;
export type ChangeInput = z.output<typeof changeBody>;
export type SamlInput = Pick<ChangeInput, keyof typeof samlFields>;
export type OidcInput = Pick<ChangeInput, 'issuer' | 'clientId' | keyof typeof oidcFields>;
