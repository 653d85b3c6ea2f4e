/** Hands over mails that wait in the outbox: those whose first try failed, and those a stopped process left behind. */
import type { Deps } from '../core/deps.ts';
import { deliverMail } from '../core/journal/outbox.ts';

const BATCH = 200;
const AT_ONCE = 10;

/** Tries the mails that are due longest once, some at a time. Answers how many were tried; rejects after all of them if one could not be. */
export async function deliverDueMails(deps: Pick<Deps, 'storage' | 'clock' | 'mailer'>): Promise<number> {
  const due = await deps.storage.outbox.listDue('mail', deps.clock(), BATCH);
  let failure: PromiseRejectedResult | undefined;
  for (let start = 0; start < due.length; start += AT_ONCE) {
    const tried = await Promise.allSettled(
      due
        .slice(start, start + AT_ONCE)
        .map(({ organizationId, id }) => deliverMail(deps, { organizationId, id })),
    );
    failure ??= tried.find((one) => one.status === 'rejected');
  }
  if (failure !== undefined) throw failure.reason;
  return due.length;
}
