/** Signs a message of ours as XML, for the binding that has no signature of its own (SAML core §5.4, bindings §3.5). Pure. */
import { createHash, sign } from 'node:crypto';
import { GatehouseError } from '../../kernel/errors.ts';
import { canonicalXml } from './canonical-xml.ts';
import { parseXml, type XmlRules } from './parse-xml.ts';
import { attributeOf, DS_NS } from './xml-tree.ts';

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ISSUER_END = '</saml:Issuer>';

const RULES: XmlRules = {
  maxDepth: 8,
  maxElements: 50,
  maxAttributes: 20,
  allowComments: false,
  reject: (problem) => {
    throw new GatehouseError('internal', `A message of ours is no XML (${problem}).`);
  },
};

/**
 * The message with one enveloped signature over all of it, RSA-SHA256, behind the Issuer, where the schema wants it. `xml` is what
 * `write-logout.ts` writes; `privateKey` and `certificate` are PEM.
 */
export function signMessage(
  xml: string,
  { privateKey, certificate }: { readonly privateKey: string; readonly certificate: string },
): string {
  const root = parseXml(xml, RULES);
  const digest = createHash('sha256').update(canonicalXml(root)).digest('base64');
  const signedInfo = signedInfoOf(attributeOf(root, 'ID') ?? '', digest);
  // The canonical form of SignedInfo says what `ds` is; in its place the Signature around it does.
  const covered = signedInfo.replace('<ds:SignedInfo>', `<ds:SignedInfo xmlns:ds="${DS_NS}">`);
  const value = sign('sha256', Buffer.from(covered), privateKey).toString('base64');
  const der = certificate.replace(/-----[A-Z ]+-----|\s/g, '');
  const signature =
    `<ds:Signature xmlns:ds="${DS_NS}">${signedInfo}<ds:SignatureValue>${value}</ds:SignatureValue>` +
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`;
  return xml.replace(ISSUER_END, () => `${ISSUER_END}${signature}`);
}

const withAlgorithm = (name: string, algorithm: string): string =>
  `<ds:${name} Algorithm="${algorithm}"></ds:${name}>`;

/** In canonical form but for the declaration of `ds`. `id` is an XML name of ours. */
const signedInfoOf = (id: string, digest: string): string =>
  [
    '<ds:SignedInfo>',
    withAlgorithm('CanonicalizationMethod', EXCLUSIVE),
    withAlgorithm('SignatureMethod', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'),
    `<ds:Reference URI="#${id}"><ds:Transforms>`,
    withAlgorithm('Transform', `${DS_NS}enveloped-signature`),
    withAlgorithm('Transform', EXCLUSIVE),
    '</ds:Transforms>',
    withAlgorithm('DigestMethod', 'http://www.w3.org/2001/04/xmlenc#sha256'),
    `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
  ].join('');
