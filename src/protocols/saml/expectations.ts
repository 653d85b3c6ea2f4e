/** What a response must match, and the reading of SAML times against it. Durations are milliseconds. */
import { refuse, type SamlRejection } from './rejections.ts';

export interface ExpectedAssertion {
  /** The identity provider's entity id. */
  readonly entityId: string;
  /** Our entity id for this connection: the only audience that counts. */
  readonly spEntityId: string;
  /** This connection's assertion consumer service, exactly. */
  readonly acsUrl: string;
  /** The request this browser has pending; undefined when it has none. */
  readonly requestId: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How far the two clocks may be apart; absent: 120 000. */
  readonly skewMs?: number;
  /** How old a message may be; absent: 300 000. */
  readonly maxAgeMs?: number;
  /** True accepts a response nobody asked for (IdP-initiated); absent: refused. */
  readonly allowUnsolicited?: boolean;
  /** Ways of authentication of which the person must have used one (S54); absent or empty: any. */
  readonly authnContexts?: readonly string[] | undefined;
  /** The person must have been asked after this moment, epoch milliseconds; absent: whenever. */
  readonly authenticatedSince?: number | undefined;
}

const DEFAULT_SKEW_MS = 120_000;
const DEFAULT_MAX_AGE_MS = 300_000;

/** The part of an expectation that is about time alone. */
export type ExpectedTimes = Pick<ExpectedAssertion, 'now' | 'skewMs' | 'maxAgeMs'>;

export const skewOf = (expected: ExpectedTimes): number => expected.skewMs ?? DEFAULT_SKEW_MS;
export const maxAgeOf = (expected: ExpectedTimes): number => expected.maxAgeMs ?? DEFAULT_MAX_AGE_MS;

/** xs:dateTime with a zone: without one, two readers may mean two moments (SAML core §1.3.3 wants UTC). */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Epoch milliseconds of a SAML time. Refuses `saml.time_format` for anything else, an absent value included. */
export function readInstant(value: string | undefined, name: string): number {
  const at = value !== undefined && DATE_TIME.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? refuse('saml.time_format', { name, value }) : at;
}

/**
 * The moment a message was made: at most `skew` ahead of our clock, at most `maxAge` behind it (S39, S40).
 * The skew does not lengthen the age: an old message stays old however the clocks stand.
 */
export function checkIssueInstant(value: string | undefined, expected: ExpectedTimes): number {
  const issuedAt = readInstant(value, 'IssueInstant');
  if (issuedAt > expected.now + skewOf(expected)) refuse('saml.issued_in_future', { IssueInstant: value });
  if (expected.now - issuedAt > maxAgeOf(expected)) refuse('saml.too_old', { IssueInstant: value });
  return issuedAt;
}

/** Answers the end of a validity window; refuses `reason` once it has passed by the skew (SAML core §2.5.1.2). */
export function checkNotOnOrAfter(
  value: string | undefined,
  expected: ExpectedTimes,
  reason: SamlRejection,
): number {
  const endsAt = readInstant(value, 'NotOnOrAfter');
  if (expected.now >= endsAt + skewOf(expected)) refuse(reason, { NotOnOrAfter: value });
  return endsAt;
}

/**
 * InResponseTo against the pending request: equal, or both absent where unsolicited responses are allowed.
 * An unsolicited response that names a request belongs to somebody else's (S42, S44, S49).
 */
export function checkInResponseTo(
  value: string | undefined,
  expected: ExpectedAssertion,
  mismatch: SamlRejection,
): void {
  if (expected.requestId !== undefined) {
    if (value !== expected.requestId) refuse(mismatch, { InResponseTo: value });
    return;
  }
  if (expected.allowUnsolicited !== true) refuse('saml.unsolicited', { InResponseTo: value });
  if (value !== undefined) refuse('saml.unsolicited_in_response_to', { InResponseTo: value });
}
