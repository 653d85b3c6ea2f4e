/** One-time values of people in SQLite, found by their hash. */
import type { OneTimeRecord } from '../../core/entities/credentials.ts';
import type { OneTimeRecordRepository } from '../../core/ports/credentials.ts';
import { overwriting } from './overwriting.ts';
import { insertRow, integer, json, text, textOrNull, toJson, word, wordOrNull } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const WHICH = 'token_hash = ? AND purpose = ?';
const FIND = `SELECT * FROM one_time_records WHERE ${WHICH}`;
const CONSUME = `DELETE FROM one_time_records WHERE ${WHICH} RETURNING *`;
const CLAIM = `
  UPDATE one_time_records SET tries_left = tries_left - 1
  WHERE ${WHICH} AND tries_left > 0 AND expires_at > ?`;
const REMOVE_BY_USER = 'DELETE FROM one_time_records WHERE user_id = ? AND created_at >= ?';
const REMOVE_BY_PURPOSE = `${REMOVE_BY_USER} AND purpose IN (SELECT value FROM json_each(?))`;
/** They live for an hour: there are few, and their end is what they are found by. */
const ERASE_PROOFS = `
  DELETE FROM one_time_records WHERE expires_at > 0 AND purpose = 'joining' AND data ->> 'emailKey' = ?`;
const REMOVE_EXPIRED = 'DELETE FROM one_time_records WHERE expires_at <= ?';

const fromRow = (row: Row): OneTimeRecord => ({
  tokenHash: text(row, 'token_hash'),
  purpose: word(row, 'purpose'),
  userId: wordOrNull(row, 'user_id'),
  bindingHash: textOrNull(row, 'binding_hash'),
  data: json(row, 'data'),
  triesLeft: integer(row, 'tries_left'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integer(row, 'expires_at'),
});

/** One-time values over one connection; the promises are those of the port. */
export function oneTimeRecordRepository(sql: Sql): OneTimeRecordRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (record) =>
      insertRow(sql, 'one_time_records', {
        token_hash: record.tokenHash,
        purpose: record.purpose,
        user_id: record.userId,
        binding_hash: record.bindingHash,
        data: toJson(record.data),
        tries_left: record.triesLeft,
        created_at: record.createdAt,
        expires_at: record.expiresAt,
      }),
    find: async (purpose, tokenHash) => one(sql.get(FIND, tokenHash, purpose)),
    consume: async (purpose, tokenHash) => one(sql.get(CONSUME, tokenHash, purpose)),
    claim: async (purpose, tokenHash, now) => sql.run(CLAIM, tokenHash, purpose, now) > 0,
    removeByUser: async (userId, { purposes, since = 0 }) =>
      purposes === undefined
        ? sql.run(REMOVE_BY_USER, userId, since)
        : sql.run(REMOVE_BY_PURPOSE, userId, since, toJson(purposes)),
    eraseProofs: async (emailKey) => overwriting(sql, () => sql.run(ERASE_PROOFS, emailKey)),
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
