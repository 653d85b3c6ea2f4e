/** The HTTP-Redirect binding with its detached signature: reads and verifies raw query bytes, and writes them (SAML bindings §3.4.4). */
import { createPublicKey, sign, verify } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { decodeUtf8 } from './decode-response.ts';
import { refuse } from './rejections.ts';

export type MessageParameter = 'SAMLRequest' | 'SAMLResponse';

/** A message whose detached signature a pinned certificate has verified. */
export interface RedirectedMessage {
  readonly parameter: MessageParameter;
  /** The inflated text, at most 64 KB. */
  readonly xml: string;
  /** As it arrived, decoded; undefined when there was none. */
  readonly relayState: string | undefined;
}

const NAMES = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature', 'SAMLEncoding'] as const;
type Name = (typeof NAMES)[number];

const DEFLATE = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';
/** Never SHA-1 or MD5, never a shared secret (S20, S65). */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', 'sha384'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'],
]);
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
/** A logout message has a thousand bytes; a bomb has what the other side likes (S25). */
const MAX_INFLATED_BYTES = 64 * 1024;
const MAX_RELAY_STATE_BYTES = 80;

/**
 * The message in a raw query string, without its `?`. The signature is mandatory and is verified over the very bytes that
 * arrived, before anything is inflated. Refuses `saml.query` (a parameter missing, doubled, or spelled almost like one of
 * ours), `saml.unsigned`, `saml.algorithm`, `saml.signature`, `saml.base64`, `saml.deflate`, `saml.encoding` (S25, S65).
 */
export function readRedirect(rawQuery: string, certificates: readonly string[]): RedirectedMessage {
  const raw = readParameters(rawQuery);
  const parameter = messageIn(raw);
  verifyDetached(raw, parameter, certificates);
  const encoding = raw.get('SAMLEncoding');
  if (encoding !== undefined && decode(encoding) !== DEFLATE) return refuse('saml.query', { encoding });
  const relayState = raw.get('RelayState');
  return {
    parameter,
    xml: inflate(strictBase64(decode(raw.get(parameter) ?? ''))),
    relayState: relayState === undefined ? undefined : decode(relayState),
  };
}

/** Each name once and exactly as the binding spells it; strangers are ignored, because nothing of them is read. */
function readParameters(rawQuery: string): ReadonlyMap<Name, string> {
  const found = new Map<Name, string>();
  for (const piece of rawQuery.split('&')) {
    const [name = '', ...rest] = piece.split('=');
    const meant = NAMES.find((known) => plain(name).includes(plain(known)));
    if (meant === undefined) continue;
    // `samlrequest`, `SAMLRequest[]`, `SAML%52equest`: what one reader takes for ours and another does not.
    if (name !== meant || rest.length !== 1 || found.has(meant)) return refuse('saml.query', { name });
    found.set(meant, rest[0] ?? '');
  }
  return found;
}

const plain = (name: string): string =>
  decode(name)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z]/g, '');

function messageIn(raw: ReadonlyMap<Name, string>): MessageParameter {
  const [parameter, ...more] = (['SAMLRequest', 'SAMLResponse'] as const).filter((name) => raw.has(name));
  return parameter === undefined || more.length > 0 ? refuse('saml.query') : parameter;
}

function verifyDetached(
  raw: ReadonlyMap<Name, string>,
  parameter: MessageParameter,
  certificates: readonly string[],
): void {
  const [algorithm, signature] = [raw.get('SigAlg'), raw.get('Signature')];
  if (algorithm === undefined || signature === undefined) refuse('saml.unsigned');
  const hash = HASHES.get(decode(algorithm));
  if (hash === undefined) refuse('saml.algorithm', { algorithm: decode(algorithm) });
  const relayState = raw.get('RelayState');
  const signed = signedText(parameter, {
    message: raw.get(parameter) ?? '',
    ...(relayState === undefined ? {} : { relayState }),
    algorithm,
  });
  const value = strictBase64(decode(signature));
  const isGenuine = certificates.some((certificate) => {
    const key = createPublicKey(certificate);
    return key.asymmetricKeyType === 'rsa' && verify(hash, Buffer.from(signed), key, value);
  });
  if (!isGenuine) refuse('saml.signature');
}

interface SignedPieces {
  readonly message: string;
  readonly relayState?: string;
  readonly algorithm: string;
}

/** The octets of §3.4.4.1: this order whatever the order in the query, values exactly as they are encoded there. */
const signedText = (parameter: MessageParameter, { message, relayState, algorithm }: SignedPieces): string =>
  [
    `${parameter}=${message}`,
    ...(relayState === undefined ? [] : [`RelayState=${relayState}`]),
    `SigAlg=${algorithm}`,
  ].join('&');

/** Percent-decoding of a query value, `+` for a space included. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch (cause) {
    return refuse('saml.query', undefined, cause);
  }
}

function strictBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : refuse('saml.base64');
}

function inflate(bytes: Buffer): string {
  let text: Buffer;
  try {
    text = inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (cause) {
    return refuse('saml.deflate', { bytes: bytes.length }, cause);
  }
  return decodeUtf8(text);
}

export interface RedirectInput {
  /** The other side's address; a query of its own stays. */
  readonly url: string;
  readonly parameter: MessageParameter;
  readonly xml: string;
  /** At most 80 bytes (§3.4.3); left out when absent or longer. */
  readonly relayState?: string | undefined;
  /** PEM, RSA: signs with RSA-SHA256. */
  readonly privateKey: string;
}

/** The address that carries the message, signed, to the other side. */
export function buildRedirect({ url, parameter, xml, relayState, privateKey }: RedirectInput): string {
  const carries = relayState !== undefined && Buffer.byteLength(relayState) <= MAX_RELAY_STATE_BYTES;
  const signed = signedText(parameter, {
    message: encodeURIComponent(deflateRawSync(xml).toString('base64')),
    ...(carries ? { relayState: encodeURIComponent(relayState) } : {}),
    algorithm: encodeURIComponent(RSA_SHA256),
  });
  const signature = sign('sha256', Buffer.from(signed), privateKey).toString('base64');
  return `${url}${url.includes('?') ? '&' : '?'}${signed}&Signature=${encodeURIComponent(signature)}`;
}
