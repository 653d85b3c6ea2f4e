/** Directory groups in SQLite; their members are rows of their own. */
import type { GroupField, GroupOrder } from '../../core/directory/directory-query.ts';
import type { DirectoryGroup } from '../../core/entities/directory.ts';
import type { DirectoryGroupRepository } from '../../core/ports/directories.ts';
import { type Listable, queryPage, scanPage, wholeRows } from './directory-pages.ts';
import { emptyGroup, leaveGroups, renameMember } from './member-rows.ts';
import type { PageAnchors } from './page-anchors.ts';
import {
  type Columns,
  changedColumns,
  insertRow,
  integer,
  json,
  ownedBy,
  text,
  textOrNull,
  toJson,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM directory_groups WHERE organization_id = ? AND directory_id = ? AND id = ?';
const FIND_IN_ORGANIZATION = 'SELECT * FROM directory_groups WHERE organization_id = ? AND id = ?';
const INDEXED_OF = `
  SELECT display_name, display_name_key, external_id FROM directory_groups
  WHERE organization_id = ? AND directory_id = ? AND id = ?`;
const LIST_BY_NAME =
  'SELECT * FROM directory_groups WHERE organization_id = ? AND display_name_key = ? ORDER BY id';
const REMOVE = 'DELETE FROM directory_groups WHERE organization_id = ? AND directory_id = ? AND id = ?';

const LISTABLE: Listable<GroupField, GroupOrder> = {
  table: 'directory_groups',
  countColumn: 'group_count',
  movesColumn: 'group_moves',
  orders: {
    displayName: { column: 'display_name_key', nullable: false, ties: ['id'] },
    externalId: { column: 'external_id', nullable: true, ties: ['id'] },
  },
  places: {
    id: { kind: 'column', column: 'id', nullable: false },
    displayName: { kind: 'column', column: 'display_name_key', nullable: false },
    externalId: { kind: 'column', column: 'external_id', nullable: true },
    member: {
      kind: 'child',
      selects: [{ ids: 'SELECT group_id FROM group_members WHERE organization_id = ?', column: 'member_id' }],
      scope: 'organization',
    },
  },
};

const columnsOf = (group: DirectoryGroup): Columns => ({
  display_name: group.displayName,
  display_name_key: group.displayNameKey,
  external_id: group.externalId,
  attributes: toJson(group.attributes),
  created_at: group.createdAt,
  updated_at: group.updatedAt,
});

/** A row of `directory_groups` as the entity it stores. */
export const groupFromRow = (row: Row): DirectoryGroup => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  directoryId: word(row, 'directory_id'),
  displayName: text(row, 'display_name'),
  displayNameKey: text(row, 'display_name_key'),
  externalId: textOrNull(row, 'external_id'),
  attributes: json(row, 'attributes'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Directory groups over one connection; the promises are those of the port. `anchors`: hints for deep pages. */
export function directoryGroupRepository(sql: Sql, anchors?: PageAnchors): DirectoryGroupRepository {
  const source = { sql, anchors };
  const one = (row: Row | undefined) => row && groupFromRow(row);
  return {
    insert: async (organizationId, group) =>
      insertRow(sql, 'directory_groups', {
        organization_id: ownedBy(organizationId, group),
        directory_id: group.directoryId,
        id: group.id,
        version: group.version,
        ...columnsOf(group),
      }),
    find: async (organizationId, directoryId, id) => one(sql.get(FIND, organizationId, directoryId, id)),
    findInOrganization: async (organizationId, id) => one(sql.get(FIND_IN_ORGANIZATION, organizationId, id)),
    listByName: async (organizationId, displayNameKey) =>
      sql.all(LIST_BY_NAME, organizationId, displayNameKey).map(groupFromRow),
    query: async (organizationId, directoryId, query, page) => {
      const scope = { organizationId, directoryId };
      const found = queryPage(source, LISTABLE, { scope, query, page, shape: wholeRows });
      return { rows: found.rows.map(groupFromRow), total: found.total };
    },
    scan: async (organizationId, directoryId, query, page) =>
      scanPage(sql, LISTABLE, { scope: { organizationId, directoryId }, query, page }).map(groupFromRow),
    update: async (organizationId, next, version) => {
      const key = {
        organization_id: ownedBy(organizationId, next),
        directory_id: next.directoryId,
        id: next.id,
      };
      const before = sql.get(INDEXED_OF, organizationId, next.directoryId, next.id);
      const columns = changedColumns(columnsOf(next), before);
      updateRow(sql, 'directory_groups', { key, columns, version });
      if (before?.display_name !== next.displayName)
        renameMember(sql, organizationId, { id: next.id, name: next.displayName });
    },
    remove: async (organizationId, directoryId, id) => {
      if (sql.get(FIND, organizationId, directoryId, id) === undefined) return false;
      await emptyGroup(sql, organizationId, id);
      const removed = sql.run(REMOVE, organizationId, directoryId, id) > 0;
      if (removed) leaveGroups(sql, organizationId, id);
      return removed;
    },
  };
}
