/** The part of the isolation table about how pushed people come in: unique values, doubtful matches, those who were removed. */
import { nextId, nextText } from '../support/builders.ts';
import { SHARED } from '../support/world.ts';
import {
  absent,
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
export const arrivals: Pick<IsolationTable, 'uniqueValues' | 'adoptionConflicts' | 'removedUsers'> = {
  uniqueValues: {
    replace: {
      ...notFound,
      call: (tx, b, a) => tx.uniqueValues.replace(b, a.directoryUser, [{ path: 'p', key: nextText('p') }]),
    },
    insert: {
      ...notFound,
      call: (tx, b, a) => tx.uniqueValues.insert(b, a.directoryUser, [{ path: 'p', key: nextText('p') }]),
    },
    list: { ...nothing, call: (store, b, a) => store.uniqueValues.list(b, a.directoryUser) },
    remove: {
      ...untouched,
      call: (tx, b, a) => tx.uniqueValues.remove(b, a.directory.id, SHARED.uniquePath),
    },
  },
  adoptionConflicts: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.adoptionConflicts.insert(b, {
          ...claimedBy(b, a.conflict),
          id: nextId('acf'),
          directoryUserId: nextId('du'),
        }),
    },
    find: { ...absent, call: (store, b, a) => store.adoptionConflicts.find(b, a.conflict.id) },
    findByUser: {
      ...absent,
      call: (store, b, a) => store.adoptionConflicts.findByUser(b, a.directoryUser.id),
    },
    list: {
      ...nothing,
      call: (store, b, a) => store.adoptionConflicts.list(b, { directoryId: a.directory.id }, PAGE),
    },
    update: { ...conflict, call: (tx, b, a) => tx.adoptionConflicts.update(b, claimedBy(b, a.conflict), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.adoptionConflicts.remove(b, a.conflict.id) },
  },
  removedUsers: {
    insert: {
      ...notFound,
      call: (tx, b, a) => tx.removedUsers.insert(b, { ...claimedBy(b, a.removedUser), id: nextId('du') }),
    },
    find: { ...absent, call: (store, b, a) => store.removedUsers.find(b, a.directory.id, a.removedUser.id) },
    listMatching: {
      ...nothing,
      call: (store, b, a) =>
        store.removedUsers.listMatching(b, a.directory.id, {
          userNameKey: SHARED.userName,
          externalId: SHARED.externalId,
          now: 1,
        }),
    },
    findByMembership: {
      ...absent,
      call: (store, b, a) =>
        store.removedUsers.findByMembership(b, a.directory.id, a.removedUser.membershipId),
    },
    consume: {
      ...untouched,
      call: (tx, b, a) => tx.removedUsers.consume(b, a.directory.id, a.removedUser.id),
    },
    removeExpired: global,
  },
};
