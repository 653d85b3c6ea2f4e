/** Turns what the SQLite driver throws into coded errors; nothing of the driver's own passes this border. */
import { GatehouseError } from '../../kernel/errors.ts';

/** Unique columns that callers know under another name; the rest is the column in camel case. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  email_key: 'email',
  user_name_key: 'userName',
};

/** Which column of a unique key the caller's input decided: the last one that is not part of the scope. */
const SCOPE_COLUMNS: ReadonlySet<string> = new Set(['organization_id', 'directory_id', 'connection_id']);

/** Failures of the machine or of its file, not of the question. */
const OUTAGES = ['BUSY', 'LOCKED', 'IOERR', 'FULL', 'CANTOPEN', 'CORRUPT', 'NOTADB', 'NOMEM', 'PROTOCOL'];

/** The `SQLITE_…` code of a driver error; undefined for any other error. */
export function sqliteCode(error: unknown): string | undefined {
  // By shape: jest gives each test file its own Error classes, and the driver keeps the first one it saw.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/** True when SQLite refused a page because it cannot be what was written. */
export const isDamage = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error) ?? '');

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';

const camelCase = (column: string): string =>
  column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The field behind `UNIQUE constraint failed: table.column, table.column`. */
function uniqueField(message: string): string {
  const columns = message
    .slice(message.indexOf(':') + 1)
    .split(',')
    .map((column) => column.trim().replace(/^.*\./, ''));
  const column = columns.findLast((name) => !SCOPE_COLUMNS.has(name)) ?? columns[0] ?? '';
  return FIELD_NAMES[column] ?? camelCase(column);
}

/**
 * Answers the coded error for whatever a statement threw: a unique key is `already_exists` with `field`, a
 * reference to something absent or another organization's is `not_found`, an outage `storage_unavailable`, and
 * what can only be a bug `internal`. Coded errors pass through.
 */
export function toStorageError(error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error;
  const code = sqliteCode(error);
  const extras = { cause: error, context: { sqliteCode: code ?? 'none' } };
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    const field = uniqueField(messageOf(error));
    return new GatehouseError('already_exists', `Another entry has this ${field}.`, { ...extras, field });
  }
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY' || code === 'SQLITE_CONSTRAINT_TRIGGER') {
    return new GatehouseError('not_found', 'Something this entry refers to does not exist.', extras);
  }
  if (OUTAGES.some((outage) => code?.startsWith(`SQLITE_${outage}`))) {
    return new GatehouseError('storage_unavailable', 'The store cannot be reached at the moment.', extras);
  }
  return new GatehouseError('internal', 'The store refused a statement.', extras);
}
