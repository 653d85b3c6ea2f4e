/** Turns what arrives at a logout address into verified facts: detached signatures and enveloped ones, between the gates. */
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
import { verifiedText } from '../../protocols/saml/verify-signature.ts';
import { signedRefusal } from '../signed-refusal.ts';

/** What a connection pins about its identity provider, for logout. */
export interface LogoutTrust {
  readonly idpEntityId: string;
  /** PEM, current and next. */
  readonly certificates: readonly string[];
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

/** The message of a posted form (SAML bindings §3.5), its enveloped signature verified and only signed bytes read (law 4); refusals as above. */
export function verifyPostedLogout({
  fields,
  trust,
  now,
}: Judged & { readonly fields: PostedLogout }): VerifiedLogout {
  const { SAMLRequest, SAMLResponse, RelayState } = fields;
  if ((SAMLRequest === undefined) === (SAMLResponse === undefined)) return refuse('saml.query');
  const kind = SAMLRequest === undefined ? 'LogoutResponse' : 'LogoutRequest';
  const message = scanPostedLogout(SAMLRequest ?? SAMLResponse, kind);
  const signed = verifiedText(message, { certificates: usableCertificates(trust.certificates, now) });
  const relayState = typeof RelayState === 'string' ? RelayState : undefined;
  return readMessage(kind, { xml: signed ?? refuse('saml.signature'), relayState, trust, now });
}

/** `xml` is what a signature covers. */
function readMessage(
  kind: LogoutKind,
  { xml, relayState, trust, now }: Judged & { readonly xml: string; readonly relayState: string | undefined },
): VerifiedLogout {
  const { idpEntityId: entityId, logoutUrl } = trust;
  const expected: ExpectedLogout = { entityId, logoutUrl, now, skewMs: SKEW_MS, maxAgeMs: MAX_AGE_MS };
  try {
    return kind === 'LogoutRequest'
      ? { kind, relayState, facts: readLogoutRequest(xml, expected) }
      : { kind, relayState, facts: readLogoutResponse(xml, expected) };
  } catch (error) {
    throw signedRefusal(error);
  }
}
