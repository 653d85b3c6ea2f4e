/** What core asks of storage about long work. */
import type { JobId, OrganizationId } from '../../kernel/ids.ts';
import type { Job, ListedJob } from '../entities/job.ts';
import type { PageRequest } from './paging.ts';

export interface JobRepository {
  insert(organizationId: OrganizationId, job: Job): Promise<void>;
  find(organizationId: OrganizationId, id: JobId): Promise<Job | undefined>;
  /** Newest first. */
  list(organizationId: OrganizationId, page: PageRequest): Promise<readonly ListedJob[]>;
  /** What it replaces is overwritten: a job holds addresses. */
  update(organizationId: OrganizationId, next: Job, expectedVersion: number): Promise<void>;
  /** GLOBAL: whether there is a job to hand out; a look that costs no write, so that nobody writes when there is none. */
  isDue(now: number): Promise<boolean>;
  /**
   * GLOBAL: hands the job that has been due longest to exactly one runner: `running`, its version one up, due again at
   * `leaseEnds`. Undefined when none is due.
   */
  claim(now: number, leaseEnds: number): Promise<Job | undefined>;
  /** GLOBAL: housekeeping; ended jobs last changed at or before this. */
  removeExpired(endedBefore: number): Promise<number>;
}
