/** Sessions: rows in storage behind an opaque cookie; a person who is cut off has none, on the very next request (law 6). */
import { minutes } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { RoleFacts } from '../access/role-table.ts';
import { roleHeld } from '../access/role-table.ts';
import { awaitsSecondFactor, isOwnProof, sessionFits } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Actor, Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, User } from '../entities/people.ts';
import type { Session, UpstreamSession } from '../entities/session.ts';
import { record } from '../journal/audit.ts';
import { settleMember } from '../mapping/reprojection.ts';
import { isActivityDue, noteActivity } from '../members/activity.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessions, type SessionEnd } from './session-endings.ts';
import { ABSOLUTE_LIMIT_MS, isAlive, judgeShown, type ShownValue, wantsNewValue } from './session-life.ts';

/** `lastSeenAt` is kept to the minute: a write on every request would cost more than it tells. */
const LAST_SEEN_GRAIN_MS = minutes(1);
/** How long a person may take to set up the second factor that their organization asks for. */
export const ENROLMENT_MS = minutes(15);

export interface SignedIn {
  readonly session: Session;
  readonly user: User;
  readonly membership: Membership;
  readonly role: RoleFacts;
  readonly organization: Organization;
  /** The cookie value by which the session was found. */
  readonly shown: { readonly value: ShownValue; readonly hash: string };
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
  /** As in the session; false if absent. */
  readonly isAuthTimeAssumed?: boolean | undefined;
  readonly upstream?: UpstreamSession | null | undefined;
  /** The session ends then, if not before; absent: nobody asked for it. */
  readonly notOnOrAfter?: number | undefined;
  readonly emergency?: boolean | undefined;
}

/**
 * Opens a session for an active member, inside the transaction that decided to let them in: a deactivation that commits
 * first is seen here, one that commits later removes this row (S142). Where the organization asks for a second factor that was not
 * shown, the session is good for setting one up, for a quarter of an hour, and for nothing else. Throws `sso_required` for a way in that the organization
 * does not accept. `tokenHash` is of a value made by `newSessionToken`.
 */
export async function startSession(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly membership: Membership;
    /** As this transaction found it; absent: it is asked for. */
    readonly organization?: Organization | undefined;
    readonly tokenHash: string;
    readonly authentication: Authentication;
  },
): Promise<Session> {
  const { membership, authentication } = input;
  const { organizationId, now } = context;
  if (membership.status !== 'active')
    throw new GatehouseError('internal', 'A session was opened for a suspended member.');
  const { connectionId, emergency = false } = authentication;
  const organization = input.organization ?? (await getOrganization(tx, organizationId));
  if (organization.id !== organizationId)
    throw new GatehouseError('internal', 'A session was opened by the rules of another organization.');
  // The one door: whatever a way in forgot to ask, no session begins that the organization does not want (S157).
  if (!sessionFits(organization, { connectionId, emergency }))
    throw new GatehouseError('sso_required', `${organization.name} asks for its own single sign-on.`, {
      whatToDo: 'Start at the sign-in page of this organization.',
    });
  const seen = { ...membership, lastActiveAt: now, lastSignedInAt: now };
  await tx.memberships.update(organizationId, seen, membership);
  const session = newSession(context, organization, input);
  await tx.sessions.insert(organizationId, session);
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
  organization: Organization,
  input: {
    readonly membership: Membership;
    readonly tokenHash: string;
    readonly authentication: Authentication;
  },
): Session {
  const { membership, tokenHash, authentication } = input;
  const { connectionId, amr, upstream = null, emergency = false, isAuthTimeAssumed = false } = authentication;
  const { authenticatedAt = now, authTime = authenticatedAt } = authentication;
  const limit = awaitsSecondFactor(organization, { connectionId, emergency, amr })
    ? ENROLMENT_MS
    : ABSOLUTE_LIMIT_MS;
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
    isAuthTimeAssumed,
    authenticatedAt,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: Math.min(now + limit, authentication.notOnOrAfter ?? Number.POSITIVE_INFINITY),
  };
}

/** The cookie value; storage keeps its hash. */
export const newSessionToken = (): string => newToken('ghs');

/**
 * Answers who holds this cookie value, or undefined: unknown, ended, replaced, expired, idle too long, suspended or removed, or
 * still without the second factor that the organization asks for. Being found is no use of it: `noteSessionUse`.
 */
