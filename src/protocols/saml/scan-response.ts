/** The gate before any signature is looked at: decides by form alone whether a posted SAML response may be verified at all. */
import { decodeResponse } from './decode-response.ts';
import { type EncryptedAssertion, readEncryptedAssertion, XENC_NS } from './encrypted-assertion.ts';
import { parseXml, type XmlRules } from './parse-xml.ts';
import { readAttributes } from './read-attributes.ts';
import { refuse } from './rejections.ts';
import { checkSignatureShape, STEERING_NAMES } from './signature-shape.ts';
import { attributeOf, childrenOf, DS_NS, SAML_NS, SAMLP_NS, walk, type XmlElement } from './xml-tree.ts';

/** What an unverified wrapper says. It may select a pending sign-in and reject, never identify anybody (law 4). */
export interface ScannedWrapper {
  /** The whole document as scanned: what a signature is looked for in, nothing to read from. */
  readonly root: XmlElement;
  readonly responseId: string;
  readonly destination: string | undefined;
  readonly issuer: string | undefined;
  readonly inResponseTo: string | undefined;
  readonly issueInstant: string | undefined;
  readonly responseSigned: boolean;
}

/** A response whose assertion can be read. */
export interface ScannedResponse extends ScannedWrapper {
  readonly kind: 'plain';
  readonly assertionSigned: boolean;
  readonly assertionId: string;
  /** The assertion as scanned, unverified: to be compared with what the verified bytes say (S17). */
  readonly assertion: XmlElement;
  /** Hints for the record of a failed sign-in; nobody vouches for them. */
  readonly unverified: { readonly issuer: string | undefined; readonly nameId: string | undefined };
}

/** A response whose assertion is encrypted: nothing is known of it, its signature included. */
export interface ScannedEncrypted extends ScannedWrapper {
  readonly kind: 'encrypted';
  readonly encrypted: EncryptedAssertion;
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
  ...['EncryptedData', 'EncryptedKey', 'EncryptionMethod', 'CipherData', 'CipherValue'].map(
    (name): [string, string] => [name, XENC_NS],
  ),
  ...[...STEERING_NAMES].map((name): [string, string] => [name, DS_NS]),
]);

/**
 * Scans the form field `SAMLResponse` (SAML bindings §3.5.4, core §3.2.2 and §5.4). Throws `sign_in_refused` with an
 * exact `saml.*` reason unless it is one successful samlp:Response with one Assertion, plain and signed or encrypted in the
 * ways of `readEncryptedAssertion`, whose signatures have exactly the shape of `checkSignatureShape` and stand directly in
 * what they sign. Verifies nothing.
 */
export function scanResponse(
  samlResponse: unknown,
  { acceptSha1 = false }: { readonly acceptSha1?: boolean } = {},
): ScannedResponse | ScannedEncrypted {
  const root = parseXml(decodeResponse(samlResponse), MESSAGE_RULES);
  const elements = walk(root);
  if (root.local !== 'Response' || root.uri !== SAMLP_NS) refuse('saml.not_a_response', { root: root.local });
  checkNamespaces(elements);
  checkIds(elements);
  const responseId = checkResponseElement(root, elements);
  const wrapper = {
    root,
    responseId,
    destination: attributeOf(root, 'Destination'),
    issuer: childrenOf(root, SAML_NS, 'Issuer')[0]?.text,
    inResponseTo: attributeOf(root, 'InResponseTo'),
    issueInstant: attributeOf(root, 'IssueInstant'),
  };
  const found = findAssertion(root, elements);
  return found.local === 'Assertion'
    ? { ...wrapper, ...scanPlain(found, { root, elements, acceptSha1 }) }
    : { ...wrapper, ...scanEncrypted(found, { root, elements, acceptSha1 }) };
}

interface Surroundings {
  readonly root: XmlElement;
  readonly elements: readonly XmlElement[];
  readonly acceptSha1: boolean;
}

