/** Opens the two connections of a store: one that writes, one that only reads what is committed. */
import Database, { type Database as Connection } from 'better-sqlite3';
import { sqliteCode } from './driver-errors.ts';
import { cannotOpen } from './files.ts';

/** Below this a WAL reset could corrupt the file (security catalogue R6). */
const OLDEST_SQLITE = [3, 51, 3] as const;

/** How long a statement waits for a lock held outside this process, such as by a backup. */
const BUSY_TIMEOUT_MS = 5000;

/** Page cache of the connection that does nearly all the work. */
const CACHE_KIB = 16_384;

/** Of the other one, which reads only while a transaction is under way. */
const SMALL_CACHE_KIB = 2_048;

/** "GATE" in ASCII: tells our file from another program's. */
export const APPLICATION_ID = 0x47415445;

function harden(connection: Connection): void {
  connection.pragma('foreign_keys = ON');
  connection.pragma('trusted_schema = OFF');
  connection.pragma('cell_size_check = ON');
}

/** Throws `storage_unavailable` when `version` (`3.54.1`) is older than this adapter trusts. */
export function requireSqliteVersion(version: string): void {
  const parts = version.split('.').map(Number);
  for (const [index, least] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) {
      throw cannotOpen(`SQLite ${version} is too old: ${OLDEST_SQLITE.join('.')} is the least that is safe.`);
    }
  }
}

/**
 * Opens the writing connection: WAL, foreign keys enforced; its caller takes commits to the disk before it answers them.
 * Throws `storage_unavailable` with an exact sentence when the file is not ours or is damaged; never repairs it.
 * `isLeftClean`: the file is as a clean stop left it, so that it is not read as a whole.
 */
export function openWriter(path: string, isLeftClean = false): Connection {
  const connection = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    harden(connection);
    requireSqliteVersion(String(connection.prepare('SELECT sqlite_version()').pluck().get()));
    requireOurFile(connection, path);
    if (!isLeftClean) requireSoundFile(connection, path);
    const mode = connection.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') throw cannotOpen(`The store at ${path} is on a file system that cannot keep a WAL.`);
    // A commit leaves the WAL to us: `wal-sync.ts` takes it to the disk before anybody is answered.
    connection.pragma('synchronous = NORMAL');
    // Savepoints keep the pages they may put back: in memory, not in a file made and removed with every commit.
    connection.pragma('temp_store = MEMORY');
    // What is deleted is overwritten in the pages that are written anyway; pages that become free: see `overwriting.ts`.
    connection.pragma('secure_delete = FAST');
    connection.pragma('journal_size_limit = 67108864');
    connection.pragma(`cache_size = -${CACHE_KIB}`);
    return connection;
  } catch (error) {
    connection.close();
    throw readable(error, path);
  }
}

/** Opens the reading connection; it can change nothing, and sees nothing before its commit. */
export function openReader(path: string): Connection {
  const connection = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  harden(connection);
  connection.pragma('query_only = ON');
  connection.pragma(`cache_size = -${SMALL_CACHE_KIB}`);
  return connection;
}

function requireOurFile(connection: Connection, path: string): void {
  const isFresh = connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
  if (!isFresh && connection.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw cannotOpen(`The file at ${path} is a database of another program.`);
  }
}

function requireSoundFile(connection: Connection, path: string): void {
  const finding = connection.pragma('quick_check(1)', { simple: true });
  if (finding !== 'ok') throw damaged(path, new Error(String(finding)));
}

const damaged = (path: string, cause: unknown) =>
  cannotOpen(`The store at ${path} is damaged: restore it from a backup.`, cause);

function readable(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === 'SQLITE_NOTADB') return cannotOpen(`The file at ${path} is not a SQLite database.`, error);
  if (code?.startsWith('SQLITE_CORRUPT') === true) return damaged(path, error);
  if (code !== undefined) return cannotOpen(`The store at ${path} cannot be opened (${code}).`, error);
  return error;
}
