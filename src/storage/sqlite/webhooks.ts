/** Webhooks in SQLite. */
import type { Webhook } from '../../core/entities/webhook.ts';
import type { WebhookRepository } from '../../core/ports/webhooks.ts';
import {
  type Columns,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  toJson,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM webhooks WHERE organization_id = ? AND id = ?';
const FIND_BY_ID = 'SELECT * FROM webhooks WHERE id = ?';
const LIST = 'SELECT * FROM webhooks WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?';
const LIST_ALL = 'SELECT * FROM webhooks WHERE id > ? ORDER BY id LIMIT ?';
const LIST_DUE = `
  SELECT * FROM webhooks WHERE due_at IS NOT NULL AND due_at <= ? AND id > ? ORDER BY id LIMIT ?`;
const CLAIM = `
  UPDATE webhooks SET due_at = ? WHERE organization_id = ? AND id = ? AND due_at IS NOT NULL AND due_at <= ? RETURNING *`;
const REMOVE = 'DELETE FROM webhooks WHERE organization_id = ? AND id = ?';

const columnsOf = (webhook: Webhook): Columns => ({
  url: webhook.url,
  types: toJson(webhook.types),
  status: webhook.status,
  disabled_because: webhook.disabledBecause,
  secret: webhook.secret,
  previous_secret: toJson(webhook.previousSecret),
  position: webhook.position,
  failures: webhook.failures,
  failing_since: webhook.failingSince,
  due_at: webhook.dueAt,
  set_aside: toJson(webhook.setAside),
  last_result: toJson(webhook.lastResult),
  created_at: webhook.createdAt,
  updated_at: webhook.updatedAt,
});

const fromRow = (row: Row): Webhook => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  url: text(row, 'url'),
  types: json(row, 'types'),
  status: word(row, 'status'),
  disabledBecause: wordOrNull(row, 'disabled_because'),
  secret: text(row, 'secret'),
  previousSecret: json(row, 'previous_secret'),
  position: integer(row, 'position'),
  failures: integer(row, 'failures'),
  failingSince: integerOrNull(row, 'failing_since'),
  dueAt: integerOrNull(row, 'due_at'),
  setAside: json(row, 'set_aside'),
  lastResult: json(row, 'last_result'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Webhooks over one connection; the promises are those of the port. */
export function webhookRepository(sql: Sql): WebhookRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, webhook) =>
      insertRow(sql, 'webhooks', {
        organization_id: ownedBy(organizationId, webhook),
        id: webhook.id,
        version: webhook.version,
        ...columnsOf(webhook),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    list: async (organizationId, { after = '', limit }) =>
      sql.all(LIST, organizationId, after, limit).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'webhooks', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    claim: async (organizationId, id, { now, endsAt }) =>
      one(sql.get(CLAIM, endsAt, organizationId, id, now)),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    findById: async (id) => one(sql.get(FIND_BY_ID, id)),
    listAll: async ({ after = '', limit }) => sql.all(LIST_ALL, after, limit).map(fromRow),
    listDue: async (now, { after = '', limit }) => sql.all(LIST_DUE, now, after, limit).map(fromRow),
  };
}
