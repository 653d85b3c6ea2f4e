/** Single sign-on from start to session: one pending row, one upstream identity, one transaction that lets a person in. */
import { minutes } from '../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { constantTimeEqual, newToken } from '../kernel/tokens.ts';
import { record } from './audit.ts';
import { syncClaimGrants } from './claim-grants.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { AuditType, Cause } from './entities/journal.ts';
import type { Connection, PendingSignIn, SignInPurpose } from './entities/sign-in.ts';
import { newSessionToken, startSession } from './sessions.ts';
import { admit } from './sign-in-admission.ts';
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

/** How recently the person must have proved who they are; absent: whatever the identity provider thinks enough. */
export interface Freshness {
  /** Ask anew, whatever session the identity provider has: SAML ForceAuthn, OIDC prompt=login. False if absent. */
  readonly mustReauthenticate?: boolean | undefined;
  /** Seconds; null or absent: any time. */
  readonly maxAgeSeconds?: number | null | undefined;
}

/** Stores a one-time sign-in record for this browser and this connection (law 5). */
export async function beginSignIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
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
  const handle = newToken('ghr');
  const binding = newToken('ghb');
  const pending: PendingSignIn = {
    id: newId('sin', now),
    organizationId: connection.organizationId,
    connectionId: connection.id,
    handleHash: deps.hashToken(handle),
    bindingHash: deps.hashToken(binding),
    requestId,
    nonce,
    codeVerifier,
    returnTo,
    mustReauthenticate,
    maxAgeSeconds,
    purpose: input.purpose ?? { kind: 'sign_in' },
    createdAt: now,
    expiresAt: now + SIGN_IN_TTL_MS,
  };
  await deps.storage.transact((tx) => tx.pendingSignIns.insert(connection.organizationId, pending));
  return { pending, handle, binding };
}

export interface SignInAnswer {
  readonly connection: Connection;
  /** As received from the browser; absent values fit nothing. */
  readonly handle: string | undefined;
  readonly binding: string | undefined;
}

const refusal = (reason: string) =>
  new GatehouseError('sign_in_refused', 'This sign-in could not be completed.', { context: { reason } });

/** Whether this row is alive and belongs to this browser. */
function fitsBrowser(
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  pending: PendingSignIn,
  binding: string | undefined,
): boolean {
  return (
    binding !== undefined &&
    pending.expiresAt > deps.clock() &&
    constantTimeEqual(pending.bindingHash, deps.hashToken(binding))
  );
}

/** The pending sign-in of this browser and connection, not yet consumed; undefined when nothing fits (S42, S44, S72). */
export async function findPendingSignIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  answer: SignInAnswer,
): Promise<PendingSignIn | undefined> {
  const { connection, handle, binding } = answer;
  if (handle === undefined) return undefined;
  const { organizationId, id } = connection;
  const pending = await deps.storage.pendingSignIns.find(organizationId, id, deps.hashToken(handle));
  return pending !== undefined && fitsBrowser(deps, pending, binding) ? pending : undefined;
}

export interface CompletedSignIn {
  readonly sessionToken: string;
  readonly returnTo: string | null;
}

/**
 * Lets a verified upstream identity in: consumes the pending row and the assertion id, decides, binds, opens the
 * session and records it, in one transaction. Throws `sign_in_refused` with the exact reason in `context.reason`.
 */
export async function completeSignIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: SignInAnswer & {
    readonly identity: UpstreamIdentity;
    /** SAML only: the id to remember, and until when (S45-S47). */
    readonly assertion?: { readonly id: string; readonly expiresAt: number } | undefined;
    readonly cause: Cause;
  },
): Promise<CompletedSignIn> {
  const { connection, handle, binding, identity, assertion, cause } = input;
  const { organizationId } = connection;
  const sessionToken = newSessionToken();
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const pending =
      handle === undefined
        ? undefined
        : await tx.pendingSignIns.consume(organizationId, connection.id, deps.hashToken(handle));
    if (pending === undefined || !fitsBrowser(deps, pending, binding)) throw refusal('sign_in.not_pending');
    assertFresh(pending, identity);
    if (assertion !== undefined) {
      const isFirst = await tx.consumedAssertions.claim(
        organizationId,
        connection.id,
        assertion.id,
        assertion.expiresAt,
      );
      if (!isFirst) throw refusal('saml.replayed');
    }
    const current = await tx.connections.find(organizationId, connection.id);
    if (current?.status !== 'active') throw refusal('sign_in.connection_inactive');
    const admitted = await admit(tx, context, { connection: current, identity });
    const membership = await syncClaimGrants(tx, context, { membership: admitted, identity });
    await startSession(tx, context, {
      membership,
      tokenHash: deps.hashToken(sessionToken),
      authentication: authenticationOf(identity),
    });
    await record(tx, context, {
      type: identity.protocol === 'saml' ? 'saml.accepted' : 'oidc.accepted',
      target: { kind: 'connection', id: connection.id },
      details: { membershipId: membership.id, issuer: identity.issuer },
    });
    return { sessionToken, returnTo: pending.returnTo };
  });
}

const authenticationOf = ({
  connectionId,
  amr,
  authTime,
  session,
  sessionNotOnOrAfter,
}: UpstreamIdentity) => ({
  connectionId,
  amr,
  authTime: authTime ?? undefined,
  upstream: session,
  notOnOrAfter: sessionNotOnOrAfter ?? undefined,
});

/** The clocks of two machines. */
const SKEW_MS = minutes(2);

/**
 * Refuses an identity provider that answered from an older session of its own although it was asked not to (S54, S84).
 * Not every provider says when it authenticated the person: then a forced sign-in is taken at its word, a limit on the
 * age is not.
 */
function assertFresh(pending: PendingSignIn, { authTime }: UpstreamIdentity): void {
  const { mustReauthenticate, maxAgeSeconds, createdAt } = pending;
  if (maxAgeSeconds !== null && authTime === null) throw refusal('sign_in.auth_time');
  const limitMs = mustReauthenticate
    ? 0
    : maxAgeSeconds === null
      ? Number.POSITIVE_INFINITY
      : maxAgeSeconds * 1000;
  if (authTime !== null && authTime + limitMs + SKEW_MS < createdAt) throw refusal('sign_in.auth_time');
}

/** Keeps the exact reason of a refused sign-in where an admin can find it. Answers the request id shown outside. */
export async function recordRefusedSignIn(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly connection: Connection; readonly error: unknown; readonly cause: Cause },
): Promise<void> {
  const { connection, error, cause } = input;
  const type: AuditType = connection.settings.protocol === 'saml' ? 'saml.rejected' : 'oidc.rejected';
  const details = isGatehouseError(error) ? { code: error.code, ...error.context } : { code: 'internal' };
  const { organizationId } = connection;
  await deps.storage.transact((tx) =>
    record(
      tx,
      { organizationId, cause, now: deps.clock() },
      {
        type,
        target: { kind: 'connection', id: connection.id },
        details,
      },
    ),
  );
}
