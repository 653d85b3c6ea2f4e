/** From a posted SAML response to facts about a person: our gates, the signatures, and passport-saml's opinion of what was signed. */
import { usableCertificates } from '../../protocols/saml/certificates.ts';
import type { ExpectedAssertion } from '../../protocols/saml/expectations.ts';
import { parseXml } from '../../protocols/saml/parse-xml.ts';
import { readAssertion, type SamlFacts } from '../../protocols/saml/read-assertion.ts';
import { refuse } from '../../protocols/saml/rejections.ts';
import {
  MESSAGE_RULES,
  readAssertionIn,
  type ScannedEncrypted,
  type ScannedResponse,
  scanResponse,
} from '../../protocols/saml/scan-response.ts';
import { checkResponse, checkSameStory, type SeenAssertion } from '../../protocols/saml/validate-response.ts';
import { type Verification, verifiedText } from '../../protocols/saml/verify-signature.ts';
import type { XmlElement } from '../../protocols/saml/xml-tree.ts';
import { signedRefusal } from '../signed-refusal.ts';
import { openEncrypted } from './encrypted-response.ts';
import { askEngine, type EngineInput } from './engine.ts';
import { giveWay } from './give-way.ts';

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
  /** The form field as `scanResponse` accepts it: text, or the bytes that are its value. */
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

/**
 * Facts about a person from a posted SAML response, or `sign_in_refused` with the exact reason in `context.reason`, and `isSigned` where a signature held.
 * Order: scan, wrapper, signatures, then the verified assertion alone, by our reader and by passport-saml. Consumes nothing:
 * the caller uses up request and assertion id in one transaction. Every call scans by itself, so no signature is looked
 * at around the gate. Sources: SAML profiles §4.1.4, catalogue S1-S60.
 */
export async function verifySamlResponse(input: SamlResponseInput): Promise<SamlFacts> {
  let isSigned = false;
  const onHeld = (): void => {
    isSigned = true;
  };
  try {
    return await judgeResponse(input, onHeld);
  } catch (error) {
    throw isSigned ? signedRefusal(error) : error;
  }
}

async function judgeResponse(input: SamlResponseInput, onHeld: () => void): Promise<SamlFacts> {
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
  giveWay();
  checkSignaturesPresent(scanned, connection.signatures);
  checkResponse(scanned, expected);
  const { seen, assertion } = verifiedAssertion(scanned, connection, { certificates, acceptSha1, onHeld });
  giveWay();
  const facts = readAssertion(assertion, expected);
  checkSameStory(seen, facts, expected);
  const { inResponseTo } = scanned;
  await checkWithEngine(seen, facts, { assertion, inResponseTo, expected, certificates });
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

interface CoveredAssertion {
  readonly seen: SeenAssertion;
  /** Read from the bytes that a pinned certificate signed. */
  readonly assertion: XmlElement;
}

/**
 * A signature that is there must hold, so a signed Response is always verified; the assertion's own is when the connection
 * says so, or when nothing else covers it.
 */
function verifiedAssertion(
  scanned: ScannedResponse | ScannedEncrypted,
  { signatures, decryptionKeys }: SamlTrust,
  verification: Verification,
): CoveredAssertion {
  const wantsAssertionSigned = wantsAssertion(signatures);
  if (scanned.kind === 'encrypted') {
    const opened = openEncrypted(scanned, { ...verification, decryptionKeys, wantsAssertionSigned });
    return { seen: { assertion: opened.seen }, assertion: opened.verified };
  }
  const verified = (signed: XmlElement): string => {
    const text = verifiedText(signed, verification) ?? refuse('saml.signature', scanned.unverified);
    giveWay();
    return text;
  };
  const response = scanned.responseSigned ? verified(scanned.root) : undefined;
  const assertion =
    response === undefined || wantsAssertionSigned
      ? parseXml(verified(scanned.assertion), MESSAGE_RULES)
      : readAssertionIn(response);
  return { seen: scanned, assertion };
}

/** The engine must agree that this assertion is for us and valid now, and its parser must find the same person (S17). */
async function checkWithEngine(
  { unverified }: SeenAssertion,
  facts: SamlFacts,
  question: EngineInput,
): Promise<void> {
  const { issuer, nameId } = await askEngine(question).catch((cause: unknown) =>
    refuse('saml.engine', unverified, cause),
  );
  if (issuer !== facts.issuer || nameId !== facts.nameId) refuse('saml.parsers_disagree', unverified);
}
