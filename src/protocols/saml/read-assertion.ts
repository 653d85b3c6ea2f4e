/** The gate after the signature engine: reads facts from the verified assertion text, and from nothing else (law 4). */
import {
  checkInResponseTo,
  checkIssueInstant,
  checkNotOnOrAfter,
  type ExpectedAssertion,
  maxAgeOf,
  readInstant,
  skewOf,
} from './expectations.ts';
import { readAttributes } from './read-attributes.ts';
import { refuse, type SamlRejection } from './rejections.ts';
import { attributeOf, childrenOf, SAML_NS, type XmlElement } from './xml-tree.ts';

/** What a verified assertion says. Times are epoch milliseconds. */
export interface SamlFacts {
  readonly assertionId: string;
  readonly issuer: string;
  /** The subject, whole, as the identity provider spelled it. */
  readonly nameId: string;
  readonly nameIdFormat: string | undefined;
  /** Its qualifiers, for a logout that names it again (SAML core §2.2.1, §3.7.1); undefined when absent or of no use. */
  readonly nameQualifier?: string | undefined;
  readonly spNameQualifier?: string | undefined;
  readonly sessionIndex: string | undefined;
  /** When the identity provider wants the session to end; undefined: it did not say. */
  readonly sessionNotOnOrAfter: number | undefined;
  readonly authnInstant: number;
  readonly authnContext: string | undefined;
  /** After this moment the assertion is refused by its times alone: until then its id must be remembered (S47). */
  readonly expiresAt: number;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const ENTITY_FORMAT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';
const TRANSIENT_FORMAT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
const KNOWN_CONDITIONS = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);

/**
 * Facts of a saml:Assertion, which must have been read from the bytes that a signature covered; what this answers for any other
 * may be compared and refused, never used. Throws `sign_in_refused` with an exact `saml.*` reason unless every rule of the
 * Web Browser SSO profile holds (SAML profiles §4.1.4.2 and §4.1.4.3, core §2.3-§2.7; catalogue S33-S43, S54-S57).
 */
export function readAssertion(assertion: XmlElement, expected: ExpectedAssertion): SamlFacts {
  const assertionId = attributeOf(assertion, 'ID');
  if (assertion.uri !== SAML_NS || assertion.local !== 'Assertion' || !assertionId) {
    return refuse('saml.assertion_shape');
  }
  if (attributeOf(assertion, 'Version') !== '2.0') return refuse('saml.version');
  const issuer = readIssuer(assertion, expected);
  const issuedAt = checkIssueInstant(attributeOf(assertion, 'IssueInstant'), expected);
  const subject = only(assertion, 'Subject', 'saml.assertion_shape');
  const conditionsEndAt = checkConditions(assertion, expected);
  const confirmationEndsAt = checkConfirmation(subject, expected);
  const endsAt = Math.min(conditionsEndAt, confirmationEndsAt, issuedAt + maxAgeOf(expected));
  return {
    assertionId,
    issuer,
    ...readNameId(subject),
    ...readAuthentication(assertion, expected),
    expiresAt: endsAt + skewOf(expected),
    attributes: readAttributes(assertion),
  };
}

function readIssuer(assertion: XmlElement, expected: ExpectedAssertion): string {
  const issuer = only(assertion, 'Issuer', 'saml.issuer');
  const format = attributeOf(issuer, 'Format') ?? ENTITY_FORMAT;
  if (textOf(issuer, 'saml.issuer') !== expected.entityId || format !== ENTITY_FORMAT) {
    return refuse('saml.issuer', { issuer: issuer.text, format });
  }
  return expected.entityId;
}

type NameId = Pick<SamlFacts, 'nameId' | 'nameIdFormat' | 'nameQualifier' | 'spNameQualifier'>;

function readNameId(subject: XmlElement): NameId {
  const element = only(subject, 'NameID', 'saml.name_id');
  const nameId = textOf(element, 'saml.name_id');
  const hasControl = /\p{Cc}/u.test(nameId);
  if (nameId.trim() === '' || nameId.length > 255 || hasControl) return refuse('saml.name_id');
  const nameIdFormat = attributeOf(element, 'Format');
  // A new value at every sign-in names nobody (S57).
  if (nameIdFormat === TRANSIENT_FORMAT) return refuse('saml.name_id_transient');
  const [nameQualifier, spNameQualifier] = [
    qualifierOf(element, 'NameQualifier'),
    qualifierOf(element, 'SPNameQualifier'),
  ];
  return { nameId, nameIdFormat, nameQualifier, spNameQualifier };
}

/** Kept to be said back; an entity id has at most 1,024 characters (SAML core §8.3.6). */
function qualifierOf(nameId: XmlElement, name: string): string | undefined {
  const value = attributeOf(nameId, name);
  return value === undefined || value === '' || value.length > 1024 || /\p{Cc}/u.test(value)
    ? undefined
    : value;
}

/**
 * Exactly one bearer confirmation, for our address, for our request, still valid. SAML would allow several;
 * no identity provider sends them, and one is one thing to check. Answers when it ends.
 */
