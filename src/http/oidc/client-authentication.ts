/** How the gateway proves itself to an identity provider's token endpoint (OIDC core §9). */
import { createHash, X509Certificate } from 'node:crypto';
import { importPKCS8 } from 'jose';
import * as oidc from 'openid-client';
import type { OidcTrust } from './trust.ts';

export function clientAuthentication(trust: OidcTrust): oidc.ClientAuth {
  if (trust.tokenEndpointAuthMethod === 'private_key_jwt') return privateKeyJwt(trust);
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

/**
 * RFC 7523, RS256. Beside the id, by which a provider finds the key in our list, its certificate is named: Entra knows keys
 * by that alone. Without a key nothing is sent, which the provider refuses.
 */
function privateKeyJwt({ clientKey }: OidcTrust): oidc.ClientAuth {
  if (clientKey === undefined) return oidc.None();
  const { kid, audience } = clientKey;
  let imported: ReturnType<typeof importPKCS8> | undefined;
  const certificate = new X509Certificate(clientKey.certificate).raw;
  const thumbprint = (algorithm: string) => createHash(algorithm).update(certificate).digest('base64url');
  return async (...[server, client, body, headers]) => {
    imported ??= importPKCS8(clientKey.privateKey, 'RS256');
    const key = await imported;
    const sign = oidc.PrivateKeyJwt(
      { key, kid },
      {
        [oidc.modifyAssertion]: (header, payload) => {
          Object.assign(header, { x5t: thumbprint('sha1'), 'x5t#S256': thumbprint('sha256') });
          if (audience === 'token_endpoint') payload.aud = server.token_endpoint;
        },
      },
    );
    await sign(server, client, body, headers);
  };
}
