/** The part of the isolation table about cut-overs. */
import {
  absent,
  bug,
  claimedBy,
  conflict,
  global,
  type IsolationTable,
  notFound,
  nothing,
  PAGE,
  untouched,
} from './tenant-isolation-entries.ts';

/** Their entries. */
export const cutovers: Pick<IsolationTable, 'cutovers' | 'cutoverMembers'> = {
  cutovers: {
    insert: { ...notFound, call: (tx, b, a) => tx.cutovers.insert(b, claimedBy(b, a.cutover)) },
    find: { ...absent, call: (store, b, a) => store.cutovers.find(b, a.directory.id) },
    update: { ...conflict, call: (tx, b, a) => tx.cutovers.update(b, claimedBy(b, a.cutover), 1) },
    erase: { ...conflict, call: (tx, b, a) => tx.cutovers.erase(b, claimedBy(b, a.cutover), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.cutovers.remove(b, a.directory.id) },
  },
  cutoverMembers: {
    insert: { ...bug, call: (tx, b, a) => tx.cutoverMembers.insert(b, a.cutoverMember) },
    list: { ...nothing, call: (store, b, a) => store.cutoverMembers.list(b, a.directory.id, PAGE) },
    erase: {
      ...untouched,
      call: (tx, b, a) => tx.cutoverMembers.erase(b, a.directory.id, a.cutoverMember.membershipId),
    },
    removeExpired: global,
  },
};
