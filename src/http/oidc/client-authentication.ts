/** How the gateway proves itself to an identity provider's token endpoint (OIDC core §9). */
import * as oidc from 'openid-client';
import type { OidcTrust } from './trust.ts';

export function clientAuthentication(trust: OidcTrust): oidc.ClientAuth {
  return trust.tokenEndpointAuthMethod === 'client_secret_post'
    ? oidc.ClientSecretPost(trust.clientSecret)
    : clientSecretBasic(trust.clientSecret);
}

/**
 * RFC 6749 §2.3.1 wants id and secret form-encoded before they are joined. openid-client then also writes `-` as `%2D`,
 * which is allowed, but providers that never decode (LemonLDAP::NG) refuse it; encodeURIComponent leaves what secrets
 * are made of as it is, and decodes to the same.
 */
function clientSecretBasic(secret: string): oidc.ClientAuth {
  return (...[, client, , headers]) => {
    const pair = `${encodeURIComponent(client.client_id)}:${encodeURIComponent(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };
}
