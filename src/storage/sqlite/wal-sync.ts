/** Carries committed transactions to the disk in a thread of its own, so that nobody else waits while it turns. */
import { close, fdatasync, open } from 'node:fs';
import { promisify } from 'node:util';

export interface WalSync {
  /** Resolves when everything committed before the call is on the disk; rejects when the disk refuses. */
  toDisk(): Promise<void>;
  close(): Promise<void>;
}

const openFile = promisify(open);
const syncFile = promisify(fdatasync);
const closeFile = promisify(close);

/**
 * The WAL beside the store at `path`. SQLite keeps that file as long as a connection is open, and keeps its locks elsewhere,
 * so that a descriptor of our own takes none of them away. It is opened at the first call: before the first commit
 * there may be none.
 */
export function createWalSync(path: string): WalSync {
  let descriptor: Promise<number> | undefined;
  return {
    async toDisk() {
      descriptor ??= openFile(`${path}-wal`, 'r+');
      await syncFile(await descriptor);
    },
    async close() {
      // One that could not be opened is no reason not to stop.
      await descriptor?.then(closeFile, () => undefined);
      descriptor = undefined;
    },
  };
}
