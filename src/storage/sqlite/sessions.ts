/** Sessions in SQLite, found by the hash of their cookie. */
import type { Session, UpstreamSession } from '../../core/entities/session.ts';
import type { SessionRepository } from '../../core/ports/sign-ins.ts';
import type { Columns } from './rows.ts';
import {
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
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM sessions WHERE organization_id = ? AND id = ?';
const BY_TOKEN = 'SELECT * FROM sessions WHERE token_hash = ?';
const BY_PREVIOUS_TOKEN = 'SELECT * FROM sessions WHERE previous_token_hash = ?';
const SEEN = 'UPDATE sessions SET last_seen_at = ? WHERE organization_id = ? AND id = ?';
const ROTATE = `
  UPDATE sessions SET token_hash = ?, previous_token_hash = ?, org_role = ?, rotated_at = ?, confirmed_at = NULL
  WHERE organization_id = ? AND id = ? AND token_hash = ?`;
const CONFIRM = `
  UPDATE sessions SET confirmed_at = ?
  WHERE organization_id = ? AND id = ? AND token_hash = ? AND confirmed_at IS NULL`;
const OF_MEMBERSHIP = 'SELECT * FROM sessions WHERE organization_id = ? AND membership_id = ? ORDER BY id';
const OF_CONNECTION = 'SELECT * FROM sessions WHERE organization_id = ? AND connection_id = ?';
const OF_UPSTREAM = {
  nameId: `${OF_CONNECTION} AND upstream_name_id = ? ORDER BY id`,
  sid: `${OF_CONNECTION} AND upstream_sid = ? ORDER BY id`,
};
const LIST = 'SELECT * FROM sessions WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?';
const REMOVE = 'DELETE FROM sessions WHERE organization_id = ? AND id = ?';
const REMOVE_EXPIRED = 'DELETE FROM sessions WHERE expires_at <= ?';

const fromRow = (row: Row): Session => ({
  id: word(row, 'id'),
  tokenHash: text(row, 'token_hash'),
  previousTokenHash: textOrNull(row, 'previous_token_hash'),
  rotatedAt: integerOrNull(row, 'rotated_at'),
  confirmedAt: integerOrNull(row, 'confirmed_at'),
  organizationId: word(row, 'organization_id'),
  userId: word(row, 'user_id'),
  membershipId: word(row, 'membership_id'),
  connectionId: wordOrNull(row, 'connection_id'),
  orgRole: word(row, 'org_role'),
  amr: json(row, 'amr'),
  upstream: textOrNull(row, 'upstream') === null ? null : json<UpstreamSession>(row, 'upstream'),
  emergency: flag(row, 'emergency'),
  ip: textOrNull(row, 'ip'),
  userAgent: textOrNull(row, 'user_agent'),
  authTime: integer(row, 'auth_time'),
  isAuthTimeAssumed: flag(row, 'auth_time_assumed'),
  authenticatedAt: integer(row, 'authenticated_at'),
  createdAt: integer(row, 'created_at'),
  lastSeenAt: integer(row, 'last_seen_at'),
  expiresAt: integer(row, 'expires_at'),
});

const columnsOf = (session: Session): Columns => ({
  token_hash: session.tokenHash,
  organization_id: session.organizationId,
  id: session.id,
  user_id: session.userId,
  membership_id: session.membershipId,
  connection_id: session.connectionId,
  org_role: session.orgRole,
  previous_token_hash: session.previousTokenHash,
  rotated_at: session.rotatedAt,
  confirmed_at: session.confirmedAt,
  amr: toJson(session.amr),
  upstream: session.upstream && toJson(session.upstream),
  // Beside the whole, because sessions are looked up by these two.
  upstream_name_id: session.upstream?.nameId ?? null,
  upstream_sid: session.upstream?.sid ?? null,
  emergency: toFlag(session.emergency),
  ip: session.ip,
  user_agent: session.userAgent,
  auth_time: session.authTime,
  auth_time_assumed: toFlag(session.isAuthTimeAssumed),
  authenticated_at: session.authenticatedAt,
  created_at: session.createdAt,
  last_seen_at: session.lastSeenAt,
  expires_at: session.expiresAt,
});

/** Sessions over one connection; the promises are those of the port. */
export function sessionRepository(sql: Sql): SessionRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, session) => {
      ownedBy(organizationId, session);
      insertRow(sql, 'sessions', columnsOf(session));
    },
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    updateLastSeen: async (organizationId, id, at) => {
      sql.run(SEEN, at, organizationId, id);
    },
    rotate: async (organizationId, id, { tokenHash, previous, next, orgRole, at }) =>
      sql.run(ROTATE, next, previous, orgRole, at, organizationId, id, tokenHash) > 0,
    confirm: async (organizationId, id, tokenHash, at) => {
      sql.run(CONFIRM, at, organizationId, id, tokenHash);
    },
    listByMembership: async (organizationId, membershipId) =>
      sql.all(OF_MEMBERSHIP, organizationId, membershipId).map(fromRow),
    listByConnection: async (organizationId, connectionId) =>
      sql.all(`${OF_CONNECTION} ORDER BY id`, organizationId, connectionId).map(fromRow),
    listByUpstream: async (organizationId, connectionId, { kind, value }) =>
      sql.all(OF_UPSTREAM[kind], organizationId, connectionId, value).map(fromRow),
    list: async (organizationId, { after = '', limit }) =>
      sql.all(LIST, organizationId, after, limit).map(fromRow),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    findByHash: async (tokenHash) =>
      one(sql.get(BY_TOKEN, tokenHash) ?? sql.get(BY_PREVIOUS_TOKEN, tokenHash)),
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
