/** Long work of one organization, done in steps after the answer has left. */
import type { JobId, OrganizationId } from '../../kernel/ids.ts';
import type { Cause } from './journal.ts';

export type JobKind = 'reprojection' | 'invitation_import' | 'cutover' | 'access_review';

export type JobState = 'waiting' | 'running' | 'done' | 'failed';

export interface Job {
  readonly id: JobId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly kind: JobKind;
  readonly state: JobState;
  /** Who asked, from where: every change the job makes is theirs. */
  readonly cause: Cause;
  /** What is to be done and how far it is, JSON; the kind's own. After a restart the job goes on from here. */
  readonly progress: string;
  readonly doneCount: number;
  /** Null while nobody has counted. */
  readonly totalCount: number | null;
  /** The kind's own report, JSON; null until there is something to tell. */
  readonly result: string | null;
  /** Why it failed, for people; null otherwise. */
  readonly problem: { readonly code: string; readonly detail: string } | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When a runner may take it (again), epoch ms; null once it has ended. A running job's is the end of its runner's lease. */
  readonly dueAt: number | null;
}

/** A job as lists show it: what is left to do can be megabytes of one job, and nobody reads it there. */
export type ListedJob = Omit<Job, 'progress'>;
