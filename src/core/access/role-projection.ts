/** From groups to grants: projects the mappings of an organization onto the people in its directory groups. */
import type { DirectoryGroupId, DirectoryUserId, OrganizationId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { ChangeContext } from '../deps.ts';
import type {
  DirectoryGroup,
  DirectoryUser,
  GroupMapping,
  MappingGrant,
  MappingMatch,
} from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import { fitsPattern } from '../mapping/name-pattern.ts';
import { getMembership } from '../members/memberships.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { RoleRules, WantedGrant } from './grants.ts';
import { syncGrants } from './grants.ts';
import { ranksOf } from './role-table.ts';
import type { GrantScope, RankOf } from './roles.ts';
import { ORG_ROLE_RANKS } from './roles.ts';

type Reader = Queries | Repositories;

/** Answers whether the rule speaks of this group. Names compare folded; an id is exact and survives renames. */
export function matchesGroup(
  match: MappingMatch,
  group: Pick<DirectoryGroup, 'id' | 'displayName'>,
): boolean {
  switch (match.kind) {
    case 'group_id':
      return match.groupId === group.id;
    case 'group_name':
      return foldKey(match.groupName) === foldKey(group.displayName);
    case 'group_pattern':
      return fitsPattern(match.groupPattern, group.displayName);
    case 'claim':
      return false;
  }
}

/** S137: false for more than member by a name or a pattern; whoever names groups would choose who becomes an admin. */
export const givesByName = (match: MappingMatch, grant: MappingGrant, rankOf: RankOf): boolean =>
  (match.kind !== 'group_name' && match.kind !== 'group_pattern') ||
  grant.scope !== 'org' ||
  (rankOf(grant.role) ?? 0) <= ORG_ROLE_RANKS.member;

/** A mapping's grant as a scope of the ledger. */
export function scopeOf(grant: MappingGrant): GrantScope {
  switch (grant.scope) {
    case 'org':
      return { kind: 'org', role: grant.role };
    case 'team':
      return { kind: 'team', teamId: grant.teamId, role: grant.role };
    case 'resource':
      return { kind: 'resource', resource: grant.resource, role: grant.role };
  }
}

/** Pure: the grants that membership in `groups` amounts to under `mappings`; what S137 rules out gives nothing, however it came into the store. */
export function wantedGroupGrants(
  mappings: readonly GroupMapping[],
  groups: readonly Pick<DirectoryGroup, 'id' | 'displayName' | 'directoryId'>[],
  rankOf: RankOf,
): readonly WantedGrant[] {
  return mappings.flatMap((mapping) =>
    groups
      .filter((group) => matchesGroup(mapping.match, group))
      .flatMap((group) =>
        mapping.grants
          .filter((grant) => givesByName(mapping.match, grant, rankOf))
          .map((grant) => ({
            scope: scopeOf(grant),
            source: {
              kind: 'directory_group' as const,
              directoryId: group.directoryId,
              groupId: group.id,
              mappingId: mapping.id,
            },
            rank: mapping.rank,
          })),
      ),
  );
}

/** All groups that contain the member, directly or through other groups; cycles end the walk, they do not hang it. */
export async function groupsOf(
  from: Reader,
  organizationId: OrganizationId,
  memberId: DirectoryUserId | DirectoryGroupId,
): Promise<readonly { readonly group: DirectoryGroup; readonly isDirect: boolean }[]> {
  const found = new Map<string, { group: DirectoryGroup; isDirect: boolean }>();
  let frontier: readonly string[] = [memberId];
  while (frontier.length > 0) {
    const next: string[] = [];
    for (const id of frontier) {
      for (const group of await from.groupMembers.listGroupsOf(organizationId, id)) {
        if (found.has(group.id)) continue;
        found.set(group.id, { group, isDirect: id === memberId });
        next.push(group.id);
      }
    }
    frontier = next;
  }
  return [...found.values()];
}

const MEMBER_PAGE = 500;

/** Every user in the group, directly or through nested groups; each once. */
export async function usersIn(
  from: Reader,
  organizationId: OrganizationId,
  groupId: DirectoryGroupId,
): Promise<ReadonlySet<DirectoryUserId>> {
  const users = new Set<DirectoryUserId>();
  for await (const page of pagesOf(from, organizationId, groupId)) for (const id of page) users.add(id);
  return users;
}

/** Whether more people than `limit` are in groups that these rules speak of; looks no further than that. */
export async function concernsMoreThan(
  from: Reader,
  organizationId: OrganizationId,
  { matches, limit }: { readonly matches: readonly MappingMatch[]; readonly limit: number },
): Promise<boolean> {
  const users = new Set<DirectoryUserId>();
  for (const group of await groupsMatching(from, organizationId, matches)) {
    for await (const page of pagesOf(from, organizationId, group.id)) {
      for (const id of page) users.add(id);
      if (users.size > limit) return true;
    }
  }
  return false;
}

/** The users in the group page by page; one may come twice. */
async function* pagesOf(
  from: Reader,
  organizationId: OrganizationId,
  groupId: DirectoryGroupId,
): AsyncGenerator<readonly DirectoryUserId[]> {
  const seen = new Set<string>([groupId]);
  const queue: DirectoryGroupId[] = [groupId];
  for (let current = queue.pop(); current !== undefined; current = queue.pop()) {
    let after: string | undefined;
    do {
      const page = await from.groupMembers.list(organizationId, current, { after, limit: MEMBER_PAGE });
      for (const member of page) {
        if (member.memberKind === 'user' || seen.has(member.memberId)) continue;
        seen.add(member.memberId);
        queue.push(asGroupId(member.memberId));
      }
      yield page.flatMap(({ memberKind, memberId }) => (memberKind === 'user' ? [asUserId(memberId)] : []));
      after = page.length === MEMBER_PAGE ? page.at(-1)?.memberId : undefined;
    } while (after !== undefined);
  }
}

// A member row carries one id type for both kinds; `memberKind` has just told which it is.
const asUserId = (id: DirectoryUserId | DirectoryGroupId) => id as DirectoryUserId;
const asGroupId = (id: DirectoryUserId | DirectoryGroupId) => id as DirectoryGroupId;

/** The rules and mappings of an organization, loaded once for a projection over many people. */
export interface Projection {
  readonly rules: RoleRules;
  readonly mappings: readonly GroupMapping[];
  readonly rankOf: RankOf;
}

export async function loadProjection(from: Reader, organizationId: OrganizationId): Promise<Projection> {
  const organization = await getOrganization(from, organizationId);
  const mappings = await from.groupMappings.list(organizationId);
  const rankOf = await ranksOf(
    from,
    mappings.flatMap(({ grants }) => grants.flatMap((grant) => (grant.scope === 'org' ? [grant.role] : []))),
  );
  return { rules: organization, mappings: mappings.filter(({ match }) => match.kind !== 'claim'), rankOf };
}

/** Makes one person's directory grants what their groups say now. */
async function projectUser(
  tx: Repositories,
  context: ChangeContext,
  subject: { readonly user: DirectoryUser; readonly projection: Projection },
): Promise<void> {
  const { user, projection } = subject;
  const groups = (await groupsOf(tx, context.organizationId, user.id)).map(({ group }) => group);
  const membership = await getMembership(tx, context.organizationId, user.membershipId);
  await syncGrants(tx, context, {
    membership,
    owns: (grant) => grant.source.kind === 'directory_group',
    wanted: wantedGroupGrants(projection.mappings, groups, projection.rankOf),
    rules: projection.rules,
  });
}

/** Projects each of these people; ids that are gone are passed over. */
export async function projectUsers(
  tx: Repositories,
  context: ChangeContext,
  subject: {
    readonly directoryId: DirectoryGroup['directoryId'];
    readonly userIds: Iterable<DirectoryUserId>;
  },
): Promise<void> {
  const projection = await loadProjection(tx, context.organizationId);
  for (const id of subject.userIds) {
    const user = await tx.directoryUsers.find(context.organizationId, subject.directoryId, id);
    // Behind a shadow there is nobody to give a role to.
    if (user !== undefined && user.shadow === null) await projectUser(tx, context, { user, projection });
  }
}

/** Re-projects everybody that rules with these matches concern: after a rule came, changed or went. */
export async function reprojectMapping(
  tx: Repositories,
  context: ChangeContext,
  matches: readonly MappingMatch[],
): Promise<void> {
  for (const group of await groupsMatching(tx, context.organizationId, matches)) {
    const userIds = await usersIn(tx, context.organizationId, group.id);
    await projectUsers(tx, context, { directoryId: group.directoryId, userIds });
  }
}

/** The memberships of everybody that rules with these matches concern; each once. */
export async function membersConcerned(
  from: Reader,
  organizationId: OrganizationId,
  matches: readonly MappingMatch[],
): Promise<readonly Membership[]> {
  const members = new Map<string, Membership>();
  for (const group of await groupsMatching(from, organizationId, matches)) {
    for (const id of await usersIn(from, organizationId, group.id)) {
      const user = await from.directoryUsers.find(organizationId, group.directoryId, id);
      const membership = user && (await from.memberships.find(organizationId, user.membershipId));
      if (membership !== undefined) members.set(membership.id, membership);
    }
  }
  return [...members.values()];
}

/** The stored groups that any of these rules speaks of. */
async function groupsMatching(
  from: Reader,
  organizationId: OrganizationId,
  matches: readonly MappingMatch[],
): Promise<readonly DirectoryGroup[]> {
  const groups = new Map<string, DirectoryGroup>();
  for (const match of matches) {
    if (match.kind === 'group_id') {
      const group = await from.directoryGroups.findInOrganization(organizationId, match.groupId);
      if (group !== undefined) groups.set(group.id, group);
    }
    if (match.kind === 'group_pattern') {
      for (const group of await groupsFitting(from, organizationId, match.groupPattern)) {
        groups.set(group.id, group);
      }
    }
    if (match.kind === 'group_name') {
      for (const group of await from.directoryGroups.listByName(organizationId, foldKey(match.groupName))) {
        groups.set(group.id, group);
      }
    }
  }
  return [...groups.values()];
}

const GROUP_PAGE = 500;

/** Every group of the organization whose name fits: a walk through all of them, for changes of rules only. */
async function groupsFitting(
  from: Reader,
  organizationId: OrganizationId,
  pattern: string,
): Promise<readonly DirectoryGroup[]> {
  const found: DirectoryGroup[] = [];
  for (const directory of await from.directories.list(organizationId)) {
    for (let after: string | undefined; ; ) {
      const page = { after, limit: GROUP_PAGE };
      const groups = await from.directoryGroups.scan(organizationId, directory.id, { kind: 'all' }, page);
      found.push(...groups.filter(({ displayName }) => fitsPattern(pattern, displayName)));
      if (groups.length < GROUP_PAGE) break;
      after = groups.at(-1)?.id;
    }
  }
  return found;
}
