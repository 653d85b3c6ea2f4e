/** The fixed key pairs of the SAML tests; they are in the repository and worth nothing anywhere else. */
import { readFileSync } from 'node:fs';

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
