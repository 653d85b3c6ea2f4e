/** Builders: one valid entity each, with quiet defaults; a test names only what it is about. */

import type { Grant } from '../../src/core/access/roles.ts';
import { SAML_DEFAULTS } from '../../src/core/connections/saml-settings.ts';
import type { Connection, OidcSettings, SamlSettings } from '../../src/core/entities/connection.ts';
import type {
  Directory,
  DirectoryGroup,
  DirectoryToken,
  DirectoryUser,
  GroupMapping,
} from '../../src/core/entities/directory.ts';
import type { Domain } from '../../src/core/entities/domain.ts';
import type { Invitation } from '../../src/core/entities/invitation.ts';
import type { AuditEvent, OutboxEvent } from '../../src/core/entities/journal.ts';
import type { Organization, Plan } from '../../src/core/entities/organization.ts';
import { PLAIN_BRANDING, USUAL_NOTIFICATIONS } from '../../src/core/entities/organization.ts';
import type { Identity, Membership, Team, User } from '../../src/core/entities/people.ts';
import type { RecorderEntry } from '../../src/core/entities/recorder.ts';
import type { Session, UpstreamSession } from '../../src/core/entities/session.ts';
import type { PendingSignIn } from '../../src/core/entities/sign-in.ts';
import type {
  ConnectionId,
  DirectoryId,
  MembershipId,
  newId,
  OrganizationId,
  UserId,
} from '../../src/kernel/ids.ts';

type IdPrefix = Parameters<typeof newId>[0];
type IdOf<Prefix extends IdPrefix> = ReturnType<typeof newId<Prefix>>;

/** The moment at which every built entity was made unless said otherwise: 2026-01-01T00:00:00Z. */
export const BUILT_AT = Date.UTC(2026, 0, 1);

let made = 0;

function isIdOf<Prefix extends IdPrefix>(prefix: Prefix, text: string): text is IdOf<Prefix> {
  return text.startsWith(`${prefix}_`);
}

/** The next id of a kind: the same one in every run of a test file, and later ones sort later. */
export function nextId<Prefix extends IdPrefix>(prefix: Prefix): IdOf<Prefix> {
  made += 1;
  const id = `${prefix}_${String(made).padStart(26, '0')}`;
  if (!isIdOf(prefix, id)) throw new Error(`not an id: ${id}`);
  return id;
}

/** A text that no other call answers, such as `word-17`. */
export function nextText(word: string): string {
  made += 1;
  return `${word}-${made}`;
}

const BORN = { createdAt: BUILT_AT } as const;
const VERSIONED = { version: 1, createdAt: BUILT_AT, updatedAt: BUILT_AT } as const;

/** The plan that forbids nothing. */
export function aPlan(overrides: Partial<Plan> = {}): Plan {
  return {
    preset: 'enterprise',
    seats: null,
    invitations: true,
    teams: 'many',
    sso: true,
    scim: true,
    ...overrides,
  };
}

/** A manual organization without people. */
export function anOrganization(overrides: Partial<Organization> = {}): Organization {
  return {
    id: nextId('org'),
    ...VERSIONED,
    slug: nextText('acme'),
    name: 'Acme',
    plan: aPlan(),
    provisioning: 'manual',
    defaultRole: 'member',
    conflictPolicy: 'highest',
    ...{ strictClaims: false, requireSecondFactor: false },
    reprojectionJobId: null,
    ssoPolicy: 'optional',
    invitationTtlMs: 7 * 86_400_000,
    ...{ linksRequireDomains: false, branding: PLAIN_BRANDING },
    notifications: USUAL_NOTIFICATIONS,
    auditRetentionDays: null,
    ...{ seatsUsed: 0, activeOwners: 0 },
    ...overrides,
  };
}

/** A person whose sign-in e-mail nobody else has. */
export function aUser(overrides: Partial<User> = {}): User {
  const email = `${nextText('person')}@example.com`;
  return {
    id: nextId('usr'),
    ...VERSIONED,
    email,
    emailKey: email,
    name: 'Ada',
    ...{ avatarUrl: null, emailVerifiedAt: null, passwordHash: null },
    ...overrides,
  };
}

/** An active plain member. */
export function aMembership(
  organizationId: OrganizationId,
  userId: UserId,
  overrides: Partial<Membership> = {},
): Membership {
  const email = `${nextText('member')}@example.com`;
  return {
    id: nextId('mem'),
    ...VERSIONED,
    organizationId,
    userId,
    email,
    emailKey: email,
    name: 'Ada',
    status: 'active',
    source: 'manual',
    orgRole: 'member',
    ...{ avatarUrl: null, department: null, lastActiveAt: null, lastSignedInAt: null },
    ...overrides,
  };
}

/** A manual grant of the org role member. */
export function aGrant(
  organizationId: OrganizationId,
  membershipId: MembershipId,
  overrides: Partial<Grant> = {},
): Grant {
  return {
    id: nextId('grt'),
    organizationId,
    membershipId,
    scope: { kind: 'org', role: 'member' },
    source: { kind: 'manual', actor: 'operator' },
    rank: 0,
    ...BORN,
    ...overrides,
  };
}

