/** Identity providers' signing certificates: what may be pinned, and what a pinned one is worth today. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { refuse } from './rejections.ts';

export interface CheckedCertificate {
  readonly pem: string;
  /** SHA-256 over the DER bytes, `AA:BB:...`, as administrators compare it. */
  readonly fingerprint: string;
  /** End of validity, epoch milliseconds. */
  readonly notAfter: number;
}

const MAX_TEXT = 16 * 1024;
const MIN_RSA_BITS = 2048;
const PEM = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----$/;

/**
 * Reads one certificate, PEM or bare base64 DER, as metadata and IdP consoles give it. Throws `invalid` on field
 * `certificates` for anything that is not one X.509 certificate with an RSA key of 2048 bits or more, or an elliptic
 * curve key (S21, S60). An expired one is read: only the caller knows the time.
 */
export function checkCertificate(text: unknown): CheckedCertificate {
  if (typeof text !== 'string') return invalid('A certificate is PEM text or base64.');
  const trimmed = text.trim();
  const base64 = (PEM.exec(trimmed)?.[1] ?? trimmed).replace(/\s+/g, '');
  if (base64 === '' || trimmed.length > MAX_TEXT || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    return invalid('This is not one certificate in PEM or base64 form.');
  }
  const certificate = parse(Buffer.from(base64, 'base64'));
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa' && bits < MIN_RSA_BITS) {
    const detail = `The certificate's RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are needed.`;
    throw new GatehouseError('invalid', detail, { field: 'certificates', context: { isWeak: true } });
  }
  if (asymmetricKeyType !== 'rsa' && asymmetricKeyType !== 'ec') {
    return invalid('The certificate needs an RSA or an elliptic curve key.');
  }
  return {
    pem: toPem(certificate.raw),
    fingerprint: certificate.fingerprint256,
    notAfter: Date.parse(certificate.validTo),
  };
}

/**
 * The pinned certificates that may verify a sign-in now. One that cannot be read or is too weak means the connection is
 * broken, not that the others will do: `saml.certificate`, `saml.certificate_weak`. All expired, or none:
 * `saml.certificate_expired`, `saml.certificate` (S21, S60: never an empty list to a verifier).
 */
export function usableCertificates(certificates: readonly unknown[], now: number): readonly string[] {
  const checked = certificates.map(checkPinned);
  if (checked.length === 0) return refuse('saml.certificate');
  const usable = checked.filter((one) => one.notAfter > now);
  return usable.length === 0 ? refuse('saml.certificate_expired') : usable.map((one) => one.pem);
}

/** Why no sign-in could be verified now, the reason a refusal would carry; null: it could (S21, S60). */
export function certificateProblem(certificates: readonly unknown[], now: number): string | null {
  try {
    usableCertificates(certificates, now);
    return null;
  } catch (error) {
    if (!isGatehouseError(error, 'sign_in_refused')) throw error;
    return String(error.context.reason);
  }
}

const MOST_KNOWN = 500;

/** What is read from a text says the same each time; from a certificate it costs a tenth of judging a small response. */
function remembering<Found>(read: (text: string) => Found): (text: string) => Found {
  const known = new Map<string, Found>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = read(text);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, found);
    return found;
  };
}

/** The public key of a certificate that `usableCertificates` answered. */
export const signingKeyOf: (pem: string) => KeyObject = remembering(
  (pem) => new X509Certificate(pem).publicKey,
);

const checkText = remembering(checkCertificate);

function checkPinned(text: unknown): CheckedCertificate {
  try {
    return typeof text === 'string' ? checkText(text) : checkCertificate(text);
  } catch (cause) {
    const isWeak = isGatehouseError(cause) && cause.context.isWeak === true;
    return refuse(isWeak ? 'saml.certificate_weak' : 'saml.certificate', undefined, cause);
  }
}

function parse(der: Buffer): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // Reading the key throws for key types this machine cannot use.
    if (certificate.publicKey.type === 'public') return certificate;
  } catch (cause) {
    return invalid('This is not an X.509 certificate.', cause);
  }
  return invalid('This is not an X.509 certificate.');
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function invalid(detail: string, cause?: unknown): never {
  throw new GatehouseError('invalid', detail, {
    field: 'certificates',
    ...(cause === undefined ? {} : { cause }),
  });
}
