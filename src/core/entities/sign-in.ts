/** How people get in: connections, domains, pending sign-ins, sessions. */
import type {
  ConnectionId,
  DomainId,
  MembershipId,
  OrganizationId,
  SignInId,
  UserId,
} from '../../kernel/ids.ts';

export interface SamlSettings {
  readonly protocol: 'saml';
  /** The identity provider's entity id: the only Issuer this connection believes. */
  readonly idpEntityId: string;
  readonly ssoUrl: string;
  /** Pinned signing certificates, PEM. Never empty. */
  readonly certificates: readonly string[];
  readonly signatures: 'any' | 'assertion' | 'response' | 'both';
}

export interface OidcSettings {
  readonly protocol: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  /** Sealed at rest; null for public registrations. */
  readonly clientSecret: string | null;
  readonly tokenEndpointAuthMethod: 'client_secret_basic' | 'client_secret_post';
  readonly scopes: readonly string[];
}

/** One SAML or OIDC identity provider of an organization. */
export interface Connection {
  readonly id: ConnectionId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly status: 'draft' | 'active' | 'disabled';
  readonly settings: SamlSettings | OidcSettings;
  /** Just-in-time joining of people from a proved domain, in manual organizations. */
  readonly jit: boolean;
  readonly idpInitiated: boolean;
  /** Which upstream attribute or claim holds e-mail, name and groups; absent keys use the protocol's usual ones. */
  readonly attributes: Readonly<{ email?: string; name?: string; groups?: string }>;
  /** OIDC claim that may equal a directory userName, such as Entra's `preferred_username`; null: the verified e-mail. */
  readonly userNameClaim: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Domain {
  readonly id: DomainId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  /** Lower-case A-label form. One verified owner per domain. */
  readonly domain: string;
  readonly status: 'pending' | 'verified';
  /** The value expected in the DNS TXT record; public by nature. */
  readonly challenge: string;
  readonly verifiedAt: number | null;
  readonly createdAt: number;
}

/** A sign-in under way: one row, consumed once, bound to one browser and one connection. */
export interface PendingSignIn {
  readonly id: SignInId;
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
  /** Hash of the RelayState or `state` value that names this row from outside. */
  readonly handleHash: string;
  /** Hash of the binding cookie's value. */
  readonly bindingHash: string;
  /** SAML: the AuthnRequest ID. */
  readonly requestId: string | null;
  /** OIDC: what the callback needs; sealed at rest. */
  readonly nonce: string | null;
  readonly codeVerifier: string | null;
  /** A same-origin path, or null for the person's page. */
  readonly returnTo: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Session {
  /** Keyed hash of the cookie value; the value itself is nowhere. */
  readonly idHash: string;
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly membershipId: MembershipId;
  /** Null for a password sign-in. */
  readonly connectionId: ConnectionId | null;
  readonly authenticatedAt: number;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** The absolute end; the idle limit is counted from `lastSeenAt`. */
  readonly expiresAt: number;
}
