/** What the OIDC seam needs to know of a connection, from storage and the configured base URL alone (S86). */
import { connectionUrls } from '../../core/connections/connections.ts';
import { withSpKeys } from '../../core/connections/sp-keys.ts';
import type { HttpDeps } from '../deps.ts';
import { type ConnectionOf, speaks } from '../sign-in-answer.ts';
import type { ClientKey, OidcTrust } from './trust.ts';

/** The trust of one connection. Plain http only where the operator's allow list lets this issuer be so. */
export function oidcTrust(
  deps: Pick<HttpDeps, 'baseUrl' | 'fetcher'>,
  connection: ConnectionOf<'oidc'>,
): OidcTrust {
  const { issuer, clientId, clientSecret, scopes, tokenEndpointAuthMethod, idTokenAlgs, tenantId } =
    connection.settings;
  return {
    connectionId: connection.id,
    issuer,
    clientId,
    clientSecret: clientSecret ?? '',
    redirectUri: connectionUrls(deps.baseUrl, connection.id).redirectUri,
    scopes,
    tokenEndpointAuthMethod,
    idTokenAlgs,
    tenantId: tenantId ?? undefined,
    userNameClaim: connection.userNameClaim ?? undefined,
    groupsClaim: connection.attributes.groups,
    clientKey: tokenEndpointAuthMethod === 'private_key_jwt' ? clientKeyOf(connection) : undefined,
    allowInsecure: deps.fetcher.permitsHttp(issuer),
  };
}

/** Okta and Entra document their token endpoint; others take the issuer, which says best who is meant (RFC 7523bis). */
const WANTS_ENDPOINT: readonly (string | null)[] = ['okta', 'entra'];

function clientKeyOf({ settings, preset }: ConnectionOf<'oidc'>): ClientKey | undefined {
  const key = settings.spKeys?.find(({ use }) => use === 'current');
  if (key === undefined) return undefined;
  const { id, privateKey, certificate } = key;
  const audience = WANTS_ENDPOINT.includes(preset) ? 'token_endpoint' : 'issuer';
  return { kid: id, privateKey, certificate, audience };
}

/** The same for somebody who is about to be asked: a connection that shows a key has one from here on. */
export async function oidcTrustWithKey(
  deps: Pick<HttpDeps, 'baseUrl' | 'fetcher' | 'storage' | 'clock' | 'newRsaKey'>,
  connection: ConnectionOf<'oidc'>,
): Promise<OidcTrust> {
  const keyed = await withSpKeys(deps, connection);
  return oidcTrust(deps, speaks(keyed, 'oidc') ? keyed : connection);
}
