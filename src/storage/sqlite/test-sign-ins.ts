/** Test sign-ins in SQLite; the result is written into the row by one conditional write. */
import type { TestSignIn } from '../../core/entities/sso-policy.ts';
import type { TestSignInRepository } from '../../core/ports/sso-policy.ts';
import {
  flag,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  toFlag,
  toJson,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM test_sign_ins WHERE organization_id = ? AND id = ?';
const FIND_BY_TOKEN = 'SELECT * FROM test_sign_ins WHERE token_hash = ?';
const LIST = `
  SELECT * FROM test_sign_ins WHERE organization_id = ? AND connection_id = ? ORDER BY id DESC LIMIT ?`;
const CLAIM = `
  UPDATE test_sign_ins SET status = ?, report = ?, finished_at = ?, expires_at = ?
  WHERE organization_id = ? AND id = ? AND status = 'open' AND expires_at > ?`;
const REMOVE_EXPIRED = 'DELETE FROM test_sign_ins WHERE expires_at <= ?';

const fromRow = (row: Row): TestSignIn => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  connectionId: word(row, 'connection_id'),
  tokenHash: text(row, 'token_hash'),
  startedBy: json(row, 'started_by'),
  membershipId: wordOrNull(row, 'membership_id'),
  connects: flag(row, 'connects'),
  settingsMark: text(row, 'settings_mark'),
  status: word(row, 'status'),
  report: json(row, 'report'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integer(row, 'expires_at'),
  finishedAt: integerOrNull(row, 'finished_at'),
});

/** Test sign-ins over one connection to the database; the promises are those of the port. */
export function testSignInRepository(sql: Sql): TestSignInRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, test) =>
      insertRow(sql, 'test_sign_ins', {
        organization_id: ownedBy(organizationId, test),
        id: test.id,
        connection_id: test.connectionId,
        token_hash: test.tokenHash,
        started_by: toJson(test.startedBy),
        membership_id: test.membershipId,
        connects: toFlag(test.connects),
        settings_mark: test.settingsMark,
        status: test.status,
        report: toJson(test.report),
        created_at: test.createdAt,
        expires_at: test.expiresAt,
        finished_at: test.finishedAt,
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    list: async (organizationId, connectionId, limit) =>
      sql.all(LIST, organizationId, connectionId, limit).map(fromRow),
    claim: async (organizationId, id, { status, report, now, expiresAt }) =>
      sql.run(CLAIM, status, toJson(report), now, expiresAt, organizationId, id, now) > 0,
    findByTokenHash: async (tokenHash) => one(sql.get(FIND_BY_TOKEN, tokenHash)),
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
