/** The identity provider's side of signing out, over OIDC: its logout tokens verified, and where to send a browser to end its session. */
import type { Fetcher } from '../../core/ports/fetcher.ts';
import type { Clock } from '../../kernel/clock.ts';
import { type LogoutTokenFacts, readLogoutToken } from '../../protocols/oidc/logout-token.ts';
import { refuse } from '../../protocols/oidc/rejections.ts';
import { afterSignature } from '../signed-refusal.ts';
import type { IdpMetadata, IdpMetadataCache } from './idp-metadata.ts';
import { refuseFor } from './refusals.ts';
import type { OidcTrust } from './trust.ts';
import { type VerifiedToken, verifyToken } from './verified-token.ts';

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
/** Providers from before the final specification send `JWT`, or nothing. */
const TYPES: readonly string[] = ['jwt', 'logout+jwt', 'application/logout+jwt'];

/** Builds the logout half of the relying party over the discovery cache of the sign-in half. */
export function createOidcLogout(deps: Deps): OidcLogout {
  return {
    async verifyLogoutToken({ connection, token, now }) {
      if (typeof token !== 'string' || token.length > LONGEST_TOKEN) return refuse('oidc.logout_token');
      const idp = await deps.cache.load(connection).catch(refuseFor);
      const verified = await verifyLogoutToken(deps, idp, token);
      return afterSignature(() => readLogoutToken(claimsOf(verified), connection, now));
    },
    async endSessionUrl(input) {
      const idp = await deps.cache.load(input.connection).catch(() => undefined);
      return idp === undefined ? undefined : addressOf(idp, input);
    },
  };
}

/** What a published key vouches for. */
function verifyLogoutToken(deps: Deps, idp: IdpMetadata, token: string): Promise<VerifiedToken> {
  const algorithms = idp.server.id_token_signing_alg_values_supported ?? [];
  return verifyToken(deps, idp, { kind: 'logout_token', token, algorithms }).catch(refuseFor);
}

function claimsOf({ header, payload }: VerifiedToken): unknown {
  const type = header.typ;
  if (type !== undefined && !(typeof type === 'string' && TYPES.includes(type.toLowerCase())))
    refuse('oidc.logout_token', { typ: type });
  try {
    const claims: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(payload, 'base64url')),
    );
    return claims;
  } catch (error) {
    return refuse('oidc.logout_token', {}, error);
  }
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
