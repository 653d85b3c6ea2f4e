/** Sign-ins under way and assertions already seen, asked for by another organization. */
import { nextId, nextText } from '../support/builders.ts';
import {
  absent,
  claimedBy,
  global,
  type IsolationTable,
  notFound,
  nothing,
} from './tenant-isolation-entries.ts';

export const underWay: Pick<IsolationTable, 'pendingSignIns' | 'consumedAssertions'> = {
  pendingSignIns: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.pendingSignIns.insert(b, {
          ...claimedBy(b, a.pending),
          id: nextId('sin'),
          handleHash: nextText('hash'),
        }),
    },
    find: {
      ...absent,
      call: (store, b, a) => store.pendingSignIns.find(b, a.connection.id, a.pending.handleHash),
    },
    consume: {
      ...absent,
      call: (tx, b, a) => tx.pendingSignIns.consume(b, a.connection.id, a.pending.handleHash),
    },
    listUnanswered: {
      ...nothing,
      call: (store, b, a) =>
        store.pendingSignIns.listUnanswered(b, {
          ...{ connectionId: a.connection.id, now: Number.MAX_SAFE_INTEGER, limit: 9 },
        }),
    },
    listConnections: global,
    removeExpired: global,
  },
  consumedAssertions: {
    claim: {
      ...notFound,
      call: (tx, b, a) => tx.consumedAssertions.claim(b, a.connection.id, '_another', 9),
    },
    removeExpired: global,
  },
};
