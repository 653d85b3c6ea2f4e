/** Compares the wrapper with what is expected, and the two readings of one assertion; both only ever reject. */
import { isDeepStrictEqual } from 'node:util';
import { checkInResponseTo, checkIssueInstant, type ExpectedAssertion } from './expectations.ts';
import { readAssertion, type SamlFacts } from './read-assertion.ts';
import { refuse } from './rejections.ts';
import type { ScannedResponse, ScannedWrapper } from './scan-response.ts';
import type { XmlElement } from './xml-tree.ts';

/**
 * Destination, Issuer, InResponseTo and IssueInstant of the samlp:Response (SAML core §3.2.2, bindings §3.5.5.2;
 * S33, S35, S39, S42, S44). The wrapper may be unsigned, so passing proves nothing: `readAssertion` decides.
 * An unsigned Response may leave its Issuer out (SAML profiles §4.1.4.2).
 */
export function checkResponse(scanned: ScannedWrapper, expected: ExpectedAssertion): void {
  const { destination, issuer, inResponseTo, responseSigned } = scanned;
  if (destination !== expected.acsUrl) refuse('saml.destination', { destination });
  const isIssuerMissing = issuer === undefined && !responseSigned;
  if (issuer !== expected.entityId && !isIssuerMissing) refuse('saml.issuer', { issuer });
  const isUnsolicited = inResponseTo === undefined && expected.requestId !== undefined;
  checkInResponseTo(inResponseTo, expected, isUnsolicited ? 'saml.unsolicited' : 'saml.in_response_to');
  checkIssueInstant(scanned.issueInstant, expected);
}

/** An assertion as it was seen before anything was verified. */
export interface SeenAssertion {
  readonly assertion: XmlElement;
  /** Hints for the record; absent: none. */
  readonly unverified?: ScannedResponse['unverified'];
}

/** What was seen and what was verified must tell one story (S17: parser differentials, CVE-2025-25291). */
export function checkSameStory(scanned: SeenAssertion, facts: SamlFacts, expected: ExpectedAssertion): void {
  const unverified = readAssertion(scanned.assertion, expected);
  if (!isDeepStrictEqual(unverified, facts)) refuse('saml.parsers_disagree', scanned.unverified);
}
