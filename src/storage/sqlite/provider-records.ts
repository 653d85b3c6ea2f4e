/** Records of the OpenID Provider in SQLite. Payloads are sealed before they come here. */
import type { ProviderRecord } from '../../core/entities/application.ts';
import type { ProviderRecordRepository } from '../../core/ports/applications.ts';
import { insertRow, integer, integerOrNull, text, word, wordOrNull } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM provider_records WHERE kind = ? AND id_hash = ?';
const REPLACE = `
  INSERT INTO provider_records (kind, id_hash, organization_id, grant_id, payload, consumed_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (kind, id_hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`;
const CONSUME =
  'UPDATE provider_records SET consumed_at = ? WHERE kind = ? AND id_hash = ? AND consumed_at IS NULL';
const REMOVE = 'DELETE FROM provider_records WHERE kind = ? AND id_hash = ?';
const REMOVE_EXPIRED = 'DELETE FROM provider_records WHERE expires_at <= ?';

const grantFrom = (row: Row): ProviderRecord['grant'] =>
  wordOrNull(row, 'grant_id') === null
    ? null
    : { organizationId: word(row, 'organization_id'), id: word(row, 'grant_id') };

const fromRow = (row: Row): ProviderRecord => ({
  kind: text(row, 'kind'),
  idHash: text(row, 'id_hash'),
  grant: grantFrom(row),
  payload: text(row, 'payload'),
  consumedAt: integerOrNull(row, 'consumed_at'),
  expiresAt: integer(row, 'expires_at'),
});

/** Provider records over one connection; the promises are those of the port. */
export function providerRecordRepository(sql: Sql): ProviderRecordRepository {
  return {
    insert: async (record) =>
      insertRow(sql, 'provider_records', {
        kind: record.kind,
        id_hash: record.idHash,
        organization_id: record.grant?.organizationId ?? null,
        grant_id: record.grant?.id ?? null,
        payload: record.payload,
        consumed_at: record.consumedAt,
        expires_at: record.expiresAt,
      }),
    replace: async ({ kind, idHash, grant, payload, consumedAt, expiresAt }) => {
      const place = [kind, idHash, grant?.organizationId ?? null, grant?.id ?? null] as const;
      sql.run(REPLACE, ...place, payload, consumedAt, expiresAt);
    },
    find: async (kind, idHash) => {
      const row = sql.get(FIND, kind, idHash);
      return row && fromRow(row);
    },
    consume: async (kind, idHash, now) => sql.run(CONSUME, now, kind, idHash) > 0,
    remove: async (kind, idHash) => sql.run(REMOVE, kind, idHash) > 0,
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
