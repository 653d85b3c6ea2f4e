/** The outbox in SQLite: what must leave Gatehouse after the change it belongs to has committed. */
import type { OutboxEvent } from '../../core/entities/journal.ts';
import type { OutboxRepository } from '../../core/ports/journal.ts';
import { idFloor } from '../../kernel/ids.ts';
import { overwriting } from './overwriting.ts';
import { insertRow, integer, integerOrNull, ownedBy, text, textOrNull, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM outbox WHERE organization_id = ? AND id = ?';
const CLAIM = `
  UPDATE outbox SET due_at = ? + ?, attempts = attempts + 1
  WHERE organization_id = ? AND id = ? AND due_at IS NOT NULL AND due_at <= ? AND payload <> '' RETURNING *`;
// What was delivered is delivered, whoever holds it by now.
const SETTLE = `
  UPDATE outbox SET delivered_at = ?, due_at = ?, last_error = ?,
    payload = CASE WHEN kind = 'mail' AND ? IS NULL THEN '' ELSE payload END
  WHERE organization_id = ? AND id = ? AND due_at IS NOT NULL AND (attempts = ? OR ? IS NOT NULL)`;
const CANCEL = `
  UPDATE outbox SET due_at = NULL, last_error = ?, payload = ''
  WHERE organization_id = ? AND id = ? AND kind = 'mail' AND due_at IS NOT NULL`;
const REWRITE_MAIL = `
  UPDATE outbox SET payload = ?
  WHERE organization_id = ? AND id = ? AND kind = 'mail' AND due_at IS NOT NULL`;
const LIST_DUE = `
  SELECT * FROM outbox WHERE due_at IS NOT NULL AND due_at <= ? AND kind = ? AND payload <> ''
  ORDER BY due_at, id LIMIT ?`;
const LIST_WAITING = `
  SELECT * FROM outbox
  WHERE organization_id = ? AND kind = 'mail' AND due_at IS NOT NULL AND payload <> '' AND id > ?
  ORDER BY id LIMIT ?`;
const ERASE_DETAILS = `
  UPDATE outbox SET payload = json_set(payload, '$.details', json('{}'))
  WHERE organization_id = ? AND id >= ? AND id < ? AND kind = 'event' AND payload ->> 'auditEventId' = ?`;
const LIST_EVENTS = "SELECT * FROM outbox WHERE kind = 'event' AND position > ? ORDER BY position LIMIT ?";
const LIST_EVENTS_OF = `
  SELECT * FROM outbox WHERE kind = 'event' AND organization_id = ? AND position > ? ORDER BY position LIMIT ?`;
const FIND_POSITION_OF =
  "SELECT position FROM outbox WHERE organization_id = ? AND id = ? AND kind = 'event'";
/** Asks organization by organization: the index begins with them, and none by id alone is worth its writes. */
const FIND_POSITION = `
  WITH RECURSIVE owners (owner) AS (
    SELECT min(organization_id) FROM outbox
    UNION ALL
    SELECT (SELECT min(organization_id) FROM outbox WHERE organization_id > owner) FROM owners WHERE owner IS NOT NULL)
  SELECT position FROM owners CROSS JOIN outbox ON organization_id = owner AND id = ? AND kind = 'event'`;
const FIND_LAST_POSITION = 'SELECT max(position) AS position FROM outbox';
const REMOVE_EXPIRED = `
  DELETE FROM outbox WHERE position IN (SELECT position FROM outbox WHERE position > 0 ORDER BY position LIMIT ?)
    AND created_at < ? AND due_at IS NULL`;

const fromRow = (row: Row): OutboxEvent => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  kind: word(row, 'kind'),
  type: text(row, 'type'),
  payload: text(row, 'payload'),
  createdAt: integer(row, 'created_at'),
  attempts: integer(row, 'attempts'),
  dueAt: integerOrNull(row, 'due_at'),
  deliveredAt: integerOrNull(row, 'delivered_at'),
  lastError: textOrNull(row, 'last_error'),
});

/** The outbox over one connection; the promises are those of the port. */
export function outboxRepository(sql: Sql): OutboxRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    append: async (organizationId, event) =>
      insertRow(sql, 'outbox', {
        organization_id: ownedBy(organizationId, event),
        id: event.id,
        kind: event.kind,
        type: event.type,
        payload: event.payload,
        created_at: event.createdAt,
        attempts: event.attempts,
        due_at: event.dueAt,
        delivered_at: event.deliveredAt,
        last_error: event.lastError,
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    claim: async (organizationId, id, now, leaseMs) =>
      one(sql.get(CLAIM, now, leaseMs, organizationId, id, now)),
    settle: async (organizationId, { id, attempts }, { deliveredAt, dueAt, lastError }) => {
      const next = [deliveredAt, dueAt, lastError, dueAt] as const;
      return sql.run(SETTLE, ...next, organizationId, id, attempts, deliveredAt) > 0;
    },
    cancel: async (organizationId, id, why) => sql.run(CANCEL, why, organizationId, id) > 0,
    rewriteMail: async (organizationId, next) => {
      sql.run(REWRITE_MAIL, next.payload, ownedBy(organizationId, next), next.id);
    },
    // An event bears the time of its audit row in its id.
    eraseDetails: async (organizationId, { id, at }) => {
      const span = [idFloor('evt', at), idFloor('evt', at + 1)] as const;
      overwriting(sql, () => sql.run(ERASE_DETAILS, organizationId, ...span, id));
    },
    listWaiting: async (organizationId, { after = '', limit }) =>
      sql.all(LIST_WAITING, organizationId, after, limit).map(fromRow),
    listDue: async (kind, now, limit) => sql.all(LIST_DUE, now, kind, limit).map(fromRow),
    listEvents: async ({ organizationId }, afterPosition, limit) => {
      const rows =
        organizationId === undefined
          ? sql.all(LIST_EVENTS, afterPosition, limit)
          : sql.all(LIST_EVENTS_OF, organizationId, afterPosition, limit);
      return rows.map((row) => ({ position: integer(row, 'position'), event: fromRow(row) }));
    },
    findPosition: async ({ organizationId }, id) => {
      const row =
        organizationId === undefined
          ? sql.get(FIND_POSITION, id)
          : sql.get(FIND_POSITION_OF, organizationId, id);
      return row && integer(row, 'position');
    },
    findLastPosition: async () => {
      const row = sql.get(FIND_LAST_POSITION);
      return (row && integerOrNull(row, 'position')) ?? 0;
    },
    removeExpired: async (before, limit) => sql.run(REMOVE_EXPIRED, limit, before),
  };
}
