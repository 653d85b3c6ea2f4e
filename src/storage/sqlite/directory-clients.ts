/** Clients of the token endpoint for one directory each, in SQLite. */
import type { DirectoryClient } from '../../core/entities/directory.ts';
import type { DirectoryClientRepository } from '../../core/ports/applications.ts';
import { insertRow, integer, integerOrNull, ownedBy, text, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const LIST = 'SELECT * FROM directory_clients WHERE organization_id = ? AND directory_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM directory_clients WHERE organization_id = ? AND directory_id = ? AND id = ?';
const USED = 'UPDATE directory_clients SET last_used_at = ? WHERE organization_id = ? AND id = ?';
const FIND_BY_ID = 'SELECT * FROM directory_clients WHERE id = ?';

const fromRow = (row: Row): DirectoryClient => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  directoryId: word(row, 'directory_id'),
  name: text(row, 'name'),
  secretHash: text(row, 'secret_hash'),
  createdAt: integer(row, 'created_at'),
  lastUsedAt: integerOrNull(row, 'last_used_at'),
});

/** Directory clients over one connection; the promises are those of the port. */
export function directoryClientRepository(sql: Sql): DirectoryClientRepository {
  return {
    insert: async (organizationId, client) =>
      insertRow(sql, 'directory_clients', {
        organization_id: ownedBy(organizationId, client),
        directory_id: client.directoryId,
        id: client.id,
        name: client.name,
        secret_hash: client.secretHash,
        created_at: client.createdAt,
        last_used_at: client.lastUsedAt,
      }),
    list: async (organizationId, directoryId) => sql.all(LIST, organizationId, directoryId).map(fromRow),
    remove: async (organizationId, directoryId, id) => sql.run(REMOVE, organizationId, directoryId, id) > 0,
    updateLastUsed: async (organizationId, id, at) => {
      sql.run(USED, at, organizationId, id);
    },
    findById: async (id) => {
      const row = sql.get(FIND_BY_ID, id);
      return row && fromRow(row);
    },
  };
}
