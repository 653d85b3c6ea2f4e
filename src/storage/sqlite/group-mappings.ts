/** Group mappings in SQLite. */
import type { GroupMapping } from '../../core/entities/directory.ts';
import type { GroupMappingRepository } from '../../core/ports/directories.ts';
import { type Columns, insertRow, integer, json, ownedBy, toJson, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM group_mappings WHERE organization_id = ? AND id = ?';
const LIST = 'SELECT * FROM group_mappings WHERE organization_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM group_mappings WHERE organization_id = ? AND id = ?';

const columnsOf = (mapping: GroupMapping): Columns => ({
  match: toJson(mapping.match),
  grants: toJson(mapping.grants),
  rank: mapping.rank,
  created_at: mapping.createdAt,
  updated_at: mapping.updatedAt,
});

const fromRow = (row: Row): GroupMapping => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  match: json(row, 'match'),
  grants: json(row, 'grants'),
  rank: integer(row, 'rank'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Group mappings over one connection; the promises are those of the port. */
export function groupMappingRepository(sql: Sql): GroupMappingRepository {
  return {
    insert: async (organizationId, mapping) =>
      insertRow(sql, 'group_mappings', {
        organization_id: ownedBy(organizationId, mapping),
        id: mapping.id,
        version: mapping.version,
        ...columnsOf(mapping),
      }),
    find: async (organizationId, id) => {
      const row = sql.get(FIND, organizationId, id);
      return row && fromRow(row);
    },
    list: async (organizationId) => sql.all(LIST, organizationId).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'group_mappings', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
  };
}
