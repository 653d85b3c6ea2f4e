/** Connections in SQLite. Secrets inside the settings are sealed before they come here. */
import type { Connection } from '../../core/entities/connection.ts';
import type { ConnectionRepository } from '../../core/ports/sign-ins.ts';
import { type KnownRows, nothingKnown } from './known-rows.ts';
import {
  type Columns,
  flag,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  textOrNull,
  toFlag,
  toJson,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM connections WHERE organization_id = ? AND id = ?';
const FIND_BY_ID = 'SELECT * FROM connections WHERE id = ?';
/** Keys and certificates make the row three pages long; this reads the beginning of it. */
const VERSION = 'SELECT version FROM connections WHERE organization_id = ? AND id = ?';
const VERSION_BY_ID = 'SELECT version FROM connections WHERE id = ?';
const LIST = 'SELECT * FROM connections WHERE organization_id = ? ORDER BY id';
const LIST_DUE = 'SELECT * FROM connections WHERE due_at <= ? ORDER BY due_at, organization_id, id LIMIT ?';
const REMOVE = 'DELETE FROM connections WHERE organization_id = ? AND id = ?';

const columnsOf = (connection: Connection): Columns => ({
  name: connection.name,
  status: connection.status,
  preset: connection.preset,
  settings: toJson(connection.settings),
  jit: toFlag(connection.jit),
  idp_initiated: toFlag(connection.idpInitiated),
  attributes: toJson(connection.attributes),
  user_name_claim: connection.userNameClaim,
  due_at: connection.dueAt,
  created_at: connection.createdAt,
  updated_at: connection.updatedAt,
});

const fromRow = (row: Row): Connection => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  name: text(row, 'name'),
  status: word(row, 'status'),
  preset: wordOrNull(row, 'preset'),
  settings: json(row, 'settings'),
  jit: flag(row, 'jit'),
  idpInitiated: flag(row, 'idp_initiated'),
  attributes: json(row, 'attributes'),
  userNameClaim: textOrNull(row, 'user_name_claim'),
  dueAt: integerOrNull(row, 'due_at'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Connections over one connection to the database; the promises are those of the port. `known`: every sign-in asks for its own twice. */
export function connectionRepository(
  sql: Sql,
  known: KnownRows<Connection> = nothingKnown,
): ConnectionRepository {
  const one = (id: string, stored: Row | undefined, read: () => Row | undefined): Connection | undefined => {
    if (stored === undefined) return undefined;
    const before = known.find(id, integer(stored, 'version'));
    if (before !== undefined) return before;
    const row = read();
    const connection = row && fromRow(row);
    if (connection !== undefined) known.keep(connection);
    return connection;
  };
  return {
    insert: async (organizationId, connection) =>
      insertRow(sql, 'connections', {
        organization_id: ownedBy(organizationId, connection),
        id: connection.id,
        version: connection.version,
        ...columnsOf(connection),
      }),
    find: async (organizationId, id) =>
      one(id, sql.get(VERSION, organizationId, id), () => sql.get(FIND, organizationId, id)),
    list: async (organizationId) => sql.all(LIST, organizationId).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'connections', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    listDue: async (now, limit) => sql.all(LIST_DUE, now, limit).map(fromRow),
    findById: async (id) => one(id, sql.get(VERSION_BY_ID, id), () => sql.get(FIND_BY_ID, id)),
  };
}
