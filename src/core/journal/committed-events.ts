/** Watches a storage for what its transactions tell the audit, so that a request can be shown with the change it made. */
import type { AuditEvent } from '../entities/journal.ts';
import type { Repositories, Storage } from '../ports/storage.ts';

/**
 * Answers the same storage; `note` is called after each commit with the audit rows of that transaction, in order.
 * A transaction that is undone, or run again, leaves nothing of its lost run.
 */
export function watchCommits(storage: Storage, note: (events: readonly AuditEvent[]) => void): Storage {
  return {
    ...storage,
    transact: async (fn, durability) => {
      let events: AuditEvent[] = [];
      const result = await storage.transact((tx) => {
        events = [];
        return fn(collecting(tx, events));
      }, durability);
      note(events);
      return result;
    },
  };
}

function collecting(tx: Repositories, events: AuditEvent[]): Repositories {
  const { auditEvents } = tx;
  return {
    ...tx,
    auditEvents: {
      ...auditEvents,
      append: async (organizationId, event, link) => {
        await auditEvents.append(organizationId, event, link);
        events.push(event);
      },
    },
  };
}
