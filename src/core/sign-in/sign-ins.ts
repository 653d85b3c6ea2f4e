/** Single sign-on from start to session: one pending row, one upstream identity, one transaction that lets a person in. */
import { minutes } from '../../kernel/clock.ts';
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { Cause } from '../entities/journal.ts';
import type { PendingSignIn, SignInPurpose } from '../entities/sign-in.ts';
import type { EntryOutcome } from '../entities/sign-in-attempt.ts';
import { record } from '../journal/audit.ts';
import { syncClaimGrants } from '../mapping/claim-grants.ts';
import { welcome } from '../members/member-notices.ts';
import type { Repositories } from '../ports/storage.ts';
import { offeringToConnect } from './connecting-by-mail.ts';
import { admitFor } from './identity-connection.ts';
import { connectionAsJudged, verdictBasis } from './judged-connection.ts';
import { consumePending, type SignInAnswer } from './pending-sign-ins.ts';
import { signInRefusal } from './refused-sign-ins.ts';
import { endSessions } from './session-endings.ts';
import { newSessionToken, startSession } from './sessions.ts';
import { type Freshness, isFreshEnough } from './sign-in-freshness.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

/** How long a person may take at the identity provider; also the life of the binding cookie. */
export const SIGN_IN_TTL_MS = minutes(10);

/** What the start of a sign-in hands to the browser: secrets by value, whose hashes are stored. */
export interface BegunSignIn {
  readonly pending: PendingSignIn;
  /** RelayState (SAML) or `state` (OIDC). */
  readonly handle: string;
  /** The binding cookie's value: the answer must come back through the same browser. */
  readonly binding: string;
}

/** Stores a one-time sign-in record for this browser and this connection (law 5). */
export async function beginSignIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashPending'>,
  input: {
    readonly connection: Connection;
    readonly requestId: string | null;
    readonly nonce: string | null;
    readonly codeVerifier: string | null;
    readonly returnTo: string | null;
    /** A sign-in if absent. */
    readonly purpose?: SignInPurpose | undefined;
  } & Freshness,
): Promise<BegunSignIn> {
  const { connection, requestId, nonce, codeVerifier, returnTo } = input;
  const { mustReauthenticate = false, maxAgeSeconds = null } = input;
  const now = deps.clock();
  const [handle, binding] = [newToken('ghr'), newToken('ghb')];
  const pending: PendingSignIn = {
    id: newId('sin', now),
    organizationId: connection.organizationId,
    connectionId: connection.id,
    handleHash: deps.hashPending(handle),
    bindingHash: deps.hashPending(binding),
    requestId,
    nonce,
    codeVerifier,
    held: null,
    returnTo,
    mustReauthenticate,
    maxAgeSeconds,
    purpose: input.purpose ?? { kind: 'sign_in' },
    createdAt: now,
    expiresAt: now + SIGN_IN_TTL_MS,
  };
  // Lost with the machine, it costs its person another click; taking it out is what has to last.
  await deps.storage.transact((tx) => tx.pendingSignIns.insert(connection.organizationId, pending), 'brief');
  return { pending, handle, binding };
}

export interface CompletedSignIn extends LetIn {
  readonly returnTo: string | null;
}

/** A SAML assertion's id, and until when it must be remembered, epoch milliseconds (S45-S47). */
export interface SeenAssertion {
  readonly id: string;
  readonly expiresAt: number;
}

/** A verified answer of the identity provider, and what it answers. `connection` is the one it was judged by. */
export interface AnswerToTake extends SignInAnswer {
  readonly identity: UpstreamIdentity;
  /** SAML only. */
  readonly assertion?: SeenAssertion | undefined;
  readonly cause: Cause;
}

/**
 * Consumes the pending row and the assertion id; answers the row. Throws `sign_in_refused` when either has been consumed
 * before, when it is another browser's, or when the identity provider asked the person too long ago.
 */
export async function takeAnswer(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashPending'>,
  input: AnswerToTake,
): Promise<PendingSignIn> {
  const pending = await consumePending(tx, deps, { ...input, awaits: 'answer' });
  if (!isFreshEnough(pending, input.identity)) throw signInRefusal('sign_in.auth_time');
  if (input.assertion !== undefined) await claimAssertion(tx, input.connection, input.assertion);
  return pending;
}

