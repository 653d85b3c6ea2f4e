/** Tells applications that somebody is out: what waits in the outbox since a session ended, and what was not taken before. */
import { deliverLogoutNotice } from '../core/sign-in/logout-notices.ts';

/** What a notice is made and sent with. */
export type NoticeDeps = Parameters<typeof deliverLogoutNotice>[0];

const BATCH = 200;
const AT_ONCE = 10;

/** Tries every due notice once, some at a time: a slow application holds up nobody else's for long. Answers how many. */
export async function deliverDueLogouts(deps: NoticeDeps): Promise<number> {
  const due = await deps.storage.outbox.listDue('logout', deps.clock(), BATCH);
  for (let start = 0; start < due.length; start += AT_ONCE)
    await Promise.all(due.slice(start, start + AT_ONCE).map((event) => deliverLogoutNotice(deps, event)));
  return due.length;
}
