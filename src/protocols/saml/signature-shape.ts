/** The one shape of ds:Signature we let near the signature engine; looks at form only, verifies nothing. */
import { refuse } from './rejections.ts';
import { attributeOf, childrenOf, DS_NS, type XmlElement } from './xml-tree.ts';

const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SIGNATURE_ALGORITHMS: readonly string[] = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
];
const DIGEST_BYTES: ReadonlyMap<string, number> = new Map([
  ['http://www.w3.org/2001/04/xmlenc#sha256', 32],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 64],
]);

/** SHA-1, for the few identity providers that know nothing else: only where a connection says so, and until a day (S20). */
const SHA1_SIGNATURE = `${DS_NS}rsa-sha1`;
const SHA1_DIGEST = `${DS_NS}sha1`;
const SHA1_BYTES = 20;

/**
 * Signers name one to three prefixes. Each is looked up again in every element that is written out, so that a long list, which
 * whoever has a key may sign, would cost what they like (S24).
 */
const MAX_PREFIX_LIST = 128;

/** Elements that steer a verifier. Each may stand only where `checkSignatureShape` expects it. */
export const STEERING_NAMES: ReadonlySet<string> = new Set([
  'SignedInfo',
  'SignatureValue',
  'CanonicalizationMethod',
  'SignatureMethod',
  'Reference',
  'Transforms',
  'Transform',
  'DigestMethod',
  'DigestValue',
  'Object',
  'Manifest',
]);

/**
 * Refuses every ds:Signature but: SignedInfo (exclusive canonicalization, RSA with SHA-256 or SHA-512, one Reference to
 * the parent's ID with the transforms enveloped-signature and exc-c14n), SignatureValue, at most one KeyInfo.
 * Answers the steering elements it has accounted for. Sources: SAML core §5.4, catalogue S4, S7, S9-S12, S18-S20.
 */
export function checkSignatureShape(
  signature: XmlElement,
  parentId: string,
  acceptSha1 = false,
): readonly XmlElement[] {
  const [signedInfo, signatureValue] = expectChildren(signature, ['SignedInfo', 'SignatureValue'], 'KeyInfo');
  const inSignedInfo = checkSignedInfo(signedInfo, parentId, acceptSha1);
  expectBase64(signatureValue, undefined);
  return present([signedInfo, signatureValue, ...inSignedInfo]);
}

/** The part of that shape which the signature's value vouches for; answers the steering elements inside. Refuses the same. */
export function checkSignedInfo(
  signedInfo: XmlElement | undefined,
  parentId: string,
  acceptSha1 = false,
): readonly XmlElement[] {
  const references = signedInfo === undefined ? [] : childrenOf(signedInfo, DS_NS, 'Reference');
  if (references.length !== 1) return refuse('saml.reference', { references: references.length });
  const [canonicalization, method, reference] = expectChildren(signedInfo, [
    'CanonicalizationMethod',
    'SignatureMethod',
    'Reference',
  ]);
  expectAlgorithm(canonicalization, [EXCLUSIVE_C14N]);
  expectAlgorithm(method, acceptSha1 ? [...SIGNATURE_ALGORITHMS, SHA1_SIGNATURE] : SIGNATURE_ALGORITHMS);
  const inReference = checkReference(reference, parentId, acceptSha1);
  return present([canonicalization, method, reference, ...inReference]);
}

function checkReference(
  reference: XmlElement | undefined,
  parentId: string,
  acceptSha1: boolean,
): readonly (XmlElement | undefined)[] {
  const uri = reference && attributeOf(reference, 'URI');
  if (uri !== `#${parentId}`) return refuse('saml.reference', { uri });
  const [transforms, digestMethod, digestValue] = expectChildren(reference, [
    'Transforms',
    'DigestMethod',
    'DigestValue',
  ]);
  const steps = checkTransforms(transforms);
  const digests = [...DIGEST_BYTES.keys()];
  const digest = expectAlgorithm(digestMethod, acceptSha1 ? [...digests, SHA1_DIGEST] : digests);
  expectBase64(digestValue, DIGEST_BYTES.get(digest) ?? SHA1_BYTES);
  return [transforms, digestMethod, digestValue, ...steps];
}

/** Exactly enveloped-signature, then exc-c14n. Anything else is a program the signer did not mean to run (S12). */
function checkTransforms(transforms: XmlElement | undefined): readonly XmlElement[] {
  const steps = transforms?.children ?? [];
  const algorithms = steps.map((step) =>
    isDs(step, 'Transform') ? attributeOf(step, 'Algorithm') : undefined,
  );
  const [enveloped, exclusive] = steps;
  if (steps.length !== 2 || algorithms[0] !== ENVELOPED || algorithms[1] !== EXCLUSIVE_C14N) {
    return refuse('saml.transforms', { algorithms });
  }
  // Okta and ADFS put <ec:InclusiveNamespaces PrefixList="xs"/> into the exc-c14n step; it has nothing inside.
  const extras = exclusive?.children ?? [];
  const isInclusiveOnly = extras.every(
    (extra) =>
      extra.uri === EXCLUSIVE_C14N &&
      extra.local === 'InclusiveNamespaces' &&
      extra.children.length === 0 &&
      (attributeOf(extra, 'PrefixList') ?? '').length <= MAX_PREFIX_LIST,
  );
  if (enveloped?.children.length !== 0 || extras.length > 1 || !isInclusiveOnly)
    return refuse('saml.transforms');
  return steps;
}

/** The children in this order and no others; `optional` may follow once. */
function expectChildren(
  element: XmlElement | undefined,
  required: readonly string[],
  optional?: string,
): readonly XmlElement[] {
  const children = element?.children ?? [];
  const names = children.map((child) => (child.uri === DS_NS ? child.local : `other:${child.local}`));
  const expected = children.length > required.length && optional ? [...required, optional] : required;
  const fits = names.length === expected.length && names.every((name, index) => name === expected[index]);
  if (fits) return children;
  return refuse('saml.signature_shape', { element: element?.local, children: names });
}

function expectAlgorithm(element: XmlElement | undefined, allowed: readonly string[]): string {
  const algorithm = element && attributeOf(element, 'Algorithm');
  if (algorithm === undefined || !allowed.includes(algorithm)) return refuse('saml.algorithm', { algorithm });
  // Children are parameters (HMACOutputLength, InclusiveNamespaces of SignedInfo) that none of these algorithms needs.
  if (element?.children.length !== 0) return refuse('saml.algorithm', { algorithm, hasParameters: true });
  return algorithm;
}

/** A value without elements inside, base64 with line breaks, of `bytes` length if given, else of 128 to 2048 (S10). */
function expectBase64(element: XmlElement | undefined, bytes: number | undefined): void {
  const text = element?.text.replace(/[ \t\r\n]/g, '') ?? '';
  const value = Buffer.from(text, 'base64');
  const isCanonical = value.toString('base64') === text && element?.children.length === 0;
  const isLong = bytes === undefined ? value.length >= 128 && value.length <= 2048 : value.length === bytes;
  if (!isCanonical || !isLong) refuse('saml.signature_shape', { element: element?.local });
}

function isDs(element: XmlElement, local: string): boolean {
  return element.uri === DS_NS && element.local === local;
}

const present = (elements: readonly (XmlElement | undefined)[]): readonly XmlElement[] =>
  elements.filter((element) => element !== undefined);