export function aTeam(organizationId: OrganizationId, overrides: Partial<Team> = {}): Team {
  return {
    id: nextId('team'),
    ...VERSIONED,
    organizationId,
    name: nextText('Team'),
    ...{ isDefault: false, wasOwned: false },
    ...overrides,
  };
}

/** An active directory of kind generic. */
export function aDirectory(organizationId: OrganizationId, overrides: Partial<Directory> = {}): Directory {
  return {
    id: nextId('dir'),
    ...VERSIONED,
    organizationId,
    kind: 'generic',
    name: 'Directory',
    status: 'active',
    adoption: 'adopt',
    isShadow: false,
    extensions: [],
    ...overrides,
  };
}

type DirectoryPlace = Pick<Directory, 'organizationId' | 'id'>;

/** A token that never expires; its hash is no real hash. */
export function aDirectoryToken(
  directory: DirectoryPlace,
  overrides: Partial<DirectoryToken> = {},
): DirectoryToken {
  return {
    id: nextId('dtk'),
    organizationId: directory.organizationId,
    directoryId: directory.id,
    name: 'push',
    tokenHash: nextText('token-hash'),
    ...BORN,
    expiresAt: null,
    lastUsedAt: null,
    expiryWarnedDays: null,
    ...overrides,
  };
}

/** An active directory user of an existing membership. */
export function aDirectoryUser(
  directoryId: DirectoryId,
  membership: Pick<Membership, 'organizationId' | 'id' | 'userId'>,
  overrides: Partial<DirectoryUser> = {},
): DirectoryUser {
  const userName = overrides.userName ?? `${nextText('ada')}@example.com`;
  return {
    id: nextId('du'),
    ...VERSIONED,
    organizationId: membership.organizationId,
    directoryId,
    membershipId: membership.id,
    userId: membership.userId,
    shadow: null,
    isActive: true,
    userName,
    userNameKey: userName.toLowerCase(),
    externalId: null,
    displayNameKey: null,
    emailKeys: [],
    attributes: {},
    ...overrides,
  };
}

export function aDirectoryGroup(
  directory: DirectoryPlace,
  overrides: Partial<DirectoryGroup> = {},
): DirectoryGroup {
  const displayName = overrides.displayName ?? nextText('Group');
  return {
    id: nextId('dg'),
    ...VERSIONED,
    organizationId: directory.organizationId,
    directoryId: directory.id,
    displayName,
    displayNameKey: displayName.toLowerCase(),
    externalId: null,
    attributes: {},
    ...overrides,
  };
}

/** A mapping of the group name Staff to the org role admin. */
export function aGroupMapping(
  organizationId: OrganizationId,
  overrides: Partial<GroupMapping> = {},
): GroupMapping {
  return {
    id: nextId('map'),
    ...VERSIONED,
    organizationId,
    match: { kind: 'group_name', groupName: 'Staff' },
    grants: [{ scope: 'org', role: 'admin' }],
    rank: 0,
    ...overrides,
  };
}

export function samlSettings(overrides: Partial<SamlSettings> = {}): SamlSettings {
  return {
    ...SAML_DEFAULTS,
    idpEntityId: 'https://idp.example.com/entity',
    ssoUrl: 'https://idp.example.com/sso',
    certificates: ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
    ...overrides,
  };
}

export function oidcSettings(overrides: Partial<OidcSettings> = {}): OidcSettings {
  return {
    protocol: 'oidc',
    issuer: 'https://idp.example.com',
    clientId: 'gatehouse',
    clientSecret: 'recoverable-secret',
    tokenEndpointAuthMethod: 'client_secret_basic',
    scopes: ['openid', 'email'],
    idTokenAlgs: ['RS256', 'ES256', 'PS256'],
    tenantId: null,
    ...overrides,
  };
}

/** An active SAML connection; pass `settings: oidcSettings()` for the other protocol. */
export function aConnection(organizationId: OrganizationId, overrides: Partial<Connection> = {}): Connection {
  return {
    id: nextId('con'),
    ...VERSIONED,
    organizationId,
    name: 'Company sign-in',
    status: 'active',
    preset: null,
    settings: samlSettings(),
    jit: false,
    idpInitiated: false,
    attributes: {},
    userNameClaim: null,
    dueAt: null,
    ...overrides,
  };
}

export function anIdentity(
  connectionId: ConnectionId,
  membership: Pick<Membership, 'organizationId' | 'id' | 'userId'>,
  overrides: Partial<Identity> = {},
): Identity {
  return {
    organizationId: membership.organizationId,
    connectionId,
    issuer: 'https://idp.example.com',
    subject: nextText('subject'),
    userId: membership.userId,
    membershipId: membership.id,
    ...BORN,
    ...overrides,
  };
}

