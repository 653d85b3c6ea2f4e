/** A SAML provider from which nobody comes back: noticed from sign-ins that ran out unanswered, since only browsers visit it. */

import { hours } from '../../kernel/clock.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { ConnectionName, Outage } from '../entities/connection.ts';
import type { AuditEvent, AuditType, Cause } from '../entities/journal.ts';
import { isUnread } from '../entities/sign-in-attempt.ts';
import type { Repositories } from '../ports/storage.ts';
import { setOutage } from './connection-outages.ts';

/** How long a sign-in that nobody answered is kept behind its end, to be counted. */
export const UNANSWERED_KEPT_MS = hours(1);

/** So many unanswered ones in a row, none of them a second try of the same browser, are no closed tabs any more. */
const LEAST = 3;
/** Rows looked at for one connection: how many a stranger leaves behind costs nobody more than this. */
const MOST_ROWS = 1_000;
/** Connections of one question. */
const PAGE = 200;
/** Newest refusals of a connection among which one of an answer is looked for: unread posts, which anybody can make, do not hide it. */
const MOST_REFUSALS = 1_000;

const CAUSE: Cause = { actor: { kind: 'system' }, requestId: 'notice-silent-providers' };

/** What shows that somebody came back and was not refused; and what makes something else of it: another address, no longer active. */
const ANSWERED: readonly AuditType[] = ['saml.accepted', 'connection.reachable'];
const BEGUN_ANEW: readonly AuditType[] = ['connection.updated', 'connection.metadata_applied'];
const COUNT_ANEW: readonly AuditType[] = [...ANSWERED, ...BEGUN_ANEW, 'test_sign_in.passed'];

/**
 * Pure: whether people are sent away and nobody comes back. `sentAt`: when those went who are still awaited, though their time
 * is over; `answeredAt`: the last answer; `hasLetIn`: somebody ever came in here, so that it is not just being set up.
 */
export function judgeSilence(seen: {
  readonly sentAt: readonly number[];
  readonly answeredAt: number | undefined;
  readonly hasLetIn: boolean;
}): Outage | undefined {
  const { sentAt, answeredAt = -Infinity, hasLetIn } = seen;
  const inVain = sentAt.filter((at) => at > answeredAt);
  if (!hasLetIn || inVain.length < LEAST) return undefined;
  return { reason: 'saml.unanswered', since: Math.min(...inVain), sent: inVain.length };
}

/**
 * Looks at every connection that somebody is on the way through. Event `connection.unreachable`, once for an outage; it ends with
 * the first answer (`noteReturn`). Answers how many were told of.
 */
export async function noticeSilentProviders(deps: Pick<Deps, 'storage' | 'clock'>): Promise<number> {
  let told = 0;
  let after: ConnectionName | undefined;
  do {
    const page = await deps.storage.pendingSignIns.listConnections(after, PAGE);
    for (const name of page) if (await notice(deps, name)) told += 1;
    after = page.length < PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
  return told;
}

async function notice(deps: Pick<Deps, 'storage' | 'clock'>, name: ConnectionName): Promise<boolean> {
  const { organizationId, connectionId } = name;
  const now = deps.clock();
  const about = { connectionId, now, limit: MOST_ROWS };
  const sentAt = await deps.storage.pendingSignIns.listUnanswered(organizationId, about);
  if (sentAt.length < LEAST) return false;
  return deps.storage.transact(async (tx) => {
    const connection = await tx.connections.find(organizationId, connectionId);
    if (connection === undefined || connection.settings.outage !== undefined) return false;
    const outage = judgeSilence({ sentAt, ...(await answersOf(tx, name, Math.min(...sentAt))) });
    const context: ChangeContext = { organizationId, cause: CAUSE, now };
    return outage !== undefined && setOutage(tx, context, { connection, outage });
  });
}

/** The audit has every answer, also the refused ones; no sign-in writes a word more for this. */
async function answersOf(
  tx: Repositories,
  { organizationId, connectionId: targetId }: ConnectionName,
  since: number,
): Promise<{ readonly answeredAt: number | undefined; readonly hasLetIn: boolean }> {
  const newest = (type: AuditType, limit: number) =>
    tx.auditEvents.list(organizationId, { targetId, since, type }, { limit });
  const found = (await newest('saml.rejected', MOST_REFUSALS)).filter(wasRead).slice(0, 1);
  for (const type of COUNT_ANEW) found.push(...(await newest(type, 1)));
  const letIn = await tx.auditEvents.list(organizationId, { targetId, type: 'saml.accepted' }, { limit: 1 });
  return {
    answeredAt: found.length === 0 ? undefined : Math.max(...found.map(({ at }) => at)),
    hasLetIn: letIn.length > 0,
  };
}

/** Whether anybody looked at what was refused: a bookmark of the address that answers are posted to is nobody who came back. */
const wasRead = ({ details }: AuditEvent): boolean => !isUnread(details.reason);
