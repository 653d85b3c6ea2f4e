/** How sessions end: every end passes through here, inside the transaction that decided it, with a reason and a record. */
import type {
  ConnectionId,
  DirectoryId,
  MembershipId,
  OrganizationId,
  SessionId,
  UserId,
} from '../../kernel/ids.ts';
import { endGrantLeft, endGrantsOfSession } from '../applications/application-grants.ts';
import type { ChangeContext } from '../deps.ts';
import type { ApplicationGrant } from '../entities/application.ts';
import type { Session } from '../entities/session.ts';
import { record } from '../journal/audit.ts';
import type { PageRequest } from '../ports/paging.ts';
import type { Repositories } from '../ports/storage.ts';

/** Why a session ended; in its audit row and its event. */
export type SessionEnd =
  /** The person pressed "sign out" in this browser. */
  | 'signed_out'
  /** Another sign-in in the same browser took its place. */
  | 'replaced'
  | 'organization_switched'
  /** The person ended it from another session. */
  | 'ended_by_person'
  | 'ended_by_admin'
  /** Everybody of the organization was signed out. */
  | 'organization_signed_out'
  | 'member_suspended'
  | 'member_removed'
  | 'organization_removed'
  /** The directory that vouched for the person does so no more. */
  | 'directory_disabled'
  | 'directory_removed'
  | 'connection_disabled'
  | 'connection_removed'
  /** The identity provider ended its own session. */
  | 'upstream_signed_out'
  /** Password, second factor or sign-in address of the person changed. */
  | 'credentials_changed'
  /** Whoever answers the address's mail took it from an account that had only claimed it. */
  | 'address_released'
  /** The organization now asks for its own single sign-on. */
  | 'sso_required'
  /** The organization now asks for a second factor, and this session was opened without one. */
  | 'second_factor_required';

/** Ends after which refresh tokens for offline access go on: the browser is left, the person's way in is not cut. */
const KEEPS_OFFLINE: ReadonlySet<SessionEnd> = new Set([
  'signed_out',
  'replaced',
  'organization_switched',
  'upstream_signed_out',
]);

/** Which sessions of one organization. */
export type SessionSelection =
  | { readonly by: 'id'; readonly id: SessionId }
  | { readonly by: 'membership'; readonly membershipId: MembershipId }
  | { readonly by: 'connection'; readonly connectionId: ConnectionId }
  /** Those an identity provider's log-out message means; without `sessionIndex` every one of the subject. */
  | {
      readonly by: 'nameId';
      readonly connectionId: ConnectionId;
      readonly nameId: string;
      readonly sessionIndexes?: readonly string[] | undefined;
    }
  | { readonly by: 'sid'; readonly connectionId: ConnectionId; readonly sid: string }
  | { readonly by: 'organization' };

export interface SessionEnding {
  readonly which: SessionSelection;
  readonly reason: SessionEnd;
  /** Those for which this is false stay; absent: all end. */
  readonly only?: ((opened: Opened) => boolean) | undefined;
}

/** What an end may look at: of a session, and of what a session that is over has left with applications. */
export type Opened = Pick<
  Session,
  'id' | 'connectionId' | 'emergency' | 'amr' | 'authenticatedAt' | 'upstream'
>;

/**
 * Ends sessions inside the caller's transaction, each with an audit row and an event `session.ended`: every end of every
 * session passes here (law 6). Applications that were signed in to with them are told. Where the way in is cut, what earlier sessions
 * left for offline access ends too. Answers the sessions that ended; none is not an error.
 */
export async function endSessions(
  tx: Repositories,
  context: ChangeContext,
  { which, reason, only = () => true }: SessionEnding,
): Promise<readonly Session[]> {
  const ended: Session[] = [];
  for (const session of (await select(tx, context, which)).filter(only)) {
    // Somebody else may have ended it since it was read, where a transaction may run beside others.
    if (!(await tx.sessions.remove(context.organizationId, session.id))) continue;
    ended.push(session);
    await endGrantsOfSession(tx, context, {
      sessionId: session.id,
      keepsOffline: KEEPS_OFFLINE.has(reason),
    });
    await tellEnd(tx, context, { session, reason });
  }
  if (!KEEPS_OFFLINE.has(reason))
    for (const grant of (await selectGrants(tx, context, which)).filter((each) => only(openedBy(each))))
      await endGrantLeft(tx, context, { grant, reason });
  return ended;
}

