/** What the management API answers about directories, connections, group mappings and domains. */
import { z } from 'zod';
import { IDENTITY_PROVIDERS } from '../../core/entities/connection.ts';
import { ADOPTION_POLICIES, DIRECTORY_KINDS } from '../../core/entities/directory.ts';
import { orgRoleShape, resourceRoleShape, resourceShape, teamRoleShape, timeShape } from './shapes.ts';

const statusShape = z.enum(['draft', 'active', 'disabled']);

export const directoryShape = z.object({
  id: z.string(),
  kind: z.enum(DIRECTORY_KINDS),
  name: z.string(),
  status: statusShape,
  adoption: z.enum(ADOPTION_POLICIES),
  shadow: z
    .boolean()
    .describe(
      'A draft that takes pushes: roles are computed, and nobody becomes a member before the cut-over.',
    ),
  scimBaseUrl: z.string().describe('What the identity provider is given as SCIM base URL.'),
  createdAt: timeShape,
  updatedAt: timeShape,
});

export const directoryTokenShape = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: timeShape,
  expiresAt: timeShape.nullable(),
  lastUsedAt: timeShape.nullable(),
});

export const createdDirectoryTokenShape = directoryTokenShape.extend({
  token: z.string().describe('The only time it is shown.'),
});

export const certificateShape = z.object({
  fingerprint: z.string().describe('SHA-256 over the DER bytes.'),
  expiresAt: timeShape,
  pem: z.string(),
});

const connectionFields = {
  id: z.string(),
  name: z.string(),
  status: statusShape,
  preset: z.enum(IDENTITY_PROVIDERS).nullable().describe('Which product the identity provider is.'),
  jit: z.boolean(),
  idpInitiated: z.boolean(),
  attributes: z.object({
    email: z.string().optional(),
    name: z.string().optional(),
    groups: z.string().optional(),
  }),
  userNameClaim: z.string().nullable(),
  createdAt: timeShape,
  updatedAt: timeShape,
};

const idpSetupShape = z
  .object({
    fields: z.array(z.object({ label: z.string(), value: z.string() })),
    attributes: z.array(z.object({ name: z.string(), source: z.string() })),
  })
  .describe('What to type at the identity provider, in the words of its screens where it is one we know.');

const samlConnectionShape = z.object({
  protocol: z.literal('saml'),
  ...connectionFields,
  entityId: z.string().describe("The identity provider's."),
  ssoUrl: z.string(),
  sloUrl: z.string().nullable().describe('Where its single logout is; null: it is not told of sign-outs.'),
  sloBinding: z.enum(['redirect', 'post']).describe('How it takes our logout messages.'),
  problem: z
    .string()
    .nullable()
    .describe(
      'Why nobody can sign in, as in the audit: saml.certificate_expired, or saml.unanswered for a provider from which nobody has come back; null: nothing known.',
    ),
  problemSince: timeShape
    .nullable()
    .describe('saml.unanswered: since when nobody has come back; the first answer, also of a test, ends it.'),
  unanswered: z
    .int()
    .nullable()
    .describe('saml.unanswered: how many sign-ins had been sent there in vain when it was noticed.'),
  certificates: z.array(certificateShape),
  signatures: z.enum(['any', 'assertion', 'response', 'both']),
  metadataSource: z
    .object({
      url: z.string(),
      trusted: z
        .boolean()
        .describe('True: whatever it says is applied; false: only what a pinned key signed.'),
      checkedAt: timeShape,
      problem: z.string().nullable(),
    })
    .nullable()
    .describe("Where the identity provider's metadata is read again and again."),
  stagedMetadata: z
    .object({
      id: z.string(),
      ssoUrl: z.string(),
      certificates: z.array(certificateShape),
      addedCertificates: z.array(z.string()).describe('Fingerprints.'),
      removedCertificates: z.array(z.string()).describe('Fingerprints.'),
    })
    .nullable()
    .describe('What the metadata says that is not pinned yet; it counts once it is applied.'),
  requestBinding: z.enum(['redirect', 'post']),
  signRequests: z
    .boolean()
    .describe(
      'True as well where the metadata of the identity provider takes signed requests only, whatever was asked for.',
    ),
  acceptSha1Until: timeShape.nullable(),
  forceAuthn: z.boolean(),
  authnContexts: z.array(z.string()).describe('Asked for, and alone accepted; empty: any.'),
  nameIdFormat: z.enum(['emailAddress', 'persistent', 'unspecified']).nullable(),
  spCertificates: z
    .array(certificateShape.extend({ id: z.string(), use: z.enum(['current', 'next', 'previous']) }))
    .describe('Ours: what signs our requests, and what the identity provider may encrypt for.'),
  acsUrl: z.string(),
  spEntityId: z.string(),
  metadataUrl: z.string().describe('Our metadata, for the identity provider.'),
  logoutUrl: z.string().describe('Our single logout, by redirect and by POST.'),
  idpSetup: idpSetupShape,
});

