/** The parts of the isolation table about long work and mapping drafts. */
import { nextId } from '../support/builders.ts';
import {
  absent,
  bug,
  claimedBy,
  conflict,
  global,
  type IsolationTable,
  PAGE,
  untouched,
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

/** Theirs. */
export const drafts: Pick<IsolationTable, 'mappingDrafts'> = {
  mappingDrafts: {
    insert: {
      ...bug,
      call: (tx, b, a) => tx.mappingDrafts.insert(b, { ...a.mappingDraft, id: nextId('mdr') }),
    },
    find: { ...absent, call: (store, b, a) => store.mappingDrafts.find(b, a.mappingDraft.id) },
    list: { answersOwn: 1, call: (store, b) => store.mappingDrafts.list(b, PAGE) },
    update: { ...conflict, call: (tx, b, a) => tx.mappingDrafts.update(b, claimedBy(b, a.mappingDraft), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.mappingDrafts.remove(b, a.mappingDraft.id) },
  },
};
