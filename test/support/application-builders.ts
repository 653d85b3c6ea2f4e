/** Builders of what concerns applications: registrations, grants, records and keys of the OpenID Provider, directory clients. */
import type {
  Application,
  ApplicationGrant,
  ProviderRecord,
  SigningKey,
} from '../../src/core/entities/application.ts';
import type { Directory, DirectoryClient } from '../../src/core/entities/directory.ts';
import type { Membership } from '../../src/core/entities/people.ts';
import type { ApplicationId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId, nextText } from './builders.ts';

/** One with a secret, open to all organizations. */
export function anApplication(overrides: Partial<Application> = {}): Application {
  return {
    id: nextId('app'),
    version: 1,
    name: 'Product',
    redirectUris: ['https://app.example/callback'],
    postLogoutRedirectUris: [],
    backchannelLogoutUri: null,
    organizationIds: null,
    authMethod: 'client_secret_basic',
    jwks: [],
    idTokenAlgorithm: 'ES256',
    secrets: [{ id: nextId('sec'), secretHash: nextText('hash'), createdAt: BUILT_AT, expiresAt: null }],
    createdAt: BUILT_AT,
    updatedAt: BUILT_AT,
    ...overrides,
  };
}

/** What this member let that application know in a session of their own. */
export function anApplicationGrant(
  member: Pick<Membership, 'organizationId' | 'id' | 'userId'>,
  applicationId: ApplicationId,
  overrides: Partial<ApplicationGrant> = {},
): ApplicationGrant {
  return {
    id: nextId('agr'),
    version: 1,
    organizationId: member.organizationId,
    membershipId: member.id,
    userId: member.userId,
    applicationId,
    sessionId: nextId('ses'),
    scopes: ['openid'],
    authTime: BUILT_AT,
    amr: ['pwd'],
    ...{ connectionId: null, emergency: false },
    createdAt: BUILT_AT,
    expiresAt: BUILT_AT + 3_600_000,
    ...overrides,
  };
}

/** An authorization code of the grant; of nobody without one. */
export function aProviderRecord(
  grant: ProviderRecord['grant'] = null,
  overrides: Partial<ProviderRecord> = {},
): ProviderRecord {
  return {
    kind: 'AuthorizationCode',
    idHash: nextText('hash'),
    grant,
    payload: '{"kind":"AuthorizationCode"}',
    consumedAt: null,
    expiresAt: BUILT_AT + 60_000,
    ...overrides,
  };
}

/** A key that signs; its secret is no real one. */
export function aSigningKey(overrides: Partial<SigningKey> = {}): SigningKey {
  return {
    id: nextId('key'),
    version: 1,
    purpose: 'sign',
    algorithm: 'ES256',
    secret: '{"kty":"EC"}',
    createdAt: BUILT_AT,
    signsFrom: BUILT_AT,
    expiresAt: null,
    ...overrides,
  };
}

/** A client of the token endpoint for this directory. */
export function aDirectoryClient(
  directory: Pick<Directory, 'organizationId' | 'id'>,
  overrides: Partial<DirectoryClient> = {},
): DirectoryClient {
  return {
    id: nextId('dcl'),
    organizationId: directory.organizationId,
    directoryId: directory.id,
    name: 'Provisioning',
    secretHash: nextText('hash'),
    createdAt: BUILT_AT,
    lastUsedAt: null,
    ...overrides,
  };
}
