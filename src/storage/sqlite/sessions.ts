/** Sessions in SQLite, found by the hash of their cookie. */
import type { Session } from '../../core/entities/sign-in.ts';
import type { SessionRepository } from '../../core/ports/sign-ins.ts';
import { insertRow, integer, ownedBy, text, word, wordOrNull } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM sessions WHERE id_hash = ?';
const SEEN = 'UPDATE sessions SET last_seen_at = ? WHERE id_hash = ? AND organization_id = ?';
const LIST = 'SELECT * FROM sessions WHERE organization_id = ? AND membership_id = ? ORDER BY id_hash';
const REMOVE = 'DELETE FROM sessions WHERE id_hash = ? AND organization_id = ?';
const REMOVE_BY_MEMBERSHIP = 'DELETE FROM sessions WHERE organization_id = ? AND membership_id = ?';
const REMOVE_EXPIRED = 'DELETE FROM sessions WHERE expires_at <= ?';

const fromRow = (row: Row): Session => ({
  idHash: text(row, 'id_hash'),
  organizationId: word(row, 'organization_id'),
  userId: word(row, 'user_id'),
  membershipId: word(row, 'membership_id'),
  connectionId: wordOrNull(row, 'connection_id'),
  authenticatedAt: integer(row, 'authenticated_at'),
  createdAt: integer(row, 'created_at'),
  lastSeenAt: integer(row, 'last_seen_at'),
  expiresAt: integer(row, 'expires_at'),
});

/** Sessions over one connection; the promises are those of the port. */
export function sessionRepository(sql: Sql): SessionRepository {
  return {
    insert: async (organizationId, session) =>
      insertRow(sql, 'sessions', {
        id_hash: session.idHash,
        organization_id: ownedBy(organizationId, session),
        user_id: session.userId,
        membership_id: session.membershipId,
        connection_id: session.connectionId,
        authenticated_at: session.authenticatedAt,
        created_at: session.createdAt,
        last_seen_at: session.lastSeenAt,
        expires_at: session.expiresAt,
      }),
    updateLastSeen: async (organizationId, idHash, at) => {
      sql.run(SEEN, at, idHash, organizationId);
    },
    listByMembership: async (organizationId, membershipId) =>
      sql.all(LIST, organizationId, membershipId).map(fromRow),
    remove: async (organizationId, idHash) => sql.run(REMOVE, idHash, organizationId) > 0,
    removeByMembership: async (organizationId, membershipId) =>
      sql.run(REMOVE_BY_MEMBERSHIP, organizationId, membershipId),
    findByHash: async (idHash) => {
      const row = sql.get(FIND, idHash);
      return row && fromRow(row);
    },
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
