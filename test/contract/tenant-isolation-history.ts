/** The part of the isolation table about values as they were before. */
import { BUILT_AT } from '../support/builders.ts';
import { absent, bug, type IsolationTable } from './tenant-isolation-entries.ts';

/** Their entries. */
export const history: Pick<IsolationTable, 'pastValues'> = {
  pastValues: {
    append: { ...bug, call: (tx, b, a) => tx.pastValues.append(b, a.pastName) },
    replace: { ...bug, call: (tx, b, a) => tx.pastValues.replace(b, a.pastName) },
    // The rows of both are as old: that those of another stay is in the suite of the history.
    prune: { answers: 0, call: (tx, b) => tx.pastValues.prune(b, BUILT_AT, 10) },
    erase: { ...absent, call: (tx, b, a) => tx.pastValues.erase(b, a.membership.id) },
    find: {
      ...absent,
      call: (store, b, a) => store.pastValues.find(b, { kind: 'name', id: a.pastName.subjectId }, 0),
    },
  },
};
