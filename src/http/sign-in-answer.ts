/** The second half of a sign-in, the same for every protocol: whose answer is this, and what happens once it is believed. */
import type { Request, Response } from 'express';
import { completeTestSignIn, failTestSignIn, isTestable } from '../core/connections/test-sign-ins.ts';
import type { Connection } from '../core/entities/connection.ts';
import type { PendingSignIn, SignInPurpose } from '../core/entities/sign-in.ts';
import type { TestReport } from '../core/entities/sso-policy.ts';
import type { SignInAnswer } from '../core/sign-in/pending-sign-ins.ts';
import { findPendingSignIn, spendPending } from '../core/sign-in/pending-sign-ins.ts';
import { signInRefusal } from '../core/sign-in/refused-sign-ins.ts';
import type { LetIn } from '../core/sign-in/sign-ins.ts';
import { completeSignIn } from '../core/sign-in/sign-ins.ts';
import type { UpstreamIdentity } from '../core/sign-in/upstream-identity.ts';
import { parseId } from '../kernel/ids.ts';
import { bindingCookie, clearCookie, readCookie } from './cookies.ts';
import type { HttpDeps } from './deps.ts';
import { seeOther } from './pages/layout.ts';
import { sendTestReport } from './pages/test-report.ts';
import { causeOf } from './request-facts.ts';
import { enterSession } from './session-cookie.ts';
import { noteAttempt, noteRefusal } from './sign-in-recording.ts';
import { isRefusal } from './sign-in-refusal.ts';

type Protocol = Connection['settings']['protocol'];

/** A connection whose settings are known to be of one protocol. */
export type ConnectionOf<P extends Protocol> = Connection & {
  readonly settings: Extract<Connection['settings'], { readonly protocol: P }>;
};

/**
 * The connection a callback address names, whatever its status. Undefined for one that does not exist or speaks
 * another protocol. The route decides, never the message (law 1).
 */
export async function connectionAt<P extends Protocol>(
  deps: HttpDeps,
  req: Request,
  protocol: P,
): Promise<ConnectionOf<P> | undefined> {
  const id = parseId('con', String(req.params.connectionId));
  const connection = id === undefined ? undefined : await deps.storage.connections.findById(id);
  return connection !== undefined && speaks(connection, protocol) ? connection : undefined;
}

/** Narrows a connection to one protocol. */
export const speaks = <P extends Protocol>(
  connection: Connection,
  protocol: P,
): connection is ConnectionOf<P> => connection.settings.protocol === protocol;

/** What came back through this browser, and the sign-in it belongs to. */
export interface ReceivedAnswer {
  readonly answer: SignInAnswer;
  /** Undefined when the answer names no sign-in at all. */
  readonly pending: PendingSignIn | undefined;
}

/** RelayState and `state` as `beginSignIn` makes them; anything else was not made here and is ignored (S50). */
const HANDLE = /^ghr_[\w-]{43}$/;

/**
 * Finds the sign-in that an answer belongs to. The handle names the row, the row names the cookie, and the cookie shows
 * that it is the same browser. Notes for the recorder which it is. Throws `sign_in_refused` when a handle of ours fits nothing: consumed, expired, of another
 * connection or of another browser (S44, S45, S72).
 */
export async function receiveAnswer(
  deps: HttpDeps,
  { req, res }: { readonly req: Request; readonly res: Response },
  input: { readonly connection: Connection; readonly handle: unknown },
): Promise<ReceivedAnswer> {
  const { connection } = input;
  const handle = typeof input.handle === 'string' && HANDLE.test(input.handle) ? input.handle : undefined;
  if (handle === undefined && connection.status !== 'active')
    throw signInRefusal('sign_in.connection_inactive');
  if (handle === undefined) return { answer: { connection, handle, binding: undefined }, pending: undefined };
  const bindingOf = (id: string) => readCookie(req, bindingCookie(id));
  const pending = await findPendingSignIn(deps, { connection, handle, bindingOf });
  noteAttempt(res, { signInId: pending?.id });
  if (!isUsable(connection, pending?.purpose)) throw signInRefusal('sign_in.connection_inactive');
  if (pending === undefined) throw signInRefusal('sign_in.not_pending');
  return { answer: { connection, handle, binding: bindingOf(pending.id) }, pending };
}

/** Sets the session cookie, and notes for the recorder how the person came in. */
export async function enterAs(
  deps: HttpDeps,
  exchange: { readonly req: Request; readonly res: Response },
  { sessionToken, outcome }: LetIn,
): Promise<void> {
  noteAttempt(exchange.res, { outcome });
  await enterSession(deps, exchange, sessionToken);
}

/** What a test found, for the recorder: whom a real sign-in would let in, or why nobody. */
function noteTest(res: Response, { reason, decision }: TestReport): void {
  const membershipId = decision !== null && 'membershipId' in decision ? decision.membershipId : null;
  if (reason === null) noteAttempt(res, { outcome: { kind: 'test_passed', membershipId } });
  else noteRefusal(res, signInRefusal(reason));
}

/** Whether the connection may be used for this: a draft by nobody but a test. */
export const isUsable = (connection: Connection, purpose: SignInPurpose | undefined): boolean =>
  purpose?.kind === 'test' ? isTestable(connection) : connection.status === 'active';

/**
 * Runs what judges an answer and acts on it. An answer that is refused was the last one to its sign-in; one that nobody looked at,
 * because too many wait or the store is out of order, may come again (S72). When the answer is one of a test and is refused, the
 * exact reason is kept where whoever started the test looks; the failure itself passes on.
 */
export async function judged<Result>(
  deps: HttpDeps,
  res: Response,
  input: { readonly received: ReceivedAnswer; readonly work: () => Promise<Result> },
): Promise<Result> {
  const { answer, pending } = input.received;
  try {
    return await input.work();
  } catch (error) {
    if (pending === undefined || !isRefusal(error)) throw error;
    await spendPending(deps, answer);
    if (pending.purpose.kind === 'test') {
      const { connection } = answer;
      const cause = causeOf(res, { kind: 'connection', connectionId: connection.id });
      await failTestSignIn(deps, { connection, id: pending.purpose.testSignInId, error, cause });
    }
    throw error;
  }
}

/** Lets the person in: session cookie set, binding cookie gone, and on to where they wanted to go. Throws `sign_in_refused`. */
export async function finishSignIn(
  deps: HttpDeps,
  exchange: { readonly req: Request; readonly res: Response },
  input: ReceivedAnswer & {
    readonly identity: UpstreamIdentity;
    readonly assertion?: { readonly id: string; readonly expiresAt: number };
  },
): Promise<void> {
  const { answer, pending, identity, assertion } = input;
  const { connectionId } = identity;
  const cause = causeOf(exchange.res, { kind: 'connection', connectionId });
  const toTake = { ...answer, identity, assertion, cause };
  if (pending?.purpose.kind === 'test') {
    const report = await completeTestSignIn(deps, { ...toTake, id: pending.purpose.testSignInId });
    noteTest(exchange.res, report);
    clearCookie(exchange.res, bindingCookie(pending.id));
    return sendTestReport(deps, exchange.res, report);
  }
  const { returnTo, ...letIn } = await completeSignIn(deps, toTake);
  await enterAs(deps, exchange, letIn);
  if (pending !== undefined) clearCookie(exchange.res, bindingCookie(pending.id));
  seeOther(exchange.res, returnTo ?? '/');
}
