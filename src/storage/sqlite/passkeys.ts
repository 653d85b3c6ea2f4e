/** Passkeys in SQLite. */
import type { Passkey } from '../../core/entities/credentials.ts';
import type { PasskeyRepository } from '../../core/ports/credentials.ts';
import {
  flag,
  insertRow,
  integer,
  integerOrNull,
  json,
  text,
  toFlag,
  toJson,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND_BY_CREDENTIAL = 'SELECT * FROM passkeys WHERE credential_id = ?';
const LIST_BY_USER = 'SELECT * FROM passkeys WHERE user_id = ? ORDER BY id';
const CLAIM = `
  UPDATE passkeys SET counter = ?, last_used_at = ?
  WHERE credential_id = ? AND (counter < ? OR (counter = 0 AND ? = 0))`;
const REMOVE = 'DELETE FROM passkeys WHERE user_id = ? AND id = ?';

const fromRow = (row: Row): Passkey => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  userId: word(row, 'user_id'),
  credentialId: text(row, 'credential_id'),
  publicKey: text(row, 'public_key'),
  counter: integer(row, 'counter'),
  transports: json(row, 'transports'),
  isSynced: flag(row, 'is_synced'),
  name: text(row, 'name'),
  createdAt: integer(row, 'created_at'),
  lastUsedAt: integerOrNull(row, 'last_used_at'),
});

/** Passkeys over one connection; the promises are those of the port. */
export function passkeyRepository(sql: Sql): PasskeyRepository {
  return {
    insert: async (passkey) =>
      insertRow(sql, 'passkeys', {
        id: passkey.id,
        version: passkey.version,
        user_id: passkey.userId,
        credential_id: passkey.credentialId,
        public_key: passkey.publicKey,
        counter: passkey.counter,
        transports: toJson(passkey.transports),
        is_synced: toFlag(passkey.isSynced),
        name: passkey.name,
        created_at: passkey.createdAt,
        last_used_at: passkey.lastUsedAt,
      }),
    findByCredential: async (credentialId) => {
      const row = sql.get(FIND_BY_CREDENTIAL, credentialId);
      return row && fromRow(row);
    },
    listByUser: async (userId) => sql.all(LIST_BY_USER, userId).map(fromRow),
    update: async (next, version) =>
      updateRow(sql, 'passkeys', { key: { id: next.id }, columns: { name: next.name }, version }),
    claim: async (credentialId, { counter, usedAt }) =>
      sql.run(CLAIM, counter, usedAt, credentialId, counter, counter) > 0,
    remove: async (userId, id) => sql.run(REMOVE, userId, id) > 0,
  };
}
