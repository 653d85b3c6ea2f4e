/** Reads the claims of a logout token whose signature is already verified, or refuses. Pure (OIDC Back-Channel Logout 1.0 §2.6). */
import { isRecord, textOf } from './claim-values.ts';
import { checkIssuer, OLDEST_TOKEN_SECONDS, SKEW_SECONDS } from './id-token-facts.ts';
import { refuse } from './rejections.ts';
import type { OidcSettings } from './settings.ts';

/** Whose sessions an identity provider wants ended: at least one of `subject` and `idpSessionId` is there. */
export interface LogoutTokenFacts {
  readonly issuer: string;
  readonly subject: string | undefined;
  /** `sid`. */
  readonly idpSessionId: string | undefined;
  /** `jti`: used once. */
  readonly id: string;
  /** Until then the id must be remembered, epoch milliseconds. */
  readonly expiresAt: number;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const LONGEST = 255;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Judges verified claims. Refuses `oidc.logout_token` for a missing event, a nonce (an ID token passed off as a logout
 * token), nobody named or no usable `jti`, and a foreign issuer, tenant or audience as well as times that do not fit (S88).
 * `now` is epoch milliseconds.
 */
export function readLogoutToken(claims: unknown, settings: OidcSettings, now: number): LogoutTokenFacts {
  if (!isRecord(claims)) refuse('oidc.logout_token');
  const issuer = checkIssuer(claims, settings);
  const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (!audience.includes(settings.clientId)) refuse('oidc.audience', { audience });
  const endsAt = checkTimes(claims, Math.floor(now / 1000));
  const { events, jti, sub, sid } = claims;
  const isLogout = isRecord(events) && Object.hasOwn(events, EVENT) && isRecord(events[EVENT]);
  if (!isLogout) refuse('oidc.logout_token', { claim: 'events' });
  if (Object.hasOwn(claims, 'nonce')) refuse('oidc.logout_token', { claim: 'nonce' });
  const id = keyOf(jti, 'jti') ?? refuse('oidc.logout_token', { claim: 'jti' });
  const subject = keyOf(sub, 'sub');
  const idpSessionId = keyOf(sid, 'sid');
  if ((subject ?? idpSessionId) === undefined) refuse('oidc.logout_token', { claim: 'sub' });
  return { issuer, subject, idpSessionId, id, expiresAt: (endsAt + SKEW_SECONDS) * 1000 };
}

/** `exp` is required since the final specification; providers from before it send `iat` alone. Answers the last second. */
function checkTimes({ iat, exp }: Claims, now: number): number {
  if (!isTime(iat)) refuse('oidc.time');
  if (exp !== undefined && !isTime(exp)) refuse('oidc.time');
  if (iat - SKEW_SECONDS > now) refuse('oidc.not_yet_valid');
  const oldest = iat + OLDEST_TOKEN_SECONDS;
  if (oldest + SKEW_SECONDS < now) refuse('oidc.too_old');
  if (exp !== undefined && exp + SKEW_SECONDS <= now) refuse('oidc.expired');
  return oldest;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function keyOf(value: unknown, claim: string): string | undefined {
  if (value === undefined) return undefined;
  const text = textOf(value);
  return text !== undefined && text.length <= LONGEST ? text : refuse('oidc.logout_token', { claim });
}
