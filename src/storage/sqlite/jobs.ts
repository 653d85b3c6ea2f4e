/** Long work in SQLite; a runner takes a job with one conditional write and holds it for the length of a lease. */
import type { Job, ListedJob } from '../../core/entities/job.ts';
import type { JobRepository } from '../../core/ports/jobs.ts';
import { overwriting } from './overwriting.ts';
import { NO_ID_YET } from './paging.ts';
import {
  type Columns,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  textOrNull,
  toJson,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM jobs WHERE organization_id = ? AND id = ?';
const LIST = `
  SELECT organization_id, id, version, kind, state, cause, done_count, total_count, result, problem,
    created_at, updated_at, due_at
  FROM jobs WHERE organization_id = ? AND id < ? ORDER BY id DESC LIMIT ?`;
const IS_DUE = 'SELECT 1 FROM jobs WHERE due_at <= ? LIMIT 1';
const CLAIM = `
  UPDATE jobs SET state = 'running', due_at = ?, version = version + 1
  WHERE (organization_id, id) =
    (SELECT organization_id, id FROM jobs WHERE due_at <= ? ORDER BY due_at, organization_id, id LIMIT 1)
  RETURNING *`;
const REMOVE_EXPIRED = 'DELETE FROM jobs WHERE due_at IS NULL AND updated_at <= ?';

const columnsOf = (job: Job): Columns => ({
  kind: job.kind,
  state: job.state,
  cause: toJson(job.cause),
  progress: job.progress,
  done_count: job.doneCount,
  total_count: job.totalCount,
  result: job.result,
  problem: toJson(job.problem),
  created_at: job.createdAt,
  updated_at: job.updatedAt,
  due_at: job.dueAt,
});

const fromListRow = (row: Row): ListedJob => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  kind: word(row, 'kind'),
  state: word(row, 'state'),
  cause: json(row, 'cause'),
  doneCount: integer(row, 'done_count'),
  totalCount: integerOrNull(row, 'total_count'),
  result: textOrNull(row, 'result'),
  problem: json(row, 'problem'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
  dueAt: integerOrNull(row, 'due_at'),
});

const fromRow = (row: Row): Job => ({ ...fromListRow(row), progress: text(row, 'progress') });

/** Jobs over one connection; the promises are those of the port. */
export function jobRepository(sql: Sql): JobRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, job) =>
      insertRow(sql, 'jobs', {
        organization_id: ownedBy(organizationId, job),
        id: job.id,
        version: job.version,
        ...columnsOf(job),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    list: async (organizationId, page) =>
      sql.all(LIST, organizationId, page.after ?? NO_ID_YET, page.limit).map(fromListRow),
    update: async (organizationId, next, version) =>
      overwriting(sql, () =>
        updateRow(sql, 'jobs', {
          key: { organization_id: ownedBy(organizationId, next), id: next.id },
          columns: columnsOf(next),
          version,
        }),
      ),
    isDue: async (now) => sql.get(IS_DUE, now) !== undefined,
    claim: async (now, leaseEnds) => one(sql.get(CLAIM, leaseEnds, now)),
    removeExpired: async (endedBefore) => overwriting(sql, () => sql.run(REMOVE_EXPIRED, endedBefore)),
  };
}
