/** The driver of long work. */
import { aJob } from '../support/job-builders.ts';
import type { RowKind } from './row-kind.ts';
import { webhooks } from './webhook-rows.ts';

const jobs: RowKind = {
  name: 'jobs',
  make: ({ organization: { id } }, text) => {
    const outcome = { result: text, problem: { code: text, detail: text }, totalCount: 7, dueAt: null };
    const value = aJob(id, { progress: text, ...outcome });
    return {
      value,
      insert: (tx) => tx.jobs.insert(id, value),
      find: (store) => store.jobs.find(id, value.id),
      update: (tx, progress, version) => tx.jobs.update(id, { ...value, progress }, version),
    };
  },
};

/** Its kind, and that of webhooks. */
export const JOB_ROWS: readonly RowKind[] = [jobs, webhooks];
