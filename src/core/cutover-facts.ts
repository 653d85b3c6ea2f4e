/** Reads everything a cut-over is planned from, in pages. Costs follow the number of people and members. */

import { foldKey } from '../kernel/text.ts';
import { atMostMember, hasAccountElsewhere } from './adoption.ts';
import { containingGroups } from './containing-groups.ts';
import { type CutoverFacts, matchPeople, type PushedPerson } from './cutover-matching.ts';
import { type CutoverPlan, planCutover } from './cutover-plan.ts';
import type { ChangeContext } from './deps.ts';
import { domainOf } from './domain-names.ts';
import { isProvedAddress } from './domains.ts';
import type { Directory, DirectoryUser, ShadowProfile } from './entities/directory.ts';
import type { Membership } from './entities/people.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Queries, Repositories } from './ports/storage.ts';
import { findReturning } from './removed-users.ts';
import { loadProjection, wantedGroupGrants } from './role-projection.ts';
import { loadRoles, rankIn } from './role-table.ts';
import type { Grant } from './roles.ts';

type Reader = Queries | Repositories;
type Moment = Pick<ChangeContext, 'organizationId' | 'now'>;
type Shadow = DirectoryUser & { readonly shadow: ShadowProfile };

const PAGE = 500;

/** The plan of the directory as everything is now. */
export async function loadCutoverPlan(
  from: Reader,
  moment: Moment,
  directory: Directory,
): Promise<CutoverPlan> {
  const facts = await loadFacts(from, moment, directory);
  const matches = matchPeople(facts);
  const grants = new Map<string, readonly Grant[]>();
  for (const { rule, member } of matches) {
    if (rule !== 'adopt' || member === undefined) continue;
    grants.set(member.id, await from.grants.listByMembership(moment.organizationId, member.id));
  }
  return planCutover(facts, matches, grants);
}

async function loadFacts(from: Reader, moment: Moment, directory: Directory): Promise<CutoverFacts> {
  const { organizationId, now } = moment;
  const organization = await getOrganization(from, organizationId);
  const shadows = (await usersOf(from, directory)).filter(isShadow);
  const pending = await from.invitations.listPending(organizationId);
  const members = await allMembers(from, moment);
  const proved = await provedAddresses(from, moment, shadows);
  const isManual = organization.provisioning === 'manual';
  return {
    organization,
    directory,
    rankOf: rankIn(await loadRoles(from)),
    roleOfReturning: await atMostMember(from, organization.defaultRole),
    people: await withGroups(from, moment, { directory, shadows }),
    members,
    heldElsewhere: await heldElsewhere(from, directory),
    provedAddresses: proved,
    accountsElsewhere: await accountsElsewhere(from, members, proved),
    // In an organization that has a directory already nothing is pending any more.
    invitations: isManual ? pending : [],
    links: isManual ? await from.shareableLinks.listOpen(organizationId, now) : [],
  };
}

const isShadow = (user: DirectoryUser): user is Shadow => user.shadow !== null;

/** Every user of the directory, oldest first. */
export async function usersOf(
  from: Reader,
  { organizationId, id }: Pick<Directory, 'organizationId' | 'id'>,
): Promise<readonly DirectoryUser[]> {
  const users: DirectoryUser[] = [];
  for (let after: string | undefined; ; after = users.at(-1)?.id) {
    const page = { after, limit: PAGE };
    const rows = await from.directoryUsers.scan(organizationId, id, { kind: 'all' }, page);
    users.push(...rows);
    if (rows.length < PAGE) return users;
  }
}

/** Every member of the organization, oldest first. */
export async function allMembers(
  from: Reader,
  { organizationId }: Pick<Moment, 'organizationId'>,
): Promise<readonly Membership[]> {
  const members: Membership[] = [];
  for (let after: string | undefined; ; after = members.at(-1)?.id) {
    const rows = await from.memberships.list(organizationId, {}, { after, limit: PAGE });
    members.push(...rows);
    if (rows.length < PAGE) return members;
  }
}

async function withGroups(
  from: Reader,
  moment: Moment,
  { directory, shadows }: { readonly directory: Directory; readonly shadows: readonly Shadow[] },
): Promise<readonly PushedPerson[]> {
  const { organizationId } = moment;
  const { mappings, rankOf } = await loadProjection(from, organizationId);
  const people: PushedPerson[] = [];
  for (let start = 0; start < shadows.length; start += PAGE) {
    const page = shadows.slice(start, start + PAGE);
    const ids = page.map(({ id }) => id);
    const around = await containingGroups(from, organizationId, ids);
    for (const user of page) {
      const groups = (around.get(user.id) ?? []).map(({ groupId, displayName }) => ({
        ...{ id: groupId, displayName, directoryId: directory.id },
      }));
      const pushed = { userName: user.userName, externalId: user.externalId };
      const returning = await findReturning(from, moment, { directoryId: directory.id, user: pushed });
      people.push({ user, wanted: wantedGroupGrants(mappings, groups, rankOf), returning });
    }
  }
  return people;
}

async function heldElsewhere(from: Reader, directory: Directory): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const other of await from.directories.list(directory.organizationId)) {
    if (other.id === directory.id) continue;
    for (const { shadow, membershipId } of await usersOf(from, other))
      if (shadow === null) held.add(membershipId);
  }
  return held;
}

async function provedAddresses(
  from: Reader,
  { organizationId }: Moment,
  shadows: readonly Shadow[],
): Promise<ReadonlySet<string>> {
  const byDomain = new Map<string, boolean>();
  const proved = new Set<string>();
  for (const { shadow } of shadows) {
    if (shadow.email === null) continue;
    const domain = domainOf(shadow.email);
    const isProved = byDomain.get(domain) ?? (await isProvedAddress(from, organizationId, shadow.email));
    byDomain.set(domain, isProved);
    if (isProved) proved.add(foldKey(shadow.email));
  }
  return proved;
}

async function accountsElsewhere(
  from: Reader,
  members: readonly Membership[],
  proved: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const elsewhere = new Set<string>();
  for (const member of members) {
    if (member.emailKey === null || !proved.has(member.emailKey)) continue;
    if (await hasAccountElsewhere(from, member)) elsewhere.add(member.id);
  }
  return elsewhere;
}
