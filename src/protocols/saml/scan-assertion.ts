/** The gate for an assertion that came encrypted: its text passes what a plain one passes inside its response. */

import { parseXml } from './parse-xml.ts';
import { readAttributes } from './read-attributes.ts';
import { refuse } from './rejections.ts';
import { checkIds, checkNamespaces, MESSAGE_RULES } from './scan-response.ts';
import { checkSignatureShape, STEERING_NAMES } from './signature-shape.ts';
import { attributeOf, SAML_NS, walk, type XmlElement } from './xml-tree.ts';

/** What an unverified decrypted assertion says; as with a response, only to be compared and refused. */
export interface ScannedAssertion {
  readonly assertion: XmlElement;
  readonly isSigned: boolean;
}

const MESSAGES: ReadonlySet<string> = new Set(['Response', 'Assertion', 'EncryptedAssertion']);

/**
 * Scans the decrypted text. Throws `sign_in_refused` with an exact `saml.*` reason unless it is one saml:Assertion with at
 * most one ds:Signature of the one shape, directly in it (S2-S16 inside the envelope, S29). Verifies nothing.
 */
export function scanAssertion(xml: string, acceptSha1 = false): ScannedAssertion {
  const assertion = parseXml(xml, MESSAGE_RULES);
  const elements = walk(assertion);
  const isAssertion = assertion.local === 'Assertion' && assertion.uri === SAML_NS;
  if (!isAssertion) refuse('saml.assertion_shape', { root: assertion.local });
  const messages = elements.filter(({ local }) => MESSAGES.has(local));
  if (messages.length !== 1) refuse('saml.assertion_count', { count: messages.length });
  checkNamespaces(elements);
  checkIds(elements);
  const signatures = elements.filter(({ local }) => local === 'Signature');
  if (signatures.length > 1 || signatures.some(({ parent }) => parent !== assertion))
    refuse('saml.signature_place');
  const id = attributeOf(assertion, 'ID') ?? refuse('saml.assertion_shape');
  const accounted = signatures.flatMap((signature) => checkSignatureShape(signature, id, acceptSha1));
  const strays = elements.filter(({ local }) => STEERING_NAMES.has(local)).length - accounted.length;
  if (strays !== 0) refuse('saml.signature_place', { strays });
  readAttributes(assertion);
  return { assertion, isSigned: signatures.length === 1 };
}
