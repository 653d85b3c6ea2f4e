/** How people get in: connections, domains, pending sign-ins, sessions. */
import type {
  ConnectionId,
  DomainId,
  InvitationId,
  MembershipId,
  OrganizationId,
  SessionId,
  SignInId,
  SpKeyId,
  TestSignInId,
  UserId,
} from '../../kernel/ids.ts';
import type { OrgRole } from '../access/roles.ts';

/** A key pair of ours at one connection: signs what we ask, opens what is encrypted for us, or shows who we are (OIDC). */
export interface SpKey {
  readonly id: SpKeyId;
  /** `current` signs; `next` is published and waits; `previous` only opens what was still encrypted with it. */
  readonly use: 'current' | 'next' | 'previous';
  /** Self-signed, PEM; public. */
  readonly certificate: string;
  /** PKCS#8 PEM; sealed at rest, never shown. */
  readonly privateKey: string;
  readonly createdAt: number;
}

/** A provider that is out of order, as far as is known. */
export interface Outage {
  /** As in the audit and the recorder. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** How many were sent there when it was noticed and had not come back; absent: the provider itself was asked. */
  readonly sent?: number;
}

/** What an identity provider says about itself in its metadata. */
export interface IdpDescription {
  readonly idpEntityId: string;
  /** Single sign-on; by HTTP-Redirect where that is offered. */
  readonly ssoUrl: string;
  /** Single sign-on by HTTP-POST; null: `ssoUrl` takes that too. */
  readonly ssoPostUrl: string | null;
  /** Single logout; null: the identity provider is not told when somebody signs out. */
  readonly sloUrl: string | null;
  /** How it takes our logout messages: by HTTP-Redirect where that is offered. */
  readonly sloBinding: 'redirect' | 'post';
  /** Where its own logout requests are answered; null: at `sloUrl`. */
  readonly sloResponseUrl: string | null;
  /** Pinned signing certificates, PEM. Never empty. */
  readonly certificates: readonly string[];
  /** True: its metadata says that it takes signed requests only; then they are signed, whatever `signRequests` says. */
  readonly wantsSignedRequests?: boolean;
}

/** What of it is taken over from metadata at an address later on; single logout is told once, or by hand. */
export type WatchedDescription = Pick<
  IdpDescription,
  'idpEntityId' | 'ssoUrl' | 'ssoPostUrl' | 'certificates'
>;

/** The identity provider's metadata at an address, read again and again. */
export interface MetadataWatch {
  readonly url: string;
  /** True applies whatever the address says from now on; false only what a pinned key signed (S64). */
  readonly isTrusted: boolean;
  /** When it was last read, or tried. */
  readonly checkedAt: number;
  /** Why the last try failed, one sentence; null: it did not. */
  readonly problem: string | null;
  /** What it said that differs from what is pinned, waiting for an explicit act; null: nothing. */
  readonly staged: WatchedDescription | null;
}

export interface SamlSettings extends IdpDescription {
  readonly protocol: 'saml';
  readonly signatures: 'any' | 'assertion' | 'response' | 'both';
  /** Our entity id where the identity provider was set up with another one; null: the address of our metadata. */
  readonly spEntityId: string | null;
  /** At most one of each use; empty until first needed. */
  readonly spKeys: readonly SpKey[];
  readonly requestBinding: 'redirect' | 'post';
  readonly signRequests: boolean;
  /** True: the identity provider must ask the person again, whatever session it has. */
  readonly forceAuthn: boolean;
  /** Ways of authentication that are asked for and alone accepted (S54); empty: any. */
  readonly authnContexts: readonly string[];
  /** NameID format that is asked for; null: the identity provider chooses. */
  readonly nameIdFormat: 'emailAddress' | 'persistent' | 'unspecified' | null;
  readonly metadata: MetadataWatch | null;
  /** Until when SHA-1 signatures are accepted, epoch milliseconds; null: never (S20). */
  readonly sha1Until: number | null;
  /** Days before the end that were last warned of, by certificate fingerprint. */
  readonly expiryWarnings: Readonly<Record<string, number>>;
  /** Since when nobody has come back from it; absent: somebody has. */
  readonly outage?: Outage;
}

export interface OidcSettings {
  readonly protocol: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  /** Sealed at rest; null for public registrations. */
  readonly clientSecret: string | null;
  readonly tokenEndpointAuthMethod: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** At most one of each use; absent until first needed, and without `private_key_jwt`. */
  readonly spKeys?: readonly SpKey[];
  readonly scopes: readonly string[];
  /** Signature algorithms an ID token of this connection may carry; asymmetric ones only, never empty (S68). */
  readonly idTokenAlgs: readonly string[];
  /** Entra's directory id, lower case: every ID token must carry it as `tid` (S70). Null: there is none to pin. */
  readonly tenantId: string | null;
  /** Since when its description cannot be had, and why; absent: it can. */
  readonly outage?: Outage;
}

/** Products whose habits and consoles Gatehouse knows. */
export const IDENTITY_PROVIDERS = [
  'okta',
  'entra',
  'google',
  'onelogin',
  'jumpcloud',
  'pingone',
  'adfs',
  'keycloak',
] as const;
export type IdentityProvider = (typeof IDENTITY_PROVIDERS)[number];

