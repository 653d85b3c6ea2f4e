/** Sessions: rows in storage behind an opaque cookie; a person who is cut off has none, on the very next request (law 6). */
import { hours, minutes } from '../kernel/clock.ts';
import { GatehouseError } from '../kernel/errors.ts';
import type { ConnectionId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import { newToken } from '../kernel/tokens.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';
import type { Organization } from './entities/organization.ts';
import type { Membership, User } from './entities/people.ts';
import type { Session, UpstreamSession } from './entities/sign-in.ts';
import type { Repositories } from './ports/storage.ts';
import { endSessions, type SessionEnd } from './session-endings.ts';

/** S185: the session ends this long after it began, whatever happens. */
export const ABSOLUTE_LIMIT_MS = hours(24);
/** S185: and this long after it was last used. */
export const IDLE_LIMIT_MS = hours(8);
/** `lastSeenAt` is kept to the minute: a write on every request would cost more than it tells. */
const LAST_SEEN_GRAIN_MS = minutes(1);

export interface SignedIn {
  readonly session: Session;
  readonly user: User;
  readonly membership: Membership;
  readonly organization: Organization;
}

/** How somebody proved who they are, whatever the way in. */
export interface Authentication {
  /** Null when no identity provider was asked. */
  readonly connectionId: ConnectionId | null;
  /** RFC 8176: `pwd`, `otp`, `hwk`, or what the identity provider said; empty becomes `fed`. */
  readonly amr: readonly string[];
  /** When the person signed in here; absent: now. */
  readonly authenticatedAt?: number | undefined;
  /** When the person really proved who they are; absent: as `authenticatedAt`. */
  readonly authTime?: number | undefined;
  readonly upstream?: UpstreamSession | null | undefined;
  /** The session ends then, if not before; absent: nobody asked for it. */
  readonly notOnOrAfter?: number | undefined;
  readonly emergency?: boolean | undefined;
}

/**
 * Opens a session for an active member, inside the transaction that decided to let them in: a deactivation that commits
 * first is seen here, one that commits later removes this row (S142). `tokenHash` is of a value made by `newSessionToken`.
 */
export async function startSession(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly membership: Membership;
    readonly tokenHash: string;
    readonly authentication: Authentication;
  },
): Promise<Session> {
  const { membership, authentication } = input;
  const { organizationId, now } = context;
  if (membership.status !== 'active')
    throw new GatehouseError('internal', 'A session was opened for a suspended member.');
  await tx.memberships.update(organizationId, { ...membership, lastActiveAt: now }, membership.version);
  const session = newSession(context, input);
  await tx.sessions.insert(organizationId, session);
  const { connectionId } = authentication;
  await record(tx, context, {
    type: 'session.started',
    target: { kind: 'membership', id: membership.id },
    details: { sessionId: session.id, connectionId, amr: session.amr },
  });
  return session;
}

/** Pure: the row of a session that begins now. */
function newSession(
  { organizationId, now, cause }: ChangeContext,
  input: {
    readonly membership: Membership;
    readonly tokenHash: string;
    readonly authentication: Authentication;
  },
): Session {
  const { membership, tokenHash, authentication } = input;
  const { connectionId, amr, upstream = null, emergency = false } = authentication;
  const { authenticatedAt = now, authTime = authenticatedAt } = authentication;
  return {
    id: newId('ses', now),
    tokenHash,
    ...{ previousTokenHash: null, rotatedAt: null, confirmedAt: null },
    organizationId,
    userId: membership.userId,
    membershipId: membership.id,
    connectionId,
    orgRole: membership.orgRole,
    amr: amr.length === 0 ? ['fed'] : amr,
    upstream,
    emergency,
    ip: cause.ip ?? null,
    userAgent: cause.userAgent ?? null,
    authTime: Math.min(authTime, now),
    authenticatedAt,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: Math.min(now + ABSOLUTE_LIMIT_MS, authentication.notOnOrAfter ?? Number.POSITIVE_INFINITY),
  };
}

/** The cookie value; storage keeps its hash. */
export const newSessionToken = (): string => newToken('ghs');

/** Answers who holds this cookie value, or undefined: unknown, ended, expired, idle too long, suspended or removed. */
export async function findSignedIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<SignedIn | undefined> {
  const { storage } = deps;
  const now = deps.clock();
  const session = await storage.sessions.findByHash(deps.hashToken(token));
  if (session === undefined || session.expiresAt <= now || session.lastSeenAt + IDLE_LIMIT_MS <= now)
    return undefined;
  const membership = await storage.memberships.find(session.organizationId, session.membershipId);
  if (membership?.status !== 'active') return undefined;
  const user = await storage.users.find(session.userId);
  const organization = await storage.organizations.find(session.organizationId);
  if (user === undefined || organization === undefined) return undefined;
  if (now - session.lastSeenAt >= LAST_SEEN_GRAIN_MS) {
    await storage.transact((tx) => tx.sessions.updateLastSeen(session.organizationId, session.id, now));
  }
  return { session, user, membership, organization };
}

/** Ends the session of this cookie value; nothing happens when there is none. */
export async function endSession(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: { readonly token: string; readonly cause: Cause; readonly reason?: SessionEnd | undefined },
): Promise<void> {
  const { token, cause, reason = 'signed_out' } = input;
  const session = await deps.storage.sessions.findByHash(deps.hashToken(token));
  if (session === undefined) return;
  const { organizationId, id } = session;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await endSessions(tx, context, { which: { by: 'id', id }, reason });
  });
}
