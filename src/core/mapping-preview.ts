/** Looks ahead: who would gain and who would lose what if a rule came, changed or went. Stores nothing. */
import type { GroupMappingId, OrganizationId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';
import type { DirectoryUser, GroupMapping, MappingMatch } from './entities/directory.ts';
import type { Membership } from './entities/people.ts';
import { diffGrants } from './grants.ts';
import type { GroupMappingInput } from './group-mappings.ts';
import { assertMappingFits, getGroupMapping } from './group-mappings.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Queries } from './ports/storage.ts';
import { groupsMatching, groupsOf, usersIn, wantedGroupGrants } from './role-projection.ts';
import { loadRoles, rankIn } from './role-table.ts';
import type { Grant, OrgRole, RankOf, ResolvedRoles, Resource } from './roles.ts';
import { resolveRoles, resourceKey } from './roles.ts';

export interface RoleChange {
  readonly scope: 'org' | 'team' | 'resource';
  readonly teamId?: string;
  readonly resource?: Resource;
  /** Null: no role of this kind. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface PreviewedMember {
  readonly membership: Membership;
  readonly gains: readonly RoleChange[];
  readonly losses: readonly RoleChange[];
}

/** `mapping` absent: what if the rule `replaces` went. `replaces` absent: what if `mapping` came beside the others. */
export interface PreviewRequest {
  readonly organizationId: OrganizationId;
  readonly mapping?: GroupMappingInput | undefined;
  readonly replaces?: GroupMappingId | undefined;
}

/** Answers everybody whose roles would change. Claim rules act at sign-in and show nothing here. Throws `not_found`, `invalid`. */
export async function previewGroupMapping(
  deps: Pick<Deps, 'storage'>,
  input: PreviewRequest,
): Promise<readonly PreviewedMember[]> {
  const { storage } = deps;
  const { organizationId } = input;
  const { conflictPolicy } = await getOrganization(storage, organizationId);
  const rankOf = rankIn(await loadRoles(storage));
  if (input.mapping !== undefined) await assertMappingFits(storage, organizationId, input.mapping);
  const current = await storage.groupMappings.list(organizationId);
  const replaced =
    input.replaces === undefined ? undefined : await getGroupMapping(storage, organizationId, input.replaces);
  const draft = input.mapping === undefined ? undefined : draftOf(organizationId, input.mapping, current);
  const future = [
    ...current.filter((mapping) => mapping.id !== replaced?.id),
    ...(draft === undefined ? [] : [draft]),
  ];
  const matches = [replaced?.match, draft?.match].filter(
    (match): match is MappingMatch => match !== undefined,
  );
  const members: PreviewedMember[] = [];
  for (const user of await usersConcerned(storage, organizationId, matches)) {
    const grants = await storage.grants.listByMembership(organizationId, user.membershipId);
    const membership = await storage.memberships.find(organizationId, user.membershipId);
    if (membership === undefined) continue;
    const before = resolveRoles(grants, conflictPolicy, rankOf);
    const after = resolveRoles(
      await projected(storage, { user, grants, future, rankOf }),
      conflictPolicy,
      rankOf,
    );
    const changes = compareRoles(before, after, rankOf);
    if (changes.gains.length + changes.losses.length > 0) members.push({ membership, ...changes });
  }
  return members;
}

const draftOf = (
  organizationId: OrganizationId,
  input: GroupMappingInput,
  others: readonly GroupMapping[],
): GroupMapping => ({
  // Never stored: the id only has to differ from every stored one.
  id: 'map_preview' as GroupMappingId,
  version: 0,
  organizationId,
  match: input.match,
  grants: input.grants,
  rank: input.rank ?? Math.max(0, ...others.map((other) => other.rank)) + 1,
  createdAt: 0,
  updatedAt: 0,
});

async function usersConcerned(
  from: Queries,
  organizationId: OrganizationId,
  matches: readonly MappingMatch[],
): Promise<readonly DirectoryUser[]> {
  const users = new Map<string, DirectoryUser>();
  for (const group of await groupsMatching(from, organizationId, matches)) {
    for (const id of await usersIn(from, organizationId, group.id)) {
      const user = await from.directoryUsers.find(organizationId, group.directoryId, id);
      if (user !== undefined) users.set(id, user);
    }
  }
  return [...users.values()];
}

async function projected(
  from: Queries,
  input: {
    readonly user: DirectoryUser;
    readonly grants: readonly Grant[];
    readonly future: readonly GroupMapping[];
    readonly rankOf: RankOf;
  },
): Promise<readonly Grant[]> {
  const { user, grants, future, rankOf } = input;
  const groups = (await groupsOf(from, user.organizationId, user.id)).map(({ group }) => group);
  const owned = grants.filter((grant) => grant.source.kind === 'directory_group');
  const { add, remove } = diffGrants(owned, wantedGroupGrants(future, groups, rankOf));
  const added = add.map((grant, index) => ({
    ...grant,
    id: `grt_preview_${index}` as Grant['id'],
    organizationId: user.organizationId,
    membershipId: user.membershipId,
    createdAt: 0,
  }));
  return [...grants.filter((grant) => !remove.includes(grant)), ...added];
}

/** An org role that becomes another is one gain and one loss of nothing: it is told where it went, by rank. */
export function compareRoles(
  before: ResolvedRoles,
  after: ResolvedRoles,
  rankOf: RankOf,
): Pick<PreviewedMember, 'gains' | 'losses'> {
  const gains: RoleChange[] = [];
  const losses: RoleChange[] = [];
  const ofOne = (role: string | null) => ['viewer', 'member', 'editor', 'admin', 'owner'].indexOf(role ?? '');
  const note = (change: RoleChange, isMore = ofOne(change.after) > ofOne(change.before)) => {
    if (change.before === change.after) return;
    (isMore ? gains : losses).push(change);
  };
  const rank = (role: OrgRole | undefined) => (role === undefined ? -1 : (rankOf(role) ?? -1));
  const [held, next] = [before.org?.role, after.org?.role];
  note({ scope: 'org', before: held ?? null, after: next ?? null }, rank(next) > rank(held));
  const teamIds = new Set([...before.teams, ...after.teams].map((team) => team.teamId));
  for (const teamId of teamIds) {
    const roleIn = (roles: ResolvedRoles) => roles.teams.find((team) => team.teamId === teamId)?.role ?? null;
    note({ scope: 'team', teamId, before: roleIn(before), after: roleIn(after) });
  }
  const resources = new Map(
    [...before.resources, ...after.resources].map(({ resource }) => [resourceKey(resource), resource]),
  );
  for (const [key, resource] of resources) {
    const roleOn = (roles: ResolvedRoles) =>
      roles.resources.find((one) => resourceKey(one.resource) === key)?.role ?? null;
    note({ scope: 'resource', resource, before: roleOn(before), after: roleOn(after) });
  }
  return { gains, losses };
}
