/** Emergency codes in SQLite, found by their hash. */
import type { EmergencyCode } from '../../core/entities/sso-policy.ts';
import type { EmergencyCodeRepository } from '../../core/ports/sso-policy.ts';
import {
  type Columns,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  toJson,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM emergency_codes WHERE organization_id = ? AND id = ?';
const FIND_BY_HASH = 'SELECT * FROM emergency_codes WHERE code_hash = ?';
const LIST = 'SELECT * FROM emergency_codes WHERE organization_id = ? ORDER BY id DESC LIMIT ?';
const CLAIM = `
  UPDATE emergency_codes SET used_at = ?, version = version + 1
  WHERE organization_id = ? AND id = ? AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?`;

const columnsOf = (code: EmergencyCode): Columns => ({
  membership_id: code.membershipId,
  code_hash: code.codeHash,
  created_by: toJson(code.createdBy),
  created_at: code.createdAt,
  expires_at: code.expiresAt,
  used_at: code.usedAt,
  revoked_at: code.revokedAt,
});

const fromRow = (row: Row): EmergencyCode => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  membershipId: word(row, 'membership_id'),
  codeHash: text(row, 'code_hash'),
  createdBy: json(row, 'created_by'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integer(row, 'expires_at'),
  usedAt: integerOrNull(row, 'used_at'),
  revokedAt: integerOrNull(row, 'revoked_at'),
});

/** Emergency codes over one connection; the promises are those of the port. */
export function emergencyCodeRepository(sql: Sql): EmergencyCodeRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, code) =>
      insertRow(sql, 'emergency_codes', {
        organization_id: ownedBy(organizationId, code),
        id: code.id,
        version: code.version,
        ...columnsOf(code),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    list: async (organizationId, limit) => sql.all(LIST, organizationId, limit).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'emergency_codes', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    claim: async (organizationId, id, now) => sql.run(CLAIM, now, organizationId, id, now) > 0,
    findByHash: async (codeHash) => one(sql.get(FIND_BY_HASH, codeHash)),
  };
}
