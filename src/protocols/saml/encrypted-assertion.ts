/** Encrypted assertions: the one shape and the few algorithms that are let near our private keys, and the opening itself. */
import {
  constants,
  createDecipheriv,
  createPrivateKey,
  type DecipherGCM,
  privateDecrypt,
  type RsaPrivateKey,
  randomBytes,
} from 'node:crypto';
import { refuse } from './rejections.ts';
import { attributeOf, childrenOf, DS_NS, walk, type XmlElement } from './xml-tree.ts';

export const XENC_NS = 'http://www.w3.org/2001/04/xmlenc#';
export const XENC11_NS = 'http://www.w3.org/2009/xmlenc11#';

/** What is needed to open an encrypted assertion; nothing of it is secret, and nobody vouches for it. */
export interface EncryptedAssertion {
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm';
  /** Of RSA-OAEP, for the digest and the mask alike. */
  readonly hash: 'sha1' | 'sha256';
  /** Base64 as received. */
  readonly encryptedKey: string;
  readonly cipherText: string;
  /** ds:DigestMethod elements that belong to the encryption and not to a signature. */
  readonly digestMethods: readonly XmlElement[];
}

const CIPHERS: ReadonlyMap<string, EncryptedAssertion['cipher']> = new Map([
  [`${XENC11_NS}aes128-gcm`, 'aes-128-gcm'],
  [`${XENC11_NS}aes256-gcm`, 'aes-256-gcm'],
]);
const HASHES: ReadonlyMap<string, EncryptedAssertion['hash']> = new Map([
  [`${DS_NS}sha1`, 'sha1'],
  [`${XENC_NS}sha256`, 'sha256'],
  // The npm package xml-encryption, on which many identity providers are built, spells SHA-256 like this.
  [`${DS_NS}sha256`, 'sha256'],
]);
const MASKS: ReadonlyMap<string, EncryptedAssertion['hash']> = new Map([
  [`${XENC11_NS}mgf1sha1`, 'sha1'],
  [`${XENC11_NS}mgf1sha256`, 'sha256'],
]);

/**
 * Reads a saml:EncryptedAssertion by form alone (SAML core §2.3.4, XML Encryption 1.1). Refuses `saml.encryption_algorithm`
 * for everything but AES-GCM of 128 or 256 bits under RSA-OAEP (S30), `saml.encryption_shape` for anything but one
 * EncryptedData with one EncryptedKey, in its KeyInfo or beside it.
 */
export function readEncryptedAssertion(element: XmlElement): EncryptedAssertion {
  const data = only(element, 'EncryptedData');
  const keys = walk(element).filter(({ local }) => local === 'EncryptedKey');
  const [key] = keys;
  const keyInfo = childrenOf(data, DS_NS, 'KeyInfo')[0];
  const isInPlace = key?.uri === XENC_NS && (key.parent === element || key.parent === keyInfo);
  const hasStrangers = element.children.some((child) => child !== data && child !== key);
  const type = attributeOf(data, 'Type') ?? `${XENC_NS}Element`;
  if (key === undefined || keys.length > 1 || !isInPlace || hasStrangers || type !== `${XENC_NS}Element`)
    return refuse('saml.encryption_shape', { keys: keys.length, type });
  const method = only(data, 'EncryptionMethod');
  const cipher = CIPHERS.get(attributeOf(method, 'Algorithm') ?? '');
  if (cipher === undefined || method.children.length > 0)
    return refuse('saml.encryption_algorithm', { content: attributeOf(method, 'Algorithm') });
  return { cipher, ...readKeyMethod(key), encryptedKey: cipherValue(key), cipherText: cipherValue(data) };
}

