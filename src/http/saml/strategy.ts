/** The passport seam for SAML: drives passport-saml with one connection's settings, between our two gates. */
import {
  type CacheProvider,
  type PassportSamlConfig,
  type Profile,
  Strategy,
  ValidateInResponseTo,
  type VerifiedCallback,
} from '@node-saml/passport-saml';
import passport from 'passport';
import { systemClock } from '../../kernel/clock.ts';
import { usableCertificates } from '../../protocols/saml/certificates.ts';
import type { ExpectedAssertion } from '../../protocols/saml/expectations.ts';
import { readAssertion, type SamlFacts } from '../../protocols/saml/read-assertion.ts';
import { refuse } from '../../protocols/saml/rejections.ts';
import {
  type ScannedEncrypted,
  type ScannedResponse,
  scanResponse,
} from '../../protocols/saml/scan-response.ts';
import { checkResponse, checkSameStory, refuseLikeEngine } from '../../protocols/saml/validate-response.ts';

import { verifyEncrypted } from './encrypted-response.ts';

/** What a connection pins about its identity provider, and who we are to it. */
export interface SamlTrust {
  readonly connectionId: string;
  readonly idpEntityId: string;
  /** PEM, current and next. */
  readonly certificates: readonly string[];
  readonly spEntityId: string;
  readonly acsUrl: string;
  /** Which signatures must be there; `any`: one that covers the assertion. Whatever is there must verify. */
  readonly signatures: 'any' | 'assertion' | 'response' | 'both';
  /** Ways of authentication that are accepted (S54); empty: any. */
  readonly authnContexts: readonly string[];
  /** Until when SHA-1 signatures are accepted, epoch milliseconds; null: they are not (S20). */
  readonly sha1Until: number | null;
  /** Our private keys, PKCS#8 PEM: any of them may open an encrypted assertion. */
  readonly decryptionKeys: readonly string[];
}

/** Plain values only: it is handed to another thread. */
export interface SamlResponseInput {
  /** The form field as `scanResponse` accepts it. */
  readonly samlResponse: unknown;
  readonly connection: SamlTrust;
  /** The sign-in pending in this browser at this connection; no request id means nobody asked. */
  readonly pending: { readonly requestId: string | undefined };
  /** Epoch milliseconds. */
  readonly now: number;
  /** The connection's IdP-initiated switch; absent: off. */
  readonly allowUnsolicited?: boolean;
  /** The person must have been asked after this moment, epoch milliseconds; absent: whenever. */
  readonly authenticatedSince?: number | undefined;
}

const SKEW_MS = 120_000;
const MAX_AGE_MS = 300_000;
const REQUEST_TTL_MS = 600_000;

/**
 * Facts about a person from a posted SAML response, or `sign_in_refused` with the exact reason in `context.reason`.
 * Order: scan, wrapper, signatures by passport-saml, then the verified assertion alone. Consumes nothing: the caller
 * uses up request and assertion id in one transaction. Every call scans by itself, so nothing reaches the engine
 * around the gate. Sources: SAML profiles §4.1.4, catalogue S1-S60.
 */
export async function verifySamlResponse(input: SamlResponseInput): Promise<SamlFacts> {
  const { connection, now, pending, allowUnsolicited = false } = input;
  const expected: ExpectedAssertion = {
    entityId: connection.idpEntityId,
    spEntityId: connection.spEntityId,
    acsUrl: connection.acsUrl,
    requestId: pending.requestId,
    now,
    skewMs: SKEW_MS,
    maxAgeMs: MAX_AGE_MS,
    allowUnsolicited,
    authnContexts: connection.authnContexts,
    authenticatedSince: input.authenticatedSince,
  };
  const certificates = usableCertificates(connection.certificates, now);
  const acceptSha1 = connection.sha1Until !== null && now < connection.sha1Until;
  const scanned = scanResponse(input.samlResponse, { acceptSha1 });
  checkSignaturesPresent(scanned, connection.signatures);
  checkResponse(scanned, expected);
  if (scanned.kind === 'encrypted') {
    const { decryptionKeys } = connection;
    const wantsAssertionSigned = wantsAssertion(connection.signatures);
    const opening = { decryptionKeys, wantsAssertionSigned, acceptSha1 };
    return verifyEncrypted(scanned, { expected, certificates, ...opening });
  }
  const options = engineOptions(connection, expected, certificates);
  const assertionXml = await verifiedAssertion(scanned, expected, {
    ...options,
    ...wanted(scanned, connection),
  });
  const facts = readAssertion(assertionXml, expected);
  checkSameStory(scanned, facts, expected);
  return facts;
}

/** Whether an encrypted assertion is signed is seen only later. */
function checkSignaturesPresent(
  scanned: ScannedResponse | ScannedEncrypted,
  signatures: SamlTrust['signatures'],
): void {
  const assertionMayBeSigned = scanned.kind === 'encrypted' || scanned.assertionSigned;
  if (wantsAssertion(signatures) && !assertionMayBeSigned) refuse('saml.unsigned_assertion');
  if (wantsResponse(signatures) && !scanned.responseSigned) refuse('saml.unsigned_response');
}