function scanPlain(assertion: XmlElement, around: Surroundings) {
  const assertionId = attributeOf(assertion, 'ID') ?? refuse('saml.assertion_shape');
  const signed = checkSignatures({ ...around, assertion, others: [] });
  if (!signed.responseSigned && !signed.assertionSigned) refuse('saml.unsigned');
  checkCost(assertion, around.elements);
  const subject = childrenOf(assertion, SAML_NS, 'Subject')[0];
  return {
    kind: 'plain',
    ...signed,
    assertionId,
    assertion,
    unverified: {
      issuer: childrenOf(assertion, SAML_NS, 'Issuer')[0]?.text,
      nameId: subject && childrenOf(subject, SAML_NS, 'NameID')[0]?.text,
    },
  } as const;
}

/** Whether the assertion is signed is seen only once it is open; a signature around ciphertext alone has no place. */
function scanEncrypted(element: XmlElement, around: Surroundings) {
  const outside = around.elements.length;
  if (outside > MAX_OUTSIDE) refuse('saml.response_shape', { outside });
  const encrypted = readEncryptedAssertion(element);
  const { responseSigned } = checkSignatures({
    ...around,
    assertion: undefined,
    others: encrypted.digestMethods,
  });
  return { kind: 'encrypted', responseSigned, encrypted } as const;
}

/** The one assertion, plain or encrypted, in the verified bytes of a response that has been scanned; read anew (law 4). */
export function readAssertionIn(verifiedXml: string): XmlElement {
  const root = parseXml(verifiedXml, MESSAGE_RULES);
  return findAssertion(root, walk(root));
}

/** One prefix, one meaning; the deciding names only in their own namespace (S16: parsers must not differ). */
export function checkNamespaces(elements: readonly XmlElement[]): void {
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

/** Namespaces that may be meant by no prefix at all. */
const DEFAULTS: ReadonlySet<string> = new Set([SAML_NS, SAMLP_NS, DS_NS, XENC_NS]);

function checkDeclaration(prefix: string, uri: string, meanings: Map<string, string>): void {
  // Some readers trim namespace names, some do not.
  const isPlain = uri === uri.trim() && uri !== '';
  const isKnownDefault = prefix !== '' || DEFAULTS.has(uri);
  const isSteady = prefix === '' || (meanings.get(prefix) ?? uri) === uri;
  if (!isPlain || !isKnownDefault || !isSteady) refuse('saml.namespace', { prefix, uri });
  meanings.set(prefix, uri);
}

/** At most one ID-like attribute per element, never namespaced, no value twice (S14, S15), nothing to break XPath (S11). */
export function checkIds(elements: readonly XmlElement[]): void {
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
  return assertion;
}

/**
 * Verifying takes its time in proportion to the elements, so what the second gate would refuse for its size is
 * refused here, and padding around the assertion too (S24, S56).
 */
function checkCost(assertion: XmlElement, elements: readonly XmlElement[]): void {
  const inside = walk(assertion).length;
  if (elements.length - inside > MAX_OUTSIDE)
    refuse('saml.response_shape', { outside: elements.length - inside });
  readAttributes(assertion);
}

interface SignaturePlaces extends Surroundings {
  /** Undefined: no assertion to be seen. */
  readonly assertion: XmlElement | undefined;
  /** Steering elements that belong to something else. */
  readonly others: readonly XmlElement[];
}

function checkSignatures({ root, assertion, elements, others, acceptSha1 }: SignaturePlaces) {
  const signatures = elements.filter((element) => element.local === 'Signature');
  const ofResponse = signatures.filter((signature) => signature.parent === root);
  const ofAssertion = assertion ? signatures.filter((signature) => signature.parent === assertion) : [];
  const isMisplaced = signatures.length !== ofResponse.length + ofAssertion.length;
  if (isMisplaced || ofResponse.length > 1 || ofAssertion.length > 1) refuse('saml.signature_place');
  const accounted = signatures.flatMap((signature) =>
    checkSignatureShape(
      signature,
      (signature.parent && attributeOf(signature.parent, 'ID')) ?? '',
      acceptSha1,
    ),
  );
  const steering = elements.filter((element) => STEERING_NAMES.has(element.local)).length;
  const strays = steering - accounted.length - others.length;
  if (strays !== 0) refuse('saml.signature_place', { strays });
  return { responseSigned: ofResponse.length === 1, assertionSigned: ofAssertion.length === 1 };
}
