/** The cut-over of a live organization: report, switch and roll-back of a shadow directory. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryId, OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cutover, UnmatchedChoice } from '../entities/cutover.ts';
import type { Directory } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import { startJob } from '../jobs.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { loadCutoverPlan } from './cutover-facts.ts';
import type { CutoverPlan, Pause } from './cutover-plan.ts';
import { rollBackDirectory } from './cutover-rollback.ts';
import { cutoverOf, switchDirectory } from './cutover-switch.ts';
import { getDirectory } from './directories.ts';

/** People and members up to this many are switched while the caller waits; more are by a job, in one transaction too. */
export const AT_ONCE = 2000;

/** A directory of an organization. */
export interface CutoverPlace {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
}

/** `pause` lets others work between the pieces of what is computed, in transactions and outside. */
export type CutoverDeps = Pick<Deps, 'storage' | 'clock'> & { readonly pause: Pause };

interface CutoverRequest extends CutoverPlace {
  readonly cause: Cause;
}

/** What an admin agreed to: exactly the report of this hash. */
export interface Agreement {
  readonly reportHash: string;
  readonly unmatched: UnmatchedChoice;
}

/** What the switch would do as things are now. Throws `not_found` for a directory that is no shadow. */
export async function reportCutover(deps: CutoverDeps, place: CutoverPlace): Promise<CutoverPlan> {
  const { plan } = await viewCutover(deps, place);
  if (plan === undefined) throw noCutover();
  return plan;
}

const noCutover = () =>
  new GatehouseError('not_found', 'This directory is no shadow: there is nothing to switch.');

/** The report, while there is something to switch, and the last switch. Throws `not_found` when there is neither. */
export async function viewCutover(
  { storage, clock, pause }: CutoverDeps,
  { organizationId, directoryId }: CutoverPlace,
): Promise<{ readonly plan: CutoverPlan | undefined; readonly cutover: Cutover | undefined }> {
  const directory = await getDirectory(storage, organizationId, directoryId);
  const cutover = await storage.cutovers.find(organizationId, directoryId);
  if (!directory.isShadow && cutover === undefined) throw noCutover();
  const moment = { organizationId, now: clock(), pause };
  const plan = directory.isShadow ? await loadCutoverPlan(storage, moment, directory) : undefined;
  return { plan, cutover };
}

/**
 * Switches the directory on, at once or by a job, and voids invitations in the same transaction. Throws `cutover_moved` when
 * the world is not that of the report any more, `cutover_blocked` when something stands in the way; then nothing changes.
 */
export async function switchCutover(deps: CutoverDeps, input: CutoverRequest & Agreement): Promise<Cutover> {
  const { organizationId, cause } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertIdle(tx, input);
    const plan = await agreedPlan(tx, { ...context, pause: deps.pause }, input);
    const { unmatched } = input;
    const totalCount = plan.people.length + plan.members.length;
    if (totalCount <= AT_ONCE) return switchDirectory(tx, context, { plan, unmatched, jobId: null });
    const progress = { action: 'switch', directoryId: input.directoryId };
    const { id: jobId } = await startJob(tx, context, { kind: 'cutover', progress, totalCount });
    const begun: Cutover = { ...cutoverOf(context, { plan, unmatched, jobId }), status: 'switching' };
    await tx.cutovers.remove(organizationId, input.directoryId);
    await tx.cutovers.insert(organizationId, begun);
    return begun;
  }, 'alone');
}

/** The plan of this moment, if it is what was agreed to and nothing stands in the way. */
export async function agreedPlan(
  tx: Repositories,
  context: ChangeContext & { readonly pause: Pause },
  agreed: Agreement & CutoverPlace,
): Promise<CutoverPlan> {
  const directory = await getDirectory(tx, context.organizationId, agreed.directoryId);
  const plan = directory.isShadow ? await loadCutoverPlan(tx, context, directory) : undefined;
  if (plan?.hash !== agreed.reportHash) {
    const detail = 'People, members, roles or invitations have changed since this report. Read it again.';
    throw new GatehouseError('cutover_moved', detail, { field: 'reportHash' });
  }
  const { blockers } = plan.outcomes[agreed.unmatched];
  if (blockers.length > 0)
    throw new GatehouseError('cutover_blocked', blockers.map(({ detail }) => detail).join(' '));
  return plan;
}

/**
 * Takes the last switch back within its time, at once or by a job. Throws `rollback_over` when there is none or its time is
 * over, `last_owner` or `seats_exhausted` when the organization of before cannot be had; then nothing changes.
 */
export async function rollBackCutover(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: CutoverRequest,
): Promise<Cutover> {
  const { organizationId, directoryId, cause } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const directory = await getDirectory(tx, organizationId, directoryId);
    await assertIdle(tx, input);
    const cutover = await revocable(tx, context, directoryId);
    const totalCount = (await sizeOf(tx, directory)) + cutover.counts.members;
    if (totalCount <= AT_ONCE) {
      await rollBackDirectory(tx, context, cutover);
    } else {
      const progress = { action: 'roll_back', directoryId };
      const { id: jobId } = await startJob(tx, context, { kind: 'cutover', progress, totalCount });
      await tx.cutovers.update(
        organizationId,
        { ...cutover, status: 'rolling_back', jobId },
        cutover.version,
      );
    }
    return getCutover(tx, input);
  }, 'alone');
}

const sizeOf = async (tx: Repositories, { organizationId, id }: Directory): Promise<number> =>
  (await tx.directoryUsers.query(organizationId, id, { kind: 'all' }, { offset: 0, limit: 0 })).total;

/** The switch that can still be taken back, or `rollback_over`. */
async function revocable(tx: Repositories, context: ChangeContext, id: DirectoryId): Promise<Cutover> {
  const cutover = await tx.cutovers.find(context.organizationId, id);
  if (cutover?.status === 'switched' && context.now < cutover.rollbackUntil) return cutover;
  throw new GatehouseError(
    'rollback_over',
    cutover?.status === 'switched'
      ? 'The time to take this switch back is over. Disable or remove the directory instead.'
      : 'There is no switch of this directory to take back.',
  );
}

/** Throws `version_conflict` while a job switches the directory or takes the switch back. */
export async function assertIdle(tx: Repositories, place: CutoverPlace): Promise<void> {
  const cutover = await tx.cutovers.find(place.organizationId, place.directoryId);
  if (cutover?.status !== 'switching' && cutover?.status !== 'rolling_back') return;
  throw new GatehouseError('version_conflict', 'A job is at work on this directory. Wait for its end.', {
    whatToDo: 'Wait until the job is over, then send the request again.',
  });
}

/** The last switch of the directory, or `not_found`. */
export async function getCutover(from: Queries | Repositories, place: CutoverPlace): Promise<Cutover> {
  const cutover = await from.cutovers.find(place.organizationId, place.directoryId);
  if (cutover === undefined) throw noCutover();
  return cutover;
}
