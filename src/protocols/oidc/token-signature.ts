/** Whether one of the keys an identity provider publishes signed a token: compact JWS (RFC 7515 §5.2, RFC 7518 §3). Pure. */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isRecord } from './claim-values.ts';
import { derSignature } from './ecdsa-signature.ts';

/** One entry of a key set (RFC 7517), as somebody else wrote it. */
export type PublishedKey = Readonly<Record<string, unknown>>;

export type SignatureVerdict =
  | { readonly kind: 'genuine'; readonly header: TokenHeader; readonly payload: string }
  /** `no_key`: none fits, and another set might have one. `unclear_key`: several fit, or the one that does is no usable key. */
  | { readonly kind: 'algorithm' | 'no_key' | 'unclear_key' | 'broken'; readonly header: TokenHeader }
  | { readonly kind: 'malformed' };

export type TokenHeader = Readonly<Record<string, unknown>>;

interface Scheme {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** Absent: RSA has none. */
  readonly crv?: string;
  /** Null: the algorithm has one of its own. */
  readonly digest: string | null;
  /** PSS alone; absent: what Node does with a key of this kind. */
  readonly padding?: { readonly padding: number; readonly saltLength: number };
  /** Bytes of a coordinate, where signatures are two of them; absent: they are taken as they are. */
  readonly size?: number;
}

const pkcs1 = (digest: string): Scheme => ({ kty: 'RSA', digest });
const pss = (digest: string, saltLength: number): Scheme => ({
  ...{ kty: 'RSA', digest },
  padding: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
});
const ecdsa = (digest: string, crv: string, size: number): Scheme => ({ kty: 'EC', crv, digest, size });
const ed25519: Scheme = { kty: 'OKP', crv: 'Ed25519', digest: null };

/** Those of `SIGNATURE_ALGORITHMS`: no shared secret, and never none (S68). */
const SCHEMES: ReadonlyMap<unknown, Scheme> = new Map([
  ['RS256', pkcs1('sha256')],
  ['RS384', pkcs1('sha384')],
  ['RS512', pkcs1('sha512')],
  ['PS256', pss('sha256', 32)],
  ['PS384', pss('sha384', 48)],
  ['PS512', pss('sha512', 64)],
  ['ES256', ecdsa('sha256', 'P-256', 32)],
  ['ES384', ecdsa('sha384', 'P-384', 48)],
  ['ES512', ecdsa('sha512', 'P-521', 66)],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
]);

const PARTS = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/;

/**
 * Judges a token by these keys and no other: what its header brings along (`jwk`, `jku`, `x5u`) is not looked at (S81), and an
 * extension it calls critical is known to nobody here. On this thread: WebCrypto hands a check to another one and back, which
 * costs more than checking.
 */
export function judgeSignature(
  token: string,
  { keys, algorithms }: { readonly keys: readonly PublishedKey[]; readonly algorithms: readonly string[] },
): SignatureVerdict {
  const [, head, body, signature] = PARTS.exec(token) ?? [];
  if (head === undefined || body === undefined || signature === undefined) return { kind: 'malformed' };
  const header = headerIn(head);
  if (header === undefined || header.crit !== undefined) return { kind: 'malformed' };
  const scheme = SCHEMES.get(header.alg);
  if (scheme === undefined || !algorithms.some((name) => name === header.alg))
    return { kind: 'algorithm', header };
  const [published, ...others] = keys.filter((key) => isMeant(key, header, scheme));
  if (published === undefined) return { kind: 'no_key', header };
  const key = others.length === 0 ? usable(published) : undefined;
  if (key === undefined) return { kind: 'unclear_key', header };
  const isGenuine = isSignedBy(key, scheme, { signed: `${head}.${body}`, signature });
  return isGenuine ? { kind: 'genuine', header, payload: body } : { kind: 'broken', header };
}

/** A key inside an object of options costs Node two exceptions at every check: only PSS has to pay them. */
function isSignedBy(
  key: KeyObject,
  { digest, padding, size }: Scheme,
  token: { readonly signed: string; readonly signature: string },
): boolean {
  const bytes = Buffer.from(token.signature, 'base64url');
  const signature = size === undefined ? bytes : derSignature(bytes, size);
  if (signature === undefined) return false;
  const signed = Buffer.from(token.signed, 'latin1');
  return verify(digest, signed, padding === undefined ? key : { key, ...padding }, signature);
}

function headerIn(part: string): TokenHeader | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isRecord(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this key may be the one that the header speaks of (RFC 7517 §4). */
function isMeant(key: PublishedKey, { alg, kid }: TokenHeader, { kty, crv }: Scheme): boolean {
  const { use = 'sig', key_ops: operations = ['verify'] } = key;
  return (
    key.kty === kty &&
    (crv === undefined || key.crv === crv) &&
    (kid === undefined || key.kid === kid) &&
    (key.alg === undefined || key.alg === alg) &&
    use === 'sig' &&
    Array.isArray(operations) &&
    operations.includes('verify')
  );
}

/** Made once of each published key; a set that is fetched again is other objects. */
const made = new WeakMap<PublishedKey, KeyObject>();

function usable(published: PublishedKey): KeyObject | undefined {
  const known = made.get(published);
  if (known !== undefined) return known;
  const { kty, crv, n, e, x, y } = published;
  try {
    const jwk = Object.fromEntries(
      Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => typeof value === 'string'),
    );
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    if (!isStrong(key)) return undefined;
    made.set(published, key);
    return key;
  } catch {
    return undefined;
  }
}

const SHORTEST_RSA = 2048;
/** Longer ones, and great exponents, hold everybody else up for as long as they take to check. */
const LONGEST_RSA = 8192;
const GREATEST_EXPONENT = 2n ** 32n;
/** With 1 a signature is the padded digest itself: anybody can write it (RFC 8017 §3.1). */
const LEAST_EXPONENT = 3n;

/** RFC 7518 §3.3. */
function isStrong({ asymmetricKeyType, asymmetricKeyDetails: details = {} }: KeyObject): boolean {
  if (asymmetricKeyType !== 'rsa') return true;
  const { modulusLength = 0, publicExponent = 0n } = details;
  if (modulusLength < SHORTEST_RSA || modulusLength > LONGEST_RSA) return false;
  const isOdd = publicExponent % 2n === 1n;
  return isOdd && publicExponent >= LEAST_EXPONENT && publicExponent <= GREATEST_EXPONENT;
}
