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
const USED = 'UPDATE api_keys SET last_used_at = ? WHERE organization_id = ? AND id = ?';

const fromRow = (row: Row): ApiKey => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  name: text(row, 'name'),
  kind: word(row, 'kind'),
  membershipId: wordOrNull(row, 'membership_id'),
  createdBy: text(row, 'created_by'),
  scopes: json(row, 'scopes'),
  orgRole: word(row, 'org_role'),
  tokenHash: text(row, 'token_hash'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integerOrNull(row, 'expires_at'),
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
        created_by: key.createdBy,
        scopes: toJson(key.scopes),
        org_role: key.orgRole,
        token_hash: key.tokenHash,
        created_at: key.createdAt,
        expires_at: key.expiresAt,
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
    findByHash: async (tokenHash) => one(sql.get(FIND_BY_HASH, tokenHash)),
  };
}
