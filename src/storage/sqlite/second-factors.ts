/** Second factors and their recovery codes in SQLite. */
import type { SecondFactor } from '../../core/entities/credentials.ts';
import type { RecoveryCodeRepository, SecondFactorRepository } from '../../core/ports/credentials.ts';
import { insertRow, integer, integerOrNull, text, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM second_factors WHERE user_id = ?';
const CLAIM = 'UPDATE second_factors SET last_step = ? WHERE user_id = ? AND last_step < ?';
const REMOVE = 'DELETE FROM second_factors WHERE user_id = ?';
const REMOVE_CODES = 'DELETE FROM recovery_codes WHERE user_id = ?';
const CONSUME_CODE = 'DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?';
const LIST_CODES = 'SELECT code_hash FROM recovery_codes WHERE user_id = ?';

const fromRow = (row: Row): SecondFactor => ({
  userId: word(row, 'user_id'),
  version: integer(row, 'version'),
  secret: text(row, 'secret'),
  confirmedAt: integerOrNull(row, 'confirmed_at'),
  lastStep: integer(row, 'last_step'),
  createdAt: integer(row, 'created_at'),
});

/** Second factors over one connection; the promises are those of the port. */
export function secondFactorRepository(sql: Sql): SecondFactorRepository {
  return {
    insert: async (factor) =>
      insertRow(sql, 'second_factors', {
        user_id: factor.userId,
        version: factor.version,
        secret: factor.secret,
        confirmed_at: factor.confirmedAt,
        last_step: factor.lastStep,
        created_at: factor.createdAt,
      }),
    find: async (userId) => {
      const row = sql.get(FIND, userId);
      return row && fromRow(row);
    },
    update: async (next, version) =>
      updateRow(sql, 'second_factors', {
        key: { user_id: next.userId },
        columns: { secret: next.secret, confirmed_at: next.confirmedAt, created_at: next.createdAt },
        version,
      }),
    claim: async (userId, step) => sql.run(CLAIM, step, userId, step) > 0,
    remove: async (userId) => sql.run(REMOVE, userId) > 0,
  };
}

/** Recovery codes over one connection; the promises are those of the port. */
export function recoveryCodeRepository(sql: Sql): RecoveryCodeRepository {
  return {
    replace: async (userId, codeHashes) => {
      sql.run(REMOVE_CODES, userId);
      for (const codeHash of codeHashes)
        insertRow(sql, 'recovery_codes', { user_id: userId, code_hash: codeHash });
    },
    consume: async (userId, codeHash) => sql.run(CONSUME_CODE, userId, codeHash) > 0,
    count: async (userId) => sql.all(LIST_CODES, userId).length,
  };
}
