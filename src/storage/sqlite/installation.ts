/** Facts about this installation in SQLite. */
import type { InstallationRepository } from '../../core/ports/journal.ts';
import { text } from './rows.ts';
import type { Sql } from './sql.ts';

const FIND = 'SELECT value FROM installation WHERE key = ?';
const INSERT = 'INSERT INTO installation (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING';
const SWAP = 'UPDATE installation SET value = ? WHERE key = ? AND value = ?';
const TAKE = 'DELETE FROM installation WHERE key = ? AND value = ?';

/** Installation facts over one connection; the promises are those of the port. */
export function installationRepository(sql: Sql): InstallationRepository {
  return {
    find: async (key) => {
      const row = sql.get(FIND, key);
      return row && text(row, 'value');
    },
    insert: async (key, value) => sql.run(INSERT, key, value) > 0,
    consume: async (key, expected, next) =>
      (next === undefined ? sql.run(TAKE, key, expected) : sql.run(SWAP, next, key, expected)) > 0,
  };
}
