/** Signs SAML responses fast enough to load a gateway with them: canonical once, then only digest and signature. */
import { createHash, createSign } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { oktaLike, type SamlContext } from '../../test/support/saml-builder.ts';

const SAML_NS = 'urn:oasis:names:tc:SAML:2.0:assertion';
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const [NAME, SUFFIX] = ['name-goes-here', '-suffix-goes-here'];

/** Answers responses with a signed assertion about whoever is named, as form fields; no two have the same ids. */
export function createResponder(
  context: Omit<SamlContext, 'nameId' | 'suffix'>,
): (nameId: string, number: number) => string {
  const document = oktaLike({ ...context, nameId: NAME, suffix: SUFFIX });
  const parsed = new DOMParser().parseFromString(document, 'text/xml');
  const assertion = parsed.getElementsByTagNameNS(SAML_NS, 'Assertion')[0];
  if (assertion === undefined) throw new Error('The response has no assertion.');
  const canonical = String(new ExclusiveCanonicalization().process(assertion, {}));
  // Behind the Issuer of the assertion, which is the second one.
  const place =
    document.indexOf('</saml:Issuer>', document.indexOf('<saml:Assertion')) + '</saml:Issuer>'.length;
  const [before, after] = [document.slice(0, place), document.slice(place)];
  return (nameId, number) => {
    const fill = (text: string) => text.replaceAll(NAME, nameId).replaceAll(SUFFIX, `-${number}`);
    const signature = signatureOver(fill(canonical), `_assertion-${number}`, context.key);
    return Buffer.from(fill(before) + signature + fill(after)).toString('base64');
  };
}

function signatureOver(canonical: string, id: string, key: string): string {
  const digest = createHash('sha256').update(canonical).digest('base64');
  const method = (name: string, algorithm: string) => `<ds:${name} Algorithm="${algorithm}"></ds:${name}>`;
  const signedInfo = [
    '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
    method('CanonicalizationMethod', EXC_C14N),
    method('SignatureMethod', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'),
    `<ds:Reference URI="#${id}"><ds:Transforms>`,
    method('Transform', 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'),
    method('Transform', EXC_C14N),
    `</ds:Transforms>${method('DigestMethod', 'http://www.w3.org/2001/04/xmlenc#sha256')}`,
    `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
  ].join('');
  const value = createSign('RSA-SHA256').update(signedInfo).sign(key, 'base64');
  return `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${signedInfo}<ds:SignatureValue>${value}</ds:SignatureValue></ds:Signature>`;
}
