/** Which bytes did a pinned certificate sign? The cryptography of the one shape of ds:Signature, over a tree that is parsed once. */
import { createHash, timingSafeEqual, verify } from 'node:crypto';
import { canonicalXml } from './canonical-xml.ts';
import { signingKeyOf } from './certificates.ts';
import { parseXml, type XmlRules } from './parse-xml.ts';
import { refuse } from './rejections.ts';
import { checkSignedInfo } from './signature-shape.ts';
import { attributeOf, childrenOf, DS_NS, type XmlElement } from './xml-tree.ts';

/** Node's names; SHA-1 gets here only where the shape was allowed it (S20). */
const HASH_OF: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'],
  [`${DS_NS}rsa-sha1`, 'sha1'],
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
  [`${DS_NS}sha1`, 'sha1'],
]);

/** SignedInfo is small, whatever it belongs to. */
const RULES: XmlRules = {
  maxDepth: 8,
  maxElements: 32,
  maxAttributes: 50,
  allowComments: false,
  reject: (problem, cause) => refuse(`saml.${problem}`, undefined, cause),
};

export interface Verification {
  /** PEM; any of them may have signed. */
  readonly certificates: readonly string[];
  /** Absent: it is not. */
  readonly acceptSha1?: boolean;
  /** Told of each signature that holds; absent: nobody wants to know. */
  readonly onHeld?: () => void;
}

/**
 * The canonical text of `signed` that the ds:Signature directly inside it covers, the signature itself left out; undefined
 * when there is not exactly one, its digest is another one's, or no certificate verifies it (XML Signature §3.2, SAML core §5.4).
 *
 * It holds by itself, whatever the document around it: the bytes that an RSA key vouches for are parsed anew, must say what
 * `checkSignedInfo` demands, and name the digest of exactly the text that is answered. So a mistake in writing canonical
 * XML can refuse a good response and cannot let a bad one in. Read the answer and nothing else (law 4).
 */
export function verifiedText(signed: XmlElement, verification: Verification): string | undefined {
  const text = coveredText(signed, verification);
  if (text !== undefined) verification.onHeld?.();
  return text;
}

function coveredText(signed: XmlElement, verification: Verification): string | undefined {
  const [signature, ...more] = childrenOf(signed, DS_NS, 'Signature');
  const written = signature && childrenOf(signature, DS_NS, 'SignedInfo')[0];
  const id = attributeOf(signed, 'ID') ?? '';
  if (signature === undefined || written === undefined || more.length > 0 || id === '') return undefined;
  const signedInfoText = canonicalXml(written);
  const signedInfo = parseXml(signedInfoText, RULES);
  if (signedInfo.uri !== DS_NS || signedInfo.local !== 'SignedInfo') return undefined;
  checkSignedInfo(signedInfo, id, verification.acceptSha1);
  const { signatureHash: hash, digestHash, digest, inclusivePrefixes } = readSignedInfo(signedInfo);
  const value = Buffer.from(childrenOf(signature, DS_NS, 'SignatureValue')[0]?.text ?? '', 'base64');
  // First of all: what nobody signed is not worth the work that a large document asks for (S24).
  const isGenuine = verification.certificates.some((pem) =>
    isSignedBy(pem, { hash, text: signedInfoText, value }),
  );
  if (!isGenuine) return undefined;
  const text = canonicalXml(signed, { without: [signature], inclusivePrefixes });
  // What is hashed is UTF-8; what cannot be written in it would be read as something else than was hashed.
  if (!text.isWellFormed() || !signedInfoText.isWellFormed()) return undefined;
  const found = createHash(digestHash).update(text, 'utf8').digest();
  return found.length === digest.length && timingSafeEqual(found, digest) ? text : undefined;
}

/** What a SignedInfo of the one shape says. */
function readSignedInfo(signedInfo: XmlElement) {
  const [reference] = childrenOf(signedInfo, DS_NS, 'Reference');
  const child = (element: XmlElement | undefined, local: string) =>
    element && childrenOf(element, DS_NS, local)[0];
  const hashOf = (element: XmlElement | undefined) =>
    HASH_OF.get((element && attributeOf(element, 'Algorithm')) ?? '') ?? refuse('saml.algorithm');
  const exclusive = child(reference, 'Transforms')?.children[1]?.children[0];
  const prefixes = (exclusive && attributeOf(exclusive, 'PrefixList')) ?? '';
  return {
    signatureHash: hashOf(child(signedInfo, 'SignatureMethod')),
    digestHash: hashOf(child(reference, 'DigestMethod')),
    digest: Buffer.from(child(reference, 'DigestValue')?.text ?? '', 'base64'),
    inclusivePrefixes: prefixes.split(/\s+/).filter((prefix) => prefix !== ''),
  };
}

interface SignedBytes {
  readonly hash: string;
  readonly text: string;
  readonly value: Buffer;
}

/** PKCS#1 v1.5 with an RSA key, as the algorithms above say; a key of another kind signs nothing here. */
function isSignedBy(pem: string, { hash, text, value }: SignedBytes): boolean {
  const key = signingKeyOf(pem);
  if (key.asymmetricKeyType !== 'rsa') return false;
  // PKCS#1 v1.5 is what Node does with such a key; one inside an object of options costs it two exceptions each time.
  return verify(hash, Buffer.from(text, 'utf8'), key, value);
}
