/** What role advice is made of: comparable people, sampled, and how many administer. Reads only. */
import { days } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryGroupId, MembershipId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { Queries } from '../ports/storage.ts';
import type { Hint, PeerGroup, RoleUse } from './role-fit.ts';
import { ADMINISTRATORS_COUNTED, roleFit, UNUSED_DAYS } from './role-fit.ts';
import { listPermissionUse } from './role-fit-use.ts';
import { groupsOf } from './role-projection.ts';
import { factsIn, loadRoles, type RoleTable } from './role-table.ts';
import { ORG_ROLE_RANKS, type OrgRole } from './roles.ts';

/** As many of a team or group are looked at, oldest first: enough to see what is usual. */
const SAMPLE = 50;

/** Advice about one role, with what it rests on. */
export interface RoleAdvice {
  readonly hints: readonly Hint[];
  readonly members: number;
  readonly administrators: number;
  readonly peers: readonly PeerGroup[];
}

export interface RoleQuestion {
  readonly organization: Organization;
  readonly role: OrgRole;
  readonly teamIds: readonly TeamId[];
  /** Of somebody who may be a member already: then their own teams and groups are compared, too. */
  readonly email?: string | undefined;
}

/** Throws `invalid` (field `teams`) for a team of nobody here. */
export async function assertTeamsAreHere(
  from: Queries,
  organizationId: OrganizationId,
  ids: readonly TeamId[],
): Promise<void> {
  for (const id of ids) {
    if ((await from.teams.find(organizationId, id)) !== undefined) continue;
    throw new GatehouseError('invalid', 'No team of this organization has this id.', { field: 'teams' });
  }
}

/** Advice before an invitation is sent or a role is given. A team that is gone compares with nobody. */
export async function adviseRole(
  deps: Pick<Deps, 'storage' | 'clock'>,
  question: RoleQuestion,
): Promise<RoleAdvice> {
  const { organization, role, teamIds, email } = question;
  const { storage } = deps;
  const known =
    email === undefined ? [] : await storage.memberships.listByEmail(organization.id, foldKey(email));
  const roles = await loadRoles(storage);
  const compared = createPeers(storage, organization.id, roles);
  const own = known[0] === undefined ? [] : await compared.ofMember(known[0]);
  const peers = [...(await Promise.all(teamIds.map((id) => compared.ofTeam(id, known[0]?.id)))), ...own];
  const administrators = await countAdministrators(storage, organization.id, roles);
  // Whoever is here already and is asked about with the role they have is measured by what they did with it.
  const same = known.find(({ orgRole }) => orgRole === role);
  const use = same && (await (await createUseReader(deps, organization.id))(same));
  const hints = roleFit({
    ...{ role: factsIn(roles, role), roles: [...roles.values()], use },
    adminRank: ORG_ROLE_RANKS.admin,
    peers,
    members: organization.seatsUsed,
    administrators,
    owners: organization.activeOwners,
    now: deps.clock(),
  });
  return { hints, members: organization.seatsUsed, administrators, peers };
}

/** Active people with a role from admin upwards, counted up to `ADMINISTRATORS_COUNTED`. */
export async function countAdministrators(
  from: Queries,
  organizationId: OrganizationId,
  roles: RoleTable,
): Promise<number> {
  const page = { limit: ADMINISTRATORS_COUNTED };
  let count = 0;
  for (const { key, rank } of roles.values()) {
    if (rank < ORG_ROLE_RANKS.admin) continue;
    const found = await from.memberships.list(organizationId, { role: key, status: 'active' }, page);
    count += found.length;
  }
  return Math.min(ADMINISTRATORS_COUNTED, count);
}

/** Comparable people, each team and group read once. */
export interface Peers {
  ofTeam(id: TeamId, except?: MembershipId): Promise<PeerGroup>;
  /** Of each team and directory group that the member is in; the default team, which holds everybody, left out. */
  ofMember(member: Membership): Promise<readonly PeerGroup[]>;
}

interface Sample {
  readonly name: string;
  readonly people: readonly Pick<Membership, 'id' | 'orgRole'>[];
}

