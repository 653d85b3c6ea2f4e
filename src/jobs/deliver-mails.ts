/** Hands over mails that wait in the outbox: those whose first try failed, and those a stopped process left behind. */
import type { Deps } from '../core/deps.ts';
import { deliverMail } from '../core/outbox.ts';

const BATCH = 20;

/** Tries every due mail once. Answers how many were tried. */
export async function deliverDueMails(deps: Pick<Deps, 'storage' | 'clock' | 'mailer'>): Promise<number> {
  let tried = 0;
  for (const event of await deps.storage.outbox.listDue('mail', deps.clock(), BATCH)) {
    await deliverMail(deps, { organizationId: event.organizationId, id: event.id });
    tried += 1;
  }
  return tried;
}
