/** What the OIDC seam needs to know of a connection, from storage and the configured base URL alone (S86). */
import { connectionUrls } from '../../core/connections.ts';
import type { HttpDeps } from '../deps.ts';
import type { ConnectionOf } from '../sign-in-answer.ts';
import type { OidcTrust } from './trust.ts';

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
    allowInsecure: deps.fetcher.permitsHttp(issuer),
  };
}