const openedBy = ({ sessionId: id, connectionId, emergency, amr, createdAt }: ApplicationGrant): Opened => ({
  ...{ id, connectionId, emergency, amr, authenticatedAt: createdAt },
  upstream: null,
});

/** Ends the sessions of everybody a directory vouched for, and what they left. Reads these, not the people: those are more. */
export async function endSessionsOfDirectory(
  tx: Repositories,
  context: ChangeContext,
  { directoryId, reason }: { readonly directoryId: DirectoryId; readonly reason: SessionEnd },
): Promise<void> {
  const { organizationId } = context;
  const [sessions, grants] = [
    await listAll(tx.sessions, organizationId),
    await listAll(tx.applicationGrants, organizationId),
  ];
  const members = new Set([...sessions, ...grants].map(({ membershipId }) => membershipId));
  for (const membershipId of members) {
    const user = await tx.directoryUsers.findByMembership(organizationId, membershipId);
    if (user?.directoryId !== directoryId) continue;
    await endSessions(tx, context, { which: { by: 'membership', membershipId }, reason });
  }
}

async function tellEnd(
  tx: Repositories,
  context: ChangeContext,
  { session, reason }: { readonly session: Session; readonly reason: SessionEnd },
): Promise<void> {
  const { id, userId, membershipId, connectionId } = session;
  await record(tx, context, {
    type: 'session.ended',
    target: { kind: 'membership', id: membershipId },
    details: { sessionId: id, userId, connectionId, reason },
  });
}

/** `endSessions` in every organization of a person. */
export async function endSessionsOfUser(
  tx: Repositories,
  context: Pick<ChangeContext, 'cause' | 'now'>,
  ending: Omit<SessionEnding, 'which'> & { readonly userId: UserId },
): Promise<readonly Session[]> {
  const ended: Session[] = [];
  for (const { organizationId, id } of await tx.memberships.listByUser(ending.userId)) {
    const which = { by: 'membership', membershipId: id } as const;
    ended.push(...(await endSessions(tx, { ...context, organizationId }, { ...ending, which })));
  }
  return ended;
}

async function select(
  tx: Repositories,
  { organizationId }: ChangeContext,
  which: SessionSelection,
): Promise<readonly Session[]> {
  switch (which.by) {
    case 'id': {
      const session = await tx.sessions.find(organizationId, which.id);
      return session === undefined ? [] : [session];
    }
    case 'membership':
      return tx.sessions.listByMembership(organizationId, which.membershipId);
    case 'connection':
      return tx.sessions.listByConnection(organizationId, which.connectionId);
    case 'nameId': {
      const { connectionId, nameId, sessionIndexes = [] } = which;
      const key = { kind: 'nameId', value: nameId } as const;
      const found = await tx.sessions.listByUpstream(organizationId, connectionId, key);
      const means = (index: string | null | undefined) => index != null && sessionIndexes.includes(index);
      return sessionIndexes.length === 0
        ? found
        : found.filter(({ upstream }) => means(upstream?.sessionIndex));
    }
    case 'sid': {
      const key = { kind: 'sid', value: which.sid } as const;
      return tx.sessions.listByUpstream(organizationId, which.connectionId, key);
    }
    case 'organization':
      return listAll(tx.sessions, organizationId);
  }
}

/** Every grant that the end of sessions selected so reaches; of one session, and of one at the provider, it ends with the session alone. */
async function selectGrants(
  tx: Repositories,
  { organizationId }: ChangeContext,
  which: SessionSelection,
): Promise<readonly ApplicationGrant[]> {
  switch (which.by) {
    case 'membership':
      return tx.applicationGrants.listByMembership(organizationId, which.membershipId);
    case 'connection':
      return tx.applicationGrants.listByConnection(organizationId, which.connectionId);
    case 'organization':
      return listAll(tx.applicationGrants, organizationId);
    case 'id':
    case 'nameId':
    case 'sid':
      return [];
  }
}

async function listAll<Row extends { readonly id: string }>(
  from: { list(organizationId: OrganizationId, page: PageRequest): Promise<readonly Row[]> },
  organizationId: OrganizationId,
): Promise<readonly Row[]> {
  const all: Row[] = [];
  const limit = 500;
  for (let after: string | undefined; ; after = all.at(-1)?.id) {
    const page = await from.list(organizationId, { after, limit });
    all.push(...page);
    if (page.length < limit) return all;
  }
}
