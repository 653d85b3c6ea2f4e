/** Serves what an identity provider must know about us for one connection. */

import type { RequestHandler } from 'express';
import { connectionUrls } from '../../core/connections/connections.ts';
import { signsRequests } from '../../core/connections/saml-settings.ts';
import { spKeys } from '../../core/connections/sp-keys.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { buildSpMetadata } from '../../protocols/saml/metadata.ts';
import type { HttpDeps } from '../deps.ts';
import { connectionAt } from '../sign-in-answer.ts';
import { samlTrust } from './trust.ts';

/** `GET /saml/{connectionId}/metadata`, for drafts too: the identity provider is set up first. Shows certificates, never a key (S67). Throws `not_found`. */
export const getMetadata =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const connection = await connectionAt(deps, req, 'saml');
    if (connection === undefined) throw new GatehouseError('not_found', 'No such connection.');
    const { logoutUrl } = connectionUrls(deps.baseUrl, connection.id);
    const { spEntityId, acsUrl } = samlTrust(deps, connection);
    const { published } = await spKeys(deps, connection);
    const certificates = published.map(({ certificate }) => certificate);
    res
      .set('Cache-Control', 'no-store')
      .set('Content-Type', 'application/samlmetadata+xml; charset=utf-8')
      .send(
        Buffer.from(
          buildSpMetadata({
            spEntityId,
            acsUrl,
            logoutUrl,
            certificates,
            signsRequests: signsRequests(connection.settings),
          }),
        ),
      );
  };
