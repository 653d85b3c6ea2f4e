/** Recorded exchanges in SQLite: appended in batches, listed newest first, trimmed; never changed. */
import type { RecorderEntry } from '../../core/entities/recorder.ts';
import type { RecorderEntryRepository, RecorderFilter } from '../../core/ports/journal.ts';
import { overwriting } from './overwriting.ts';
import { NO_ID_YET } from './paging.ts';
import {
  flag,
  insertRow,
  integer,
  json,
  ownedBy,
  text,
  textOrNull,
  toFlag,
  toJson,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql, Value } from './sql.ts';

const FIND = 'SELECT * FROM recorder_entries WHERE organization_id = ? AND id = ?';
const NTH = 'SELECT id FROM recorder_entries WHERE organization_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?';
const NTH_FAILED = `
  SELECT id FROM recorder_entries WHERE organization_id = ? AND is_failed = 1 AND id <= ?
  ORDER BY id DESC LIMIT 1 OFFSET ?`;
const TRIM = `
  DELETE FROM recorder_entries WHERE organization_id = ? AND id <= ? AND (is_failed = 0 OR id <= ?)`;
const ERASE = 'DELETE FROM recorder_entries WHERE organization_id = ? AND id = ?';
const REMOVE_EXPIRED = 'DELETE FROM recorder_entries WHERE at <= ?';
const TEXT_COLUMNS = ['path', 'method', 'failure', 'request_body', 'response_body'];

const fromRow = (row: Row): RecorderEntry => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  kind: word(row, 'kind'),
  directoryId: word(row, 'directory_id'),
  tokenName: textOrNull(row, 'token_name'),
  replayOf: wordOrNull(row, 'replay_of'),
  at: integer(row, 'at'),
  ms: integer(row, 'ms'),
  requestId: text(row, 'request_id'),
  method: text(row, 'method'),
  path: text(row, 'path'),
  status: integer(row, 'status'),
  isRequestWhole: flag(row, 'is_request_whole'),
  tolerances: json(row, 'tolerances'),
  unknownAttributes: json(row, 'unknown_attributes'),
  change: row.change === null ? null : json(row, 'change'),
  failure: row.failure === null ? null : json(row, 'failure'),
  requestBody: textOrNull(row, 'request_body'),
  responseBody: textOrNull(row, 'response_body'),
});

function insert(sql: Sql, organizationId: RecorderEntry['organizationId'], entry: RecorderEntry): void {
  insertRow(sql, 'recorder_entries', {
    organization_id: ownedBy(organizationId, entry),
    id: entry.id,
    kind: entry.kind,
    directory_id: entry.directoryId,
    token_name: entry.tokenName,
    replay_of: entry.replayOf,
    at: entry.at,
    ms: entry.ms,
    request_id: entry.requestId,
    method: entry.method,
    path: entry.path,
    status: entry.status,
    is_failed: toFlag(entry.failure !== null),
    is_request_whole: toFlag(entry.isRequestWhole),
    tolerances: toJson(entry.tolerances),
    unknown_attributes: toJson(entry.unknownAttributes),
    change: entry.change === null ? null : toJson(entry.change),
    failure: entry.failure === null ? null : toJson(entry.failure),
    request_body: entry.requestBody,
    response_body: entry.responseBody,
  });
}

/** The conditions of a filter and their values; the texts are a handful, so the statements stay cached. */
function conditionsOf(filter: RecorderFilter): { readonly where: string; readonly values: readonly Value[] } {
  const { kind, directoryId, isFailed, text: wanted } = filter;
  const pattern = wanted === undefined ? '' : `%${wanted.replace(/[\\%_]/g, '\\$&')}%`;
  const parts: (readonly [string, readonly Value[]])[] = [
    ...(kind === undefined ? [] : [['kind = ?', [kind]] as const]),
    ...(directoryId === undefined ? [] : [['directory_id = ?', [directoryId]] as const]),
    // As a literal: only so does the planner see that the index of failures holds what is asked for.
    ...(isFailed === undefined ? [] : [[`is_failed = ${toFlag(isFailed)}`, []] as const]),
    ...(wanted === undefined
      ? []
      : [
          [
            `(${TEXT_COLUMNS.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`,
            TEXT_COLUMNS.map(() => pattern),
          ] as const,
        ]),
  ];
  return {
    where: parts.map(([part]) => ` AND ${part}`).join(''),
    values: parts.flatMap(([, values]) => values),
  };
}

/** Recorded exchanges over one connection; the promises are those of the port. */
export function recorderEntryRepository(sql: Sql): RecorderEntryRepository {
  return {
    append: async (organizationId, entries) => {
      for (const entry of entries) insert(sql, organizationId, entry);
    },
    list: async (organizationId, filter, page) => {
      const { where, values } = conditionsOf(filter);
      const statement = `SELECT * FROM recorder_entries WHERE organization_id = ? AND id < ?${where}
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
      const oldest = sql.get(NTH, organizationId, keep.newest);
      if (oldest === undefined) return 0;
      const id = text(oldest, 'id');
      const oldestFailed = sql.get(NTH_FAILED, organizationId, id, keep.failed);
      return sql.run(TRIM, organizationId, id, oldestFailed === undefined ? '' : text(oldestFailed, 'id'));
    },
    removeExpired: async (before) => sql.run(REMOVE_EXPIRED, before),
  };
}
