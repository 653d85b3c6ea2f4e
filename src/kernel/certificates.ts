/** What anybody may know of an X.509 certificate: which one it is, and from when until when it counts. */
import { X509Certificate } from 'node:crypto';

export interface CertificateSummary {
  /** SHA-256 over the DER bytes, `AA:BB:...`, as administrators compare it. */
  readonly fingerprint: string;
  /** Validity, epoch milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads a PEM certificate; undefined for text that is none. Judges nothing. */
export function summarizeCertificate(pem: string): CertificateSummary | undefined {
  try {
    const { fingerprint256, validFrom, validTo } = new X509Certificate(pem);
    return {
      fingerprint: fingerprint256,
      notBefore: Date.parse(validFrom),
      notAfter: Date.parse(validTo),
    };
  } catch {
    return undefined;
  }
}