const wantsAssertion = (signatures: SamlTrust['signatures']) =>
  signatures === 'assertion' || signatures === 'both';
const wantsResponse = (signatures: SamlTrust['signatures']) =>
  signatures === 'response' || signatures === 'both';

/**
 * The engine tries the Response's signature first; if that fails and is not wanted, it falls back to the assertion's.
 * A signature that is there must hold, so a signed Response is always wanted; the assertion's own is wanted when the
 * connection says so, or when nothing else covers it. Never are both flags false.
 */
function wanted(scanned: ScannedResponse, connection: SamlTrust) {
  return {
    wantAuthnResponseSigned: scanned.responseSigned,
    wantAssertionsSigned: !scanned.responseSigned || wantsAssertion(connection.signatures),
  };
}

/** Settings that no response and no clock changes; each one differs from, or pins, the library's default. */
export function fixedOptions(connection: Pick<SamlTrust, 'spEntityId' | 'acsUrl' | 'idpEntityId'>) {
  return {
    name: 'saml',
    issuer: connection.spEntityId,
    audience: connection.spEntityId,
    callbackUrl: connection.acsUrl,
    idpIssuer: connection.idpEntityId,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    authnRequestBinding: 'HTTP-Redirect',
    disableRequestedAuthnContext: true,
    identifierFormat: null,
    allowCreate: true,
  } as const;
}

/**
 * The engine reads the machine's clock, we are given `now`. Its skew is widened by the difference, so it is never
 * stricter than our own gate, which repeats every time check with `now` exactly; where both clocks are one, as in
 * production, the difference is nothing.
 */
function engineOptions(
  connection: SamlTrust,
  expected: ExpectedAssertion,
  certificates: readonly string[],
): PassportSamlConfig {
  const clock = systemClock();
  const { always, never } = ValidateInResponseTo;
  return {
    ...fixedOptions(connection),
    idpCert: [...certificates],
    acceptedClockSkewMs: SKEW_MS + Math.abs(clock - expected.now),
    maxAssertionAgeMs: MAX_AGE_MS,
    validateInResponseTo: expected.requestId === undefined ? never : always,
    requestIdExpirationPeriodMs: REQUEST_TTL_MS,
    cacheProvider: pendingRequest(expected.requestId, clock),
  };
}

/** The engine's memory of requests: the one pending request of this browser. Its expiry is the caller's matter. */
function pendingRequest(requestId: string | undefined, clock: number): CacheProvider {
  return {
    saveAsync: async () => null,
    getAsync: async (key) => (key === requestId ? new Date(clock).toISOString() : null),
    removeAsync: async () => null,
  };
}

/** The text of the assertion that a pinned certificate's signature covers. */
async function verifiedAssertion(
  scanned: ScannedResponse,
  expected: ExpectedAssertion,
  options: PassportSamlConfig,
): Promise<string> {
  let assertionXml: string | undefined;
  try {
    assertionXml = await authenticate(scanned.xml, options);
  } catch (error) {
    const isSignature = error instanceof Error && /^Invalid (?:document )?signature/.test(error.message);
    if (isSignature) return refuse('saml.signature', scanned.unverified, error);
    return refuseLikeEngine(scanned, expected, error);
  }
  return assertionXml || refuse('saml.engine', scanned.unverified);
}

/**
 * One run of passport over one strategy made for it. The request it sees is ours: only the scanned text, no query and
 * no other field, so its doors for logout, redirect binding and starting a sign-in are out of reach (S52, S53).
 */
function authenticate(xml: string, options: PassportSamlConfig): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const strategy = new Strategy(
      { ...options, passReqToCallback: true },
      (_request, profile: Profile | null, done: VerifiedCallback) =>
        done(null, { assertionXml: profile?.getAssertionXml?.() }),
      (_request, _profile: Profile | null, done: VerifiedCallback) =>
        done(new Error('Sign-out does not pass here.')),
    );
    const answer = (error: unknown, user: unknown): void => {
      if (error) reject(error);
      else resolve(assertionOf(user));
    };
    // passport-saml is typed against Express 4, the rest of us against 5; passport derives such an object anyway.
    const seam: passport.Strategy = Object.create(strategy);
    const request = { body: { SAMLResponse: Buffer.from(xml).toString('base64') }, query: {}, headers: {} };
    const run = passport.authenticate(seam, { session: false }, answer);
    run(request, {}, (error: unknown) => answer(error, undefined));
  });
}

function assertionOf(user: unknown): string | undefined {
  if (typeof user !== 'object' || user === null || !('assertionXml' in user)) return undefined;
  return typeof user.assertionXml === 'string' ? user.assertionXml : undefined;
}
