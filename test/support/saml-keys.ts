/** The fixed key pairs of the SAML tests; they are in the repository and worth nothing anywhere else. */
import { readFileSync } from 'node:fs';
import type { NewRsaKey } from '../../src/kernel/self-signed-certificate.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../fixtures/saml/keys/test-only-${name}.pem`, import.meta.url), 'utf8');

/** A certificate of the test key folder, PEM. */
export const testCertificate = (
  name: 'idp' | 'attacker' | 'next' | 'weak' | 'ec' | 'ed25519' | 'expired',
): string => read(`${name}.crt`);

/** The identity provider's key pair, PEM. */
export const idpKey = (): { key: string; cert: string } => ({ key: read('idp.key'), cert: read('idp.crt') });

/** A key pair nobody trusts, PEM. */
export const attackerKey = (): { key: string; cert: string } => ({
  key: read('attacker.key'),
  cert: read('attacker.crt'),
});

const OWN_KEYS = ['sp-1.key', 'sp-2.key', 'sp-3.key'].map(read);

/** Stands in for making RSA keys, which takes a tenth of a second: three fixed ones in turn. */
export function fixedRsaKeys(): NewRsaKey {
  let taken = 0;
  return async () => {
    taken += 1;
    return OWN_KEYS[(taken - 1) % OWN_KEYS.length] ?? '';
  };
}
