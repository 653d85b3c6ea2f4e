/** A response whose assertion is encrypted: verify what is signed around it, open it, then the same gates as for any other. */
import { isDeepStrictEqual } from 'node:util';
import { decryptAssertion, type EncryptedAssertion } from '../../protocols/saml/encrypted-assertion.ts';
import type { ExpectedAssertion } from '../../protocols/saml/expectations.ts';
import { readAssertion, readAssertionElement, type SamlFacts } from '../../protocols/saml/read-assertion.ts';
import { refuse } from '../../protocols/saml/rejections.ts';
import { scanAssertion } from '../../protocols/saml/scan-assertion.ts';
import { readEncryptedIn, type ScannedEncrypted } from '../../protocols/saml/scan-response.ts';
import { verifiedRoot } from './verified-document.ts';

interface Envelope {
  readonly expected: ExpectedAssertion;
  /** Those that may verify now. */
  readonly certificates: readonly string[];
  /** Our private keys, PKCS#8 PEM. */
  readonly decryptionKeys: readonly string[];
  /** True: a signature around the response does not do, the assertion must carry its own. */
  readonly wantsAssertionSigned: boolean;
  /** SHA-1 signatures, by the connection's own choice (S20). */
  readonly acceptSha1: boolean;
}

/**
 * Facts of an encrypted assertion. Where the response is signed that is verified before any key of ours is used (S31), and
 * the ciphertext is taken from the verified bytes. The assertion must be covered: by its own signature, or by the
 * response's (S28). Throws `sign_in_refused`.
 */
export async function verifyEncrypted(scanned: ScannedEncrypted, envelope: Envelope): Promise<SamlFacts> {
  const { expected, certificates, decryptionKeys } = envelope;
  const encrypted = scanned.responseSigned ? await signedCipher(scanned, certificates) : scanned.encrypted;
  const text = decryptAssertion(encrypted, decryptionKeys);
  const { assertion, isSigned } = scanAssertion(text, envelope.acceptSha1);
  if (!isSigned && envelope.wantsAssertionSigned) return refuse('saml.unsigned_assertion');
  if (!isSigned && !scanned.responseSigned) return refuse('saml.unsigned');
  const covered = isSigned ? await verified(text, certificates) : text;
  const facts = readAssertion(covered, expected);
  if (!isDeepStrictEqual(readAssertionElement(assertion, expected), facts)) refuse('saml.parsers_disagree');
  return facts;
}

const signedCipher = async (
  { xml }: ScannedEncrypted,
  certificates: readonly string[],
): Promise<EncryptedAssertion> => readEncryptedIn(await verified(xml, certificates));

async function verified(xml: string, certificates: readonly string[]): Promise<string> {
  try {
    return (await verifiedRoot(xml, certificates)) ?? refuse('saml.signature');
  } catch (cause) {
    return refuse('saml.signature', undefined, cause);
  }
}
