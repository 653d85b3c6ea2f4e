/** Switches and roll-backs too large for a request: the same single transaction, done after the answer has left. */
import { GatehouseError } from '../../kernel/errors.ts';
import { type DirectoryId, parseId } from '../../kernel/ids.ts';
import type { ChangeContext } from '../deps.ts';
import type { Cutover } from '../entities/cutover.ts';
import type { Job } from '../entities/job.ts';
import type { JobStep } from '../jobs.ts';
import type { Repositories } from '../ports/storage.ts';
import { agreedPlan, type CutoverDeps, getCutover } from './cutover.ts';
import { rollBackDirectory } from './cutover-rollback.ts';
import { switchDirectory } from './cutover-switch.ts';

/**
 * The one step of a cut-over job: all of it or nothing. When it cannot be done the directory is what it was before the job
 * began, and the job says why, in the codes of the request.
 */
export async function runCutoverJob(deps: CutoverDeps, job: Job): Promise<JobStep> {
  const directoryId = directoryOf(job);
  try {
    const { clock, pause } = deps;
    await deps.storage.transact((tx) => act(tx, { job, directoryId, now: clock(), pause }), 'alone');
  } catch (error) {
    await deps.storage.transact((tx) => giveUp(tx, job, directoryId));
    throw error;
  }
  const { counts, status } = await getCutover(deps.storage, { ...job, directoryId });
  const total = job.totalCount ?? 0;
  const result = { status, ...counts };
  return { progress: JSON.parse(job.progress), doneCount: total, totalCount: total, result, isDone: true };
}

function directoryOf({ progress }: Job): DirectoryId {
  const { directoryId }: { directoryId?: unknown } = JSON.parse(progress);
  const id = parseId('dir', String(directoryId));
  if (id === undefined) throw new GatehouseError('internal', 'A cut-over job names no directory.');
  return id;
}

async function act(
  tx: Repositories,
  step: {
    readonly job: Job;
    readonly directoryId: DirectoryId;
    readonly now: number;
    readonly pause: CutoverDeps['pause'];
  },
): Promise<void> {
  const { job, directoryId, now, pause } = step;
  const { organizationId, cause } = job;
  const context: ChangeContext = { organizationId, cause, now };
  const cutover = await getCutover(tx, { organizationId, directoryId });
  // Done before, by a runner that ended before it could say so.
  if (cutover.jobId !== job.id || !isUnderWay(cutover)) return;
  if (cutover.status === 'rolling_back') {
    await rollBackDirectory(tx, context, cutover);
    return;
  }
  const plan = await agreedPlan(tx, { ...context, pause }, cutover);
  await switchDirectory(tx, context, { plan, unmatched: cutover.unmatched, jobId: job.id });
}

const isUnderWay = ({ status }: Cutover): boolean => status === 'switching' || status === 'rolling_back';

async function giveUp(
  tx: Repositories,
  { organizationId, id }: Job,
  directoryId: DirectoryId,
): Promise<void> {
  const cutover = await tx.cutovers.find(organizationId, directoryId);
  if (cutover?.jobId !== id) return;
  if (cutover.status === 'switching') await tx.cutovers.remove(organizationId, directoryId);
  if (cutover.status === 'rolling_back')
    await tx.cutovers.update(organizationId, { ...cutover, status: 'switched' }, cutover.version);
}
