/** Sweeps out what time has ended: sign-ins under way, remembered assertions, sessions, one-time values, codes and tokens of applications, old recordings, removed people. Nothing relies on it; expiry is checked at use. */
import { UNANSWERED_KEPT_MS } from '../core/connections/silent-providers.ts';
import type { Deps } from '../core/deps.ts';
import { removeOldEntries } from '../core/journal/recorder.ts';
import { removeOldMailCounts } from '../core/mail/mail-limit.ts';
import { removeOldAttempts } from '../core/sign-in/sign-in-recorder.ts';
import { days } from '../kernel/clock.ts';

/** How long the report of a job can be read after its end. */
const ENDED_JOBS_KEPT_MS = days(30);

/** How long events can be read, and what became of a mail. Long enough for a consumer that was down for a while. */
const EVENTS_KEPT_MS = days(90);
/** Of each run: a backlog goes in steps. */
const EVENTS_AT_ONCE = 5_000;

/** Answers how many rows went. */
export async function removeExpired(deps: Pick<Deps, 'storage' | 'clock'>): Promise<number> {
  const now = deps.clock();
  return deps.storage.transact(async (tx) => {
    const signIns = await tx.pendingSignIns.removeExpired(now - UNANSWERED_KEPT_MS);
    const assertions = await tx.consumedAssertions.removeExpired(now);
    const sessions = await tx.sessions.removeExpired(now);
    const oneTime = await tx.oneTimeRecords.removeExpired(now);
    const recorded = (await removeOldEntries(tx, now)) + (await removeOldAttempts(tx, now));
    const tests = await tx.testSignIns.removeExpired(now);
    const jobs = await tx.jobs.removeExpired(now - ENDED_JOBS_KEPT_MS);
    const events = await tx.outbox.removeExpired(now - EVENTS_KEPT_MS, EVENTS_AT_ONCE);
    const records = await tx.providerRecords.removeExpired(now);
    const grants = await tx.applicationGrants.removeExpired(now);
    const cutovers = await tx.cutoverMembers.removeExpired(now);
    const mailCounts = await removeOldMailCounts(tx, now);
    const removedUsers = await tx.removedUsers.removeExpired(now);
    const swept = signIns + assertions + sessions + oneTime + tests + jobs + recorded + removedUsers;
    return swept + records + grants + cutovers + events + mailCounts;
  });
}