/**
 * Lets a verified upstream identity in: consumes the pending row and the assertion id, decides, binds, opens the
 * session and records it, in one transaction. Throws `sign_in_refused` with the exact reason in `context.reason`.
 */
export async function completeSignIn(
  deps: Pick<
    Deps,
    'storage' | 'clock' | 'hashToken' | 'hashPending' | 'baseUrl' | 'mailLimits' | 'afterwards'
  >,
  input: AnswerToTake,
): Promise<CompletedSignIn> {
  const basis = verdictBasis(input.connection);
  const complete = async (tx: Repositories): Promise<CompletedSignIn> => {
    const pending = await takeAnswer(tx, deps, input);
    const current = await connectionAsJudged(tx, input.connection, basis);
    const letInAs = await letIn(tx, deps, { ...input, current, purpose: pending.purpose, answers: pending });
    await endReplaced(tx, deps, { pending, cause: input.cause });
    return { ...letInAs, returnTo: pending.returnTo };
  };
  return offeringToConnect(deps, { ...input, basis }, () => deps.storage.transact(complete));
}

/** S184: whoever was signed in in this browser before is so no more. */
async function endReplaced(
  tx: Repositories,
  { clock }: Pick<Deps, 'clock'>,
  { pending, cause }: { readonly pending: PendingSignIn; readonly cause: Cause },
): Promise<void> {
  const { purpose } = pending;
  if (!('replaces' in purpose) || purpose.replaces === undefined) return;
  const { organizationId, id } = purpose.replaces;
  const context: ChangeContext = { organizationId, cause, now: clock() };
  await endSessions(tx, context, { which: { by: 'id', id }, reason: 'replaced' });
}

/** Notes that this connection has seen the assertion. Throws `sign_in_refused` for the second time (law 5). */
export async function claimAssertion(
  tx: Repositories,
  { organizationId, id }: Connection,
  assertion: SeenAssertion,
): Promise<void> {
  const isFirst = await tx.consumedAssertions.claim(organizationId, id, assertion.id, assertion.expiresAt);
  if (!isFirst) throw signInRefusal('saml.replayed');
}

/** Somebody who was let in. */
export interface LetIn {
  /** The cookie's value. */
  readonly sessionToken: string;
  readonly outcome: EntryOutcome;
}

/** The end of every sign-in through a connection: decides, binds, opens the session. */
export async function letIn(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'baseUrl'>,
  input: {
    readonly current: Connection;
    readonly identity: UpstreamIdentity;
    readonly cause: Cause;
    /** A sign-in if absent. */
    readonly purpose?: SignInPurpose | undefined;
    /** What the identity provider was asked; absent: nothing, it came by itself. */
    readonly answers?: Pick<PendingSignIn, 'mustReauthenticate'> | undefined;
  },
): Promise<LetIn> {
  const { current, identity, cause, purpose, answers } = input;
  const { organizationId } = current;
  const sessionToken = newSessionToken();
  const context: ChangeContext = { organizationId, cause, now: deps.clock() };
  const admission = { connection: current, identity };
  const admitted = await admitFor(tx, context, { purpose, admission });
  const { organization } = admitted;
  const membership = await syncClaimGrants(tx, context, { ...admitted, identity });
  if (admitted.kind === 'join' || admitted.kind === 'accept_invitation')
    await welcome(tx, context, { membership, baseUrl: deps.baseUrl });
  await startSession(tx, context, {
    ...{ membership, organization },
    tokenHash: deps.hashToken(sessionToken),
    authentication: authenticationOf(identity, answers),
  });
  await record(tx, context, {
    type: identity.protocol === 'saml' ? 'saml.accepted' : 'oidc.accepted',
    target: { kind: 'connection', id: current.id },
    details: { membershipId: membership.id, issuer: identity.issuer },
  });
  return { sessionToken, outcome: { kind: admitted.kind, membershipId: membership.id } };
}

const authenticationOf = (
  { connectionId, amr, authTime, session, sessionNotOnOrAfter }: UpstreamIdentity,
  answers: Pick<PendingSignIn, 'mustReauthenticate'> | undefined,
) => ({
  connectionId,
  amr,
  authTime: authTime ?? undefined,
  isAuthTimeAssumed: authTime === null && answers?.mustReauthenticate !== true,
  upstream: session,
  notOnOrAfter: sessionNotOnOrAfter ?? undefined,
});
