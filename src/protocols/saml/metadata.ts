/** SAML metadata: reads what an identity provider publishes, writes what we publish. */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { checkCertificate } from './certificates.ts';
import { XENC_NS, XENC11_NS } from './encrypted-assertion.ts';
import { parseXml, type XmlRules } from './parse-xml.ts';
import { checkIds } from './scan-response.ts';
import { checkSignatureShape, STEERING_NAMES } from './signature-shape.ts';
import { verifiedText } from './verify-signature.ts';
import { attributeOf, childrenOf, DS_NS, MD_NS, walk, type XmlElement } from './xml-tree.ts';

export interface IdpMetadata {
  readonly entityId: string;
  /** Single sign-on by HTTP-Redirect, if offered; one of the two is. */
  readonly ssoUrl: string | undefined;
  /** Single sign-on by HTTP-POST, if offered. */
  readonly ssoPostUrl: string | undefined;
  /** Single logout by HTTP-Redirect, or by HTTP-POST where only that is offered. */
  readonly sloUrl: string | undefined;
  readonly sloBinding: 'redirect' | 'post';
  /** Where answers to its logout requests go, if elsewhere. */
  readonly sloResponseUrl: string | undefined;
  /** Signing certificates, PEM, without duplicates. */
  readonly certificates: readonly string[];
  /** It takes no request that is not signed (`WantAuthnRequestsSigned`). */
  readonly wantsSignedRequests: boolean;
}

interface MetadataOptions {
  /** True for a host that may be reached without TLS; absent: none may. */
  readonly allowHttpHost?: (host: string) => boolean;
  /** What the address is for, in an error; `single sign-on` if absent. */
  readonly what?: string;
}

export interface SpMetadata {
  readonly spEntityId: string;
  readonly acsUrl: string;
  readonly logoutUrl?: string;
  /** PEM, published for signing and encryption: current first, then next. Never a key (S67). */
  readonly certificates?: readonly string[];
  /** What we promise about our requests; absent: they are not signed. */
  readonly signsRequests?: boolean;
}

const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const SIGN_ON = { service: 'SingleSignOnService', binding: REDIRECT, attribute: 'Location' } as const;
const LOGOUT = { ...SIGN_ON, service: 'SingleLogoutService' } as const;
const MAX_BYTES = 512 * 1024;
const MAX_ENTITY_ID = 1024;

const RULES: XmlRules = {
  maxDepth: 32,
  maxElements: 5000,
  maxAttributes: 50,
  allowComments: true,
  reject: (problem, cause) =>
    invalid(`The metadata could not be read (${problem.replaceAll('_', ' ')}).`, cause),
};

/**
 * Reads one md:EntityDescriptor with one SAML 2.0 IDPSSODescriptor (SAML metadata §2.3.2, §2.4.3).
 * Throws `invalid` on field `metadataXml` for a DOCTYPE, more than 512 KB, several entities, an address that is not
 * https (or allowed http), neither redirect nor POST binding, no usable signing certificate (S63).
 */
export function parseIdpMetadata(xml: unknown, options: MetadataOptions = {}): IdpMetadata {
  if (typeof xml !== 'string' || xml.trim() === '') return invalid('The metadata is empty.');
  if (Buffer.byteLength(xml) > MAX_BYTES) return invalid('The metadata is larger than 512 KB.');
  const root = parseXml(xml.replace(/^\uFEFF/, '').trim(), RULES);
  if (root.uri !== MD_NS || root.local !== 'EntityDescriptor') {
    return invalid('The metadata must describe exactly one entity (md:EntityDescriptor).');
  }
  const entityId = attributeOf(root, 'entityID') ?? '';
  if (entityId.trim() === '' || entityId.length > MAX_ENTITY_ID)
    return invalid('The entityID is missing or too long.');
  const descriptor = findDescriptor(root);
  const ssoUrl = findEndpoint(descriptor, SIGN_ON, options);
  const ssoPostUrl = findEndpoint(descriptor, { ...SIGN_ON, binding: POST }, options);
  if ((ssoUrl ?? ssoPostUrl) === undefined)
    return invalid('The metadata offers no single sign-on by HTTP-Redirect or HTTP-POST.');
  return {
    entityId,
    ssoUrl,
    ssoPostUrl,
    ...findLogout(descriptor, options),
    certificates: readCertificates(descriptor),
    // xs:boolean has two ways to say so.
    wantsSignedRequests: /^(true|1)$/.test((attributeOf(descriptor, 'WantAuthnRequestsSigned') ?? '').trim()),
  };
}

