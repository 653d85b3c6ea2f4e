/** Who is signed in: sessions here, and what the identity provider said of its own. */
import type { ConnectionId, MembershipId, OrganizationId, SessionId, UserId } from '../../kernel/ids.ts';
import type { OrgRole } from '../access/roles.ts';

/** Where to find a session. */
export interface SessionName {
  readonly organizationId: OrganizationId;
  readonly id: SessionId;
}

/** What the identity provider said about its own session, so that a log-out of theirs finds ours and ours can tell them. */
export interface UpstreamSession {
  /** SAML: the subject as it was sent. */
  readonly nameId: string | null;
  readonly nameIdFormat: string | null;
  /** SAML: in whose names the subject is one, as it was sent; absent when it was not. */
  readonly nameQualifier?: string | undefined;
  readonly spNameQualifier?: string | undefined;
  readonly sessionIndex: string | null;
  /** OIDC: the identity provider's session id. */
  readonly sid: string | null;
  /** OIDC: for `id_token_hint`; sealed at rest. */
  readonly idToken: string | null;
}

export interface Session {
  /** May be shown: in lists, in the audit, as `sid` in ID tokens. It opens nothing. */
  readonly id: SessionId;
  /** Keyed hash of the cookie value; the value itself is nowhere. */
  readonly tokenHash: string;
  /** Of the cookie value before the last rotation; null once it no longer counts, or if there was none (S190). */
  readonly previousTokenHash: string | null;
  /** When the cookie value was last replaced; null: never. */
  readonly rotatedAt: number | null;
  /** When the newest cookie value was first shown by the browser; null while it may not have arrived. */
  readonly confirmedAt: number | null;
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly membershipId: MembershipId;
  /** Null for a password sign-in. */
  readonly connectionId: ConnectionId | null;
  /** The role for which the cookie value was given out: another one asks for another value (S184). */
  readonly orgRole: OrgRole;
  /** How the person proved who they are (RFC 8176): `pwd`, `otp`, `hwk`, what the identity provider said, else `fed`. */
  readonly amr: readonly string[];
  readonly upstream: UpstreamSession | null;
  /** An owner's way in past the organization's own sign-on. */
  readonly emergency: boolean;
  /** Where it began; null when unknown. */
  readonly ip: string | null;
  /** At most 256 characters; null when unknown. */
  readonly userAgent: string | null;
  /** When the person last proved who they are, here or at the identity provider: `auth_time` of ID tokens. */
  readonly authTime: number;
  /** The identity provider neither said when it asked the person nor was it asked to do so anew: `authTime` is when they came back. */
  readonly isAuthTimeAssumed: boolean;
  /** When the person signed in here; a change of organization carries it over. */
  readonly authenticatedAt: number;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** The absolute end; the idle limit is counted from `lastSeenAt`. */
  readonly expiresAt: number;
}
