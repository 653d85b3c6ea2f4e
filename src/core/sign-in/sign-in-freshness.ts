/** How recently somebody must have proved who they are, and whether an answer of an identity provider is so recent. Pure. */
import { minutes } from '../../kernel/clock.ts';
import type { Session } from '../entities/session.ts';
import type { PendingSignIn } from '../entities/sign-in.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

/** How recently the person must have proved who they are; absent: whatever the identity provider thinks enough. */
export interface Freshness {
  /** Ask anew, whatever session the identity provider has: SAML ForceAuthn, OIDC prompt=login. False if absent. */
  readonly mustReauthenticate?: boolean | undefined;
  /** Seconds; null or absent: any time. */
  readonly maxAgeSeconds?: number | null | undefined;
}

/** What satisfies both. */
export function strictestOf(one: Freshness, other: Freshness): Freshness {
  const ages = [one.maxAgeSeconds, other.maxAgeSeconds].filter((age) => age != null);
  return {
    mustReauthenticate: one.mustReauthenticate === true || other.mustReauthenticate === true,
    maxAgeSeconds: ages.length === 0 ? null : Math.min(...ages),
  };
}

/** The clocks of two machines. */
const SKEW_MS = minutes(2);

/**
 * False for an identity provider that answered from an older session of its own although it was asked not to (S54, S84).
 * Not every provider says when it authenticated the person: then a forced sign-in is taken at its word, a limit on the
 * age is not.
 */
export function isFreshEnough(
  { mustReauthenticate, maxAgeSeconds, createdAt }: PendingSignIn,
  { authTime }: Pick<UpstreamIdentity, 'authTime'>,
): boolean {
  if (authTime === null) return maxAgeSeconds === null;
  if (mustReauthenticate) return authTime + SKEW_MS >= createdAt;
  return maxAgeSeconds === null || authTime + maxAgeSeconds * 1000 + SKEW_MS >= createdAt;
}

/**
 * Whether the person of this session proved who they are at this moment or after it. By the gateway's clock where the proof was its
 * own, within the difference of two where an identity provider said when; false for one that said nothing and was not asked anew.
 */
export const isProvedSince = (
  { authTime, isAuthTimeAssumed, connectionId }: Session,
  moment: number,
): boolean => !isAuthTimeAssumed && authTime + (connectionId === null ? 0 : SKEW_MS) >= moment;
