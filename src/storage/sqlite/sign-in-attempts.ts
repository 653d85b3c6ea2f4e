/** Attempts to sign in, in SQLite: appended in batches, listed newest first, trimmed; never changed. */
import { isStrangers, type SignInAttempt } from '../../core/entities/sign-in-attempt.ts';
import type { SignInAttemptFilter, SignInAttemptRepository } from '../../core/ports/sign-in-attempts.ts';
import { overwriting } from './overwriting.ts';
import { NO_ID_YET } from './paging.ts';
import { insertRow, integer, json, ownedBy, text, toJson, word, wordOrNull } from './rows.ts';
import type { Row, Sql, Value } from './sql.ts';

const FIND = 'SELECT * FROM sign_in_attempts WHERE organization_id = ? AND id = ?';
const NTH = `
  SELECT id FROM sign_in_attempts WHERE organization_id = ? AND is_failed = ?
  ORDER BY id DESC LIMIT 1 OFFSET ?`;
const TRIM = 'DELETE FROM sign_in_attempts WHERE organization_id = ? AND is_failed = ? AND id <= ?';
const ERASE = 'DELETE FROM sign_in_attempts WHERE organization_id = ? AND id = ?';
const REMOVE_EXPIRED = 'DELETE FROM sign_in_attempts WHERE at <= ?';

/** What is only shown and searched, never asked for by itself, stands in one text. */
type Told = Pick<
  SignInAttempt,
  'timings' | 'requestId' | 'status' | 'facts' | 'notes' | 'outcome' | 'failure'
>;

/** What `is_failed` tells apart: neither pushes the others out. */
const [WENT_WELL, FAILED, FAILED_STRANGERS] = [0, 1, 2];
const kindOf = (attempt: SignInAttempt): number => {
  if (attempt.failure === null) return WENT_WELL;
  return isStrangers(attempt) ? FAILED_STRANGERS : FAILED;
};

const fromRow = (row: Row): SignInAttempt => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  protocol: word(row, 'protocol'),
  connectionId: wordOrNull(row, 'connection_id'),
  signInId: wordOrNull(row, 'sign_in_id'),
  step: word(row, 'step'),
  at: integer(row, 'at'),
  ms: integer(row, 'ms'),
  ...json<Told>(row, 'told'),
});

function insert(sql: Sql, organizationId: SignInAttempt['organizationId'], attempt: SignInAttempt): void {
  const { timings, requestId, status, facts, notes, outcome, failure } = attempt;
  const told: Told = { timings, requestId, status, facts, notes, outcome, failure };
  insertRow(sql, 'sign_in_attempts', {
    organization_id: ownedBy(organizationId, attempt),
    id: attempt.id,
    protocol: attempt.protocol,
    connection_id: attempt.connectionId,
    sign_in_id: attempt.signInId,
    step: attempt.step,
    at: attempt.at,
    ms: attempt.ms,
    is_failed: kindOf(attempt),
    told: toJson(told),
  });
}

/** The conditions of a filter and their values; the texts are a handful, so the statements stay cached. */
function conditionsOf(filter: SignInAttemptFilter): {
  readonly where: string;
  readonly values: readonly Value[];
} {
  const { connectionId, isFailed, text: wanted } = filter;
  const parts: (readonly [string, Value])[] = [];
  if (connectionId !== undefined) parts.push(['connection_id = ?', connectionId]);
  if (isFailed !== undefined) parts.push([isFailed ? 'is_failed > ?' : 'is_failed = ?', WENT_WELL]);
  // As JSON spells it, so that quotes and backslashes are found too.
  if (wanted !== undefined) {
    const spelled = toJson(wanted).slice(1, -1);
    parts.push(["told LIKE ? ESCAPE '\\'", `%${spelled.replace(/[\\%_]/g, '\\$&')}%`]);
  }
  return {
    where: parts.map(([part]) => ` AND ${part}`).join(''),
    values: parts.map(([, value]) => value),
  };
}

/** Recorded attempts over one connection; the promises are those of the port. */
export function signInAttemptRepository(sql: Sql): SignInAttemptRepository {
  return {
    append: async (organizationId, attempts) => {
      for (const attempt of attempts) insert(sql, organizationId, attempt);
    },
    list: async (organizationId, filter, page) => {
      const { where, values } = conditionsOf(filter);
      const statement = `SELECT * FROM sign_in_attempts WHERE organization_id = ? AND id < ?${where}
        ORDER BY id DESC LIMIT ?`;
      return sql.all(statement, organizationId, page.after ?? NO_ID_YET, ...values, page.limit).map(fromRow);
    },
    find: async (organizationId, id) => {
      const row = sql.get(FIND, organizationId, id);
      return row && fromRow(row);
    },
    erase: async (organizationId, ids) =>
      overwriting(sql, () => ids.reduce((gone, id) => gone + sql.run(ERASE, organizationId, id), 0)),
    trim: async (organizationId, keep) => {
      const remove = (kind: number, kept: number): number => {
        const oldest = sql.get(NTH, organizationId, kind, kept);
        return oldest === undefined ? 0 : sql.run(TRIM, organizationId, kind, text(oldest, 'id'));
      };
      return (
        remove(WENT_WELL, keep.ok) + remove(FAILED, keep.failed) + remove(FAILED_STRANGERS, keep.strangers)
      );
    },
    removeExpired: async (before) => sql.run(REMOVE_EXPIRED, before),
  };
}
