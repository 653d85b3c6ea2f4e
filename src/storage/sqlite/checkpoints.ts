/** Writes the WAL back into the store beside the event loop: thousands of pages copied, and waits for the disk. */
import { Worker } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';

/** Pages of 4 KiB in the WAL before it is written back: a page that changes all the time is then written back less often. */
const CHECKPOINT_PAGES = 4_000;

/** The WAL's size is asked for after so many commits: asking costs as much as a short statement. */
const COMMITS_BETWEEN = 8;

interface CheckpointOptions {
  /** How long the WAL grows; for tests. */
  readonly pages?: number;
  /** Called when the store itself has been written to. Throws nothing. */
  readonly afterEach?: () => void;
}

export interface Checkpoints {
  /** To be called after each commit, outside transactions. */
  afterCommit(): void;
  /** Ends the thread. Resolves when its connection is closed. */
  close(): Promise<void>;
}

/**
 * Checkpoints of the store at `path`, over its writing connection. The thread starts when the WAL is long for the first
 * time: most stores of a test, and many of a small installation, never need it. Should it fail, SQLite's own
 * checkpoint at ten times that length, inside a commit, is what is left.
 */
export function createCheckpoints(
  connection: Connection,
  path: string,
  { pages = CHECKPOINT_PAGES, afterEach = () => undefined }: CheckpointOptions = {},
): Checkpoints {
  connection.pragma(`wal_autocheckpoint = ${pages * 10}`);
  const measure = connection.prepare<[], { log: number; checkpointed: number }>(
    'PRAGMA wal_checkpoint(NOOP)',
  );
  const rest = connection.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  let state: 'idle' | 'copying' | 'copied' | 'failed' = 'idle';
  let worker: Worker | undefined;
  let commits = 0;

  const start = (): Worker => {
    const started = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), { workerData: path });
    started.on('message', () => {
      state = 'copied';
      afterEach();
    });
    started.on('error', () => {
      state = 'failed';
    });
    started.unref();
    return started;
  };
  const goOn = (): void => {
    if (state === 'copied') {
      state = 'idle';
      // What was committed meanwhile: little. Only a WAL that is written back to its end begins anew.
      rest.get();
      afterEach();
      return;
    }
    commits += 1;
    if (state !== 'idle' || commits < COMMITS_BETWEEN) return;
    commits = 0;
    const size = measure.get();
    if (size === undefined || size.log - size.checkpointed < pages) return;
    worker ??= start();
    state = 'copying';
    worker.postMessage('checkpoint');
  };
  return {
    afterCommit() {
      try {
        goOn();
      } catch {
        // A disk that cannot take the pages keeps them in the WAL, where they are safe; the next round tries again.
      }
    },
    async close() {
      if (worker === undefined || state === 'failed') return;
      const ended = new Promise((resolve) => worker?.once('exit', resolve));
      worker.ref();
      worker.postMessage('close');
      await ended;
    },
  };
}
