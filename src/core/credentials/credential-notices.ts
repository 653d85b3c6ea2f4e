/** Tells people by mail what happened to their credentials, with a link that takes it back (S181). */
import { days } from '../../kernel/clock.ts';
import type { OutboxEventId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { enqueueMail } from '../journal/outbox.ts';
import { issueOneTime, lastUsedMembership, type PersonContext } from '../members/person-records.ts';
import type { Mail } from '../ports/mailer.ts';
import type { Repositories } from '../ports/storage.ts';
import { type CredentialChange, changeMail } from './credential-mails.ts';

const UNDO_TTL_MS = days(7);

/**
 * Mails the person, inside the transaction of the change, at the address `user` had before it. The link remembers that address
 * and the time of the change. Nothing happens for somebody without an address, or who is in no organization any more.
 */
export async function notifyPerson(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'baseUrl'>,
  notice: { readonly user: User; readonly cause: Cause; readonly what: CredentialChange },
): Promise<void> {
  const { user, cause, what } = notice;
  const { email, emailKey } = user;
  if (email === null) return;
  const now = deps.clock();
  const wanted = {
    purpose: 'undo',
    userId: user.id,
    now,
    ttlMs: UNDO_TTL_MS,
    data: { email, emailKey },
  } as const;
  const token = await issueOneTime(tx, deps, wanted);
  const mail = changeMail(email, what, `${deps.baseUrl}/undo/${token}`);
  await mailPerson(tx, { cause, now }, { user, mail });
}

/** Queues a mail in the organization the person used last; undefined, and no mail, for somebody who is in none. */
export async function mailPerson(
  tx: Repositories,
  context: PersonContext,
  { user, mail }: { readonly user: User; readonly mail: Mail },
): Promise<(Pick<ChangeContext, 'organizationId'> & { readonly id: OutboxEventId }) | undefined> {
  const membership = await lastUsedMembership(tx, user.id);
  if (membership === undefined) return undefined;
  const { organizationId } = membership;
  return { organizationId, id: await enqueueMail(tx, { ...context, organizationId }, mail) };
}
