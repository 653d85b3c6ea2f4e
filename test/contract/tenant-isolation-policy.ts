/** The part of the isolation table about requiring single sign-on. */
import { nextId, nextText } from '../support/builders.ts';
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
export const policy: Pick<IsolationTable, 'testSignIns' | 'emergencyCodes' | 'apiKeys'> = {
  testSignIns: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.testSignIns.insert(b, {
          ...claimedBy(b, a.testSignIn),
          id: nextId('tsi'),
          tokenHash: nextText('hash'),
        }),
    },
    find: { ...absent, call: (store, b, a) => store.testSignIns.find(b, a.testSignIn.id) },
    list: { ...nothing, call: (store, b, a) => store.testSignIns.list(b, a.connection.id, 10) },
    claim: {
      ...untouched,
      call: (tx, b, a) =>
        tx.testSignIns.claim(b, a.testSignIn.id, {
          status: 'passed',
          report: { reason: null, facts: null, decision: null },
          now: 1,
          expiresAt: 2,
        }),
    },
    findByTokenHash: global,
    removeExpired: global,
  },
  emergencyCodes: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.emergencyCodes.insert(b, {
          ...claimedBy(b, a.emergencyCode),
          id: nextId('emc'),
          codeHash: nextText('hash'),
        }),
    },
    find: { ...absent, call: (store, b, a) => store.emergencyCodes.find(b, a.emergencyCode.id) },
    list: { answersOwn: 1, call: (store, b) => store.emergencyCodes.list(b, 10) },
    update: {
      ...conflict,
      call: (tx, b, a) => tx.emergencyCodes.update(b, claimedBy(b, a.emergencyCode), 1),
    },
    claim: { ...untouched, call: (tx, b, a) => tx.emergencyCodes.claim(b, a.emergencyCode.id, 1) },
    findByHash: global,
  },
  apiKeys: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.apiKeys.insert(b, { ...claimedBy(b, a.apiKey), id: nextId('apk'), tokenHash: nextText('hash') }),
    },
    find: { ...absent, call: (store, b, a) => store.apiKeys.find(b, a.apiKey.id) },
    list: { answersOwn: 1, call: (store, b) => store.apiKeys.list(b) },
    remove: { ...untouched, call: (tx, b, a) => tx.apiKeys.remove(b, a.apiKey.id) },
    removeByMembership: { answers: 0, call: (tx, b, a) => tx.apiKeys.removeByMembership(b, a.membership.id) },
    claimWarning: { ...untouched, call: (tx, b, a) => tx.apiKeys.claimWarning(b, a.apiKey.id, 30) },
    listExpiring: global,
    updateLastUsed: { ...absent, call: (tx, b, a) => tx.apiKeys.updateLastUsed(b, a.apiKey.id, 1) },
    findByHash: global,
  },
};
