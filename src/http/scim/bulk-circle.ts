/** Operations of a Bulk request that refer to each other in a circle: first all are created, then they are linked. */
import type { Repositories, Storage } from '../../core/ports/storage.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { BulkOperation } from '../../protocols/scim/bulk.ts';
import type { IdOf } from '../../protocols/scim/bulk-references.ts';
import { type BulkRun, idIn, refuse, resolveOperation, send, settle } from './bulk-operation.ts';
import type { ScimContext } from './context.ts';
import type { InnerAnswer } from './inner-requests.ts';

/** One transaction holds them all, and other writers wait for it (S127). */
const MAX_CIRCLE = 200;

/** One creation of the circle. */
interface Creation {
  readonly index: number;
  readonly operation: BulkOperation;
}

/** What one try of the transaction came to. */
interface Attempt {
  readonly answers: Map<number, InnerAnswer>;
  readonly ids: Map<string, string>;
  failed: number | undefined;
}

/**
 * Creates all members of a circle or none of them, in one transaction: a group without the members it was sent with would be
 * no success, and somebody would have to take it back. Keeps a result for each; never throws a refusal.
 */
export async function runCircle(run: BulkRun, members: readonly number[]): Promise<void> {
  if (members.length > MAX_CIRCLE) {
    const detail = `At most ${MAX_CIRCLE} operations may refer to each other in a circle.`;
    for (const index of members) refuse(run, index, new GatehouseError('too_many', detail));
    return;
  }
  let attempt = newAttempt();
  try {
    await run.context.deps.storage.transact(async (tx) => {
      // Storage may run this twice; what the first try said is void then.
      attempt = newAttempt();
      await createAndLink(run, attempt, { creations: creationsOf(run, members), tx });
    });
  } catch (error) {
    refuseAll(run, members, { failed: attempt.failed, error });
    return;
  }
  for (const [index, answer] of attempt.answers) settle(run, index, answer);
}

const newAttempt = (): Attempt => ({ answers: new Map(), ids: new Map(), failed: undefined });

/** Only creations have a bulkId that others can name, so only they are ever part of a circle. */
function creationsOf(run: BulkRun, members: readonly number[]): readonly Creation[] {
  return members.flatMap((index) => {
    const operation = run.entries[index];
    return operation?.kind === 'operation' ? { index, operation } : [];
  });
}

async function createAndLink(
  run: BulkRun,
  attempt: Attempt,
  { creations, tx }: { readonly creations: readonly Creation[]; readonly tx: Repositories },
): Promise<void> {
  const context = contextIn(run.context, tx);
  const idOf: IdOf = (bulkId) => attempt.ids.get(bulkId) ?? run.ids.get(bulkId);
  const unlinked: Creation[] = [];
  for (const creation of creations) {
    const { index, operation } = creation;
    if ([...(run.references[index] ?? [])].some((bulkId) => idOf(bulkId) === undefined)) {
      unlinked.push(creation);
    }
    const created = await send(run, resolveOperation(operation, idOf), context);
    refuseFailure(attempt, index, created);
    attempt.answers.set(index, created);
    const { bulkId } = operation;
    if (bulkId !== undefined) attempt.ids.set(bulkId, idIn(created.location ?? ''));
  }
  for (const { index, operation } of unlinked) {
    const target = idOf(operation.bulkId ?? '');
    const whole = resolveOperation({ ...operation, method: 'PUT' }, idOf);
    const linked = await send(run, { ...whole, target }, context);
    refuseFailure(attempt, index, linked);
    const created = attempt.answers.get(index) ?? linked;
    attempt.answers.set(index, { ...created, etag: linked.etag });
  }
}

/** Ends the transaction, and with it the circle. */
function refuseFailure(attempt: Attempt, index: number, { failure }: InnerAnswer): void {
  if (failure === undefined) return;
  attempt.failed = index;
  throw failure;
}

/** The context of requests inside the transaction: their own transactions are parts of it. */
function contextIn(context: ScimContext, tx: Repositories): ScimContext {
  const { deps } = context;
  const storage: Storage = { ...deps.storage, ...tx, transact: (fn) => fn(tx) };
  return { ...context, deps: { ...deps, storage } };
}

function refuseAll(
  run: BulkRun,
  members: readonly number[],
  { failed, error }: { readonly failed: number | undefined; readonly error: unknown },
): void {
  const known = error instanceof GatehouseError ? error : undefined;
  if (known === undefined) throw error;
  for (const index of members) {
    const isCause = failed === undefined || index === failed;
    refuse(run, index, isCause ? known : broken());
  }
}

function broken(): GatehouseError {
  return new GatehouseError('invalid_value', 'An operation this one refers to in a circle has failed.', {
    field: 'bulkId',
  });
}
