/** What the SAML seam needs to know of a connection, from storage and the configured base URL alone (S86). */
import { connectionUrls } from '../../core/connections.ts';
import type { HttpDeps } from '../deps.ts';
import type { ConnectionOf } from '../sign-in-answer.ts';
import type { SamlTrust } from './strategy.ts';

export function samlTrust(deps: Pick<HttpDeps, 'baseUrl'>, connection: ConnectionOf<'saml'>): SamlTrust {
  const { idpEntityId, ssoUrl, certificates, signatures } = connection.settings;
  const { acsUrl, spEntityId } = connectionUrls(deps.baseUrl, connection.id);
  return {
    connectionId: connection.id,
    idpEntityId,
    ssoUrl,
    certificates,
    signatures,
    acsUrl,
    spEntityId,
  };
}
