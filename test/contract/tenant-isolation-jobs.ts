/** The part of the isolation table about long work. */
import { nextId } from '../support/builders.ts';
import {
  absent,
  bug,
  claimedBy,
  conflict,
  global,
  type IsolationTable,
  PAGE,
} from './tenant-isolation-entries.ts';

/** Their entries. */
export const jobs: Pick<IsolationTable, 'jobs'> = {
  jobs: {
    insert: { ...bug, call: (tx, b, a) => tx.jobs.insert(b, { ...a.job, id: nextId('job') }) },
    find: { ...absent, call: (store, b, a) => store.jobs.find(b, a.job.id) },
    list: { answersOwn: 1, call: (store, b) => store.jobs.list(b, PAGE) },
    update: { ...conflict, call: (tx, b, a) => tx.jobs.update(b, claimedBy(b, a.job), 1) },
    isDue: global,
    claim: global,
    removeExpired: global,
  },
};
