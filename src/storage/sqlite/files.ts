/** The files of the store: who may read them, and that one process at a time holds them. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { GatehouseError } from '../../kernel/errors.ts';
import { sqliteCode } from './driver-errors.ts';

/** A held lock; the operating system drops it when the process ends, however it ends. */
export interface Lock {
  release(): void;
}

/** The refusal to open a store; `detail` names the file and says what to do. */
export const cannotOpen = (detail: string, cause?: unknown): GatehouseError =>
  new GatehouseError('storage_unavailable', detail, { cause });

function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  // Only where needed: setting the mode again would count as a change of the file.
  if ((statSync(path).mode & 0o7777) !== 0o600) chmodSync(path, 0o600);
}

/**
 * Makes sure that the file exists and that its owner alone reads it (mode 0600; SQLite gives its side files the same).
 * A folder that has to be made gets 0700; one that exists keeps its mode. Throws `storage_unavailable`.
 */
export function prepareFile(path: string): void {
  try {
    const folder = dirname(path);
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    createPrivately(path);
  } catch (cause) {
    throw cannotOpen(
      `The store at ${path} cannot be created or opened: check the folder's owner and mode.`,
      cause,
    );
  }
}

/**
 * Refuses a store of zero bytes with `storage_unavailable`: a store is never left so, and SQLite would take it for a new
 * one, so that a lost store would look like a first start. Absent is not empty.
 */
export function refuseEmptyFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size !== 0) return;
  throw cannotOpen(
    `The store at ${path} is empty (0 bytes): restore it from a backup, or remove the file to begin with a new store.`,
  );
}

/**
 * Takes the lock of the store at `path`, or throws `storage_unavailable` when another process has it. Two gateways on
 * one file would each answer from a queue of their own; the lock is a file beside the store, locked by SQLite.
 */
export function takeLock(path: string): Lock {
  const lockPath = `${path}.lock`;
  prepareFile(lockPath);
  const lock = new Database(lockPath, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (sqliteCode(cause)?.startsWith('SQLITE_BUSY') !== true)
      throw cannotOpen(`${lockPath} cannot be locked.`, cause);
    throw cannotOpen(`The store at ${path} is in use by another process: stop that one first.`, cause);
  }
  return {
    release: () => {
      lock.close();
    },
  };
}
