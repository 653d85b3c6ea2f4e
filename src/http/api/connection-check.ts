/** Looks at one connection now and says what it found: the identity provider's own document, or the pinned certificates. */
import type { z } from 'zod';
import { noteAnswerOfProvider } from '../../core/connections/connection-outages.ts';
import { refreshMetadata } from '../../core/connections/metadata-watch.ts';
import type { Connection } from '../../core/entities/connection.ts';
import type { Cause } from '../../core/entities/journal.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { certificateProblem, checkCertificate } from '../../protocols/saml/certificates.ts';
import type { HttpDeps } from '../deps.ts';
import { explainSignIn } from '../explanations/explain.ts';
import { identityProviderOf } from '../explanations/identity-provider.ts';
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
  if (speaks(connection, 'oidc')) return checkOidc(deps, connection, cause);
  if (speaks(connection, 'saml')) {
    const { organizationId, id: connectionId } = connection;
    const fresh = await refreshMetadata(deps, { organizationId, connectionId, cause });
    return checkSaml(fresh, deps.clock());
  }
  throw new GatehouseError('internal', 'A connection speaks no protocol we know.');
}

/** Why it failed, in words; null for what is well. */
function explained(connection: Connection, reason: string | null): Report['explanation'] {
  if (reason === null) return null;
  const product = identityProviderOf(connection);
  return explainSignIn(reason, { protocol: connection.settings.protocol, product });
}

function checkSaml(connection: ConnectionOf<'saml'>, now: number): Report {
  const { settings } = connection;
  const certificates = settings.certificates.map((text) => {
    const { fingerprint, notAfter } = checkCertificate(text);
    return { fingerprint, expiresAt: isoTime(notAfter), isExpired: notAfter <= now };
  });
  // Nobody can ask a SAML provider: what is known is whether people come back from it.
  const reason = certificateProblem(settings.certificates, now) ?? settings.outage?.reason ?? null;
  const { metadata } = settings;
  return {
    protocol: 'saml',
    ok: reason === null,
    reason,
    explanation: explained(connection, reason),
    certificates,
    metadata: metadata && { problem: metadata.problem, isStaged: metadata.staged !== null },
  };
}

async function checkOidc(deps: CheckDeps, connection: ConnectionOf<'oidc'>, cause: Cause): Promise<Report> {
  const report = await deps.oidc.checkOidcIssuer(oidcTrust(deps, connection));
  const reason = report.ok ? null : report.reason;
  await noteAnswerOfProvider(deps, { connection, reason, cause });
  return report.ok
    ? {
        protocol: 'oidc',
        ok: true,
        reason: null,
        explanation: null,
        issuer: report.issuer,
        signingKeys: report.signingKeys,
        authorizationEndpoint: report.authorizationEndpoint,
        tokenEndpoint: report.tokenEndpoint,
        userInfoEndpoint: report.userInfoEndpoint ?? null,
        algorithms: [...report.algorithms],
      }
    : {
        protocol: 'oidc',
        ok: false,
        reason: report.reason,
        explanation: explained(connection, report.reason),
        issuer: null,
        signingKeys: null,
        authorizationEndpoint: null,
        tokenEndpoint: null,
        userInfoEndpoint: null,
        algorithms: [],
      };
}
