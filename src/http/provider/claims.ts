/** What applications are told of a person, in the words of ID tokens: from the ledger alone (S96). */
import type { ApplicationPerson } from '../../core/applications/application-people.ts';
import type { ApplicationGrant } from '../../core/entities/application.ts';

/** Which scope asks for which claim; the same in ID token, UserInfo and introspection. */
export const CLAIMS = {
  openid: [
    'sub',
    'membership_id',
    'org_id',
    'org_slug',
    'org_role',
    'teams',
    'permissions',
    'sid',
    'auth_time',
    'amr',
  ],
  email: ['email'],
  profile: ['name', 'picture'],
} as const;

/** Every claim, whatever was asked for. `auth_time` is in seconds (OIDC Core §2). */
export function claimsOf(
  person: ApplicationPerson,
  grant: Pick<ApplicationGrant, 'sessionId' | 'authTime' | 'amr'>,
): Readonly<Record<string, unknown>> & { readonly sub: string } {
  const { user, membership, organization, email, orgRole, teams, permissions } = person;
  return {
    sub: user.id,
    membership_id: membership.id,
    org_id: organization.id,
    org_slug: organization.slug,
    org_role: orgRole,
    teams,
    permissions,
    sid: grant.sessionId,
    auth_time: Math.floor(grant.authTime / 1000),
    amr: grant.amr,
    ...(email === null ? {} : { email }),
    name: membership.name,
    ...(membership.avatarUrl === null ? {} : { picture: membership.avatarUrl }),
  };
}

/** Those of the claims that these scopes ask for. */
export function claimsWithin(
  claims: Readonly<Record<string, unknown>>,
  scopes: readonly string[],
): Readonly<Record<string, unknown>> {
  const wanted = new Set<string>(
    Object.entries(CLAIMS).flatMap(([scope, names]) => (scopes.includes(scope) ? names : [])),
  );
  return Object.fromEntries(Object.entries(claims).filter(([name]) => wanted.has(name)));
}
