/** Roles: what they are called, what they allow, and the one pure function that computes them from grants. */
import type { GrantId, MembershipId, OrganizationId, TeamId } from '../kernel/ids.ts';

export const ORG_ROLES = ['viewer', 'member', 'admin', 'owner'] as const;
export type OrgRole = (typeof ORG_ROLES)[number];

export const TEAM_ROLES = ['member', 'admin', 'owner'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

export type Permission =
  | 'organization.update'
  | 'organization.remove'
  | 'members.read'
  | 'members.invite'
  | 'members.update'
  | 'members.remove'
  | 'teams.manage'
  | 'roles.manage'
  | 'sso.manage'
  | 'scim.manage'
  | 'audit.read'
  | 'billing.manage'
  | 'sessions.manage';

const MEMBER_PERMISSIONS: readonly Permission[] = ['members.read'];
const ADMIN_PERMISSIONS: readonly Permission[] = [
  ...MEMBER_PERMISSIONS,
  'organization.update',
  'members.invite',
  'members.update',
  'members.remove',
  'teams.manage',
  'roles.manage',
  'audit.read',
  'billing.manage',
];

/** Org roles as data: role -> permission keys. */
export const ROLE_PERMISSIONS: Readonly<Record<OrgRole, readonly Permission[]>> = {
  viewer: [],
  member: MEMBER_PERMISSIONS,
  admin: ADMIN_PERMISSIONS,
  // Whoever holds a connection or a directory can sign in as, promote or cut off anybody in it, owners too (S62, S147):
  // so these belong to those who may touch everybody.
  owner: [...ADMIN_PERMISSIONS, 'sso.manage', 'scim.manage', 'organization.remove', 'sessions.manage'],
};

/** Higher is more powerful. */
export const orgRoleRank = (role: OrgRole): number => ORG_ROLES.indexOf(role);
const teamRoleRank = (role: TeamRole): number => TEAM_ROLES.indexOf(role);

/** Where a grant came from. Each source owns its own grants and never touches another's. */
export type GrantSource =
  | { readonly kind: 'default' }
  | { readonly kind: 'manual'; readonly actor: string }
  | { readonly kind: 'invitation'; readonly invitationId: string }
  | {
      readonly kind: 'directory_group';
      readonly directoryId: string;
      readonly groupId: string;
      readonly mappingId: string;
    }
  | {
      readonly kind: 'sso_claim';
      readonly connectionId: string;
      readonly claim: string;
      readonly value: string;
      readonly mappingId: string;
    };

/** What a grant is for: the organization itself, or one team of it. */
export type GrantScope =
  | { readonly kind: 'org'; readonly role: OrgRole }
  | { readonly kind: 'team'; readonly teamId: TeamId; readonly role: TeamRole };

/** One reason for one role: a row of the ledger. */
export interface Grant {
  readonly id: GrantId;
  readonly organizationId: OrganizationId;
  readonly membershipId: MembershipId;
  readonly scope: GrantScope;
  readonly source: GrantSource;
  /** Position of the rule that made it, for the `ranked` policy: lower wins. Absent sources use 0. */
  readonly rank: number;
  readonly createdAt: number;
}

/** How differing directory and claim grants of one scope are settled. */
export type ConflictPolicy = 'highest' | 'ranked' | 'refuse';

export interface ResolvedRole<Role> {
  readonly role: Role;
  /** The grants that decided it, oldest first; never empty. */
  readonly because: readonly Grant[];
}

export interface ResolvedRoles {
  readonly org: ResolvedRole<OrgRole> | undefined;
  readonly teams: readonly (ResolvedRole<TeamRole> & { readonly teamId: TeamId })[];
  /** Scopes left without a mapped role because rules disagreed under `refuse`: `org` or a team id. */
  readonly conflicts: readonly string[];
}

const isMapped = (grant: Grant): boolean =>
  grant.source.kind === 'directory_group' || grant.source.kind === 'sso_claim';

interface Scored {
  readonly grant: Grant;
  readonly rank: number;
}

function strongest(grants: readonly Scored[]): readonly Scored[] {
  const top = Math.max(...grants.map((scored) => scored.rank));
  return grants.filter((scored) => scored.rank === top);
}

/**
 * Settles the mapped grants of one scope by policy; the others pass untouched. Rules over directory groups and rules over
 * sign-in claims are settled each among themselves; where the two outcomes differ the lower one counts (S139).
 */
function settleMapped(
  scored: readonly Scored[],
  policy: ConflictPolicy,
): { kept: readonly Scored[]; conflict: boolean } {
  const mapped = scored.filter(({ grant }) => isMapped(grant));
  const differ = new Set(mapped.map(({ rank }) => rank)).size > 1;
  if (!differ) return { kept: scored, conflict: false };
  if (policy === 'refuse') return { kept: scored.filter(({ grant }) => !isMapped(grant)), conflict: true };
  const bySource = Map.groupBy(mapped, ({ grant }) => grant.source.kind).values();
  const outcomes = [...bySource].map((grants) => outcomeOf(grants, policy));
  const lowest = Math.min(...outcomes.map(({ rank }) => rank));
  const winners = new Set(outcomes.filter(({ rank }) => rank === lowest).flatMap(({ grants }) => grants));
  return { kept: scored.filter((one) => !isMapped(one.grant) || winners.has(one)), conflict: false };
}

/** What the grants of one kind of rule amount to, and those that say so. */
function outcomeOf(
  grants: readonly Scored[],
  policy: Exclude<ConflictPolicy, 'refuse'>,
): { readonly rank: number; readonly grants: readonly Scored[] } {
  const first = Math.min(...grants.map(({ grant }) => grant.rank));
  const heard = policy === 'ranked' ? grants.filter(({ grant }) => grant.rank === first) : grants;
  const winners = strongest(heard);
  return { rank: Math.max(...winners.map(({ rank }) => rank)), grants: winners };
}

function resolveScope(
  scored: readonly Scored[],
  policy: ConflictPolicy,
): { because: readonly Grant[]; conflict: boolean } {
  const settled = settleMapped(scored, policy);
  // The default role speaks only when nothing else does: a group that says "viewer" must be able to mean it.
  const spoken = settled.kept.filter(({ grant }) => grant.source.kind !== 'default');
  const candidates = spoken.length > 0 ? spoken : settled.kept;
  return {
    because: candidates.length > 0 ? strongest(candidates).map(({ grant }) => grant) : [],
    conflict: settled.conflict,
  };
}

/**
 * Computes the roles that a set of grants of one membership amounts to. Pure, and independent of the order of `grants`.
 * A grant of owner through a mapping never counts (law 8), whatever the ledger says.
 */
export function resolveRoles(grants: readonly Grant[], policy: ConflictPolicy): ResolvedRoles {
  const ordered = [...grants].sort((a, b) => (a.id < b.id ? -1 : 1));
  const conflicts: string[] = [];
  const orgScored: Scored[] = [];
  const teamScored = new Map<TeamId, Scored[]>();
  for (const grant of ordered) {
    if (grant.scope.kind === 'org') {
      if (isMapped(grant) && grant.scope.role === 'owner') continue;
      orgScored.push({ grant, rank: orgRoleRank(grant.scope.role) });
    } else {
      const list = teamScored.get(grant.scope.teamId) ?? [];
      list.push({ grant, rank: teamRoleRank(grant.scope.role) });
      teamScored.set(grant.scope.teamId, list);
    }
  }
  const org = resolveScope(orgScored, policy);
  if (org.conflict) conflicts.push('org');
  const teams: (ResolvedRole<TeamRole> & { teamId: TeamId })[] = [];
  for (const [teamId, scored] of teamScored) {
    const team = resolveScope(scored, policy);
    if (team.conflict) conflicts.push(teamId);
    const first = team.because[0];
    if (first?.scope.kind === 'team') teams.push({ teamId, role: first.scope.role, because: team.because });
  }
  const first = org.because[0];
  return {
    org: first?.scope.kind === 'org' ? { role: first.scope.role, because: org.because } : undefined,
    teams: teams.sort((a, b) => (a.teamId < b.teamId ? -1 : 1)),
    conflicts,
  };
}