const oidcConnectionShape = z.object({
  protocol: z.literal('oidc'),
  ...connectionFields,
  issuer: z.string(),
  clientId: z.string(),
  tokenEndpointAuthMethod: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt']),
  scopes: z.array(z.string()),
  idTokenAlgs: z.array(z.string()).describe('Signature algorithms an ID token may carry.'),
  tenantId: z.string().nullable().describe('Entra: the tenant that every ID token must come from.'),
  problem: z
    .string()
    .nullable()
    .describe(
      'Why nobody can start to sign in, as in the audit, such as oidc.unreachable; null: nothing known.',
    ),
  problemSince: timeShape
    .nullable()
    .describe('When that was met first; the check of the connection asks again.'),
  jwksUri: z
    .string()
    .nullable()
    .describe('Where it reads our keys, with private_key_jwt; null: it has our secret.'),
  spCertificates: z
    .array(certificateShape.extend({ id: z.string(), use: z.enum(['current', 'next', 'previous']) }))
    .describe('The same keys as certificates, for providers that want them uploaded.'),
  redirectUri: z.string(),
  backchannelLogoutUri: z.string().describe('Where the identity provider posts its logout tokens.'),
  postLogoutRedirectUri: z.string().describe('Where it sends the browser after signing out there.'),
  idpSetup: idpSetupShape,
});

export const connectionShape = z.discriminatedUnion('protocol', [samlConnectionShape, oidcConnectionShape]);

const failedCheckShape = z
  .object({
    cause: z.string().describe('What is wrong, for an admin.'),
    where: z
      .partialRecord(z.enum(IDENTITY_PROVIDERS), z.string())
      .describe('Where in the console of the identity provider it is mended.'),
    here: z.string().nullable().describe('Where in Gatehouse it is mended.'),
  })
  .nullable();

export const connectionCheckShape = z.discriminatedUnion('protocol', [
  z.object({
    protocol: z.literal('saml'),
    ok: z.boolean(),
    reason: z.string().nullable(),
    explanation: failedCheckShape,
    certificates: z.array(certificateShape.omit({ pem: true }).extend({ isExpired: z.boolean() })),
    metadata: z
      .object({ problem: z.string().nullable(), isStaged: z.boolean() })
      .nullable()
      .describe('What reading its address found; null: there is none.'),
  }),
  z.object({
    protocol: z.literal('oidc'),
    ok: z.boolean(),
    reason: z.string().nullable(),
    explanation: failedCheckShape,
    issuer: z.string().nullable().describe('As the identity provider spells it.'),
    signingKeys: z.int().nullable().describe('How many it publishes.'),
    authorizationEndpoint: z.string().nullable(),
    tokenEndpoint: z.string().nullable(),
    userInfoEndpoint: z.string().nullable(),
    algorithms: z.array(z.string()),
  }),
]);

export const matchShape = z.union([
  z.object({ groupId: z.string() }),
  z.object({ groupName: z.string() }),
  z.object({ groupPattern: z.string() }),
  z.object({ claim: z.string(), value: z.string() }),
]);

/** What a rule says. */
export const ruleFields = {
  id: z.string(),
  match: matchShape,
  grants: z.array(
    z.discriminatedUnion('scope', [
      z.object({ scope: z.literal('org'), role: orgRoleShape }),
      z.object({ scope: z.literal('team'), team: z.string(), role: teamRoleShape }),
      z.object({ scope: z.literal('resource'), resource: resourceShape, role: resourceRoleShape }),
    ]),
  ),
  rank: z.int(),
};

export const groupMappingShape = z.object({
  ...ruleFields,
  createdAt: timeShape,
  updatedAt: timeShape,
});

/** A role that comes or goes. */
export const roleChangeShape = z.object({
  scope: z.enum(['org', 'team', 'resource']),
  team: z.string().optional(),
  resource: resourceShape.optional(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

export const domainShape = z.object({
  id: z.string(),
  domain: z.string(),
  status: z
    .enum(['pending', 'verified', 'lapsed'])
    .describe(
      'lapsed: the record has been missing for three days, or nobody has answered for thirty; routing and joining stand still.',
    ),
  proof: z.enum(['dns', 'operator']).nullable().describe('On whose word it was proved.'),
  connection: z
    .string()
    .nullable()
    .describe('The connection its people sign in through; null: any of the organization.'),
  record: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
  verifiedAt: timeShape.nullable(),
  checkedAt: timeShape.nullable().describe('When the record was last looked for.'),
  missingSince: timeShape.nullable(),
  unansweredSince: timeShape
    .nullable()
    .describe(
      'Since when nobody has answered looks at the record, or only with an error; the time the gateway itself was cut off is left out.',
    ),
  createdAt: timeShape,
});

/** A domain after a look at its record. */
export const checkedDomainShape = domainShape.extend({
  problem: z
    .object({
      code: z.enum(['record_missing', 'record_differs', 'lookup_failed']),
      detail: z.string().describe('Which record was looked for, and what was found.'),
    })
    .nullable()
    .describe('Why the record does not prove the domain; null: it is there.'),
});