/** A domain not proved yet. */
export function aDomain(organizationId: OrganizationId, overrides: Partial<Domain> = {}): Domain {
  return {
    id: nextId('dom'),
    version: 1,
    organizationId,
    domain: `${nextText('company')}.example`,
    status: 'pending',
    challenge: 'gatehouse-verification=1',
    verifiedAt: null,
    proof: null,
    checkedAt: null,
    missingSince: null,
    unansweredMs: 0,
    connectionId: null,
    ...BORN,
    ...overrides,
  };
}

type ConnectionPlace = Pick<Connection, 'organizationId' | 'id'>;

/** A sign-in under way for ten minutes. */
export function aPendingSignIn(
  connection: ConnectionPlace,
  overrides: Partial<PendingSignIn> = {},
): PendingSignIn {
  return {
    id: nextId('sin'),
    organizationId: connection.organizationId,
    connectionId: connection.id,
    handleHash: nextText('handle-hash'),
    bindingHash: nextText('binding-hash'),
    requestId: null,
    purpose: { kind: 'sign_in' },
    nonce: 'recoverable-nonce',
    codeVerifier: 'recoverable-verifier',
    held: 'recoverable-answer',
    returnTo: null,
    mustReauthenticate: false,
    maxAgeSeconds: null,
    ...BORN,
    expiresAt: BUILT_AT + 600_000,
    ...overrides,
  };
}

/** What an identity provider said about its session; nothing unless told. */
export const upstreamSession = (facts: Partial<UpstreamSession> = {}): UpstreamSession => ({
  ...{ nameId: null, nameIdFormat: null, sessionIndex: null, sid: null, idToken: null },
  ...facts,
});

/** A password session of one hour. */
export function aSession(
  membership: Pick<Membership, 'organizationId' | 'id' | 'userId'>,
  overrides: Partial<Session> = {},
): Session {
  return {
    id: nextId('ses'),
    tokenHash: nextText('session-hash'),
    ...{ previousTokenHash: null, rotatedAt: null, confirmedAt: null },
    organizationId: membership.organizationId,
    userId: membership.userId,
    membershipId: membership.id,
    connectionId: null,
    orgRole: 'member',
    amr: ['pwd'],
    ...{ upstream: null, emergency: false, ip: null, userAgent: null },
    authTime: BUILT_AT,
    isAuthTimeAssumed: false,
    authenticatedAt: BUILT_AT,
    ...BORN,
    lastSeenAt: BUILT_AT,
    expiresAt: BUILT_AT + 3_600_000,
    ...overrides,
  };
}

/** A pending invitation of seven days. */
export function anInvitation(
  organizationId: OrganizationId,
  overrides: Partial<Invitation> = {},
): Invitation {
  const email = overrides.email ?? `${nextText('invitee')}@example.com`;
  return {
    id: nextId('inv'),
    version: 1,
    organizationId,
    email,
    emailKey: email.toLowerCase(),
    role: 'member',
    teams: [],
    resources: [],
    message: null,
    department: null,
    delivery: 'email',
    mailId: null,
    tokenHash: nextText('invitation-hash'),
    status: 'pending',
    invitedBy: { kind: 'operator' },
    acceptedBy: null,
    ...BORN,
    expiresAt: BUILT_AT + 7 * 86_400_000,
    ...{ chosenTtlMs: null, settledAt: null, askedAt: null, resentCount: 0 },
    history: [{ kind: 'created', by: { kind: 'operator' }, at: BUILT_AT }],
    ...overrides,
  };
}

export function anAuditEvent(
  organizationId: OrganizationId,
  overrides: Partial<AuditEvent> = {},
): AuditEvent {
  return {
    id: nextId('aud'),
    organizationId,
    type: 'member.added',
    actor: { kind: 'operator' },
    target: { kind: 'organization', id: organizationId },
    details: {},
    requestId: 'req-1',
    ip: null,
    at: BUILT_AT,
    ...overrides,
  };
}

/** An event due at once. */
export function anOutboxEvent(
  organizationId: OrganizationId,
  overrides: Partial<OutboxEvent> = {},
): OutboxEvent {
  return {
    id: nextId('evt'),
    organizationId,
    kind: 'event',
    type: 'member.added',
    payload: '{}',
    ...BORN,
    attempts: 0,
    dueAt: BUILT_AT,
    deliveredAt: null,
    lastError: null,
    ...overrides,
  };
}

/** A recorded read that went well. */
export function aRecorderEntry(
  directory: DirectoryPlace,
  overrides: Partial<RecorderEntry> = {},
): RecorderEntry {
  return {
    id: nextId('rec'),
    organizationId: directory.organizationId,
    kind: 'scim',
    directoryId: directory.id,
    tokenName: 'push',
    replayOf: null,
    at: BUILT_AT,
    ms: 1.5,
    requestId: 'req-1',
    method: 'GET',
    path: '/Users?startIndex=1&count=2',
    status: 200,
    requestBody: null,
    responseBody: '{"totalResults":0}',
    isRequestWhole: true,
    tolerances: [],
    unknownAttributes: [],
    change: null,
    failure: null,
    ...overrides,
  };
}
