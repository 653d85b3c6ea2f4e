/** How an organization is connected to an identity provider: what each believes and knows of the other, by protocol. */
import type { ConnectionId, OrganizationId, SpKeyId } from '../../kernel/ids.ts';

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

/** Where to find a connection. */
export interface ConnectionName {
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
}
