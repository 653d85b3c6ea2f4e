/** Mapping tests in SQLite. */
import type { MappingTest } from '../../core/entities/mapping-test.ts';
import type { MappingTestRepository } from '../../core/ports/directories.ts';
import { type Columns, insertRow, integer, json, ownedBy, text, toJson, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM mapping_tests WHERE organization_id = ? AND id = ?';
const LIST = 'SELECT * FROM mapping_tests WHERE organization_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM mapping_tests WHERE organization_id = ? AND id = ?';

const columnsOf = (test: MappingTest): Columns => ({
  name: test.name,
  given: toJson(test.given),
  expect: toJson(test.expect),
  created_at: test.createdAt,
  updated_at: test.updatedAt,
});

const fromRow = (row: Row): MappingTest => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  name: text(row, 'name'),
  given: json(row, 'given'),
  expect: json(row, 'expect'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Mapping tests over one connection; the promises are those of the port. */
export function mappingTestRepository(sql: Sql): MappingTestRepository {
  return {
    insert: async (organizationId, test) =>
      insertRow(sql, 'mapping_tests', {
        organization_id: ownedBy(organizationId, test),
        id: test.id,
        version: test.version,
        ...columnsOf(test),
      }),
    find: async (organizationId, id) => {
      const row = sql.get(FIND, organizationId, id);
      return row && fromRow(row);
    },
    list: async (organizationId) => sql.all(LIST, organizationId).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'mapping_tests', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
  };
}
