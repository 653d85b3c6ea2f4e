/** Applications behind Gatehouse (OpenID Connect clients), what people let them know, and the keys that sign for it. */
import type {
  ApplicationGrantId,
  ApplicationId,
  ApplicationSecretId,
  ConnectionId,
  MembershipId,
  OrganizationId,
  SessionId,
  SigningKeyId,
  UserId,
} from '../../kernel/ids.ts';

/** How an application proves who it is at the token endpoint (OIDC Core §9); `none`: a public one, with PKCE alone. */
export const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

export const ID_TOKEN_ALGORITHMS = ['ES256', 'RS256'] as const;
export type IdTokenAlgorithm = (typeof ID_TOKEN_ALGORITHMS)[number];

export interface ApplicationSecret {
  readonly id: ApplicationSecretId;
  /** Keyed hash; the value itself is nowhere. */
  readonly secretHash: string;
  readonly createdAt: number;
  /** Set on the one before when a new one is made: both work until then. Null: until removed. */
  readonly expiresAt: number | null;
}

/** A public key of an application, as it was registered (RFC 7517). */
export type PublicJwk = Readonly<Record<string, unknown>> & { readonly kty: string };

/** A product that signs people in through Gatehouse. Of the installation, not of an organization. */
export interface Application {
  /** Its `client_id`. */
  readonly id: ApplicationId;
  readonly version: number;
  readonly name: string;
  /** Compared character by character; never empty. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri: string | null;
  /** The only organizations whose people may sign in to it; null: all. */
  readonly organizationIds: readonly OrganizationId[] | null;
  readonly authMethod: AuthMethod;
  /** The keys it signs its assertions with; empty unless `authMethod` is private_key_jwt. */
  readonly jwks: readonly PublicJwk[];
  readonly idTokenAlgorithm: IdTokenAlgorithm;
  /** Newest first; empty unless `authMethod` takes a secret. */
  readonly secrets: readonly ApplicationSecret[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What one person, in one session, has let one application know. Every code and token hangs on one of these. */
export interface ApplicationGrant {
  readonly id: ApplicationGrantId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly membershipId: MembershipId;
  readonly userId: UserId;
  readonly applicationId: ApplicationId;
  /** The session it was given in; with `offline_access` it outlives that, unless an emergency code opened it. */
  readonly sessionId: SessionId;
  readonly scopes: readonly string[];
  /** Of the session: when the person proved who they are, and how. */
  readonly authTime: number;
  /** How that session was opened, which may be over; as in the session. */
  readonly connectionId: ConnectionId | null;
  readonly emergency: boolean;
  readonly amr: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A code, token, interaction or replay mark of the OpenID Provider, found by the hash of the value that names it. */
export interface ProviderRecord {
  /** The library's name for it, such as `AuthorizationCode`. */
  readonly kind: string;
  readonly idHash: string;
  /** What it hangs on and goes with; null for what nobody gave, such as a sign-in under way. */
  readonly grant: { readonly organizationId: OrganizationId; readonly id: ApplicationGrantId } | null;
  /** The library's own JSON; sealed at rest. */
  readonly payload: string;
  readonly consumedAt: number | null;
  readonly expiresAt: number;
}

/** A key of the OpenID Provider: `sign` for tokens, `cookie` for the cookies of sign-ins under way. */
export interface SigningKey {
  /** Its `kid`. */
  readonly id: SigningKeyId;
  readonly version: number;
  readonly purpose: 'sign' | 'cookie';
  readonly algorithm: IdTokenAlgorithm | 'HS256';
  /** A private JWK as JSON, or the bytes of a cookie key in base64url; sealed at rest. */
  readonly secret: string;
  readonly createdAt: number;
  /** It is published from `createdAt` on and signs from here on, until a later one does. */
  readonly signsFrom: number;
  /** When it is no longer published; null while it signs or is about to. */
  readonly expiresAt: number | null;
}
