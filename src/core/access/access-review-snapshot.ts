/** Writing down who holds what and why, with advice: at once for a small organization, as a job for a large one. */
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { AccessReview, ReviewedAccess, ReviewItem, ReviewScope } from '../entities/access-review.ts';
import type { Job } from '../entities/job.ts';
import type { Membership } from '../entities/people.ts';
import type { JobStep } from '../jobs.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries } from '../ports/storage.ts';
import type { Explanation } from './explain.ts';
import { explainMember } from './explain.ts';
import { roleFit } from './role-fit.ts';
import { countAdministrators, createPeers, createUseReader } from './role-fit-facts.ts';
import { factsIn, loadRoles } from './role-table.ts';
import { ORG_ROLE_RANKS } from './roles.ts';

/** So many people are looked at in one step; an organization that is no larger needs no job. */
export const SNAPSHOT_STEP = 200;

interface SnapshotPage {
  readonly items: readonly ReviewItem[];
  /** Where to go on; undefined: everybody has been looked at. */
  readonly next: MembershipId | undefined;
}

type SnapshotDeps = Pick<Deps, 'storage' | 'clock'>;
type Target = Pick<AccessReview, 'organizationId' | 'id' | 'scope'>;

/** Reads the next people after `after` and keeps those in scope. Writes nothing. */
export async function snapshotPage(
  deps: SnapshotDeps,
  review: Target,
  after: string | undefined,
): Promise<SnapshotPage> {
  const { organizationId, scope } = review;
  const people = await nextPeople(deps.storage, organizationId, { scope, after });
  const fitting: Membership[] = [];
  for (const member of people) if (await isInScope(deps.storage, member, scope)) fitting.push(member);
  const items = await describe(deps, review, fitting);
  return { items, next: people.length < SNAPSHOT_STEP ? undefined : people.at(-1)?.id };
}

async function nextPeople(
  from: Queries,
  organizationId: OrganizationId,
  { scope, after }: { readonly scope: ReviewScope; readonly after: string | undefined },
): Promise<readonly Membership[]> {
  if (scope.memberIds === null) {
    const [role, ...others] = scope.orgRoles ?? [];
    const filter = others.length === 0 ? { role } : {};
    return from.memberships.list(organizationId, filter, { after, limit: SNAPSHOT_STEP });
  }
  const ids = scope.memberIds.filter((id) => id > (after ?? '')).toSorted();
  const people: Membership[] = [];
  for (const id of ids.slice(0, SNAPSHOT_STEP)) {
    const member = await from.memberships.find(organizationId, id);
    if (member !== undefined) people.push(member);
  }
  return people;
}

async function isInScope(from: Queries, member: Membership, scope: ReviewScope): Promise<boolean> {
  if (scope.orgRoles !== null && !scope.orgRoles.includes(member.orgRole)) return false;
  if (scope.teamIds === null) return true;
  const rows = await from.teamMembers.listByMemberships(member.organizationId, [member.id]);
  return rows.some(({ teamId }) => scope.teamIds?.includes(teamId));
}

async function describe(
  deps: SnapshotDeps,
  { organizationId, id }: Target,
  people: readonly Membership[],
): Promise<readonly ReviewItem[]> {
  if (people.length === 0) return [];
  const advise = await createAdviser(deps, organizationId);
  const items: ReviewItem[] = [];
  for (const member of people) {
    const told = await explainMember(deps, { organizationId, id: member.id });
    items.push({
      ...{ organizationId, reviewId: id, membershipId: member.id, version: 1 },
      access: { ...accessOf(member, told), hints: await advise(member), takenAt: deps.clock() },
      ...{ decision: 'pending', rights: [], note: null, outcome: null, decidedBy: null, decidedAt: null },
    });
  }
  return items;
}

function accessOf(member: Membership, told: Explanation): Omit<ReviewedAccess, 'hints' | 'takenAt'> {
  const { email, name, status, orgRole, source, lastActiveAt } = member;
  return {
    ...{ email, name, status, orgRole, source, lastActiveAt },
    teams: told.teams.map(({ id, name: teamName, role }) => ({ id, name: teamName, role })),
    resources: told.resources.map(({ resource, role }) => ({ resource, role })),
    grants: told.grants.map(({ scope, role, sentence, decides, at, team, resource }) => ({
      ...{ scope, role, sentence, decides, at },
      of: team?.name ?? (resource === undefined ? null : `${resource.type} ${resource.id}`),
    })),
  };
}

/** Advice about members of one organization; what all have in common is read once. */
async function createAdviser(deps: SnapshotDeps, organizationId: OrganizationId) {
  const { storage, clock } = deps;
  const roles = await loadRoles(storage);
  const organization = await getOrganization(storage, organizationId);
  const administrators = await countAdministrators(storage, organizationId, roles);
  const useOf = await createUseReader(deps, organizationId);
  const peers = createPeers(storage, organizationId, roles);
  return async (member: Membership): Promise<ReviewedAccess['hints']> =>
    roleFit({
      role: factsIn(roles, member.orgRole),
      roles: [...roles.values()],
      adminRank: ORG_ROLE_RANKS.admin,
      peers: await peers.ofMember(member),
      members: organization.seatsUsed,
      administrators,
      owners: organization.activeOwners,
      use: await useOf(member),
      now: clock(),
    });
}

/** What the job of a large review keeps between steps. */
export interface SnapshotProgress {
  readonly reviewId: AccessReview['id'];
  readonly after: string | null;
}

/** One step of the job: the next people are written down; the review opens with the last of them. */
export async function snapshotStep(deps: SnapshotDeps, job: Job): Promise<JobStep> {
  const { organizationId } = job;
  // Written by `createAccessReview` and by the step before.
  const progress: SnapshotProgress = JSON.parse(job.progress);
  const review = await deps.storage.accessReviews.find(organizationId, progress.reviewId);
  const done = { progress, doneCount: job.doneCount, totalCount: job.totalCount, isDone: true };
  if (review?.state !== 'preparing') return done;
  const { items, next } = await snapshotPage(deps, review, progress.after ?? undefined);
  const isDone = next === undefined;
  const counts = await deps.storage.transact(async (tx) => {
    await tx.reviewItems.append(organizationId, items);
    const opened: AccessReview = { ...review, state: 'open', updatedAt: deps.clock() };
    if (isDone) await tx.accessReviews.update(organizationId, opened, review.version);
    return tx.reviewItems.count(organizationId, review.id);
  });
  return {
    progress: { ...progress, after: next ?? null },
    doneCount: counts.pending + counts.confirmed + counts.revoked,
    totalCount: job.totalCount,
    result: { accessReview: review.id },
    isDone,
  };
}
