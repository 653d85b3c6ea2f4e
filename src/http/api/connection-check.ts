/** Looks at one connection now and says what it found: the identity provider's own document, or the pinned certificates. */
import type { z } from 'zod';
import { connectionUrls } from '../../core/connections.ts';
import type { Connection, OidcSettings, SamlSettings } from '../../core/entities/sign-in.ts';
import { checkCertificate } from '../../protocols/saml/certificates.ts';
import type { HttpDeps } from '../deps.ts';
import type { connectionCheckShape } from './directory-shapes.ts';
import { isoTime } from './present.ts';

type Report = z.infer<typeof connectionCheckShape>;

/** Never throws for what the identity provider does wrong: that is the answer. */
export async function checkConnection(
  deps: Pick<HttpDeps, 'oidc' | 'clock' | 'fetcher' | 'baseUrl'>,
  connection: Connection,
): Promise<Report> {
  const { settings } = connection;
  return settings.protocol === 'saml'
    ? checkSaml(settings, deps.clock())
    : checkOidc(deps, connection, settings);
}

function checkSaml(settings: SamlSettings, now: number): Report {
  const certificates = settings.certificates.map((text) => {
    const { fingerprint, notAfter } = checkCertificate(text);
    return { fingerprint, expiresAt: isoTime(notAfter), isExpired: notAfter <= now };
  });
  const ok = certificates.some(({ isExpired }) => !isExpired);
  return { protocol: 'saml', ok, reason: ok ? null : 'saml.certificate_expired', certificates };
}

async function checkOidc(
  { oidc, fetcher, baseUrl }: Pick<HttpDeps, 'oidc' | 'fetcher' | 'baseUrl'>,
  connection: Connection,
  settings: OidcSettings,
): Promise<Report> {
  const { issuer, clientId, clientSecret, scopes, tokenEndpointAuthMethod } = settings;
  const report = await oidc.checkOidcIssuer({
    connectionId: connection.id,
    issuer,
    clientId,
    clientSecret: clientSecret ?? '',
    redirectUri: connectionUrls(baseUrl, connection.id).redirectUri,
    scopes,
    tokenEndpointAuthMethod,
    allowInsecure: issuer.startsWith('http:') && fetcher.permitsHttp(issuer),
  });
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
