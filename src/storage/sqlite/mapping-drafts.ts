/** Mapping drafts in SQLite. */
import type { MappingDraft } from '../../core/entities/mapping-draft.ts';
import type { MappingDraftRepository } from '../../core/ports/mapping-drafts.ts';
import { NO_ID_YET } from './paging.ts';
import {
  type Columns,
  insertRow,
  integer,
  json,
  ownedBy,
  text,
  textOrNull,
  toJson,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM mapping_drafts WHERE organization_id = ? AND id = ?';
const LIST = 'SELECT * FROM mapping_drafts WHERE organization_id = ? AND id < ? ORDER BY id DESC LIMIT ?';
const REMOVE = 'DELETE FROM mapping_drafts WHERE organization_id = ? AND id = ?';

const columnsOf = (draft: MappingDraft): Columns => ({
  name: draft.name,
  rules: toJson(draft.rules),
  policy: draft.policy,
  basis: draft.basis,
  created_by: draft.createdBy,
  undoes: draft.undoes,
  applied: toJson(draft.applied),
  created_at: draft.createdAt,
  updated_at: draft.updatedAt,
});

const fromRow = (row: Row): MappingDraft => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  name: textOrNull(row, 'name'),
  rules: json(row, 'rules'),
  policy: wordOrNull(row, 'policy'),
  basis: text(row, 'basis'),
  createdBy: text(row, 'created_by'),
  undoes: wordOrNull(row, 'undoes'),
  applied: json(row, 'applied'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Mapping drafts over one connection; the promises are those of the port. */
export function mappingDraftRepository(sql: Sql): MappingDraftRepository {
  return {
    insert: async (organizationId, draft) =>
      insertRow(sql, 'mapping_drafts', {
        organization_id: ownedBy(organizationId, draft),
        id: draft.id,
        version: draft.version,
        ...columnsOf(draft),
      }),
    find: async (organizationId, id) => {
      const row = sql.get(FIND, organizationId, id);
      return row && fromRow(row);
    },
    list: async (organizationId, page) =>
      sql.all(LIST, organizationId, page.after ?? NO_ID_YET, page.limit).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'mapping_drafts', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
  };
}