/**
 * The canonical bytes of the document that one of these certificates (PEM) vouches for: one ds:Signature of the one shape in
 * the root, over the root, and nothing else that steers. Undefined for all others, most of all for unsigned metadata, which
 * is what most identity providers publish. Throws `invalid` for what is not XML.
 */
export function signedMetadata(xml: string, certificates: readonly string[]): string | undefined {
  const root = parseXml(xml.replace(/^\uFEFF/, '').trim(), RULES);
  const elements = walk(root);
  const signatures = elements.filter(({ local }) => local === 'Signature');
  const [signature] = signatures;
  if (signature === undefined || signatures.length > 1) return undefined;
  if (signature.parent !== root || signature.uri !== DS_NS) return undefined;
  try {
    checkIds(elements);
    const accounted = checkSignatureShape(signature, attributeOf(root, 'ID') ?? '');
    const steering = elements.filter(({ local }) => STEERING_NAMES.has(local)).length;
    return steering === accounted.length ? verifiedText(root, { certificates }) : undefined;
  } catch (error) {
    if (isGatehouseError(error, 'sign_in_refused')) return undefined;
    throw error;
  }
}

/**
 * An identity provider's address as a browser may be sent there: https, or http for an allowed host; no credentials, no
 * fragment. Throws `invalid` on `field`. Answers the text as given.
 */
export function checkSsoUrl(text: string, field: string, options: MetadataOptions = {}): string {
  const url = URL.parse(text);
  const isSecure = url?.protocol === 'https:';
  const isAllowedHttp = url?.protocol === 'http:' && options.allowHttpHost?.(url.hostname) === true;
  const isPlain = url !== null && url.username === '' && url.password === '' && url.hash === '';
  if (isPlain && (isSecure || isAllowedHttp) && text.length <= 2048) return text;
  const what = options.what ?? 'single sign-on';
  throw new GatehouseError('invalid', `The ${what} address must be an https address.`, { field });
}

