/** Takes a former member out of the jobs of an organization: who asked for one, and the rows of imports that name them (S217). */
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Job } from '../entities/job.ts';
import type { Cause } from '../entities/journal.ts';
import { importWithout } from '../joining/invitation-import.ts';
import { emptied } from '../journal/audit-emptied.ts';

const AT_ONCE = 100;

/** Every job of the organization, ended or not; one under way goes on without them. */
export async function eraseFromJobs(
  { storage }: Pick<Deps, 'storage'>,
  erasure: {
    readonly organizationId: OrganizationId;
    readonly member: MembershipId;
    readonly emailKeys: ReadonlySet<string>;
    readonly pause: () => Promise<unknown>;
  },
): Promise<void> {
  const { organizationId, member, emailKeys, pause } = erasure;
  for (let after: string | undefined; ; ) {
    const page = await storage.jobs.list(organizationId, { after, limit: AT_ONCE });
    for (const { id } of page) {
      await storage.transact(async (tx) => {
        const job = await tx.jobs.find(organizationId, id);
        const next = job && withoutPerson(job, member, emailKeys);
        if (next !== undefined && JSON.stringify(next) !== JSON.stringify(job))
          await tx.jobs.update(organizationId, next, next.version);
      });
      await pause();
    }
    if (page.length < AT_ONCE) return;
    after = page.at(-1)?.id;
  }
}

/** Jobs of other kinds hold ids and numbers. */
const withoutPerson = (job: Job, member: MembershipId, emailKeys: ReadonlySet<string>): Job => ({
  ...job,
  cause: causeWithout(job.cause, member),
  progress: job.kind === 'invitation_import' ? importWithout(job.progress, emailKeys) : job.progress,
});

function causeWithout(cause: Cause, member: MembershipId): Cause {
  const { actor } = cause;
  const isTheirs = (actor.kind === 'member' || actor.kind === 'api_key') && actor.membershipId === member;
  return isTheirs ? { actor: emptied(actor), requestId: cause.requestId } : cause;
}
