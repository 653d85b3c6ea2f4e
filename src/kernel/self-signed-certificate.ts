/** RSA keys, and the self-signed X.509 certificate around the public half: the only thing of X.509 that we ever write. */
import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';

/** Answers a new RSA private key, PKCS#8 PEM, of 2048 bits or more. */
export type NewRsaKey = () => Promise<string>;

/** The real source of keys: takes a tenth of a second, on another thread. */
export const newRsaKey: NewRsaKey = async () => {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

export interface CertificateFacts {
  /** PKCS#8 PEM of an RSA key. */
  readonly privateKey: string;
  /** Becomes subject and issuer; at most 64 characters. */
  readonly commonName: string;
  /** Epoch milliseconds, whole seconds are kept. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate of version 3, signed with RSA and SHA-256, PEM (RFC 5280 §4.1). */
export function selfSignedCertificate({ privateKey, commonName, ...validity }: CertificateFacts): string {
  const key = createPrivateKey(privateKey);
  const name = sequence(der(SET, sequence(der(OID, COMMON_NAME), der(UTF8_STRING, Buffer.from(commonName)))));
  const algorithm = sequence(der(OID, SHA256_WITH_RSA), NULL);
  const body = sequence(
    VERSION_3,
    serialNumber(),
    algorithm,
    name,
    sequence(time(validity.notBefore), time(validity.notAfter)),
    name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    NOT_AN_AUTHORITY,
  );
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', body, key));
  const lines =
    sequence(body, algorithm, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const [BIT_STRING, OID, UTF8_STRING, UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET] = [
  0x03, 0x06, 0x0c, 0x17, 0x18, 0x30, 0x31,
] as const;
const NULL = Buffer.from('0500', 'hex');
/** `[0] EXPLICIT INTEGER 2`. */
const VERSION_3 = Buffer.from('a003020102', 'hex');
/** 1.2.840.113549.1.1.11 and 2.5.4.3. */
const SHA256_WITH_RSA = Buffer.from('2a864886f70d01010b', 'hex');
const COMMON_NAME = Buffer.from('550403', 'hex');
/** `[3] EXPLICIT` extensions: basicConstraints (2.5.29.19) with nothing in it, which means not an authority. */
const NOT_AN_AUTHORITY = Buffer.from('a30d300b30090603551d1304023000', 'hex');

/** One element: tag, length, content (X.690 §8.1). */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  if (bytes.length < 0x80) return Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const significant = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | significant.length]), significant, bytes]);
}

const sequence = (...content: readonly Buffer[]): Buffer => der(SEQUENCE, ...content);

/** 126 random bits: the first byte is neither zero nor negative. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return der(0x02, bytes);
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
function time(at: number): Buffer {
  const text = `${new Date(at).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
  return text < '2050' ? der(UTC_TIME, Buffer.from(text.slice(2))) : der(GENERALIZED_TIME, Buffer.from(text));
}
