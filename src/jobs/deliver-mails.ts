/** Hands over mails that wait in the outbox: those whose first try failed, and those a stopped process left behind. */
import type { Deps } from '../core/deps.ts';
import { deliverMail } from '../core/outbox.ts';

const BATCH = 200;
const AT_ONCE = 10;

/** Tries the mails that are due longest once, some at a time. Answers how many were tried. */
export async function deliverDueMails(deps: Pick<Deps, 'storage' | 'clock' | 'mailer'>): Promise<number> {
  const due = await deps.storage.outbox.listDue('mail', deps.clock(), BATCH);
  for (let start = 0; start < due.length; start += AT_ONCE)
    await Promise.all(
      due
        .slice(start, start + AT_ONCE)
        .map(({ organizationId, id }) => deliverMail(deps, { organizationId, id })),
    );
  return due.length;
}
