/** Builds SAML responses as identity providers send them, and signs them with xml-crypto: the good half of every attack. */
import { SignedXml } from 'xml-crypto';

/** Who speaks to whom about whom. `now` is epoch milliseconds; `key` and `cert` are the identity provider's, PEM. */
export interface SamlContext {
  readonly acsUrl: string;
  readonly spEntityId: string;
  readonly idpEntityId: string;
  /** Undefined builds an unsolicited response. */
  readonly requestId: string | undefined;
  readonly now: number;
  readonly key: string;
  readonly cert: string;
  readonly nameId: string;
  /** Makes the ids unlike those of another response; absent: fixed ids. */
  readonly suffix?: string;
  /** What the attribute statement carries besides the usual; absent: two groups. */
  readonly groups?: readonly string[];
}

export type SignMode = 'none' | 'assertion' | 'response' | 'both';

/** Who signs, and how; a SamlContext is one. Absent: RSA-SHA256, SHA-256, exclusive canonicalization. */
export interface Signer {
  readonly key: string;
  readonly cert: string;
  readonly signatureAlgorithm?: string;
  readonly digestAlgorithm?: string;
  readonly canonicalization?: string;
}

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
export const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** A SAML time, so many seconds from the context's now. */
export const instant = (context: SamlContext, seconds = 0): string =>
  new Date(context.now + seconds * 1000).toISOString();

const inResponseTo = ({ requestId }: SamlContext): string =>
  requestId === undefined ? '' : ` InResponseTo="${requestId}"`;

const escapeText = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

/** An unsigned response in Okta's manner: explicit prefixes, e-mail NameID, plain attribute names. */
export function oktaLike(context: SamlContext): string {
  const { acsUrl, spEntityId, idpEntityId, nameId, suffix = '1' } = context;
  const groups = (context.groups ?? ['Engineering', 'Staff'])
    .map((group) => `<saml:AttributeValue xsi:type="xs:string">${escapeText(group)}</saml:AttributeValue>`)
    .join('');
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response${suffix}" Version="2.0" IssueInstant="${instant(context)}" Destination="${acsUrl}"${inResponseTo(context)}>`,
    `<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">${idpEntityId}</saml:Issuer>`,
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
    `<saml:Assertion xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="_assertion${suffix}" Version="2.0" IssueInstant="${instant(context)}">`,
    `<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">${idpEntityId}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${escapeText(nameId)}</saml:NameID>`,
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
    `<saml:SubjectConfirmationData${inResponseTo(context)} NotOnOrAfter="${instant(context, 300)}" Recipient="${acsUrl}"/></saml:SubjectConfirmation></saml:Subject>`,
    `<saml:Conditions NotBefore="${instant(context, -60)}" NotOnOrAfter="${instant(context, 300)}"><saml:AudienceRestriction><saml:Audience>${spEntityId}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${instant(context, -5)}" SessionIndex="_session${suffix}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    `<saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue xsi:type="xs:string">${escapeText(nameId)}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups">${groups}</saml:Attribute></saml:AttributeStatement>`,
    '</saml:Assertion></samlp:Response>',
  ].join('');
}

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

/** An unsigned response in Entra's manner: default namespaces on the parts, claim URIs, group object ids. */
export function entraLike(context: SamlContext): string {
  const { acsUrl, spEntityId, idpEntityId, nameId, suffix = '1' } = context;
  const groups = (context.groups ?? ['0f5ff6c5-6a3c-4f0e-9d35-2b8c2b6f0001'])
    .map((group) => `<AttributeValue>${escapeText(group)}</AttributeValue>`)
    .join('');
  return [
    `<samlp:Response ID="_response${suffix}" Version="2.0" IssueInstant="${instant(context)}" Destination="${acsUrl}"${inResponseTo(context)} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">`,
    `<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">${idpEntityId}</Issuer>`,
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
    `<Assertion ID="_assertion${suffix}" IssueInstant="${instant(context)}" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">`,
    `<Issuer>${idpEntityId}</Issuer>`,
    `<Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${escapeText(nameId)}</NameID>`,
    `<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData${inResponseTo(context)} NotOnOrAfter="${instant(context, 3600)}" Recipient="${acsUrl}"/></SubjectConfirmation></Subject>`,
    `<Conditions NotBefore="${instant(context, -300)}" NotOnOrAfter="${instant(context, 3600)}"><AudienceRestriction><Audience>${spEntityId}</Audience></AudienceRestriction></Conditions>`,
    `<AttributeStatement><Attribute Name="${CLAIMS}/emailaddress"><AttributeValue>${escapeText(nameId)}</AttributeValue></Attribute><Attribute Name="http://schemas.microsoft.com/ws/2008/06/identity/claims/groups">${groups}</Attribute></AttributeStatement>`,
    `<AuthnStatement AuthnInstant="${instant(context, -5)}" SessionIndex="_session${suffix}"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>`,
    '</Assertion></samlp:Response>',
  ].join('');
}

/** Signs one element in place, the signature after its Issuer. */
export function signElement(xml: string, local: string, signer: Signer): string {
  const signed = new SignedXml({
    privateKey: signer.key,
    publicCert: signer.cert,
    signatureAlgorithm: signer.signatureAlgorithm ?? RSA_SHA256,
    canonicalizationAlgorithm: signer.canonicalization ?? EXC_C14N,
  });
  signed.addReference({
    xpath: `//*[local-name(.)='${local}']`,
    transforms: [ENVELOPED, EXC_C14N],
    digestAlgorithm: signer.digestAlgorithm ?? SHA256,
  });
  signed.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `//*[local-name(.)='${local}']/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signed.getSignedXml();
}

/** Signs the assertion first, then the response around it. */
export function sign(xml: string, mode: SignMode, signer: Signer): string {
  const inner = mode === 'assertion' || mode === 'both' ? signElement(xml, 'Assertion', signer) : xml;
  return mode === 'response' || mode === 'both' ? signElement(inner, 'Response', signer) : inner;
}

export const encode = (xml: string): string => Buffer.from(xml, 'utf8').toString('base64');

/** A good response as the form field `SAMLResponse`; the assertion is signed unless another mode is named. */
export function goodResponse(context: SamlContext, mode: SignMode = 'assertion'): string {
  return encode(sign(oktaLike(context), mode, context));
}
