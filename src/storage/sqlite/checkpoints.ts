/** Writes the WAL back into the store beside the event loop: thousands of pages copied, and waits for the disk. */
import { Worker } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';

/** Pages of 4 KiB in the WAL before it is written back: a page that changes all the time is then written back less often. */
const CHECKPOINT_PAGES = 8_000;

/**
 * What was committed during a round is the next round's, until it is this part of that length or so many rounds have passed:
 * the event loop itself has to write back the end, and waits for the disk while it does.
 */
const LITTLE_LEFT = 1 / 40;
const ROUNDS = 6;

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
 * checkpoint at five times that length, inside a commit, is what is left.
 */
export function createCheckpoints(
  connection: Connection,
  path: string,
  { pages = CHECKPOINT_PAGES, afterEach = () => undefined }: CheckpointOptions = {},
): Checkpoints {
  connection.pragma(`wal_autocheckpoint = ${pages * 5}`);
  const measure = connection.prepare<[], { log: number; checkpointed: number }>(
    'PRAGMA wal_checkpoint(NOOP)',
  );
  const rest = connection.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  let state: 'idle' | 'copying' | 'copied' | 'failed' = 'idle';
  let worker: Worker | undefined;
  let commits = 0;
  let rounds = 0;

  const left = (): number => {
    const size = measure.get();
    return size === undefined ? 0 : size.log - size.checkpointed;
  };
  const copy = (): void => {
    worker ??= start();
    state = 'copying';
    rounds += 1;
    worker.postMessage('checkpoint');
  };
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
      if (left() > pages * LITTLE_LEFT && rounds < ROUNDS) {
        copy();
        return;
      }
      state = 'idle';
      rounds = 0;
      // Only a WAL that is written back to its end begins anew.
      rest.get();
      afterEach();
      return;
    }
    commits += 1;
    if (state !== 'idle' || commits < COMMITS_BETWEEN) return;
    commits = 0;
    if (left() >= pages) copy();
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
