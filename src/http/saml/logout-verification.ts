/** Turns what arrives at a logout address into verified facts: detached signatures by us, enveloped ones by the engine, between our gates. */
import { type PassportSamlConfig, SAML, ValidateInResponseTo } from '@node-saml/passport-saml';
import { systemClock } from '../../kernel/clock.ts';
import { usableCertificates } from '../../protocols/saml/certificates.ts';
import {
  type ExpectedLogout,
  type LogoutKind,
  type LogoutRequestFacts,
  type LogoutResponseFacts,
  readLogoutRequest,
  readLogoutResponse,
  scanPostedLogout,
} from '../../protocols/saml/logout-message.ts';
import { readRedirect } from '../../protocols/saml/redirect-binding.ts';
import { refuse } from '../../protocols/saml/rejections.ts';

/** What a connection pins about its identity provider, for logout. */
export interface LogoutTrust {
  readonly idpEntityId: string;
  /** PEM, current and next. */
  readonly certificates: readonly string[];
  readonly spEntityId: string;
  /** This connection's logout address, exactly. */
  readonly logoutUrl: string;
}

/** A message that a pinned certificate vouches for. */
export type VerifiedLogout = { readonly relayState: string | undefined } & (
  | { readonly kind: 'LogoutRequest'; readonly facts: LogoutRequestFacts }
  | { readonly kind: 'LogoutResponse'; readonly facts: LogoutResponseFacts }
);

/** The form fields as received: text, lists when doubled, undefined when absent. */
export interface PostedLogout {
  readonly SAMLRequest: unknown;
  readonly SAMLResponse: unknown;
  readonly RelayState: unknown;
}

/** Both clocks may be two minutes apart, and a message is worth five; the same numbers as for sign-ins. */
const SKEW_MS = 120_000;
const MAX_AGE_MS = 300_000;

interface Judged {
  readonly trust: LogoutTrust;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The message in the query of a redirect (SAML bindings §3.4), or `sign_in_refused` with the exact reason. `rawQuery` is
 * the query exactly as it arrived, without `?`. Consumes nothing: the caller remembers the id.
 */
export function verifyRedirectedLogout({ rawQuery, trust, now }: Judged & { readonly rawQuery: string }) {
  const { parameter, xml, relayState } = readRedirect(rawQuery, usableCertificates(trust.certificates, now));
  return readMessage(parameter === 'SAMLRequest' ? 'LogoutRequest' : 'LogoutResponse', {
    ...{ xml, relayState, trust, now },
  });
}

/** The message of a posted form (SAML bindings §3.5), its enveloped signature verified; refusals as above. */
export async function verifyPostedLogout({
  fields,
  trust,
  now,
}: Judged & { readonly fields: PostedLogout }): Promise<VerifiedLogout> {
  const { SAMLRequest, SAMLResponse, RelayState } = fields;
  if ((SAMLRequest === undefined) === (SAMLResponse === undefined)) return refuse('saml.query');
  const kind = SAMLRequest === undefined ? 'LogoutResponse' : 'LogoutRequest';
  const xml = scanPostedLogout(SAMLRequest ?? SAMLResponse, kind);
  const certificates = usableCertificates(trust.certificates, now);
  const relayState = typeof RelayState === 'string' ? RelayState : undefined;
  const message = { xml, relayState, trust, now };
  try {
    await verifyEnveloped(kind, xml, engineOptions(message, certificates));
  } catch (error) {
    const isSignature = error instanceof Error && /^Invalid (?:document )?signature/.test(error.message);
    if (isSignature) refuse('saml.signature', undefined, error);
    // The engine's no is final; our own rules may know a better name for it.
    readMessage(kind, message);
    refuse('saml.engine', undefined, error);
  }
  return readMessage(kind, message);
}

function readMessage(
  kind: LogoutKind,
  { xml, relayState, trust, now }: Judged & { readonly xml: string; readonly relayState: string | undefined },
): VerifiedLogout {
  const { idpEntityId: entityId, logoutUrl } = trust;
  const expected: ExpectedLogout = { entityId, logoutUrl, now, skewMs: SKEW_MS, maxAgeMs: MAX_AGE_MS };
  return kind === 'LogoutRequest'
    ? { kind, relayState, facts: readLogoutRequest(xml, expected) }
    : { kind, relayState, facts: readLogoutResponse(xml, expected) };
}

/**
 * The signature covers the root, and the scan has seen that it is the only one and where it stands: all of the text but
 * the signature itself is vouched for once the engine is content.
 */
async function verifyEnveloped(kind: LogoutKind, xml: string, options: PassportSamlConfig): Promise<void> {
  const engine = new SAML(options);
  const field = Buffer.from(xml).toString('base64');
  if (kind === 'LogoutRequest') await engine.validatePostRequestAsync({ SAMLRequest: field });
  else await engine.validatePostResponseAsync({ SAMLResponse: field });
}

/** The engine reads the machine's clock; its skew is widened so that only our own gate judges times. */
function engineOptions({ trust, now }: Judged, certificates: readonly string[]): PassportSamlConfig {
  return {
    name: 'saml',
    issuer: trust.spEntityId,
    audience: trust.spEntityId,
    callbackUrl: trust.logoutUrl,
    idpIssuer: trust.idpEntityId,
    idpCert: [...certificates],
    wantAuthnResponseSigned: true,
    wantAssertionsSigned: true,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    acceptedClockSkewMs: SKEW_MS + Math.abs(systemClock() - now),
    validateInResponseTo: ValidateInResponseTo.never,
  };
}
