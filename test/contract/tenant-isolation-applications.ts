/** The part of the isolation table about applications: of the installation themselves, their grants of one organization each. */
import { nextId } from '../support/builders.ts';
import {
  absent,
  claimedBy,
  conflict,
  global,
  type IsolationTable,
  notFound,
  nothing,
  untouched,
} from './tenant-isolation-entries.ts';

/** Their entries. */
export const applications: Pick<
  IsolationTable,
  'applications' | 'applicationGrants' | 'providerRecords' | 'signingKeys' | 'directoryClients' | 'orgRoles'
> = {
  applications: { insert: global, find: global, list: global, update: global, remove: global },
  applicationGrants: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.applicationGrants.insert(b, {
          ...claimedBy(b, a.applicationGrant),
          id: nextId('agr'),
          sessionId: nextId('ses'),
        }),
    },
    find: { ...absent, call: (store, b, a) => store.applicationGrants.find(b, a.applicationGrant.id) },
    listBySession: {
      ...nothing,
      call: (store, b, a) => store.applicationGrants.listBySession(b, a.applicationGrant.sessionId),
    },
    listByMembership: {
      ...nothing,
      call: (store, b, a) => store.applicationGrants.listByMembership(b, a.membership.id),
    },
    listByConnection: {
      ...nothing,
      call: (store, b, a) => store.applicationGrants.listByConnection(b, a.connection.id),
    },
    list: { answersOwn: 1, call: (store, b) => store.applicationGrants.list(b, { limit: 1000 }) },
    update: {
      ...conflict,
      call: (tx, b, a) => tx.applicationGrants.update(b, claimedBy(b, a.applicationGrant), 1),
    },
    remove: { ...untouched, call: (tx, b, a) => tx.applicationGrants.remove(b, a.applicationGrant.id) },
    findById: global,
    removeExpired: global,
  },
  providerRecords: {
    insert: global,
    replace: global,
    find: global,
    consume: global,
    remove: global,
    removeExpired: global,
  },
  orgRoles: { insert: global, list: global, update: global, remove: global, listUses: global },
  signingKeys: { insert: global, list: global, update: global, remove: global },
  directoryClients: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.directoryClients.insert(b, { ...claimedBy(b, a.directoryClient), id: nextId('dcl') }),
    },
    list: { ...nothing, call: (store, b, a) => store.directoryClients.list(b, a.directory.id) },
    remove: {
      ...untouched,
      call: (tx, b, a) => tx.directoryClients.remove(b, a.directory.id, a.directoryClient.id),
    },
    updateLastUsed: {
      ...absent,
      call: (tx, b, a) => tx.directoryClients.updateLastUsed(b, a.directoryClient.id, 9),
    },
    findById: global,
  },
};