/** The hash of digest and mask is one and the same: anything else this machine's cryptography does not offer. */
function readKeyMethod(key: XmlElement): Pick<EncryptedAssertion, 'hash' | 'digestMethods'> {
  const method = only(key, 'EncryptionMethod');
  const algorithm = attributeOf(method, 'Algorithm');
  const digestMethods = childrenOf(method, DS_NS, 'DigestMethod');
  const masks = childrenOf(method, XENC11_NS, 'MGF');
  const digest = digestMethods[0] ? attributeOf(digestMethods[0], 'Algorithm') : `${DS_NS}sha1`;
  const mask = masks[0] ? attributeOf(masks[0], 'Algorithm') : `${XENC11_NS}mgf1sha1`;
  const hash = HASHES.get(digest ?? '');
  // The older name has no parameter for the mask; those who send SHA-256 under it mean both.
  const isKnown =
    (algorithm === `${XENC_NS}rsa-oaep-mgf1p` && masks.length === 0) ||
    (algorithm === `${XENC11_NS}rsa-oaep` && MASKS.get(mask ?? '') === hash);
  // Whatever else stands there is a parameter we do not know, OAEPparams included.
  const extras = method.children.length - digestMethods.length - masks.length;
  if (hash === undefined || !isKnown || digestMethods.length > 1 || masks.length > 1 || extras > 0)
    return refuse('saml.encryption_algorithm', { key: algorithm, digest, mask });
  return { hash, digestMethods };
}

/** The text in CipherData/CipherValue; a CipherReference would be an address to fetch. */
function cipherValue(element: XmlElement): string {
  const data = only(element, 'CipherData');
  const value = only(data, 'CipherValue');
  if (data.children.length !== 1 || value.children.length !== 0) return refuse('saml.encryption_shape');
  return value.text.replace(/[ \t\r\n]/g, '');
}

function only(parent: XmlElement, local: string): XmlElement {
  const [child, ...more] = childrenOf(parent, XENC_NS, local);
  return child === undefined || more.length > 0 ? refuse('saml.encryption_shape', { element: local }) : child;
}

/** What stands before the ciphertext, and behind it (XML Encryption 1.1 §5.2.4). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The two operations whose number must not depend on what is wrong with a ciphertext; counted in tests. */
export interface OpeningWork {
  readonly unwrap: (key: RsaPrivateKey, wrapped: Buffer) => Buffer;
  readonly decipher: (
    cipher: EncryptedAssertion['cipher'],
    key: Buffer,
    nonce: Buffer,
    options: { readonly authTagLength: number },
  ) => DecipherGCM;
}

const WORK: OpeningWork = { unwrap: privateDecrypt, decipher: createDecipheriv };

/**
 * The assertion's text, opened with the first of our keys that fits (PKCS#8 PEM). One refusal, `saml.decryption`, for
 * every way in which it can fail, after the same work: whoever changes ciphertext learns nothing from the answer, nor from
 * how long it takes (S30).
 */
export function decryptAssertion(
  encrypted: EncryptedAssertion,
  keys: readonly string[],
  work: OpeningWork = WORK,
): string {
  for (const key of keys) {
    const text = openWith(encrypted, key, work);
    if (text !== undefined) return text;
  }
  return refuse('saml.decryption');
}

function openWith(encrypted: EncryptedAssertion, pem: string, work: OpeningWork): string | undefined {
  const { cipher, cipherText } = encrypted;
  const contentKey = contentKeyOf(encrypted, pem, work);
  try {
    const bytes = Buffer.from(cipherText, 'base64');
    const decipher = work
      .decipher(cipher, contentKey, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const plain = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(plain));
  } catch {
    return undefined;
  }
}

/** The key inside, or a random one that opens nothing: the content is tried with either (as RFC 8017 §7.2.2 advises for its like). */
function contentKeyOf(
  { cipher, hash, encryptedKey }: EncryptedAssertion,
  pem: string,
  { unwrap }: OpeningWork,
): Buffer {
  const instead = randomBytes(cipher === 'aes-128-gcm' ? 16 : 32);
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const found = unwrap(
      { key: createPrivateKey(pem), padding, oaepHash: hash },
      Buffer.from(encryptedKey, 'base64'),
    );
    return found.length === instead.length ? found : instead;
  } catch {
    return instead;
  }
}
