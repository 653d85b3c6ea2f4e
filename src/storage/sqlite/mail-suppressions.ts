/** Addresses that get no mail, in SQLite. */
import type { MailSuppression } from '../../core/entities/mail-suppression.ts';
import type { MailSuppressionRepository } from '../../core/ports/mail-suppressions.ts';
import { insertRow, integer, text, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM mail_suppressions WHERE address_key = ?';
const LIST = 'SELECT * FROM mail_suppressions WHERE id > ? ORDER BY id LIMIT ?';
const REMOVE = 'DELETE FROM mail_suppressions WHERE id = ?';

const fromRow = (row: Row): MailSuppression => ({
  id: word(row, 'id'),
  address: text(row, 'address'),
  addressKey: text(row, 'address_key'),
  reason: word(row, 'reason'),
  createdAt: integer(row, 'created_at'),
});

/** Suppressions over one connection; the promises are those of the port. */
export function mailSuppressionRepository(sql: Sql): MailSuppressionRepository {
  return {
    insert: async ({ id, address, addressKey, reason, createdAt }) =>
      insertRow(sql, 'mail_suppressions', {
        ...{ id, address, address_key: addressKey, reason, created_at: createdAt },
      }),
    findByAddress: async (addressKey) => {
      const row = sql.get(FIND, addressKey);
      return row && fromRow(row);
    },
    list: async ({ after, limit }) => sql.all(LIST, after ?? '', limit).map(fromRow),
    remove: async (id) => sql.run(REMOVE, id) > 0,
  };
}
