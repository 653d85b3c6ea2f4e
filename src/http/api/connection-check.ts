/** Looks at one connection now and says what it found: the identity provider's own document, or the pinned certificates. */
import type { z } from 'zod';
import type { Cause } from '../../core/entities/journal.ts';
import type { Connection, SamlSettings } from '../../core/entities/sign-in.ts';
import { refreshMetadata } from '../../core/metadata-watch.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { certificateProblem, checkCertificate } from '../../protocols/saml/certificates.ts';
import type { HttpDeps } from '../deps.ts';
import { oidcTrust } from '../oidc/connection-trust.ts';
import { type ConnectionOf, speaks } from '../sign-in-answer.ts';
import type { connectionCheckShape } from './directory-shapes.ts';
import { isoTime } from './present.ts';

type Report = z.infer<typeof connectionCheckShape>;

type CheckDeps = Pick<HttpDeps, 'oidc' | 'clock' | 'fetcher' | 'baseUrl' | 'storage' | 'readMetadata'>;

/** Never throws for what the identity provider does wrong: that is the answer. Metadata with an address is read anew. */
export async function checkConnection(
  deps: CheckDeps,
  connection: Connection,
  cause: Cause,
): Promise<Report> {
  if (speaks(connection, 'oidc')) return checkOidc(deps, connection);
  if (speaks(connection, 'saml')) {
    const { organizationId, id: connectionId } = connection;
    const { settings } = await refreshMetadata(deps, { organizationId, connectionId, cause });
    return checkSaml(settings, deps.clock());
  }
  throw new GatehouseError('internal', 'A connection speaks no protocol we know.');
}

function checkSaml(settings: SamlSettings, now: number): Report {
  const certificates = settings.certificates.map((text) => {
    const { fingerprint, notAfter } = checkCertificate(text);
    return { fingerprint, expiresAt: isoTime(notAfter), isExpired: notAfter <= now };
  });
  const reason = certificateProblem(settings.certificates, now);
  const { metadata } = settings;
  return {
    protocol: 'saml',
    ok: reason === null,
    reason,
    certificates,
    metadata: metadata && { problem: metadata.problem, isStaged: metadata.staged !== null },
  };
}

async function checkOidc(deps: CheckDeps, connection: ConnectionOf<'oidc'>): Promise<Report> {
  const report = await deps.oidc.checkOidcIssuer(oidcTrust(deps, connection));
  return report.ok
    ? {
        protocol: 'oidc',
        ok: true,
        reason: null,
        authorizationEndpoint: report.authorizationEndpoint,
        tokenEndpoint: report.tokenEndpoint,
        userInfoEndpoint: report.userInfoEndpoint ?? null,
        algorithms: [...report.algorithms],
      }
    : {
        protocol: 'oidc',
        ok: false,
        reason: report.reason,
        authorizationEndpoint: null,
        tokenEndpoint: null,
        userInfoEndpoint: null,
        algorithms: [],
      };
}
