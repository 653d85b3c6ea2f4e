/** Our keys at one OpenID Provider, as it reads them: what signs now, and what will (RFC 7517). */
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { RequestHandler } from 'express';
import { isKeyed, spKeys } from '../../core/connections/sp-keys.ts';
import type { SpKey } from '../../core/entities/connection.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { connectionAt } from '../sign-in-answer.ts';

/** `GET /oidc-keys/{connectionId}`, for drafts too: the provider is set up first. Public halves only. Throws `not_found`. */
export const getClientKeys =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const connection = await connectionAt(deps, req, 'oidc');
    if (connection === undefined || !isKeyed(connection))
      throw new GatehouseError('not_found', 'No such connection.');
    const { published } = await spKeys(deps, connection);
    res
      .set('Cache-Control', 'public, max-age=300')
      .type('application/jwk-set+json')
      .send(JSON.stringify({ keys: published.map(publicJwk) }));
  };

function publicJwk({ id, certificate }: SpKey) {
  const { publicKey, raw } = new X509Certificate(certificate);
  const { kty, n, e } = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({
    format: 'jwk',
  });
  return { kty, n, e, kid: id, use: 'sig', alg: 'RS256', x5c: [raw.toString('base64')] };
}
