/** Counts of mails in SQLite. */
import type { MailCountRepository } from '../../core/ports/mail-counts.ts';
import { overwriting } from './overwriting.ts';
import { integer } from './rows.ts';
import type { Sql } from './sql.ts';

const LIST = 'SELECT slot_at, count FROM mail_counts WHERE key = ? AND slot_at > ? ORDER BY slot_at';
const CLAIM = `
  INSERT INTO mail_counts (key, slot_at, count) VALUES (?, ?, 1)
  ON CONFLICT (key, slot_at) DO UPDATE SET count = count + 1`;
const REMOVE = 'DELETE FROM mail_counts WHERE key = ?';
const REMOVE_EXPIRED = 'DELETE FROM mail_counts WHERE slot_at <= ?';

/** Counts over one connection; the promises are those of the port. */
export function mailCountRepository(sql: Sql): MailCountRepository {
  return {
    list: async (key, since) =>
      sql.all(LIST, key, since).map((row) => ({
        key,
        slotAt: integer(row, 'slot_at'),
        count: integer(row, 'count'),
      })),
    claim: async (key, slotAt) => {
      sql.run(CLAIM, key, slotAt);
    },
    remove: async (key) => overwriting(sql, () => sql.run(REMOVE, key)),
    removeExpired: async (before) => sql.run(REMOVE_EXPIRED, before),
  };
}
