/** The part of the isolation table about webhooks. */
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
export const webhooks: Pick<IsolationTable, 'webhooks'> = {
  webhooks: {
    insert: { ...bug, call: (tx, b, a) => tx.webhooks.insert(b, { ...a.webhook, id: nextId('whk') }) },
    find: { ...absent, call: (store, b, a) => store.webhooks.find(b, a.webhook.id) },
    list: { answersOwn: 1, call: (store, b) => store.webhooks.list(b, PAGE) },
    update: { ...conflict, call: (tx, b, a) => tx.webhooks.update(b, claimedBy(b, a.webhook), 1) },
    claim: {
      ...absent,
      call: (tx, b, a) => tx.webhooks.claim(b, a.webhook.id, { now: Number.MAX_SAFE_INTEGER - 1, endsAt: 1 }),
    },
    remove: { ...untouched, call: (tx, b, a) => tx.webhooks.remove(b, a.webhook.id) },
    findById: global,
    listAll: global,
    listDue: global,
  },
};