/** Compares within one organization; keep it no longer than one request or one step of a job. */
export function createPeers(from: Queries, organizationId: OrganizationId, roles: RoleTable): Peers {
  const samples = new Map<string, Promise<Sample>>();
  const sampled = (key: string, read: () => Promise<Sample>): Promise<Sample> => {
    const known = samples.get(key) ?? read();
    samples.set(key, known);
    return known;
  };
  const without = ({ name, people }: Sample, except?: MembershipId): PeerGroup => ({
    name,
    roles: people.filter(({ id }) => id !== except).map(({ orgRole }) => factsIn(roles, orgRole)),
  });
  const team = (id: TeamId) => sampled(id, () => sampleTeam(from, organizationId, id));
  const group = (id: DirectoryGroupId) => sampled(id, () => sampleGroup(from, organizationId, id));
  return {
    ofTeam: async (id, except) => without(await team(id), except),
    ofMember: async (member) => {
      const groups: Sample[] = [];
      for (const row of await from.teamMembers.listByMemberships(organizationId, [member.id])) {
        const isForAll = (await from.teams.find(organizationId, row.teamId))?.isDefault === true;
        if (!isForAll) groups.push(await team(row.teamId));
      }
      const pushed = await from.directoryUsers.findByMembership(organizationId, member.id);
      const inGroups = pushed === undefined ? [] : await groupsOf(from, organizationId, pushed.id);
      for (const one of inGroups) if (one.isDirect) groups.push(await group(one.group.id));
      return groups.map((sample) => without(sample, member.id));
    },
  };
}

async function sampleTeam(from: Queries, organizationId: OrganizationId, id: TeamId): Promise<Sample> {
  const team = await from.teams.find(organizationId, id);
  if (team === undefined) return { name: 'a team', people: [] };
  const rows = await from.teamMembers.listByTeam(organizationId, id, { limit: SAMPLE });
  const ids = rows.map(({ membershipId }) => membershipId);
  return { name: `team "${team.name}"`, people: await activeOnes(from, organizationId, ids) };
}

async function sampleGroup(
  from: Queries,
  organizationId: OrganizationId,
  id: DirectoryGroupId,
): Promise<Sample> {
  const group = await from.directoryGroups.findInOrganization(organizationId, id);
  if (group === undefined) return { name: 'a group', people: [] };
  const ids: MembershipId[] = [];
  for (const row of await from.groupMembers.list(organizationId, id, { limit: SAMPLE })) {
    if (row.memberKind !== 'user') continue;
    // A member row carries one id type for both kinds; `memberKind` has just told which it is.
    const userId = row.memberId as Parameters<Queries['directoryUsers']['find']>[2];
    const user = await from.directoryUsers.find(organizationId, group.directoryId, userId);
    if (user !== undefined) ids.push(user.membershipId);
  }
  const name = `directory group "${group.displayName}"`;
  return { name, people: await activeOnes(from, organizationId, ids) };
}

async function activeOnes(
  from: Queries,
  organizationId: OrganizationId,
  ids: readonly MembershipId[],
): Promise<Sample['people']> {
  const people: Membership[] = [];
  for (const id of ids) {
    const member = await from.memberships.find(organizationId, id);
    if (member?.status === 'active') people.push(member);
  }
  return people;
}

/** How a member has used their role, read once for all of them. */
export async function createUseReader(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  organizationId: OrganizationId,
): Promise<(member: Membership) => Promise<RoleUse>> {
  const now = clock();
  const use = await listPermissionUse(storage, organizationId, now - days(UNUSED_DAYS));
  return async (member) => {
    const grants = await storage.grants.listByMembership(organizationId, member.id);
    const giving = grants.filter(({ scope }) => scope.kind === 'org' && scope.role === member.orgRole);
    return {
      heldSince: Math.min(now, ...giving.map(({ createdAt }) => createdAt)),
      joinedAt: member.createdAt,
      lastActiveAt: member.lastActiveAt,
      used: use.get(member.id) ?? new Set(),
    };
  };
}
