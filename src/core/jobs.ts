/** Long work: started inside the change that needs it, done in steps after the answer has left, resumed after a restart. */
import { seconds } from '../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import { type JobId, newId, type OrganizationId } from '../kernel/ids.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Job, JobKind } from './entities/job.ts';
import type { Repositories } from './ports/storage.ts';

/** A step is short; a runner that says nothing for this long is gone, and another goes on from the last step. */
const LEASE_MS = seconds(30);

/** What a step leaves behind. */
export interface JobStep {
  /** Where the next step goes on: JSON of the kind's own. */
  readonly progress: unknown;
  readonly doneCount: number;
  readonly totalCount: number | null;
  /** The kind's report so far, or at the end. */
  readonly result?: unknown;
  readonly isDone: boolean;
}

/**
 * Does a bounded piece of a job, in transactions of its own. It may run twice for the same progress (a runner that ended
 * between its work and the note of it), so it leaves alone what is done. A thrown error ends the job as failed.
 */
export type JobHandler<StepDeps> = (deps: StepDeps, job: Job) => Promise<JobStep>;

/**
 * Does a bounded piece of a job inside the transaction that also notes it: the piece is done once, however often runners end.
 * Storage calls only.
 */
export interface TransactedHandler<StepDeps> {
  readonly stepWithin: (tx: Repositories, deps: StepDeps, job: Job) => Promise<JobStep>;
}

export type JobHandlers<StepDeps> = Readonly<
  Partial<Record<JobKind, JobHandler<StepDeps> | TransactedHandler<StepDeps>>>
>;

/** Notes a job in the caller's transaction; it starts within a second of the commit. @public */
export async function startJob(
  tx: Pick<Repositories, 'jobs'>,
  { organizationId, cause, now }: ChangeContext,
  job: { readonly kind: JobKind; readonly progress: unknown; readonly totalCount?: number },
): Promise<Job> {
  const row: Job = {
    ...{ id: newId('job', now), version: 1, organizationId, kind: job.kind, state: 'waiting', cause },
    ...{ progress: JSON.stringify(job.progress), doneCount: 0, totalCount: job.totalCount ?? null },
    ...{ result: null, problem: null, createdAt: now, updatedAt: now, dueAt: now },
  };
  await tx.jobs.insert(organizationId, row);
  return row;
}

/** Throws `not_found`. */
export async function getJob(
  storage: Deps['storage'],
  organizationId: OrganizationId,
  id: JobId,
): Promise<Job> {
  const job = await storage.jobs.find(organizationId, id);
  if (job === undefined) throw new GatehouseError('not_found', 'No such job.');
  return job;
}

/** Does one step of each job that is due, one after the other, until none is; answers how many steps it did. */
export async function runDueJobs<StepDeps extends Pick<Deps, 'storage' | 'clock'>>(
  deps: StepDeps,
  handlers: JobHandlers<StepDeps>,
): Promise<number> {
  for (let steps = 0; ; steps += 1) {
    const now = deps.clock();
    if (!(await deps.storage.jobs.isDue(now))) return steps;
    const job = await deps.storage.transact((tx) => tx.jobs.claim(now, now + LEASE_MS));
    if (job === undefined) return steps;
    const handler = handlers[job.kind];
    if (typeof handler === 'object') await stepWithin(deps, job, handler);
    else await keep(deps, job, await attempt(deps, job, handler));
  }
}

async function stepWithin<StepDeps extends Pick<Deps, 'storage' | 'clock'>>(
  deps: StepDeps,
  job: Job,
  handler: TransactedHandler<StepDeps>,
): Promise<void> {
  try {
    await deps.storage.transact(async (tx) => {
      const step = await handler.stepWithin(tx, deps, job);
      await tx.jobs.update(job.organizationId, advanced(job, step, deps.clock()), job.version);
    });
  } catch (error) {
    // Nothing of the step has happened. A store that is away for a moment is tried again when the lease is over.
    if (isGatehouseError(error, 'version_conflict') || isGatehouseError(error, 'storage_unavailable')) return;
    await keep(deps, job, { error });
  }
}

type Attempt = { readonly step: JobStep } | { readonly error: unknown };

async function attempt<StepDeps>(
  deps: StepDeps,
  job: Job,
  handler: JobHandler<StepDeps> | undefined,
): Promise<Attempt> {
  if (handler === undefined) return { error: new Error(`no handler for jobs of the kind ${job.kind}`) };
  try {
    return { step: await handler(deps, job) };
  } catch (error) {
    return { error };
  }
}

async function keep(deps: Pick<Deps, 'storage' | 'clock'>, job: Job, attempt: Attempt): Promise<void> {
  const now = deps.clock();
  const next: Job = 'step' in attempt ? advanced(job, attempt.step, now) : failed(job, attempt.error, now);
  try {
    await deps.storage.transact((tx) => tx.jobs.update(job.organizationId, next, job.version));
  } catch (error) {
    // The organization has gone with its jobs, or the lease has passed to another runner, which goes on.
    if (!isGatehouseError(error, 'version_conflict')) throw error;
  }
}

function advanced(job: Job, step: JobStep, now: number): Job {
  const { progress, doneCount, totalCount, isDone } = step;
  const result = step.result === undefined ? job.result : JSON.stringify(step.result);
  const state = isDone ? 'done' : 'running';
  const counts = { progress: JSON.stringify(progress), doneCount, totalCount, result };
  return { ...job, ...counts, state, updatedAt: now, dueAt: isDone ? null : now };
}

function failed(job: Job, error: unknown, now: number): Job {
  const problem = isGatehouseError(error)
    ? { code: error.code, detail: error.detail }
    : { code: 'internal', detail: 'The job failed; the log says why.' };
  return { ...job, state: 'failed', problem, updatedAt: now, dueAt: null };
}
