/** Keys of the OpenID Provider in SQLite. Their secrets are sealed before they come here. */
import type { SigningKey } from '../../core/entities/application.ts';
import type { SigningKeyRepository } from '../../core/ports/applications.ts';
import { type Columns, insertRow, integer, integerOrNull, text, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

// Few: an installation has a handful.
const LIST = "SELECT * FROM signing_keys WHERE id > '' ORDER BY id";
const REMOVE = 'DELETE FROM signing_keys WHERE id = ?';

const columnsOf = (key: SigningKey): Columns => ({
  purpose: key.purpose,
  algorithm: key.algorithm,
  secret: key.secret,
  created_at: key.createdAt,
  signs_from: key.signsFrom,
  expires_at: key.expiresAt,
});

const fromRow = (row: Row): SigningKey => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  purpose: word(row, 'purpose'),
  algorithm: word(row, 'algorithm'),
  secret: text(row, 'secret'),
  createdAt: integer(row, 'created_at'),
  signsFrom: integer(row, 'signs_from'),
  expiresAt: integerOrNull(row, 'expires_at'),
});

/** Signing keys over one connection; the promises are those of the port. */
export function signingKeyRepository(sql: Sql): SigningKeyRepository {
  return {
    insert: async (key) =>
      insertRow(sql, 'signing_keys', { id: key.id, version: key.version, ...columnsOf(key) }),
    list: async () => sql.all(LIST).map(fromRow),
    update: async (next, version) =>
      updateRow(sql, 'signing_keys', { key: { id: next.id }, columns: columnsOf(next), version }),
    remove: async (id) => sql.run(REMOVE, id) > 0,
  };
}
