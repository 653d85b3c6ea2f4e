/** What the SAML seam needs to know of a connection, from storage and the configured base URL alone (S86). */
import { connectionUrls } from '../../core/connections/connections.ts';
import type { SamlConnection } from '../../core/entities/connection.ts';
import type { HttpDeps } from '../deps.ts';
import type { SamlTrust } from './strategy.ts';

/** Plain values only, so that they can be handed to another thread. */
export function samlTrust(deps: Pick<HttpDeps, 'baseUrl'>, connection: SamlConnection): SamlTrust {
  const { idpEntityId, certificates, signatures, spEntityId, authnContexts, spKeys, sha1Until } =
    connection.settings;
  const urls = connectionUrls(deps.baseUrl, connection.id);
  return {
    connectionId: connection.id,
    idpEntityId,
    certificates,
    signatures,
    authnContexts,
    sha1Until,
    decryptionKeys: spKeys.map(({ privateKey }) => privateKey),
    acsUrl: urls.acsUrl,
    spEntityId: spEntityId ?? urls.spEntityId,
  };
}
