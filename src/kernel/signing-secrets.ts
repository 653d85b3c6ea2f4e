/** Private keys as JWK text, ready to be sealed: of their own kind, or made from an RSA key in PEM. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';

/** A new P-256 key as private JWK text (RFC 7517): for ES256. */
export function newEcJwk(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify(privateKey.export({ format: 'jwk' }));
}

/** The private JWK text of a PKCS#8 PEM. */
export const jwkOf = (pem: string): string => JSON.stringify(createPrivateKey(pem).export({ format: 'jwk' }));
