/** Which bytes did a pinned certificate sign? The engine's own answer for one whole document, without a profile around it. */
import { getVerifiedXml, parseDomFromString } from '@node-saml/node-saml/lib/xml.js';

/**
 * The bytes of the root element that its enveloped signature covers, canonicalized; undefined when no certificate (PEM)
 * verifies it, or there is no signature. The text must have passed a gate that knows its shape: this only does the
 * cryptography. What is read afterwards is read from the answer, never from the text (law 4).
 */
export async function verifiedRoot(
  xml: string,
  certificates: readonly string[],
): Promise<string | undefined> {
  const { documentElement } = await parseDomFromString(xml);
  const bytes = getVerifiedXml(xml, documentElement, [...certificates]);
  // S13: no bytes are not a signed document.
  return bytes === null || !bytes.startsWith('<') ? undefined : bytes;
}
