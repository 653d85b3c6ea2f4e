/** Past values in SQLite: appended when something ends, read by instant, never changed. */
import type { PastKind, PastValue } from '../../core/entities/history.ts';
import type { PastValueRepository } from '../../core/ports/history.ts';
import { overwriting } from './overwriting.ts';
import { integer, json, ownedBy, text, toJson, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const APPEND = `
  INSERT INTO past_values (organization_id, subject_id, kind, until, value, ended_by) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;
const ERASE = `
  UPDATE past_values SET value = json_set(value, '$.email', NULL, '$.name', 'erased')
  WHERE organization_id = ? AND subject_id = ? AND kind = 'membership'`;
const FIND = `
  SELECT * FROM past_values WHERE organization_id = ? AND subject_id = ? AND kind = ? AND until > ?
  ORDER BY until LIMIT 1`;
const REMOVE_ALL = 'DELETE FROM past_values WHERE organization_id = ? AND subject_id = ? AND kind = ?';
const PRUNE = `
  DELETE FROM past_values WHERE (organization_id, subject_id, kind, until) IN (
    SELECT organization_id, subject_id, kind, until FROM past_values
    WHERE organization_id = ? AND until < ? AND kind <> 'unrecorded' ORDER BY until LIMIT ?)`;

const fromRow = <Kind extends PastKind>(row: Row): PastValue<Kind> => ({
  organizationId: word(row, 'organization_id'),
  kind: word(row, 'kind'),
  subjectId: text(row, 'subject_id'),
  until: integer(row, 'until'),
  value: json(row, 'value'),
  endedBy: json(row, 'ended_by'),
});

/** Past values over one connection; the promises are those of the port. */
export function pastValueRepository(sql: Sql): PastValueRepository {
  const append: PastValueRepository['append'] = async (organizationId, row) => {
    const owner = ownedBy(organizationId, row);
    sql.run(APPEND, owner, row.subjectId, row.kind, row.until, toJson(row.value), toJson(row.endedBy));
  };
  return {
    append,
    replace: async (organizationId, row) => {
      sql.run(REMOVE_ALL, organizationId, row.subjectId, row.kind);
      await append(organizationId, row);
    },
    prune: async (organizationId, before, limit) => sql.run(PRUNE, organizationId, before, limit),
    erase: async (organizationId, membershipId) => {
      overwriting(sql, () => sql.run(ERASE, organizationId, membershipId));
    },
    find: async (organizationId, { kind, id }, at) => {
      const row = sql.get(FIND, organizationId, id, kind, at);
      return row && fromRow(row);
    },
  };
}
