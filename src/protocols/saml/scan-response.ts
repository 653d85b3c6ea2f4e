/** The gate before the signature engine: decides by form alone whether a posted SAML response may be verified at all. */
import { decodeResponse } from './decode-response.ts';
import { readAttributes } from './read-attributes.ts';
import { refuse } from './rejections.ts';
import { checkSignatureShape, STEERING_NAMES } from './signature-shape.ts';
import {
  attributeOf,
  childrenOf,
  DS_NS,
  parseXml,
  SAML_NS,
  SAMLP_NS,
  walk,
  type XmlElement,
  type XmlRules,
} from './xml-tree.ts';

/** What an unverified response says. It may select a pending sign-in and reject, never identify anybody (law 4). */
export interface ScannedResponse {
  /** The exact text that was scanned; the only text that may go to the engine. */
  readonly xml: string;
  readonly responseId: string;
  readonly destination: string | undefined;
  readonly issuer: string | undefined;
  readonly inResponseTo: string | undefined;
  readonly issueInstant: string | undefined;
  readonly responseSigned: boolean;
  readonly assertionSigned: boolean;
  readonly assertionId: string;
  /** The assertion as scanned, unverified: to be compared with what the verified bytes say (S17). */
  readonly assertion: XmlElement;
  /** Hints for the record of a failed sign-in; nobody vouches for them. */
  readonly unverified: { readonly issuer: string | undefined; readonly nameId: string | undefined };
}

/** Shared by both gates, so that what passes the first can be read by the second. */
export const MESSAGE_RULES: XmlRules = {
  maxDepth: 32,
  maxElements: 5000,
  maxAttributes: 50,
  allowComments: false,
  reject: (problem, cause) => refuse(`saml.${problem}`, undefined, cause),
};

/** Issuer, status, a signature with key information and some extensions: elements that are not the assertion's. */
const MAX_OUTSIDE = 200;

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const ASSERTION_NAMES = ['Assertion', 'EncryptedAssertion'];
const RESPONSE_CHILDREN = new Set([
  'Issuer',
  'Signature',
  'Extensions',
  'Status',
  'Assertion',
  'EncryptedAssertion',
]);

/** Names that decide what is read or verified, with the one namespace each may have (S16). */
const NAMESPACE_OF: ReadonlyMap<string, string> = new Map([
  ['Response', SAMLP_NS],
  ['Assertion', SAML_NS],
  ['EncryptedAssertion', SAML_NS],
  ['Signature', DS_NS],
  ...[...STEERING_NAMES].map((name): [string, string] => [name, DS_NS]),
]);

/**
 * Scans the form field `SAMLResponse` (SAML bindings §3.5.4, core §3.2.2 and §5.4). Throws `sign_in_refused` with an
 * exact `saml.*` reason unless it is one successful, signed samlp:Response with one plain Assertion, whose signatures
 * have exactly the shape of `checkSignatureShape` and stand directly in what they sign. Verifies nothing.
 */
export function scanResponse(samlResponse: unknown): ScannedResponse {
  const xml = decodeResponse(samlResponse);
  const root = parseXml(xml, MESSAGE_RULES);
  const elements = [...walk(root)];
  checkNamespaces(root, elements);
  checkIds(elements);
  const responseId = checkResponseElement(root, elements);
  const assertion = findAssertion(root, elements);
  const assertionId = attributeOf(assertion, 'ID') ?? refuse('saml.assertion_shape');
  const { responseSigned, assertionSigned } = checkSignatures(root, assertion, elements);
  checkCost(assertion, elements);
  const subject = childrenOf(assertion, SAML_NS, 'Subject')[0];
  return {
    xml,
    responseId,
    destination: attributeOf(root, 'Destination'),
    issuer: childrenOf(root, SAML_NS, 'Issuer')[0]?.text,
    inResponseTo: attributeOf(root, 'InResponseTo'),
    issueInstant: attributeOf(root, 'IssueInstant'),
    responseSigned,
    assertionSigned,
    assertionId,
    assertion,
    unverified: {
      issuer: childrenOf(assertion, SAML_NS, 'Issuer')[0]?.text,
      nameId: subject && childrenOf(subject, SAML_NS, 'NameID')[0]?.text,
    },
  };
}

/** One prefix, one meaning; the deciding names only in their own namespace (S16: parsers must not differ). */
function checkNamespaces(root: XmlElement, elements: readonly XmlElement[]): void {
  if (root.local !== 'Response' || root.uri !== SAMLP_NS) refuse('saml.not_a_response', { root: root.local });
  const meanings = new Map<string, string>();
  for (const element of elements) {
    const expected = NAMESPACE_OF.get(element.local);
    if (expected !== undefined && element.uri !== expected)
      refuse('saml.namespace', { element: element.local });
    for (const { prefix, local, value } of element.attributes) {
      if (prefix === 'xmlns') checkDeclaration(local, value, meanings);
    }
  }
}

