/** A response whose assertion is encrypted: verify what is signed around it, open it, verify what is inside. */
import {
  decryptAssertion,
  type EncryptedAssertion,
  readEncryptedAssertion,
} from '../../protocols/saml/encrypted-assertion.ts';
import { parseXml } from '../../protocols/saml/parse-xml.ts';
import { refuse } from '../../protocols/saml/rejections.ts';
import { scanAssertion } from '../../protocols/saml/scan-assertion.ts';
import { MESSAGE_RULES, readAssertionIn, type ScannedEncrypted } from '../../protocols/saml/scan-response.ts';
import { type Verification, verifiedText } from '../../protocols/saml/verify-signature.ts';
import type { XmlElement } from '../../protocols/saml/xml-tree.ts';

interface Envelope extends Verification {
  /** Our private keys, PKCS#8 PEM. */
  readonly decryptionKeys: readonly string[];
  /** True: a signature around the response does not do, the assertion must carry its own. */
  readonly wantsAssertionSigned: boolean;
}

/**
 * The assertion inside, as it was seen and as it was verified. Where the response is signed that is verified before any key
 * of ours is used (S31), and the ciphertext is taken from the verified bytes. The assertion must be covered: by its own
 * signature, or by the response's (S28). Throws `sign_in_refused`.
 */
export function openEncrypted(
  scanned: ScannedEncrypted,
  envelope: Envelope,
): { readonly seen: XmlElement; readonly verified: XmlElement } {
  const encrypted = scanned.responseSigned ? signedCipher(scanned, envelope) : scanned.encrypted;
  const text = decryptAssertion(encrypted, envelope.decryptionKeys);
  const { assertion: seen, isSigned } = scanAssertion(text, envelope.acceptSha1);
  if (!isSigned && envelope.wantsAssertionSigned) return refuse('saml.unsigned_assertion');
  if (!isSigned && !scanned.responseSigned) return refuse('saml.unsigned');
  return { seen, verified: parseXml(isSigned ? verified(seen, envelope) : text, MESSAGE_RULES) };
}

const signedCipher = ({ root }: ScannedEncrypted, envelope: Envelope): EncryptedAssertion =>
  readEncryptedAssertion(readAssertionIn(verified(root, envelope)));

const verified = (signed: XmlElement, envelope: Envelope): string =>
  verifiedText(signed, envelope) ?? refuse('saml.signature');
