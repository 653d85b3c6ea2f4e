/** Users in SQLite: people across organizations. */
import type { User } from '../../core/entities/people.ts';
import type { UserRepository } from '../../core/ports/people.ts';
import {
  type Columns,
  insertRow,
  integer,
  integerOrNull,
  text,
  textOrNull,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM users WHERE id = ?';
const FIND_BY_EMAIL = 'SELECT * FROM users WHERE email_key = ?';
const REMOVE = 'DELETE FROM users WHERE id = ?';

const columnsOf = (user: User): Columns => ({
  email: user.email,
  email_key: user.emailKey,
  email_verified_at: user.emailVerifiedAt,
  name: user.name,
  avatar_url: user.avatarUrl,
  password_hash: user.passwordHash,
  created_at: user.createdAt,
  updated_at: user.updatedAt,
});

const fromRow = (row: Row): User => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  email: textOrNull(row, 'email'),
  emailKey: textOrNull(row, 'email_key'),
  emailVerifiedAt: integerOrNull(row, 'email_verified_at'),
  name: text(row, 'name'),
  avatarUrl: textOrNull(row, 'avatar_url'),
  passwordHash: textOrNull(row, 'password_hash'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Users over one connection; the promises are those of the port. */
export function userRepository(sql: Sql): UserRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (user) =>
      insertRow(sql, 'users', { id: user.id, version: user.version, ...columnsOf(user) }),
    find: async (id) => one(sql.get(FIND, id)),
    findByEmail: async (emailKey) => one(sql.get(FIND_BY_EMAIL, emailKey)),
    update: async (next, version) =>
      updateRow(sql, 'users', { key: { id: next.id }, columns: columnsOf(next), version }),
    remove: async (id) => sql.run(REMOVE, id) > 0,
  };
}
