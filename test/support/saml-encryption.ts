/** Encrypts the assertion of a built response, as identity providers do it and in ways they must not. */
import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import { outer, swap } from './saml-attack-row.ts';
import { type SamlContext, type Signer, type SignMode, sign } from './saml-builder.ts';

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';

export interface Encryption {
  /** For whom, PEM. */
  readonly certificate: string;
  readonly bits?: 128 | 256;
  readonly hash?: 'sha1' | 'sha256';
  /** The EncryptionMethod of the key, whole; absent: rsa-oaep-mgf1p with the digest of `hash`. */
  readonly keyMethod?: string;
  /** The content algorithm that is claimed; absent: the true one. */
  readonly claims?: string;
  /** Where the EncryptedKey stands; absent: in the KeyInfo. */
  readonly place?: 'inside' | 'beside';
  /** Changes the bytes on their way into the XML. */
  readonly spoil?: (bytes: Buffer, part: 'key' | 'content') => Buffer;
}

export const AES_GCM = (bits: 128 | 256): string => `${XENC11}aes${bits}-gcm`;

export const oaepMethod = (hash: 'sha1' | 'sha256', mask: 'sha1' | 'sha256'): string =>
  `<xenc:EncryptionMethod Algorithm="${XENC11}rsa-oaep"><ds:DigestMethod xmlns:ds="${DS}" Algorithm="${hash === 'sha1' ? DS : XENC}${hash}"/><xenc11:MGF xmlns:xenc11="${XENC11}" Algorithm="${XENC11}mgf1${mask}"/></xenc:EncryptionMethod>`;

/** The text encrypted, as a whole saml:EncryptedAssertion. */
export function encryptText(text: string, encryption: Encryption): string {
  const { certificate, bits = 256, hash = 'sha1', place = 'inside' } = encryption;
  const { spoil = (bytes: Buffer) => bytes } = encryption;
  const contentKey = randomBytes(bits / 8);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(bits === 128 ? 'aes-128-gcm' : 'aes-256-gcm', contentKey, nonce);
  const content = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const wrapped = publicEncrypt({ key: certificate, padding, oaepHash: hash }, contentKey);
  const method =
    encryption.keyMethod ??
    `<xenc:EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p"><ds:DigestMethod xmlns:ds="${DS}" Algorithm="${hash === 'sha1' ? DS : XENC}${hash}"/></xenc:EncryptionMethod>`;
  const cipherData = (bytes: Buffer, part: 'key' | 'content') =>
    `<xenc:CipherData><xenc:CipherValue>${spoil(bytes, part).toString('base64')}</xenc:CipherValue></xenc:CipherData>`;
  const key = `<xenc:EncryptedKey xmlns:xenc="${XENC}">${method}${cipherData(wrapped, 'key')}</xenc:EncryptedKey>`;
  const keyInfo = place === 'inside' ? `<ds:KeyInfo xmlns:ds="${DS}">${key}</ds:KeyInfo>` : '';
  const data = `<xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element"><xenc:EncryptionMethod Algorithm="${encryption.claims ?? AES_GCM(bits)}"/>${keyInfo}${cipherData(content, 'content')}</xenc:EncryptedData>`;
  return `<saml:EncryptedAssertion xmlns:saml="${SAML}">${data}${place === 'beside' ? key : ''}</saml:EncryptedAssertion>`;
}

/** The assertion of a response as a document of its own. */
export const standalone = (xml: string): string =>
  swap(outer(xml, 'saml:Assertion'), '<saml:Assertion ', `<saml:Assertion xmlns:saml="${SAML}" `);

export interface EncryptedResponse {
  /** What is signed: the assertion before it is encrypted, the response afterwards. */
  readonly mode: SignMode;
  readonly encryption: Encryption;
  /** Absent: the context's. */
  readonly signer?: Signer;
  /** Changes the assertion's text right before it is encrypted. */
  readonly inside?: (assertion: string) => string;
}

/** A built response with its assertion encrypted. */
export function encryptResponse(
  xml: string,
  context: SamlContext,
  { mode, encryption, signer = context, inside = (text) => text }: EncryptedResponse,
): string {
  const signed = mode === 'assertion' || mode === 'both' ? sign(xml, 'assertion', signer) : xml;
  const encrypted = encryptText(inside(standalone(signed)), encryption);
  const response = swap(signed, outer(signed, 'saml:Assertion'), encrypted);
  return mode === 'response' || mode === 'both' ? sign(response, 'response', signer) : response;
}
