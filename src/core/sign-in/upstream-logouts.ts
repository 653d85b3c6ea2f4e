/** Sign-outs that begin at the identity provider: which sessions a verified message means, and their end, once per message. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { Cause } from '../entities/journal.ts';
import type { Session } from '../entities/session.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessions, type Opened, type SessionSelection } from './session-endings.ts';

/** Whom a verified message names. */
export type SignedOutUpstream =
  | {
      readonly protocol: 'saml';
      readonly nameId: string;
      readonly nameIdFormat: string | undefined;
      /** Empty: all sessions of that name. */
      readonly sessionIndexes: readonly string[];
    }
  /** At least one of `subject` and `sid`. */
  | {
      readonly protocol: 'oidc';
      readonly issuer: string;
      readonly subject: string | undefined;
      readonly sid: string | undefined;
    };

export interface UpstreamSignOut {
  readonly connection: Connection;
  readonly who: SignedOutUpstream;
  /** The message's own id, used once, and until when it must be remembered, epoch milliseconds. */
  readonly message: { readonly id: string; readonly expiresAt: number };
  readonly cause: Cause;
}

/**
 * Ends the sessions a verified message means: of this connection and no other, in one transaction with the use of the
 * message's id (S66, S88). Answers those that ended; none is not an error. Throws `sign_out_refused` for a message seen
 * before, and for a connection that is not active.
 */
export function endUpstreamSessions(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { connection, who, message, cause }: UpstreamSignOut,
): Promise<readonly Session[]> {
  const { organizationId, id } = connection;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const current = await tx.connections.find(organizationId, id);
    if (current?.status !== 'active') throw refusal('sign_in.connection_inactive');
    // Beside the assertions of the same connection: no XML name has a space in it.
    const isFirst = await tx.consumedAssertions.claim(
      organizationId,
      id,
      `logout ${message.id}`,
      message.expiresAt,
    );
    if (!isFirst) throw refusal(`${who.protocol}.logout_replayed`);
    const which = await selectionOf(tx, connection, who);
    const only = (opened: Opened) => isMeant(opened, connection, who);
    const ended =
      which === undefined
        ? []
        : await endSessions(tx, context, { which, reason: 'upstream_signed_out', only });
    await record(tx, context, {
      type: `${who.protocol}.logout`,
      target: { kind: 'connection', id },
      details: { sessionIds: ended.map((session) => session.id) },
    });
    return ended;
  });
}

const refusal = (reason: string) =>
  new GatehouseError('sign_out_refused', 'This sign-out message was refused.', { context: { reason } });

/** Where to look; undefined when the subject is nobody here. */
async function selectionOf(
  tx: Repositories,
  { organizationId, id: connectionId }: Connection,
  who: SignedOutUpstream,
): Promise<SessionSelection | undefined> {
  if (who.protocol === 'saml') return { by: 'nameId', connectionId, nameId: who.nameId };
  const { issuer, subject, sid } = who;
  if (subject === undefined) return sid === undefined ? undefined : { by: 'sid', connectionId, sid };
  const bound = await tx.identities.find(organizationId, connectionId, issuer, subject);
  return bound && { by: 'membership', membershipId: bound.membershipId };
}

const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';

/**
 * Pure. A session of this connection whose facts do not contradict the message: what the provider did not say when the
 * session began cannot spare it now.
 */
export function isMeant(
  session: Pick<Session, 'upstream' | 'connectionId'>,
  connection: Pick<Connection, 'id'>,
  who: SignedOutUpstream,
): boolean {
  const { upstream, connectionId } = session;
  if (connectionId !== connection.id || upstream === null) return false;
  if (who.protocol === 'oidc') return who.sid === undefined || agrees(upstream.sid, [who.sid]);
  if (upstream.nameId !== who.nameId) return false;
  const format = who.nameIdFormat ?? UNSPECIFIED;
  const hasFormat = format !== UNSPECIFIED && upstream.nameIdFormat !== UNSPECIFIED;
  if (hasFormat && !agrees(upstream.nameIdFormat, [format])) return false;
  return who.sessionIndexes.length === 0 || agrees(upstream.sessionIndex, who.sessionIndexes);
}

const agrees = (known: string | null, named: readonly string[]): boolean =>
  known === null || named.includes(known);
