/** The driver of the rows of webhooks. */
import { nextId } from '../support/builders.ts';
import { aWebhook } from '../support/webhook-builders.ts';
import type { RowKind } from './row-kind.ts';

/** Their kind. */
export const webhooks: RowKind = {
  name: 'webhooks',
  make: ({ organization: { id } }, text) => {
    const value = aWebhook(id, {
      ...{ url: text, types: [text], secret: text, previousSecret: { value: text, endsAt: 7 } },
      ...{ status: 'disabled', disabledBecause: 'gone', dueAt: null, failures: 3, failingSince: 5 },
      ...{ lastResult: { outcome: 'gone', at: 9 }, position: 11 },
      setAside: [{ id: nextId('evt'), type: text, position: 3, since: 1, failures: 2, dueAt: 4 }],
    });
    return {
      value,
      insert: (tx) => tx.webhooks.insert(id, value),
      find: (store) => store.webhooks.find(id, value.id),
      update: (tx, url, version) => tx.webhooks.update(id, { ...value, url }, version),
      remove: (tx) => tx.webhooks.remove(id, value.id),
    };
  },
};
