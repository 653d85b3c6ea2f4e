/** The part of the isolation table about what happened, what must be told, what was recorded, and the installation. */
import { nextId } from '../support/builders.ts';
import { absent, bug, global, type IsolationTable, PAGE } from './tenant-isolation-entries.ts';

/** Their entries. */
export const journal: Pick<
  IsolationTable,
  'auditEvents' | 'outbox' | 'recorderEntries' | 'signInAttempts' | 'installation'
> = {
  auditEvents: {
    append: { ...bug, call: (tx, b, a) => tx.auditEvents.append(b, { ...a.auditEvent, id: nextId('aud') }) },
    findHead: { ...absent, call: (store) => store.auditEvents.findHead('org_of_nobody' as never) },
    listChain: {
      answersOwn: 1,
      call: async (store, b) => (await store.auditEvents.listChain(b, 0, 10)).map(({ event }) => event),
    },
    list: { answersOwn: 1, call: (store, b) => store.auditEvents.list(b, {}, PAGE) },
    prune: { answers: 0, call: (tx, b) => tx.auditEvents.prune(b, Number.MAX_SAFE_INTEGER, 10) },
    erase: {
      ...absent,
      call: (tx, b, a) => tx.auditEvents.erase(b, a.auditEvent.id, { actor: { kind: 'system' } }),
    },
  },
  outbox: {
    append: { ...bug, call: (tx, b, a) => tx.outbox.append(b, { ...a.outboxEvent, id: nextId('evt') }) },
    find: { ...absent, call: (store, b, a) => store.outbox.find(b, a.outboxEvent.id) },
    claim: {
      ...absent,
      call: (tx, b, a) => tx.outbox.claim(b, a.outboxEvent.id, Number.MAX_SAFE_INTEGER - 1, 1),
    },
    settle: {
      answers: false,
      call: (tx, b, a) =>
        tx.outbox.settle(b, a.outboxEvent, { deliveredAt: 1, dueAt: null, lastError: 'stolen' }),
    },
    cancel: { answers: false, call: (tx, b, a) => tx.outbox.cancel(b, a.outboxEvent.id, 'stolen') },
    rewriteMail: {
      ...bug,
      call: (tx, b, a) => tx.outbox.rewriteMail(b, { ...a.outboxEvent, payload: 'stolen' }),
    },
    eraseDetails: { ...absent, call: (tx, b, a) => tx.outbox.eraseDetails(b, a.auditEvent) },
    listWaiting: { answersOwn: 1, call: (store, b) => store.outbox.listWaiting(b, PAGE) },
    listDue: global,
    findPosition: global,
    findLastPosition: global,
    listEvents: global,
    removeExpired: global,
  },
  recorderEntries: {
    append: {
      ...bug,
      call: (tx, b, a) => tx.recorderEntries.append(b, [{ ...a.recorderEntry, id: nextId('rec') }]),
    },
    list: { answersOwn: 1, call: (store, b) => store.recorderEntries.list(b, {}, PAGE) },
    find: { ...absent, call: (store, b, a) => store.recorderEntries.find(b, a.recorderEntry.id) },
    erase: { answers: 0, call: (tx, b, a) => tx.recorderEntries.erase(b, [a.recorderEntry.id]) },
    trim: { answers: 0, call: (tx, b) => tx.recorderEntries.trim(b, { newest: 1, failed: 0 }) },
    removeExpired: global,
  },
  signInAttempts: {
    append: {
      ...bug,
      call: (tx, b, a) => tx.signInAttempts.append(b, [{ ...a.signInAttempt, id: nextId('rec') }]),
    },
    list: { answersOwn: 1, call: (store, b) => store.signInAttempts.list(b, {}, PAGE) },
    find: { ...absent, call: (store, b, a) => store.signInAttempts.find(b, a.signInAttempt.id) },
    erase: { answers: 0, call: (tx, b, a) => tx.signInAttempts.erase(b, [a.signInAttempt.id]) },
    trim: { answers: 0, call: (tx, b) => tx.signInAttempts.trim(b, { ok: 1, failed: 0, strangers: 0 }) },
    removeExpired: global,
  },
  installation: { find: global, insert: global, consume: global },
};
