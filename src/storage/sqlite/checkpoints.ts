/** Writes the WAL back into the store beside the event loop: thousands of pages copied, and waits for the disk. */
import { Worker } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';

/** Pages of 4 KiB in the WAL before it is written back: a page that changes all the time is then written back less often. */
const CHECKPOINT_PAGES = 8_000;

/**
 * What was committed during a round is the next round's, until it is this part of that length or so many rounds have passed:
 * nobody writes while the end is written back.
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
  /** To be called after each commit, outside transactions. A promise: the next one begins when it has resolved; it never rejects. */
  afterCommit(): Promise<void> | undefined;
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
  let state: 'idle' | 'copying' | 'copied' | 'failed' = 'idle';
  let worker: Worker | undefined;
  let commits = 0;
  let rounds = 0;
  /** Lets the writer go on that waits for the end of the WAL. */
  let resume = (): void => undefined;

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
      resume();
    });
    const fail = (): void => {
      state = 'failed';
      resume();
    };
    started.on('error', fail);
    started.on('exit', fail);
    started.unref();
    return started;
  };
  /** Only a WAL that is written back to its end begins anew: commits wait for that, the event loop does not. */
  const finish = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      resume = resolve;
      copy();
      // Whoever closes the store waits for the writer: the process must not end before.
      worker?.ref();
    });
    worker?.unref();
    rounds = 0;
    if (state === 'copied') state = 'idle';
  };
  const goOn = (): Promise<void> | undefined => {
    if (state === 'copied') {
      if (left() <= pages * LITTLE_LEFT || rounds >= ROUNDS) return finish();
      copy();
      return undefined;
    }
    commits += 1;
    if (state !== 'idle' || commits < COMMITS_BETWEEN) return undefined;
    commits = 0;
    if (left() >= pages) copy();
    return undefined;
  };
  return {
    afterCommit() {
      try {
        return goOn();
      } catch {
        // A WAL whose length cannot be told now is asked for it again.
        return undefined;
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