function checkConfirmation(subject: XmlElement, expected: ExpectedAssertion): number {
  const confirmation = only(subject, 'SubjectConfirmation', 'saml.subject_confirmation');
  const method = attributeOf(confirmation, 'Method');
  if (method !== BEARER) return refuse('saml.confirmation_method', { method });
  const data = only(confirmation, 'SubjectConfirmationData', 'saml.subject_confirmation');
  const recipient = attributeOf(data, 'Recipient');
  if (recipient !== expected.acsUrl) return refuse('saml.recipient', { recipient });
  // NotOnOrAfter is a must and NotBefore a must not for bearer (SAML profiles §4.1.4.2, S37).
  const notOnOrAfter = attributeOf(data, 'NotOnOrAfter');
  if (notOnOrAfter === undefined || attributeOf(data, 'NotBefore') !== undefined) {
    return refuse('saml.confirmation_time');
  }
  checkInResponseTo(attributeOf(data, 'InResponseTo'), expected, 'saml.assertion_in_response_to');
  return checkNotOnOrAfter(notOnOrAfter, expected, 'saml.confirmation_time');
}

/**
 * OneTimeUse needs no reading: every assertion is used once. An unknown condition makes the assertion's validity
 * unknown, hence refused (SAML core §2.5.1.1). Answers when the window ends; infinite if it has no end.
 */
function checkConditions(assertion: XmlElement, expected: ExpectedAssertion): number {
  const conditions = only(assertion, 'Conditions', 'saml.conditions');
  const isKnown = conditions.children.every((one) => one.uri === SAML_NS && KNOWN_CONDITIONS.has(one.local));
  if (!isKnown) return refuse('saml.conditions');
  checkAudience(conditions, expected);
  const notBefore = attributeOf(conditions, 'NotBefore');
  if (notBefore !== undefined && expected.now + skewOf(expected) < readInstant(notBefore, 'NotBefore')) {
    return refuse('saml.not_yet_valid', { NotBefore: notBefore });
  }
  const notOnOrAfter = attributeOf(conditions, 'NotOnOrAfter');
  if (notOnOrAfter === undefined) return Number.POSITIVE_INFINITY;
  return checkNotOnOrAfter(notOnOrAfter, expected, 'saml.expired');
}

/** Restrictions all apply; the audiences inside one are alternatives (SAML core §2.5.1.4, S38). */
function checkAudience(conditions: XmlElement, expected: ExpectedAssertion): void {
  const restrictions = childrenOf(conditions, SAML_NS, 'AudienceRestriction').map((restriction) =>
    childrenOf(restriction, SAML_NS, 'Audience').map((audience) => textOf(audience, 'saml.audience')),
  );
  const isForUs = restrictions.every((audiences) => audiences.includes(expected.spEntityId));
  if (restrictions.length === 0 || !isForUs) refuse('saml.audience', { audiences: restrictions.flat() });
}

type Authentication = Pick<
  SamlFacts,
  'sessionIndex' | 'sessionNotOnOrAfter' | 'authnInstant' | 'authnContext'
>;

/** The first AuthnStatement speaks; the earliest SessionNotOnOrAfter of all of them ends the session (S54). */
function readAuthentication(assertion: XmlElement, expected: ExpectedAssertion): Authentication {
  const statements = childrenOf(assertion, SAML_NS, 'AuthnStatement');
  const [statement] = statements;
  if (statement === undefined) return refuse('saml.authn_statement');
  const authnInstant = readInstant(attributeOf(statement, 'AuthnInstant'), 'AuthnInstant');
  if (authnInstant > expected.now + skewOf(expected)) return refuse('saml.issued_in_future');
  const ends = statements
    .map((one) => attributeOf(one, 'SessionNotOnOrAfter'))
    .filter((value) => value !== undefined)
    .map((value) => readInstant(value, 'SessionNotOnOrAfter'));
  const sessionNotOnOrAfter = ends.length === 0 ? undefined : Math.min(...ends);
  if (sessionNotOnOrAfter !== undefined && sessionNotOnOrAfter <= expected.now) {
    return refuse('saml.session_expired');
  }
  const context = childrenOf(statement, SAML_NS, 'AuthnContext')[0];
  const authnContext = context && childrenOf(context, SAML_NS, 'AuthnContextClassRef')[0]?.text;
  checkAuthentication({ authnInstant, authnContext }, expected);
  return {
    sessionIndex: attributeOf(statement, 'SessionIndex'),
    sessionNotOnOrAfter,
    authnInstant,
    authnContext,
  };
}

/** What was asked for must have happened: some identity providers overlook ForceAuthn and RequestedAuthnContext (S54). */
function checkAuthentication(
  { authnInstant, authnContext }: Pick<Authentication, 'authnInstant' | 'authnContext'>,
  expected: ExpectedAssertion,
): void {
  const { authnContexts = [], authenticatedSince = Number.NEGATIVE_INFINITY } = expected;
  if (authnContexts.length > 0 && !authnContexts.includes(authnContext ?? ''))
    refuse('saml.authn_context', { authnContext });
  if (authnInstant + skewOf(expected) < authenticatedSince) refuse('saml.authn_too_old', { authnInstant });
}

function only(parent: XmlElement, local: string, reason: SamlRejection): XmlElement {
  const [element, ...more] = childrenOf(parent, SAML_NS, local);
  return element === undefined || more.length > 0 ? refuse(reason, { element: local }) : element;
}

/** The whole text of an element that has nothing but text. */
function textOf(element: XmlElement, reason: SamlRejection): string {
  return element.children.length > 0 ? refuse(reason, { element: element.local }) : element.text;
}
