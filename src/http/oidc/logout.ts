/** The identity provider's side of signing out, over OIDC: its logout tokens verified, and where to send a browser to end its session. */
import * as jose from 'jose';
import type { Fetcher } from '../../core/ports/fetcher.ts';
import { type Clock, seconds } from '../../kernel/clock.ts';
import { type LogoutTokenFacts, readLogoutToken } from '../../protocols/oidc/logout-token.ts';
import { type OidcRejection, refuse } from '../../protocols/oidc/rejections.ts';
import type { IdpMetadata, IdpMetadataCache } from './idp-metadata.ts';
import { refuseFor } from './refusals.ts';
import type { OidcTrust } from './trust.ts';

export interface LogoutTokenInput {
  readonly connection: OidcTrust;
  /** The form field as received. */
  readonly token: unknown;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface EndSessionInput {
  readonly connection: OidcTrust;
  /** The ID token of the session that ended; null: the provider asks the person. */
  readonly idToken: string | null;
  /** Ours, registered at the provider. */
  readonly postLogoutRedirectUri: string;
  readonly state: string;
}

export interface OidcLogout {
  /** Facts of a verified logout token, not yet used up. Throws `sign_in_refused` with the exact reason (S88). */
  readonly verifyLogoutToken: (input: LogoutTokenInput) => Promise<LogoutTokenFacts>;
  /** Where the browser ends the provider's session (RP-Initiated Logout 1.0 §2); undefined when the provider has no such place, or is down. */
  readonly endSessionUrl: (input: EndSessionInput) => Promise<string | undefined>;
}

interface Deps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  readonly cache: IdpMetadataCache;
}

const LONGEST_TOKEN = 16 * 1024;
const KEY_REFETCH_PAUSE = seconds(60);
const MOST_KEYS = 100;
/** Providers from before the final specification send `JWT`, or nothing. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'logout+jwt', 'application/logout+jwt'];

/** Builds the logout half of the relying party over the discovery cache of the sign-in half. */
export function createOidcLogout(deps: Deps): OidcLogout {
  return {
    async verifyLogoutToken({ connection, token, now }) {
      if (typeof token !== 'string' || token.length > LONGEST_TOKEN) return refuse('oidc.logout_token');
      const idp = await deps.cache.load(connection).catch(refuseFor);
      return readLogoutToken(await verifiedClaims(deps, idp, token), connection, now);
    },
    async endSessionUrl(input) {
      const idp = await deps.cache.load(input.connection).catch(() => undefined);
      return idp === undefined ? undefined : addressOf(idp, input);
    },
  };
}

/** The claims a published key vouches for; header fields that bring their own key (`jwk`, `jku`, `x5u`) are ignored (S81). */
async function verifiedClaims(deps: Deps, idp: IdpMetadata, token: string): Promise<unknown> {
  try {
    const header = jose.decodeProtectedHeader(token);
    if (!TYPES.includes(header.typ?.toLowerCase())) refuse('oidc.logout_token', { typ: header.typ });
    const algorithms = [...(idp.server.id_token_signing_alg_values_supported ?? [])];
    const { payload } = await verifyWithKeys(deps, idp, (keys) =>
      jose.compactVerify(token, jose.createLocalJWKSet(keys), { algorithms }),
    );
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return claims;
  } catch (error) {
    const reason = error instanceof Error ? REASONS[String(Reflect.get(error, 'code'))] : undefined;
    if (reason !== undefined) refuse(reason, {}, error);
    if (error instanceof SyntaxError || error instanceof TypeError) refuse('oidc.logout_token', {}, error);
    return refuseFor(error);
  }
}

const REASONS: Readonly<Record<string, OidcRejection>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'oidc.algorithm',
  ERR_JOSE_NOT_SUPPORTED: 'oidc.algorithm',
  ERR_JWKS_NO_MATCHING_KEY: 'oidc.key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'oidc.key',
  ERR_JWKS_INVALID: 'oidc.key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'oidc.signature',
  ERR_JWS_INVALID: 'oidc.logout_token',
};

/** Tries the keys seen last; an unknown key id asks the provider again, at most once a minute (S80). */
async function verifyWithKeys<T>(
  deps: Deps,
  idp: IdpMetadata,
  attempt: (keys: jose.JSONWebKeySet) => Promise<T>,
): Promise<T> {
  const known = idp.keys.cache?.jwks;
  if (known === undefined) return attempt(await fetchKeys(deps, idp));
  try {
    return await attempt(known);
  } catch (error) {
    const mayAskAgain = deps.clock() - idp.keys.askedAgainAt >= KEY_REFETCH_PAUSE;
    if (!(error instanceof jose.errors.JWKSNoMatchingKey) || !mayAskAgain) throw error;
    idp.keys.askedAgainAt = deps.clock();
    return attempt(await fetchKeys(deps, idp));
  }
}

async function fetchKeys({ fetcher, clock }: Deps, idp: IdpMetadata): Promise<jose.JSONWebKeySet> {
  const answer = await fetcher.fetch(idp.server.jwks_uri ?? '', { headers: { accept: 'application/json' } });
  if (!answer.ok) return refuse('oidc.unreachable', { status: answer.status });
  const jwks: unknown = await answer.json();
  if (!isKeySet(jwks)) return refuse('oidc.key');
  idp.keys.cache = { jwks, uat: Math.floor(clock() / 1000) };
  return jwks;
}

function isKeySet(value: unknown): value is jose.JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value)) return false;
  return Array.isArray(value.keys) && value.keys.length <= MOST_KEYS;
}

function addressOf(idp: IdpMetadata, input: EndSessionInput): string | undefined {
  const endpoint = URL.parse(idp.server.end_session_endpoint ?? '');
  // Browsers are sent nowhere that is less protected than the issuer itself (S78).
  const isSecure =
    endpoint?.protocol === 'https:' || endpoint?.protocol === URL.parse(idp.server.issuer)?.protocol;
  if (endpoint === null || !isSecure) return undefined;
  const { connection, idToken, postLogoutRedirectUri, state } = input;
  if (idToken !== null) endpoint.searchParams.set('id_token_hint', idToken);
  endpoint.searchParams.set('client_id', connection.clientId);
  endpoint.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri);
  endpoint.searchParams.set('state', state);
  return endpoint.href;
}
