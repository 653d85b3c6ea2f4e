/** Which jobs there are and how often each runs, and who does the steps of long work. */
import { snapshotStep } from '../core/access/access-review-snapshot.ts';
import { settleSigningKeys } from '../core/applications/signing-keys.ts';
import { attendConnections } from '../core/connections/connection-attendance.ts';
import { recheckDomains } from '../core/connections/domain-checks.ts';
import { noticeSilentProviders } from '../core/connections/silent-providers.ts';
import type { Deps } from '../core/deps.ts';
import type { CutoverDeps } from '../core/directory/cutover.ts';
import { runCutoverJob } from '../core/directory/cutover-job.ts';
import { warnOfExpiringKeys, warnOfExpiringTokens } from '../core/directory/token-warnings.ts';
import { type JobHandlers, runDueJobs } from '../core/jobs.ts';
import { invitationImportHandler } from '../core/joining/invitation-import.ts';
import { anchorAudits, pruneAudits } from '../core/journal/audit-retention.ts';
import type { Recorder } from '../core/journal/recorder.ts';
import { reprojectSome } from '../core/mapping/reprojection.ts';
import type { SignInRecorder } from '../core/sign-in/sign-in-recorder.ts';
import { hours, minutes, seconds } from '../kernel/clock.ts';
import type { OrganizationId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/log.ts';
import { deliverDueLogouts, type NoticeDeps } from './deliver-logouts.ts';
import { deliverDueMails } from './deliver-mails.ts';
import { createWebhookWorker } from './deliver-webhooks.ts';
import { removeExpired } from './expire.ts';
import type { Job } from './schedule.ts';

/** What the core is given, and the few things only jobs need. */
export interface JobDeps extends Deps, Pick<NoticeDeps, 'signLogoutToken'>, Pick<CutoverDeps, 'pause'> {
  readonly logger: Logger;
  readonly recorder: Recorder;
  readonly signInRecorder: SignInRecorder;
}

/** What does the steps of each kind of long work. */
const JOB_HANDLERS: JobHandlers<JobDeps> = {
  cutover: runCutoverJob,
  reprojection: reprojectSome,
  invitation_import: invitationImportHandler,
  access_review: snapshotStep,
};

/** Every job of a gateway. Each runs by itself, on as many nodes as there are. */
export const jobsOf = (deps: JobDeps): readonly Job[] => [
  { name: 'long-work', everyMs: seconds(1), run: () => runDueJobs(deps, JOB_HANDLERS) },
  { name: 'deliver-mails', everyMs: seconds(2), run: () => deliverDueMails(deps) },
  { name: 'deliver-logouts', everyMs: seconds(2), run: () => deliverDueLogouts(deps) },
  { name: 'deliver-webhooks', everyMs: seconds(1), ...createWebhookWorker(deps) },
  { name: 'rotate-signing-keys', everyMs: hours(1), run: () => settleSigningKeys(deps) },
  { name: 'remove-expired', everyMs: minutes(10), run: () => removeExpired(deps) },
  { name: 'recheck-domains', everyMs: hours(1), run: () => recheckDomains(deps) },
  { name: 'prune-audits', everyMs: hours(6), run: () => pruneAudits(deps) },
  { name: 'anchor-audits', everyMs: hours(1), run: auditAnchoring(deps) },
  { name: 'flush-recorder', everyMs: 250, run: () => storeRecorded(deps) },
  { name: 'attend-connections', everyMs: minutes(10), run: () => attendConnections(deps) },
  { name: 'notice-silent-providers', everyMs: minutes(5), run: () => noticeSilentProviders(deps) },
  { name: 'warn-of-expiring-tokens', everyMs: hours(1), run: () => warnOfExpiringTokens(deps) },
  { name: 'warn-of-expiring-keys', everyMs: hours(1), run: () => warnOfExpiringKeys(deps) },
];

/** The log leaves the machine; whoever rewrites the store cannot rewrite it (S214). */
function auditAnchoring(deps: JobDeps): () => Promise<number> {
  const seen = new Map<OrganizationId, number>();
  return () => anchorAudits(deps, seen, (anchor) => deps.logger.info('audit head', anchor));
}

async function storeRecorded({ recorder, signInRecorder }: JobDeps): Promise<void> {
  await recorder.storeDue();
  await signInRecorder.storeDue();
}
