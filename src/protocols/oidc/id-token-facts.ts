/** Reads the claims of an ID token whose signature is already verified into plain facts, or refuses. Pure. */
import { flattenClaims, isGroupOverage, isRecord, readGroups, textOf } from './claim-values.ts';
import { refuse } from './rejections.ts';
import { type OidcSettings, pinnedIssuer } from './settings.ts';

/** What an ID token (and UserInfo) says about a person. Times are epoch milliseconds, UTC. */
export interface OidcFacts {
  readonly issuer: string;
  readonly subject: string;
  /** Entra's object id, from the ID token only; absent elsewhere. */
  readonly oid?: string;
  readonly email?: string;
  /** True only for the boolean `true` standing beside that very e-mail (S75). */
  readonly emailVerified: boolean;
  readonly name?: string;
  /** The value of the connection's `userNameClaim`; absent if none is configured or sent. */
  readonly userName?: string;
  /** Absent when they were not sent, which is not the same as none (S146). */
  readonly groups?: readonly string[];
  /** There are groups, and the token does not say which: not the same as none. */
  readonly hasGroupOverage: boolean;
  /** Every claim that is text, number, boolean or a list of those; ID token before UserInfo. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
  readonly amr: readonly string[];
  readonly authTime?: number;
  /** `sid`: the identity provider's own session, for back-channel logout. */
  readonly idpSessionId?: string;
}

type Claims = Readonly<Record<string, unknown>>;

/** How far the two clocks may be apart. */
export const SKEW_SECONDS = 60;
/** How long ago a token may have been made. */
export const OLDEST_TOKEN_SECONDS = 600;
const LONGEST_SUBJECT = 255;
/** Printable ASCII (OIDC Core §2); a control character in a key is nobody's user id. */
const SUBJECT = /^[\x20-\x7e]+$/;

/**
 * Judges and reads verified claims (OIDC Core §3.1.3.7). Refuses a foreign audience (S69), issuer or tenant (S70),
 * an unusable subject (S76), a UserInfo answer about somebody else (S77) and times that do not fit (S84).
 * `userInfo` is undefined when the endpoint was not asked. `now` is epoch milliseconds.
 */
export function readIdTokenClaims(
  claims: unknown,
  userInfo: unknown,
  { settings, now }: { readonly settings: OidcSettings; readonly now: number },
): OidcFacts {
  if (!isRecord(claims)) refuse('oidc.id_token');
  const issuer = checkIssuer(claims, settings);
  checkAudience(claims, settings.clientId);
  if (settings.nonce !== undefined && claims.nonce !== settings.nonce) refuse('oidc.nonce');
  checkTimes(claims, settings, Math.floor(now / 1000));
  const subject = readSubject(claims);
  return describe({ idToken: claims, userInfo: readUserInfo(userInfo, subject) }, settings, {
    issuer,
    subject,
  });
}

/** The issuer of these claims, if it is the pinned one; refuses `oidc.issuer`, `oidc.tenant` (S70). */
export function checkIssuer(claims: Claims, settings: OidcSettings): string {
  const issuer = pinnedIssuer(settings);
  if (issuer === undefined) refuse('oidc.tenant');
  if (claims.iss !== issuer) refuse('oidc.issuer', { issuer: claims.iss });
  const expectedTenant = settings.tenantId?.toLowerCase();
  const tenant = textOf(claims.tid)?.toLowerCase();
  if (expectedTenant !== undefined && tenant !== expectedTenant) refuse('oidc.tenant', { tenant });
  return issuer;
}

function checkAudience(claims: Claims, clientId: string): void {
  const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (!audience.includes(clientId)) refuse('oidc.audience', { audience });
  const authorizedParty = claims.azp;
  // Several audiences are fine only when the token says that it was made for us (OIDC Core §3.1.3.7, 4-5).
  if (authorizedParty === undefined && audience.length > 1) refuse('oidc.authorized_party');
  if (authorizedParty !== undefined && authorizedParty !== clientId)
    refuse('oidc.authorized_party', { authorizedParty });
}

function checkTimes(claims: Claims, settings: OidcSettings, now: number): void {
  const { exp, iat, nbf, auth_time: authTime } = claims;
  if (!isTime(exp) || !isTime(iat)) refuse('oidc.time');
  if (nbf !== undefined && !isTime(nbf)) refuse('oidc.time');
  if (authTime !== undefined && !isTime(authTime)) refuse('oidc.time');
  if (exp + SKEW_SECONDS <= now) refuse('oidc.expired');
  if (iat - SKEW_SECONDS > now) refuse('oidc.not_yet_valid');
  if (nbf !== undefined && nbf - SKEW_SECONDS > now) refuse('oidc.not_yet_valid');
  if (iat + OLDEST_TOKEN_SECONDS + SKEW_SECONDS < now) refuse('oidc.too_old');
  if (settings.maxAgeSeconds === undefined) return;
  if (authTime === undefined || authTime + settings.maxAgeSeconds + SKEW_SECONDS < now)
    refuse('oidc.auth_time');
}

function readSubject(claims: Claims): string {
  const subject = claims.sub;
  if (typeof subject !== 'string' || subject.trim() === '') refuse('oidc.subject');
  if (subject.length > LONGEST_SUBJECT || !SUBJECT.test(subject)) refuse('oidc.subject');
  return subject;
}

function readUserInfo(userInfo: unknown, subject: string): Claims {
  if (userInfo === undefined) return {};
  if (!isRecord(userInfo)) refuse('oidc.userinfo');
  if (userInfo.sub !== subject) refuse('oidc.userinfo_subject');
  return userInfo;
}

function describe(
  { idToken, userInfo }: { readonly idToken: Claims; readonly userInfo: Claims },
  settings: OidcSettings,
  key: { readonly issuer: string; readonly subject: string },
): OidcFacts {
  const claims = flattenClaims(idToken, userInfo);
  const first = (name: string) => claims.get(name)?.[0];
  const authTime = idToken.auth_time;
  const groupsClaim = settings.groupsClaim ?? 'groups';
  const userName = settings.userNameClaim === undefined ? undefined : first(settings.userNameClaim);
  return {
    ...key,
    ...readEmail(idToken, userInfo),
    ...optional('oid', textOf(idToken.oid)),
    ...optional('name', first('name')),
    ...optional('userName', userName),
    ...optional('groups', readGroups(idToken, userInfo, groupsClaim)),
    hasGroupOverage: isGroupOverage(idToken, userInfo, groupsClaim),
    claims,
    amr: claims.get('amr') ?? [],
    ...optional('authTime', isTime(authTime) ? authTime * 1000 : undefined),
    ...optional('idpSessionId', textOf(idToken.sid)),
  };
}

/** The address and its verdict come from the same document: a mixed pair would vouch for an address nobody checked. */
function readEmail(idToken: Claims, userInfo: Claims): Pick<OidcFacts, 'email' | 'emailVerified'> {
  const source = idToken.email === undefined ? userInfo : idToken;
  const email = textOf(source.email);
  if (email === undefined) return { emailVerified: false };
  return { email, emailVerified: source.email_verified === true };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** An absent fact is an absent key. */
function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const entry: { [P in K]?: V } = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}
