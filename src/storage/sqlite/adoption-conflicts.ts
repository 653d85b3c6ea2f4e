/** Doubtful matches between pushed people and members, in SQLite. */
import type { AdoptionConflict } from '../../core/entities/adoption.ts';
import type { AdoptionConflictRepository } from '../../core/ports/adoption.ts';
import { type Columns, insertRow, integer, integerOrNull, ownedBy, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM adoption_conflicts WHERE organization_id = ? AND id = ?';
const FIND_BY_USER = 'SELECT * FROM adoption_conflicts WHERE organization_id = ? AND directory_user_id = ?';
const LIST = `
  SELECT * FROM adoption_conflicts
  WHERE organization_id = ? AND directory_id = ? AND id > ? ORDER BY id LIMIT ?`;
const LIST_BY_STATUS = `
  SELECT * FROM adoption_conflicts
  WHERE organization_id = ? AND directory_id = ? AND status = ? AND id > ? ORDER BY id LIMIT ?`;

const REMOVE = 'DELETE FROM adoption_conflicts WHERE organization_id = ? AND id = ?';

const columnsOf = (conflict: AdoptionConflict): Columns => ({
  directory_id: conflict.directoryId,
  directory_user_id: conflict.directoryUserId,
  candidate_membership_id: conflict.candidateMembershipId,
  reason: conflict.reason,
  status: conflict.status,
  created_at: conflict.createdAt,
  settled_at: conflict.settledAt,
});

const fromRow = (row: Row): AdoptionConflict => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  directoryId: word(row, 'directory_id'),
  directoryUserId: word(row, 'directory_user_id'),
  candidateMembershipId: word(row, 'candidate_membership_id'),
  reason: word(row, 'reason'),
  status: word(row, 'status'),
  createdAt: integer(row, 'created_at'),
  settledAt: integerOrNull(row, 'settled_at'),
});

/** Conflicts over one connection; the promises are those of the port. */
export function adoptionConflictRepository(sql: Sql): AdoptionConflictRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, conflict) =>
      insertRow(sql, 'adoption_conflicts', {
        organization_id: ownedBy(organizationId, conflict),
        id: conflict.id,
        version: conflict.version,
        ...columnsOf(conflict),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    findByUser: async (organizationId, directoryUserId) =>
      one(sql.get(FIND_BY_USER, organizationId, directoryUserId)),
    list: async (organizationId, { directoryId, status }, { after = '', limit }) => {
      const rows =
        status === undefined
          ? sql.all(LIST, organizationId, directoryId, after, limit)
          : sql.all(LIST_BY_STATUS, organizationId, directoryId, status, after, limit);
      return rows.map(fromRow);
    },
    update: async (organizationId, next, version) =>
      updateRow(sql, 'adoption_conflicts', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
  };
}
