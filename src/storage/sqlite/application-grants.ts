/** What people let applications know, in SQLite. */
import type { ApplicationGrant } from '../../core/entities/application.ts';
import type { ApplicationGrantRepository } from '../../core/ports/applications.ts';
import {
  type Columns,
  flag,
  insertRow,
  integer,
  json,
  ownedBy,
  toFlag,
  toJson,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM application_grants WHERE organization_id = ? AND id = ?';
const FIND_BY_ID = 'SELECT * FROM application_grants WHERE id = ?';
const LIST_BY_SESSION =
  'SELECT * FROM application_grants WHERE organization_id = ? AND session_id = ? ORDER BY id';
const LIST_BY_MEMBERSHIP =
  'SELECT * FROM application_grants WHERE organization_id = ? AND membership_id = ? ORDER BY id';
const LIST_BY_CONNECTION =
  'SELECT * FROM application_grants WHERE organization_id = ? AND connection_id = ? ORDER BY id';
const LIST = 'SELECT * FROM application_grants WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?';
const REMOVE = 'DELETE FROM application_grants WHERE organization_id = ? AND id = ?';
const REMOVE_EXPIRED = 'DELETE FROM application_grants WHERE expires_at <= ?';

const columnsOf = (grant: ApplicationGrant): Columns => ({
  membership_id: grant.membershipId,
  user_id: grant.userId,
  application_id: grant.applicationId,
  session_id: grant.sessionId,
  scopes: toJson(grant.scopes),
  auth_time: grant.authTime,
  amr: toJson(grant.amr),
  connection_id: grant.connectionId,
  emergency: toFlag(grant.emergency),
  created_at: grant.createdAt,
  expires_at: grant.expiresAt,
});

const fromRow = (row: Row): ApplicationGrant => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  membershipId: word(row, 'membership_id'),
  userId: word(row, 'user_id'),
  applicationId: word(row, 'application_id'),
  sessionId: word(row, 'session_id'),
  scopes: json(row, 'scopes'),
  authTime: integer(row, 'auth_time'),
  amr: json(row, 'amr'),
  connectionId: wordOrNull(row, 'connection_id'),
  emergency: flag(row, 'emergency'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integer(row, 'expires_at'),
});

/** Application grants over one connection; the promises are those of the port. */
export function applicationGrantRepository(sql: Sql): ApplicationGrantRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, grant) =>
      insertRow(sql, 'application_grants', {
        organization_id: ownedBy(organizationId, grant),
        id: grant.id,
        version: grant.version,
        ...columnsOf(grant),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    listBySession: async (organizationId, sessionId) =>
      sql.all(LIST_BY_SESSION, organizationId, sessionId).map(fromRow),
    listByMembership: async (organizationId, membershipId) =>
      sql.all(LIST_BY_MEMBERSHIP, organizationId, membershipId).map(fromRow),
    listByConnection: async (organizationId, connectionId) =>
      sql.all(LIST_BY_CONNECTION, organizationId, connectionId).map(fromRow),
    list: async (organizationId, { after = '', limit }) =>
      sql.all(LIST, organizationId, after, limit).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'application_grants', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    findById: async (id) => one(sql.get(FIND_BY_ID, id)),
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
