/** Reads everything a cut-over is planned from, in pages. Costs follow the number of people and members. */

import { foldKey } from '../../kernel/text.ts';
import { loadProjection, wantedGroupGrants } from '../access/role-projection.ts';
import { loadRoles, rankIn } from '../access/role-table.ts';
import type { Grant } from '../access/roles.ts';
import { domainOf } from '../connections/domain-names.ts';
import { isProvedAddress } from '../connections/domains.ts';
import type { ChangeContext } from '../deps.ts';
import type { Directory, DirectoryUser, ShadowProfile } from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { atMostMember, hasAccountElsewhere, isAdoptable } from './adoption.ts';
import { containingGroups } from './containing-groups.ts';
import { type CutoverFacts, matchPeople, type PushedPerson } from './cutover-matching.ts';
import { type CutoverPlan, type Pause, planCutover } from './cutover-plan.ts';
import { findReturning } from './removed-users.ts';

type Reader = Queries | Repositories;
type Moment = Pick<ChangeContext, 'organizationId' | 'now'> & { readonly pause: Pause };
type Shadow = DirectoryUser & { readonly shadow: ShadowProfile };

const PAGE = 250;

/** The plan of the directory as everything is now; others come in between. What changes meanwhile changes the hash. */
export async function loadCutoverPlan(
  from: Reader,
  moment: Moment,
  directory: Directory,
): Promise<CutoverPlan> {
  const facts = await loadFacts(from, moment, directory);
  const matches = matchPeople(facts);
  const { organizationId, pause } = moment;
  const grants = new Map<string, readonly Grant[]>();
  for (const { rule, member } of matches) {
    if (rule !== 'adopt' || member === undefined) continue;
    grants.set(member.id, await from.grants.listByMembership(organizationId, member.id));
    if (grants.size % PAGE === 0) await pause();
  }
  return planCutover(facts, matches, { grants, pause });
}

async function loadFacts(from: Reader, moment: Moment, directory: Directory): Promise<CutoverFacts> {
  const { organizationId, now } = moment;
  const organization = await getOrganization(from, organizationId);
  const shadows = (await usersOf(from, directory, moment.pause)).filter(isShadow);
  const pending = await from.invitations.listPending(organizationId);
  const members = await allMembers(from, moment, moment.pause);
  const proved = await provedAddresses(from, moment, shadows);
  const isManual = organization.provisioning === 'manual';
  return {
    organization,
    directory,
    rankOf: rankIn(await loadRoles(from)),
    roleOfReturning: await atMostMember(from, organization.defaultRole),
    people: await withGroups(from, moment, { directory, shadows }),
    members,
    heldElsewhere: await heldElsewhere(from, directory, moment.pause),
    provedAddresses: proved,
    accountsElsewhere: await accountsElsewhere(from, { members, proved, pause: moment.pause }),
    unadoptable: await unadoptable(from, members, shadows),
    // In an organization that has a directory already nothing is pending any more.
    invitations: isManual ? pending : [],
    links: isManual ? await from.shareableLinks.listOpen(organizationId, now) : [],
  };
}

const isShadow = (user: DirectoryUser): user is Shadow => user.shadow !== null;

/** Every user of the directory, oldest first. `pause`: between two pages; absent in a transaction, which gives way by itself. */
export async function usersOf(
  from: Reader,
  { organizationId, id }: Pick<Directory, 'organizationId' | 'id'>,
  pause?: Pause,
): Promise<readonly DirectoryUser[]> {
  const users: DirectoryUser[] = [];
  for (let after: string | undefined; ; after = users.at(-1)?.id) {
    const page = { after, limit: PAGE };
    const rows = await from.directoryUsers.scan(organizationId, id, { kind: 'all' }, page);
    users.push(...rows);
    if (rows.length < PAGE) return users;
    await pause?.();
  }
}

/** Every member of the organization, oldest first. */
async function allMembers(
  from: Reader,
  { organizationId }: Pick<Moment, 'organizationId'>,
  pause?: Pause,
): Promise<readonly Membership[]> {
  const members: Membership[] = [];
  for (let after: string | undefined; ; after = members.at(-1)?.id) {
    const rows = await from.memberships.list(organizationId, {}, { after, limit: PAGE });
    members.push(...rows);
    if (rows.length < PAGE) return members;
    await pause?.();
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
    await moment.pause();
  }
  return people;
}

async function heldElsewhere(from: Reader, directory: Directory, pause: Pause): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const other of await from.directories.list(directory.organizationId)) {
    if (other.id === directory.id) continue;
    for (const { shadow, membershipId } of await usersOf(from, other, pause))
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
  among: {
    readonly members: readonly Membership[];
    readonly proved: ReadonlySet<string>;
    readonly pause: Pause;
  },
): Promise<ReadonlySet<string>> {
  const elsewhere = new Set<string>();
  for (const [index, member] of among.members.entries()) {
    if (index % PAGE === 0) await among.pause();
    if (member.emailKey === null || !among.proved.has(member.emailKey)) continue;
    if (await hasAccountElsewhere(from, member)) elsewhere.add(member.id);
  }
  return elsewhere;
}

/** Asked anew at each report and at the switch: a domain may be lost, and an account begun, after the decision. */
async function unadoptable(
  from: Reader,
  members: readonly Membership[],
  shadows: readonly Shadow[],
): Promise<ReadonlySet<string>> {
  const decided = new Set(
    shadows.flatMap(({ shadow: { decision } }) =>
      decision?.kind === 'adopt' ? [decision.membershipId] : [],
    ),
  );
  const found = new Set<string>();
  for (const member of members)
    if (decided.has(member.id) && !(await isAdoptable(from, member))) found.add(member.id);
  return found;
}