/** One SAML or OIDC identity provider of an organization. */
export interface Connection {
  readonly id: ConnectionId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly status: 'draft' | 'active' | 'disabled';
  /** Which product it is, as the admin said; null: not said. */
  readonly preset: IdentityProvider | null;
  readonly settings: SamlSettings | OidcSettings;
  /** Just-in-time joining of people from a proved domain, in manual organizations. */
  readonly jit: boolean;
  readonly idpInitiated: boolean;
  /** Which upstream attribute or claim holds e-mail, name and groups; absent keys use the protocol's usual ones. */
  readonly attributes: Readonly<{ email?: string; name?: string; groups?: string }>;
  /** OIDC claim that may equal a directory userName, such as Entra's `preferred_username`; null: the verified e-mail. */
  readonly userNameClaim: string | null;
  /** When it wants to be looked at again (`dueAtOf`), epoch milliseconds; null: never. */
  readonly dueAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A connection to a SAML identity provider. */
export type SamlConnection = Connection & { readonly settings: SamlSettings };

export interface Domain {
  readonly id: DomainId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  /** Lower-case A-label form. One verified owner per domain. */
  readonly domain: string;
  /** `lapsed`: it was proved, and the record has gone since; it routes and vouches for nobody, like a pending one (S153). */
  readonly status: 'pending' | 'verified' | 'lapsed';
  /** On whose word it was proved; null while pending. Only what DNS proved is looked at again. */
  readonly proof: 'dns' | 'operator' | null;
  /** The value expected in the DNS TXT record; public by nature. */
  readonly challenge: string;
  readonly verifiedAt: number | null;
  /** When the record was last looked for; null: never, or there is nothing to look for. */
  readonly checkedAt: number | null;
  /** Since when a proved domain's record has been missing; null while it is there. */
  readonly missingSince: number | null;
  /** The connection that people of this domain sign in through; null: any of the organization. */
  readonly connectionId: ConnectionId | null;
  readonly createdAt: number;
}

/** Where to find a session. */
export interface SessionName {
  readonly organizationId: OrganizationId;
  readonly id: SessionId;
}

/** Where to find a connection. */
export interface ConnectionName {
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
}

/** What a sign-in is for. */
export type SignInPurpose =
  /**
   * `replaces`: the session that this browser showed at the start; the provider's POST comes back without its cookie.
   * `isRepeated`: this browser had begun another sign-in and not ended it: it is one person still.
   */
  | {
      readonly kind: 'sign_in';
      readonly replaces?: SessionName | undefined;
      readonly isRepeated?: boolean | undefined;
    }
  /** Opens no session; the result goes to whoever started it. */
  | { readonly kind: 'test'; readonly testSignInId: TestSignInId }
  /** A signed-in member connects the identity to themselves, by an explicit act (S156). */
  | {
      readonly kind: 'connect';
      readonly membershipId: MembershipId;
      readonly replaces?: SessionName | undefined;
    }
  /** Somebody signed in to an account joins with it, by the mailed link of an invitation. */
  | {
      readonly kind: 'accept_invitation';
      readonly invitationId: InvitationId;
      /** Of the invitation as it was then: sent again, it is another one (S165). */
      readonly tokenHash: string;
      readonly userId: UserId;
      readonly replaces?: SessionName | undefined;
    }
  /** The provider's answer is verified already; the person's yes is waited for (S48). */
  | { readonly kind: 'confirmation' }
  /** The session here has ended; the browser signs out at the provider. */
  | { readonly kind: 'sign_out' };

/** A sign-in or sign-out under way: one row, consumed once, bound to one browser and one connection. */
export interface PendingSignIn {
  readonly id: SignInId;
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
  /** Hash of the RelayState or `state` value that names this row from outside. */
  readonly handleHash: string;
  /** Hash of the binding cookie's value. */
  readonly bindingHash: string;
  /** SAML: the ID of our request. */
  readonly requestId: string | null;
  /** OIDC: what the callback needs; sealed at rest. */
  readonly nonce: string | null;
  readonly codeVerifier: string | null;
  /** What was decided or begun, as text of its kind; sealed at rest. Null while an answer is waited for. */
  readonly held: string | null;
  /** A same-origin path, or null for the person's page. */
  readonly returnTo: string | null;
  /** The person was to prove anew who they are: SAML ForceAuthn, OIDC prompt=login. */
  readonly mustReauthenticate: boolean;
  /** How long ago the identity provider may have authenticated the person, seconds; null: any time. */
  readonly maxAgeSeconds: number | null;
  readonly purpose: SignInPurpose;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What the identity provider said about its own session, so that a log-out of theirs finds ours and ours can tell them. */
export interface UpstreamSession {
  /** SAML: the subject as it was sent. */
  readonly nameId: string | null;
  readonly nameIdFormat: string | null;
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
  /** When the person signed in here; a change of organization carries it over. */
  readonly authenticatedAt: number;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** The absolute end; the idle limit is counted from `lastSeenAt`. */
  readonly expiresAt: number;
}