function checkDeclaration(prefix: string, uri: string, meanings: Map<string, string>): void {
  // saxes trims namespace names, xmldom does not.
  const isPlain = uri === uri.trim() && uri !== '';
  const isKnownDefault = prefix !== '' || uri === SAML_NS || uri === SAMLP_NS || uri === DS_NS;
  const isSteady = prefix === '' || (meanings.get(prefix) ?? uri) === uri;
  if (!isPlain || !isKnownDefault || !isSteady) refuse('saml.namespace', { prefix, uri });
  meanings.set(prefix, uri);
}

/** At most one ID-like attribute per element, never namespaced, no value twice (S14, S15), nothing to break XPath (S11). */
function checkIds(elements: readonly XmlElement[]): void {
  const seen = new Set<string>();
  for (const { attributes } of elements) {
    const ids = attributes.filter(({ local, prefix }) => prefix !== 'xmlns' && local.toLowerCase() === 'id');
    const [id] = ids;
    if (id === undefined) continue;
    if (ids.length > 1 || id.prefix !== '' || !/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,255}$/.test(id.value)) {
      refuse('saml.id_attribute');
    }
    if (seen.has(id.value)) refuse('saml.duplicate_id', { id: id.value });
    seen.add(id.value);
  }
}

/** Answers the response's ID. */
function checkResponseElement(root: XmlElement, elements: readonly XmlElement[]): string {
  if (elements.some((element) => element.local === 'Response' && element !== root))
    refuse('saml.response_shape');
  const names = root.children.map((child) => child.local);
  const isRepeated = ['Issuer', 'Extensions', 'Status'].some(
    (name) => names.filter((other) => other === name).length > 1,
  );
  if (isRepeated || names.some((name) => !RESPONSE_CHILDREN.has(name)))
    refuse('saml.response_shape', { names });
  if (attributeOf(root, 'Version') !== '2.0') refuse('saml.version');
  const status = childrenOf(root, SAMLP_NS, 'Status')[0];
  const codes = status === undefined ? [] : childrenOf(status, SAMLP_NS, 'StatusCode');
  const values = codes.map((code) => attributeOf(code, 'Value'));
  if (values.length !== 1 || values[0] !== SUCCESS) refuse('saml.status', { values });
  return attributeOf(root, 'ID') ?? refuse('saml.response_shape');
}

/** Assertions and encrypted assertions together, at any depth, are exactly one: a direct child (S2-S8, S29). */
function findAssertion(root: XmlElement, elements: readonly XmlElement[]): XmlElement {
  const found = elements.filter((element) => ASSERTION_NAMES.includes(element.local));
  const [assertion] = found;
  if (assertion === undefined || found.length !== 1 || assertion.parent !== root) {
    return refuse('saml.assertion_count', { count: found.length });
  }
  // Decryption is a later step: until then a response we cannot read is refused by name (S28).
  if (assertion.local === 'EncryptedAssertion') return refuse('saml.encrypted_assertion');
  return assertion;
}

/**
 * The engine blocks the process in proportion to the elements, so what the second gate would refuse for its size is
 * refused here, and padding around the assertion too (S24, S56).
 */
function checkCost(assertion: XmlElement, elements: readonly XmlElement[]): void {
  const inside = [...walk(assertion)].length;
  if (elements.length - inside > MAX_OUTSIDE)
    refuse('saml.response_shape', { outside: elements.length - inside });
  readAttributes(assertion);
}

function checkSignatures(root: XmlElement, assertion: XmlElement, elements: readonly XmlElement[]) {
  const signatures = elements.filter((element) => element.local === 'Signature');
  const ofResponse = signatures.filter((signature) => signature.parent === root);
  const ofAssertion = signatures.filter((signature) => signature.parent === assertion);
  const isMisplaced = signatures.length !== ofResponse.length + ofAssertion.length;
  if (isMisplaced || ofResponse.length > 1 || ofAssertion.length > 1) refuse('saml.signature_place');
  if (signatures.length === 0) refuse('saml.unsigned');
  const accounted = signatures.flatMap((signature) =>
    checkSignatureShape(signature, (signature.parent && attributeOf(signature.parent, 'ID')) ?? ''),
  );
  const strays = elements.filter((element) => STEERING_NAMES.has(element.local)).length - accounted.length;
  if (strays !== 0) refuse('saml.signature_place', { strays });
  return { responseSigned: ofResponse.length === 1, assertionSigned: ofAssertion.length === 1 };
}
