/** Roles: what they are called, what they allow, and the one pure function that computes them from grants. */
import type { GrantId, MembershipId, OrganizationId, TeamId } from '../../kernel/ids.ts';

/** The roles every installation has. */
export const ORG_ROLES = ['viewer', 'member', 'admin', 'owner'] as const;
export type BuiltInRole = (typeof ORG_ROLES)[number];

declare const customRole: unique symbol;
/** The key of a role that the operator made; see `isOrgRole`. */
export type CustomRole = string & { readonly [customRole]: true };
/** The key of an org role. What it allows is in the table of roles: see `role-table.ts`. */
export type OrgRole = BuiltInRole | CustomRole;

const isBuiltIn = (text: string): text is BuiltInRole => ORG_ROLES.some((role) => role === text);
const isCustomKey = (text: string): text is CustomRole => /^[a-z][a-z0-9-]{1,39}$/.test(text);

/** Whether this may be the key of an org role: a built-in one, or a short word of the operator's. */
export const isOrgRole = (text: string): text is OrgRole => isBuiltIn(text) || isCustomKey(text);

export const TEAM_ROLES = ['member', 'admin', 'owner'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** What somebody may do with one thing of the product, such as one chatbot; independent of the org role. */
export const RESOURCE_ROLES = ['viewer', 'editor', 'admin'] as const;
export type ResourceRole = (typeof RESOURCE_ROLES)[number];

/** A thing of the product. Neither part holds a colon, so `resource:TYPE:ID` names exactly one. */
export interface Resource {
  readonly type: string;
  readonly id: string;
}

/** `resource:TYPE:ID`, the name of its scope. */
export const resourceKey = ({ type, id }: Resource): string => `resource:${type}:${id}`;

/** Every permission there is. */
export const PERMISSIONS = [
  'organization.update',
  'organization.remove',
  'members.read',
  'members.invite',
  'members.update',
  'members.remove',
  'teams.manage',
  'roles.manage',
  'sso.manage',
  'scim.manage',
  'audit.read',
  'billing.manage',
  'sessions.manage',
  'webhooks.manage',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** A permission of the product's own: Gatehouse keeps it and tells it, and asks nothing of it. */
export type AppPermission = `app:${string}`;
export type PermissionKey = Permission | AppPermission;

/** Whether this is a permission of Gatehouse, or has the form of one of the product's. */
export const isPermissionKey = (text: string): text is PermissionKey =>
  PERMISSIONS.some((permission) => permission === text) || /^app:[a-z0-9][a-z0-9._:-]{0,99}$/.test(text);

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

/** What the built-in roles allow in Gatehouse itself. */
export const ROLE_PERMISSIONS: Readonly<Record<BuiltInRole, readonly Permission[]>> = {
  viewer: [],
  member: MEMBER_PERMISSIONS,
  admin: ADMIN_PERMISSIONS,
  // Whoever holds a connection or a directory can sign in as, promote or cut off anybody in it, owners too (S62, S147):
  // so these belong to those who may touch everybody.
  // Whoever sends events elsewhere reads all that happens (S199).
  owner: [
    ...ADMIN_PERMISSIONS,
    'sso.manage',
    'scim.manage',
    'organization.remove',
    'sessions.manage',
    'webhooks.manage',
  ],
};

/** Higher is more powerful. Custom roles stand between the built-in ones, each on a rank of its own. */
export const ORG_ROLE_RANKS: Readonly<Record<BuiltInRole, number>> = {
  viewer: 0,
  member: 100,
  admin: 200,
  owner: 300,
};

/** The rank of an org role; undefined for one that does not exist. */
export type RankOf = (role: OrgRole) => number | undefined;
const teamRoleRank = (role: TeamRole): number => TEAM_ROLES.indexOf(role);
const resourceRoleRank = (role: ResourceRole): number => RESOURCE_ROLES.indexOf(role);

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

/** What a grant is for: the organization itself, one team of it, or one thing of the product. */
export type GrantScope =
  | { readonly kind: 'org'; readonly role: OrgRole }
  | { readonly kind: 'team'; readonly teamId: TeamId; readonly role: TeamRole }
  | { readonly kind: 'resource'; readonly resource: Resource; readonly role: ResourceRole };

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
  readonly resources: readonly (ResolvedRole<ResourceRole> & { readonly resource: Resource })[];
  /** Scopes left without a mapped role because rules disagreed under `refuse`: `org`, a team id, `resource:TYPE:ID`. */
  readonly conflicts: readonly string[];
}

/** Whether a rule made it, over a directory group or over a claim. */
export const isMapped = (grant: Grant): boolean =>
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

/** The grants that count, by what they are for. */
interface Scopes {
  readonly org: Scored[];
  readonly teams: Map<TeamId, Scored[]>;
  readonly resources: Map<string, Scored[]>;
}

function put<Key>(lists: Map<Key, Scored[]>, key: Key, scored: Scored): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [scored]);
  else list.push(scored);
}

function byScope(grants: readonly Grant[], rankOf: RankOf): Scopes {
  const scopes: Scopes = { org: [], teams: new Map(), resources: new Map() };
  for (const grant of [...grants].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const { scope } = grant;
    switch (scope.kind) {
      case 'org': {
        const rank = rankOf(scope.role);
        if (rank === undefined || (isMapped(grant) && scope.role === 'owner')) break;
        scopes.org.push({ grant, rank });
        break;
      }
      case 'team':
        put(scopes.teams, scope.teamId, { grant, rank: teamRoleRank(scope.role) });
        break;
      case 'resource':
        put(scopes.resources, resourceKey(scope.resource), { grant, rank: resourceRoleRank(scope.role) });
    }
  }
  return scopes;
}

/**
 * Computes the roles that a set of grants of one membership amounts to. Pure, and independent of the order of `grants`.
 * A grant of owner through a mapping never counts (law 8), whatever the ledger says; nor does one of a role that is not there.
 */
export function resolveRoles(
  grants: readonly Grant[],
  policy: ConflictPolicy,
  rankOf: RankOf,
): ResolvedRoles {
  const scopes = byScope(grants, rankOf);
  const conflicts: string[] = [];
  const settle = (name: string, scored: readonly Scored[]): readonly Grant[] => {
    const { because, conflict } = resolveScope(scored, policy);
    if (conflict) conflicts.push(name);
    return because;
  };
  const org = settle('org', scopes.org);
  const teams: (ResolvedRole<TeamRole> & { teamId: TeamId })[] = [];
  for (const [teamId, scored] of scopes.teams) {
    const because = settle(teamId, scored);
    const scope = because[0]?.scope;
    if (scope?.kind === 'team') teams.push({ teamId, role: scope.role, because });
  }
  const resources: (ResolvedRole<ResourceRole> & { resource: Resource })[] = [];
  for (const [key, scored] of scopes.resources) {
    const because = settle(key, scored);
    const scope = because[0]?.scope;
    if (scope?.kind === 'resource') resources.push({ resource: scope.resource, role: scope.role, because });
  }
  const scope = org[0]?.scope;
  return {
    org: scope?.kind === 'org' ? { role: scope.role, because: org } : undefined,
    teams: teams.sort((a, b) => (a.teamId < b.teamId ? -1 : 1)),
    resources: resources.sort((a, b) => (resourceKey(a.resource) < resourceKey(b.resource) ? -1 : 1)),
    conflicts,
  };
}