/** Our own metadata for one connection (SAML metadata §2.4.4). Everything is escaped; the order is the schema's. */
export function buildSpMetadata(sp: SpMetadata): string {
  const keys = (sp.certificates ?? []).flatMap((pem) => [
    keyDescriptor('signing', pem),
    keyDescriptor('encryption', pem),
  ]);
  const { logoutUrl } = sp;
  const logout =
    logoutUrl === undefined
      ? []
      : [REDIRECT, POST].map((binding) => endpoint('SingleLogoutService', binding, logoutUrl));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<md:EntityDescriptor xmlns:md="${MD_NS}" entityID="${escapeXml(sp.spEntityId)}">`,
    `  <md:SPSSODescriptor AuthnRequestsSigned="${sp.signsRequests === true}" WantAssertionsSigned="true" protocolSupportEnumeration="${PROTOCOL}">`,
    ...keys,
    ...logout,
    '    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>',
    '    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>',
    '    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>',
    endpoint('AssertionConsumerService', POST, sp.acsUrl).replace('/>', ' index="0" isDefault="true"/>'),
    '  </md:SPSSODescriptor>',
    '</md:EntityDescriptor>',
    '',
  ].join('\n');
}

function findDescriptor(root: XmlElement): XmlElement {
  const entities = walk(root).filter((element) => element.local === 'EntityDescriptor');
  const [descriptor, ...more] = childrenOf(root, MD_NS, 'IDPSSODescriptor').filter((one) =>
    (attributeOf(one, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL),
  );
  if (entities.length !== 1 || descriptor === undefined || more.length > 0) {
    return invalid('The metadata must describe exactly one SAML 2.0 identity provider.');
  }
  return descriptor;
}

function findLogout(
  descriptor: XmlElement,
  options: MetadataOptions,
): Pick<IdpMetadata, 'sloUrl' | 'sloBinding' | 'sloResponseUrl'> {
  const at = (binding: string) => ({
    sloUrl: findEndpoint(descriptor, { ...LOGOUT, binding }, options),
    sloResponseUrl: findEndpoint(descriptor, { ...LOGOUT, binding, attribute: 'ResponseLocation' }, options),
  });
  const byRedirect = at(REDIRECT);
  if (byRedirect.sloUrl !== undefined) return { ...byRedirect, sloBinding: 'redirect' };
  const byPost = at(POST);
  return { ...byPost, sloBinding: byPost.sloUrl === undefined ? 'redirect' : 'post' };
}

interface Endpoint {
  readonly service: string;
  readonly binding: string;
  readonly attribute: 'Location' | 'ResponseLocation';
}

/** The first endpoint of that binding. ResponseLocation may be absent (SAML metadata §2.2.2), Location may not. */
function findEndpoint(
  descriptor: XmlElement,
  { service, binding, attribute }: Endpoint,
  options: MetadataOptions,
): string | undefined {
  const endpoint = childrenOf(descriptor, MD_NS, service).find(
    (one) => attributeOf(one, 'Binding') === binding,
  );
  const address = endpoint && attributeOf(endpoint, attribute);
  if (endpoint === undefined || (address === undefined && attribute === 'ResponseLocation')) return undefined;
  const what = service === LOGOUT.service ? 'single logout' : 'single sign-on';
  return checkSsoUrl(address ?? '', 'metadataXml', { ...options, what });
}

/** Keys for signing, or for no stated use; a certificate that may not be pinned makes the metadata invalid. */
function readCertificates(descriptor: XmlElement): readonly string[] {
  const keys = childrenOf(descriptor, MD_NS, 'KeyDescriptor').filter(
    (key) => (attributeOf(key, 'use') ?? 'signing') === 'signing',
  );
  const texts = keys
    .flatMap((key) => walk(key))
    .filter((element) => element.uri === DS_NS && element.local === 'X509Certificate')
    .map((element) => element.text);
  if (texts.length === 0) return invalid('The metadata carries no signing certificate.');
  try {
    return [...new Set(texts.map((text) => checkCertificate(text).pem))];
  } catch (cause) {
    return invalid(isGatehouseError(cause) ? cause.detail : 'A certificate could not be read.', cause);
  }
}

/** What may be used towards our keys: many identity providers take CBC unless told otherwise (SAML metadata §2.4.1.1). */
const ENCRYPTION_METHODS = [
  `<md:EncryptionMethod Algorithm="${XENC11_NS}aes256-gcm"/>`,
  `<md:EncryptionMethod Algorithm="${XENC11_NS}aes128-gcm"/>`,
  `<md:EncryptionMethod Algorithm="${XENC11_NS}rsa-oaep"><ds:DigestMethod xmlns:ds="${DS_NS}" Algorithm="${XENC_NS}sha256"/><xenc11:MGF xmlns:xenc11="${XENC11_NS}" Algorithm="${XENC11_NS}mgf1sha256"/></md:EncryptionMethod>`,
  `<md:EncryptionMethod Algorithm="${XENC_NS}rsa-oaep-mgf1p"><ds:DigestMethod xmlns:ds="${DS_NS}" Algorithm="${DS_NS}sha1"/></md:EncryptionMethod>`,
].join('');

function keyDescriptor(use: 'signing' | 'encryption', pem: string): string {
  const der = checkCertificate(pem).pem.replace(/-----[A-Z ]+-----|\s/g, '');
  const methods = use === 'encryption' ? ENCRYPTION_METHODS : '';
  return `    <md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${DS_NS}"><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>${methods}</md:KeyDescriptor>`;
}

const endpoint = (name: string, binding: string, location: string): string =>
  `    <md:${name} Binding="${binding}" Location="${escapeXml(location)}"/>`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text as it may stand in an element or a quoted attribute. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

function invalid(detail: string, cause?: unknown): never {
  throw new GatehouseError('invalid', detail, {
    field: 'metadataXml',
    ...(cause === undefined ? {} : { cause }),
  });
}
