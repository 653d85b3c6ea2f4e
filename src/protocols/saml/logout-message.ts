/** Reads single logout messages, first by form (the gate before any signature is looked at), then as facts of verified text. Pure. */
import { decodeResponse } from './decode-response.ts';
import {
  checkIssueInstant,
  checkNotOnOrAfter,
  type ExpectedTimes,
  maxAgeOf,
  skewOf,
} from './expectations.ts';
import { parseXml } from './parse-xml.ts';
import { refuse, type SamlRejection } from './rejections.ts';
import { checkIds, checkNamespaces, MESSAGE_RULES } from './scan-response.ts';
import { checkSignatureShape, STEERING_NAMES } from './signature-shape.ts';
import { attributeOf, childrenOf, SAML_NS, SAMLP_NS, walk, type XmlElement } from './xml-tree.ts';

/** What a logout message must match. */
export interface ExpectedLogout extends ExpectedTimes {
  /** The identity provider's entity id. */
  readonly entityId: string;
  /** This connection's logout address, exactly. */
  readonly logoutUrl: string;
}

/** Whose sessions a verified LogoutRequest wants ended. */
export interface LogoutRequestFacts {
  readonly id: string;
  readonly nameId: string;
  readonly nameIdFormat: string | undefined;
  /** The identity provider's sessions; empty: all of that person. */
  readonly sessionIndexes: readonly string[];
  /** Until then its id must be remembered, epoch milliseconds (S66). */
  readonly expiresAt: number;
}

export interface LogoutResponseFacts {
  readonly inResponseTo: string;
  /** False when the other side ended only some sessions, or none. */
  readonly isSuccess: boolean;
}

const MAX_ELEMENTS = 200;
const MAX_INDEXES = 50;
const ENTITY_FORMAT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const CHILDREN = {
  LogoutRequest: ['Issuer', 'Signature', 'Extensions', 'NameID', 'SessionIndex'],
  LogoutResponse: ['Issuer', 'Signature', 'Extensions', 'Status'],
} as const;

export type LogoutKind = keyof typeof CHILDREN;

/**
 * A posted message whose signature may be looked at: strict base64, one root of this kind, one enveloped signature of the
 * root, of the one shape we verify. Verifies nothing. Refuses `saml.unsigned` and what a sign-in would be refused for.
 */
export function scanPostedLogout(field: unknown, kind: LogoutKind): XmlElement {
  const { root, elements } = parseLogout(decodeResponse(field), kind);
  const [signature, ...more] = elements.filter((element) => element.local === 'Signature');
  if (signature === undefined) return refuse('saml.unsigned');
  if (more.length > 0 || signature.parent !== root) return refuse('saml.signature_place');
  const accounted = checkSignatureShape(signature, attributeOf(root, 'ID') ?? '');
  const strays = elements.filter((element) => STEERING_NAMES.has(element.local)).length - accounted.length;
  return strays === 0 ? root : refuse('saml.signature_place', { strays });
}

/** Facts of a LogoutRequest whose every byte of `xml` is vouched for (SAML core §3.7.1, profiles §4.4.4.1). */
export function readLogoutRequest(xml: string, expected: ExpectedLogout): LogoutRequestFacts {
  const { root } = parseLogout(xml, 'LogoutRequest');
  const { id, issuedAt } = readHead(root, expected);
  const notOnOrAfter = attributeOf(root, 'NotOnOrAfter');
  const endsAt =
    notOnOrAfter === undefined
      ? Number.POSITIVE_INFINITY
      : checkNotOnOrAfter(notOnOrAfter, expected, 'saml.logout_expired');
  const indexes = childrenOf(root, SAMLP_NS, 'SessionIndex');
  if (indexes.length > MAX_INDEXES) return refuse('saml.logout_shape', { indexes: indexes.length });
  const nameId = only(root, 'NameID', 'saml.name_id');
  return {
    id,
    nameId: readText(nameId, 'saml.name_id'),
    nameIdFormat: attributeOf(nameId, 'Format'),
    sessionIndexes: indexes.map((index) => readText(index, 'saml.logout_shape')),
    expiresAt: Math.min(endsAt, issuedAt + maxAgeOf(expected)) + skewOf(expected),
  };
}

/** Facts of a LogoutResponse whose every byte of `xml` is vouched for (SAML core §3.7.2). */
export function readLogoutResponse(xml: string, expected: ExpectedLogout): LogoutResponseFacts {
  const { root } = parseLogout(xml, 'LogoutResponse');
  readHead(root, expected);
  const [status, ...more] = childrenOf(root, SAMLP_NS, 'Status');
  const codes = status === undefined ? [] : childrenOf(status, SAMLP_NS, 'StatusCode');
  const [code] = codes;
  if (code === undefined || codes.length + more.length !== 1) return refuse('saml.logout_shape');
  // A partial logout is a second-level code below Success (profiles §4.4.3.4).
  const isSuccess = attributeOf(code, 'Value') === SUCCESS && code.children.length === 0;
  return { inResponseTo: attributeOf(root, 'InResponseTo') ?? refuse('saml.in_response_to'), isSuccess };
}

function parseLogout(xml: string, kind: LogoutKind) {
  const root = parseXml(xml, { ...MESSAGE_RULES, maxElements: MAX_ELEMENTS });
  if (root.uri !== SAMLP_NS || root.local !== kind) return refuse('saml.not_a_logout', { root: root.local });
  const elements = walk(root);
  checkNamespaces(elements);
  checkIds(elements);
  const known: readonly string[] = CHILDREN[kind];
  const names = root.children.map((child) => child.local);
  if (names.some((name) => !known.includes(name))) return refuse('saml.logout_shape', { names });
  return { root, elements };
}

function readHead(
  root: XmlElement,
  expected: ExpectedLogout,
): { readonly id: string; readonly issuedAt: number } {
  if (attributeOf(root, 'Version') !== '2.0') return refuse('saml.version');
  const id = attributeOf(root, 'ID') ?? refuse('saml.logout_shape');
  const destination = attributeOf(root, 'Destination');
  if (destination !== expected.logoutUrl) return refuse('saml.destination', { destination });
  const issuer = only(root, 'Issuer', 'saml.issuer');
  const format = attributeOf(issuer, 'Format') ?? ENTITY_FORMAT;
  if (readText(issuer, 'saml.issuer') !== expected.entityId || format !== ENTITY_FORMAT)
    return refuse('saml.issuer', { issuer: issuer.text, format });
  return { id, issuedAt: checkIssueInstant(attributeOf(root, 'IssueInstant'), expected) };
}

function only(root: XmlElement, local: string, reason: SamlRejection): XmlElement {
  const [element, ...more] = childrenOf(root, SAML_NS, local);
  return element === undefined || more.length > 0 ? refuse(reason, { element: local }) : element;
}

/** The whole text of an element that has nothing but text, fit to be a key (S22, S57). */
function readText(element: XmlElement, reason: SamlRejection): string {
  const { text, children } = element;
  const isPlain = children.length === 0 && text.trim() !== '' && text.length <= 1024 && !/\p{Cc}/u.test(text);
  return isPlain ? text : refuse(reason, { element: element.local });
}