export async function findSignedIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<SignedIn | undefined> {
  const holder = await findHolder(deps, token);
  if (holder === undefined || awaitsSecondFactor(holder.organization, holder.session)) return undefined;
  return holder;
}

/**
 * Answers who may set up the second factor that their organization asks for, and do nothing else; undefined: nobody of that kind.
 * Never whoever has another organization's word alone: a factor is a person's own, and opens what that word does not (law 3).
 */
export async function findEnrolling(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<SignedIn | undefined> {
  const holder = await findWaiting(deps, token);
  return holder !== undefined && isOwnProof(holder.session) ? holder : undefined;
}

/** Answers who waits for a second factor and cannot set one up here, because an identity provider elsewhere vouched for them. */
export async function findVouchedFor(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<SignedIn | undefined> {
  const holder = await findWaiting(deps, token);
  return holder === undefined || isOwnProof(holder.session) ? undefined : holder;
}

async function findWaiting(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<SignedIn | undefined> {
  const holder = await findHolder(deps, token);
  return holder !== undefined && awaitsSecondFactor(holder.organization, holder.session) ? holder : undefined;
}

async function findHolder(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<SignedIn | undefined> {
  const { storage } = deps;
  const now = deps.clock();
  const shownHash = deps.hashToken(token);
  const session = await storage.sessions.findByHash(shownHash);
  const value = session === undefined ? 'dead' : judgeShown(session, shownHash, now);
  if (session === undefined || value === 'dead') return undefined;
  const stored = await storage.memberships.find(session.organizationId, session.membershipId);
  const user = await storage.users.find(session.userId);
  const organization = await storage.organizations.find(session.organizationId);
  if (stored?.status !== 'active' || user === undefined || organization === undefined) return undefined;
  const membership = await settleMember(deps, organization, stored);
  const role = await roleHeld(storage, membership.orgRole);
  if (!isAlive(session, role, now) || !sessionFits(organization, session)) return undefined;
  return { session, user, membership, role, organization, shown: { value, hash: shownHash } };
}

/**
 * Writes down what a use of the session changes, most often nothing; for a request that has been let in: what is refused keeps no
 * session from idling out (S185). Answers the cookie value that is to replace the shown one in this browser, or undefined. A change of
 * role brings a new one, to exactly one of any number of requests at once; the others go on with the value they have, until the browser has
 * shown the new one (S184, S190).
 */
export async function noteSessionUse(
  { storage, clock, hashToken }: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  { session, shown, membership }: SignedIn,
): Promise<string | undefined> {
  const { organizationId, id, tokenHash, lastSeenAt, rotatedAt, confirmedAt } = session;
  const { orgRole: role } = membership;
  const at = clock();
  const isNewArrived = shown.value === 'current' && rotatedAt !== null && confirmedAt === null;
  const isRenewed = wantsNewValue(session, shown.value, role);
  if (at - lastSeenAt < LAST_SEEN_GRAIN_MS && !isNewArrived && !isRenewed) return undefined;
  const token = newSessionToken();
  return storage.transact(async (tx) => {
    const { sessions } = tx;
    if (isActivityDue(membership, at)) await noteActivity(tx, membership, at);
    if (at - lastSeenAt >= LAST_SEEN_GRAIN_MS) await sessions.updateLastSeen(organizationId, id, at);
    if (isNewArrived) await sessions.confirm(organizationId, id, tokenHash, at);
    if (!isRenewed) return undefined;
    const rotation = { tokenHash, previous: shown.hash, next: hashToken(token), orgRole: role, at };
    return (await sessions.rotate(organizationId, id, rotation)) ? token : undefined;
  });
}

/** Ends the session of this cookie value, as the act of its holder; nothing happens when there is none. */
export async function endSession(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: { readonly token: string; readonly cause: Cause; readonly reason?: SessionEnd | undefined },
): Promise<void> {
  const { token, cause, reason = 'signed_out' } = input;
  const shownHash = deps.hashToken(token);
  const session = await deps.storage.sessions.findByHash(shownHash);
  const now = deps.clock();
  if (session === undefined || judgeShown(session, shownHash, now) === 'dead') return;
  const { organizationId, id, userId, membershipId } = session;
  const actor: Actor = { kind: 'member', userId, membershipId, email: null };
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause: { ...cause, actor }, now };
    await endSessions(tx, context, { which: { by: 'id', id }, reason });
  });
}
