/** From the facts of a verified ID token to the one identity every sign-in ends in. Pure. */
import type { Connection } from '../../core/entities/connection.ts';
import type { UpstreamIdentity } from '../../core/sign-in/upstream-identity.ts';
import type { OidcFacts } from '../../protocols/oidc/id-token-facts.ts';
import type { VerifiedOidc } from './strategy.ts';

/** Longer ones would not fit the address that `id_token_hint` goes into. */
const LONGEST_ID_TOKEN = 6000;
/** RFC 8176 has short lower-case words; providers add their own. */
const METHOD = /^[\w.:-]{1,64}$/;
const MOST_METHODS = 16;

/**
 * The person an ID token speaks of. `sub` and Entra's `oid` may equal an externalId; the verified e-mail, or the claim
 * the connection names instead, may equal a userName. An address from a claim of the connection's own choice is never a
 * verified one: `email_verified` speaks of `email` alone (S75). Groups stand under the claim `groups`.
 */
export function oidcIdentity(connection: Connection, facts: VerifiedOidc): UpstreamIdentity {
  const { attributes, userNameClaim } = connection;
  const first = (name: string) => facts.claims.get(name)?.[0] ?? null;
  const verifiedEmail = isVouchedFor(facts) ? (facts.email ?? null) : null;
  const isUsualEmail = attributes.email === undefined || attributes.email === 'email';
  return {
    connectionId: connection.id,
    protocol: 'oidc',
    issuer: facts.issuer,
    subject: facts.subject,
    externalIds: facts.oid === undefined ? [facts.subject] : [facts.subject, facts.oid],
    userName: userNameClaim === null ? verifiedEmail : (facts.userName ?? null),
    email: isUsualEmail ? (facts.email ?? null) : first(attributes.email),
    isEmailVerified: isUsualEmail && verifiedEmail !== null,
    name: attributes.name === undefined ? (facts.name ?? null) : first(attributes.name),
    claims: withGroups(facts, attributes.groups),
    untold: facts.hasGroupOverage
      ? ['groups', ...(attributes.groups === undefined ? [] : [attributes.groups])]
      : [],
    amr: facts.amr.filter((method) => METHOD.test(method)).slice(0, MOST_METHODS),
    authTime: facts.authTime ?? null,
    session: {
      nameId: null,
      nameIdFormat: null,
      sessionIndex: null,
      sid: facts.idpSessionId ?? null,
      idToken: facts.idToken.length > LONGEST_ID_TOKEN ? null : facts.idToken,
    },
    sessionNotOnOrAfter: null,
  };
}

const GOOGLE = 'https://accounts.google.com';

/**
 * Google says `email_verified` also of private accounts that somebody once made with an address of the company, and who
 * may have left it since. It speaks for the company only with `hd`, and for its own mail (Google: OpenID Connect, `hd`).
 */
function isVouchedFor({ issuer, email = '', emailVerified, claims }: OidcFacts): boolean {
  if (!emailVerified || issuer !== GOOGLE) return emailVerified;
  return claims.get('hd')?.[0] !== undefined || /@gmail\.com$/i.test(email);
}

/**
 * An empty list says "none"; silence says so only where the connection names its claim. Too many groups for a token
 * are not none: then nothing is said of groups, and the roles that rest on them stay (S146).
 */
function withGroups(facts: OidcFacts, configured: string | undefined): UpstreamIdentity['claims'] {
  const claims = new Map(facts.claims);
  if (facts.hasGroupOverage) return claims;
  const groups = facts.groups ?? (configured === undefined ? undefined : []);
  if (groups !== undefined) claims.set('groups', groups);
  return claims;
}
