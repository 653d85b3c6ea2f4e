/** The row of a sign-in or sign-out under way: found for the browser that began it, and taken out once (law 5). */
import { constantTimeEqual } from '../../kernel/tokens.ts';
import type { Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { PendingSignIn, SignInPurpose } from '../entities/sign-in.ts';
import type { Repositories } from '../ports/storage.ts';
import { signInRefusal } from './refused-sign-ins.ts';

/** What came back through a browser, and the proof that it is the one that left. */
export interface SignInAnswer {
  readonly connection: Connection;
  /** As received from the browser; absent values fit nothing. */
  readonly handle: string | undefined;
  readonly binding: string | undefined;
}

/** Whether this row is alive, waits for this and belongs to this browser. */
function fitsBrowser(
  deps: Pick<Deps, 'clock' | 'hashPending'>,
  pending: PendingSignIn,
  { awaits, binding }: Waiting,
): boolean {
  return (
    binding !== undefined &&
    awaitedBy(pending.purpose) === awaits &&
    pending.expiresAt > deps.clock() &&
    constantTimeEqual(pending.bindingHash, deps.hashPending(binding))
  );
}

/** What a row waits for: a provider's answer, a person's yes, a browser that comes back signed out. One never serves another. */
type Expectation = 'answer' | 'confirmation' | 'sign_out';
type Waiting = Pick<SignInAnswer, 'binding'> & { readonly awaits: Expectation };

const awaitedBy = ({ kind }: SignInPurpose): Expectation =>
  kind === 'confirmation' || kind === 'sign_out' ? kind : 'answer';

/** A browser that comes back, before anybody knows which of its cookies counts. */
export interface BrowserStep extends Pick<SignInAnswer, 'connection' | 'handle'> {
  /** The binding this browser shows for a row of that id. */
  readonly bindingOf: (id: string) => string | undefined;
}

/** What this browser waits for at this connection, not yet consumed; undefined when nothing fits (S42, S44, S72). */
export async function findPendingSignIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashPending'>,
  { connection, handle, bindingOf }: BrowserStep,
  awaits: Expectation = 'answer',
): Promise<PendingSignIn | undefined> {
  if (handle === undefined) return undefined;
  const { organizationId, id } = connection;
  const pending = await deps.storage.pendingSignIns.find(organizationId, id, deps.hashPending(handle));
  if (pending === undefined) return undefined;
  return fitsBrowser(deps, pending, { awaits, binding: bindingOf(pending.id) }) ? pending : undefined;
}

/** Takes out what this browser waits for (law 5). Throws `sign_in_refused` when there is nothing, or nothing that fits. */
export async function consumePending(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashPending'>,
  { connection, handle, binding, awaits }: SignInAnswer & Waiting,
): Promise<PendingSignIn> {
  const { organizationId, id } = connection;
  const pending =
    handle === undefined
      ? undefined
      : await tx.pendingSignIns.consume(organizationId, id, deps.hashPending(handle));
  if (pending === undefined || !fitsBrowser(deps, pending, { awaits, binding }))
    throw signInRefusal('sign_in.not_pending');
  return pending;
}

/**
 * Takes out the sign-in whose answer was refused, in one conditional write: nobody gets a second try at it (S72). The answer must have
 * been found to be this browser's. Does nothing where it is gone: of two at once the other one may have been let in.
 */
export async function spendPending(
  { storage, hashPending }: Pick<Deps, 'storage' | 'hashPending'>,
  { connection, handle }: Pick<SignInAnswer, 'connection' | 'handle'>,
): Promise<void> {
  if (handle === undefined) return;
  const { organizationId, id } = connection;
  await storage.transact((tx) => tx.pendingSignIns.consume(organizationId, id, hashPending(handle)));
}
