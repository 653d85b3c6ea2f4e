/** API keys in SQLite. */
import type { ApiKey } from '../../core/entities/api-key.ts';
import type { ApiKeyRepository } from '../../core/ports/api-keys.ts';
import { insertRow, integer, integerOrNull, json, ownedBy, text, toJson, word, wordOrNull } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM api_keys WHERE organization_id = ? AND id = ?';
const FIND_BY_HASH = 'SELECT * FROM api_keys WHERE token_hash = ?';
const LIST = 'SELECT * FROM api_keys WHERE organization_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM api_keys WHERE organization_id = ? AND id = ?';
const REMOVE_BY_MEMBERSHIP =
  'DELETE FROM api_keys WHERE organization_id = ? AND membership_id IS NOT NULL AND membership_id = ?';
const CLAIM_WARNING = `
  UPDATE api_keys SET expiry_warned_days = ?
  WHERE organization_id = ? AND id = ? AND (expiry_warned_days IS NULL OR expiry_warned_days > ?)`;
const LIST_EXPIRING = `
  SELECT * FROM api_keys WHERE expires_at IS NOT NULL AND (expires_at, id) > (?, ?) AND expires_at <= ?
  ORDER BY expires_at, id LIMIT ?`;
/** Sorts behind every id. */
const NO_ID_YET = '~';
const USED = 'UPDATE api_keys SET last_used_at = ? WHERE organization_id = ? AND id = ?';

const fromRow = (row: Row): ApiKey => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  name: text(row, 'name'),
  kind: word(row, 'kind'),
  membershipId: wordOrNull(row, 'membership_id'),
  teamId: wordOrNull(row, 'team_id'),
  connectionId: wordOrNull(row, 'connection_id'),
  amr: json(row, 'amr'),
  createdBy: text(row, 'created_by'),
  scopes: json(row, 'scopes'),
  orgRole: word(row, 'org_role'),
  tokenHash: text(row, 'token_hash'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integerOrNull(row, 'expires_at'),
  expiryWarnedDays: integerOrNull(row, 'expiry_warned_days'),
  lastUsedAt: integerOrNull(row, 'last_used_at'),
});

/** API keys over one connection; the promises are those of the port. */
export function apiKeyRepository(sql: Sql): ApiKeyRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, key) =>
      insertRow(sql, 'api_keys', {
        organization_id: ownedBy(organizationId, key),
        id: key.id,
        name: key.name,
        kind: key.kind,
        membership_id: key.membershipId,
        team_id: key.teamId,
        connection_id: key.connectionId,
        amr: toJson(key.amr),
        created_by: key.createdBy,
        scopes: toJson(key.scopes),
        org_role: key.orgRole,
        token_hash: key.tokenHash,
        created_at: key.createdAt,
        expires_at: key.expiresAt,
        expiry_warned_days: key.expiryWarnedDays,
        last_used_at: key.lastUsedAt,
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    list: async (organizationId) => sql.all(LIST, organizationId).map(fromRow),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    removeByMembership: async (organizationId, membershipId) =>
      sql.run(REMOVE_BY_MEMBERSHIP, organizationId, membershipId),
    updateLastUsed: async (organizationId, id, at) => {
      sql.run(USED, at, organizationId, id);
    },
    claimWarning: async (organizationId, id, days) =>
      sql.run(CLAIM_WARNING, days, organizationId, id, days) > 0,
    listExpiring: async ({ after, afterId, until }, limit) =>
      sql.all(LIST_EXPIRING, after, afterId ?? NO_ID_YET, until, limit).map(fromRow),
    findByHash: async (tokenHash) => one(sql.get(FIND_BY_HASH, tokenHash)),
  };
}
