/** Carrying the rules over to a whole organization: by long work, and at the door for whoever comes before it has reached them. */
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { RoleFacts } from '../access/role-table.ts';
import { loadRoles } from '../access/role-table.ts';
import type { PermissionKey } from '../access/roles.ts';
import { ROLE_PERMISSIONS } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Job } from '../entities/job.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { JobStep } from '../jobs.ts';
import { startJob } from '../jobs.ts';
import { record } from '../journal/audit.ts';
import { isProjected, loadRuleSet, projectMember } from '../members/member-projection.ts';
import { getMembership } from '../members/memberships.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';

/** People in one transaction: some milliseconds of the writer's time. */
const AT_ONCE = 25;
/** Transactions in one step: its note costs one more. */
const PIECES = 20;

interface Progress {
  /** The last membership that was looked at. */
  readonly after: string | null;
  readonly changed: number;
}

const BEGINNING: Progress = { after: null, changed: 0 };

/**
 * Inside the change that needs it: notes the job, and cuts the power of those who lose it in the same transaction. From
 * its commit on nobody acts on what the rules do not say: admins are projected here, everybody else at the door
 * (`settleMember`) or by the job, whichever comes first. A job under way ends: it began with other rules.
 */
export async function startReprojection(tx: Repositories, context: ChangeContext): Promise<Job> {
  const { organizationId, now } = context;
  const organization = await getOrganization(tx, organizationId);
  const totalCount = organization.seatsUsed;
  const job = await startJob(tx, context, { kind: 'reprojection', progress: BEGINNING, totalCount });
  const marked = { ...organization, reprojectionJobId: job.id, updatedAt: now };
  await tx.organizations.update(organizationId, marked, organization.version);
  await record(tx, context, {
    type: 'organization.reprojection_started',
    target: { kind: 'organization', id: organizationId },
    details: { jobId: job.id },
  });
  await projectPowerful(tx, context);
  return job;
}

/** Whether a role allows more than a member may; owner is left out, which is never a rule's to give or take. */
const isPowerful = ({ key, permissions }: RoleFacts): boolean =>
  key !== 'owner' && permissions.some((permission) => !isMembers(permission));
const isMembers = (permission: PermissionKey): boolean =>
  ROLE_PERMISSIONS.member.some((key) => key === permission);

/** Makes everybody who may do more than a member what the rules say now. */
async function projectPowerful(tx: Repositories, context: ChangeContext): Promise<void> {
  const rules = await loadRuleSet(tx, context.organizationId);
  for (const { key: role } of [...(await loadRoles(tx)).values()].filter(isPowerful)) {
    const limit = 500;
    for (let after: string | undefined; ; ) {
      const page = await tx.memberships.list(context.organizationId, { role }, { after, limit });
      for (const membership of page) await projectMember(tx, context, { membership, rules });
      if (page.length < limit) break;
      after = page.at(-1)?.id;
    }
  }
}

/** Starts one as asked for by an admin; one that is under way is answered instead. */
export async function requestReprojection(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly organizationId: OrganizationId; readonly cause: Cause },
): Promise<Job> {
  const { organizationId, cause } = input;
  return deps.storage.transact(async (tx) => {
    const { reprojectionJobId } = await getOrganization(tx, organizationId);
    const running = reprojectionJobId && (await tx.jobs.find(organizationId, reprojectionJobId));
    if (running && (running.state === 'waiting' || running.state === 'running')) return running;
    return startReprojection(tx, { organizationId, cause, now: deps.clock() });
  });
}

/** Does a step: some hundred people, in small transactions of their own, so that others come in between. */
export async function reprojectSome(deps: Pick<Deps, 'storage' | 'clock'>, job: Job): Promise<JobStep> {
  let { after, changed } = progressOf(job);
  let { doneCount } = job;
  for (let piece = 0; piece < PIECES; piece += 1) {
    const done = await deps.storage.transact((tx) => projectPage(tx, { job, after, now: deps.clock() }));
    doneCount += done.looked;
    changed += done.changed;
    after = done.after ?? after;
    if (done.ended !== undefined) {
      const result = { changed, ended: done.ended };
      return { progress: { after, changed }, doneCount, totalCount: doneCount, result, isDone: true };
    }
  }
  const totalCount = Math.max(job.totalCount ?? 0, doneCount);
  return { progress: { after, changed }, doneCount, totalCount, isDone: false };
}

/** The column holds only what this file wrote. */
const progressOf = (job: Job): Progress => JSON.parse(job.progress) as Progress;

interface PageDone {
  readonly looked: number;
  readonly changed: number;
  readonly after?: string | undefined;
  /** `superseded`: rules changed meanwhile, and another job has begun from the start. */
  readonly ended?: 'complete' | 'superseded';
}

async function projectPage(
  tx: Repositories,
  input: { readonly job: Job; readonly after: string | null; readonly now: number },
): Promise<PageDone> {
  const { organizationId, cause, id } = input.job;
  const organization = await getOrganization(tx, organizationId);
  if (organization.reprojectionJobId !== id) {
    // Null: the last page was done and its note was lost.
    const ended = organization.reprojectionJobId === null ? 'complete' : 'superseded';
    return { looked: 0, changed: 0, ended };
  }
  const context: ChangeContext = { organizationId, cause, now: input.now };
  const rules = await loadRuleSet(tx, organizationId);
  const asked = { after: input.after ?? undefined, limit: AT_ONCE };
  const page = await tx.memberships.list(organizationId, {}, asked);
  let changed = 0;
  for (const membership of page) {
    if (await isProjected(tx, { membership, rules })) continue;
    await projectMember(tx, context, { membership, rules });
    changed += 1;
  }
  const done = { looked: page.length, changed, after: page.at(-1)?.id };
  if (page.length === AT_ONCE) return done;
  const free = { ...organization, reprojectionJobId: null };
  await tx.organizations.update(organizationId, free, organization.version);
  return { ...done, ended: 'complete' };
}

/** A failed job is forgotten after a month; what it left undone is still done at the door. */
const NOBODY: Cause = { actor: { kind: 'system' }, requestId: 'reprojection' };

/** The door by id, for what is read of one member; nothing happens while no job is under way. Throws `not_found`. */
export async function settleMemberById(
  deps: Pick<Deps, 'storage' | 'clock'>,
  organization: Pick<Organization, 'id' | 'reprojectionJobId'>,
  id: MembershipId,
): Promise<void> {
  if (organization.reprojectionJobId === null) return;
  await settleMember(deps, organization, await getMembership(deps.storage, organization.id, id));
}

/**
 * The door: the membership as the rules have it now, whatever the job has reached. While none is under way this is the
 * membership as given, at the price of nothing.
 */
export async function settleMember(
  deps: Pick<Deps, 'storage' | 'clock'>,
  organization: Pick<Organization, 'id' | 'reprojectionJobId'>,
  membership: Membership,
): Promise<Membership> {
  const { id: organizationId, reprojectionJobId } = organization;
  if (reprojectionJobId === null) return membership;
  const rules = await loadRuleSet(deps.storage, organizationId);
  if (await isProjected(deps.storage, { membership, rules })) return membership;
  const job = await deps.storage.jobs.find(organizationId, reprojectionJobId);
  const cause = job?.cause ?? NOBODY;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const now = await getMembership(tx, organizationId, membership.id);
    return projectMember(tx, context, {
      membership: now,
      rules: await loadRuleSet(tx, organizationId),
    });
  });
}
