/** Checkpoints beside the event loop: the WAL stays short, nothing is lost, and a thread that fails is not missed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database, { type Database as Connection } from 'better-sqlite3';
import { createCheckpoints } from '../../../src/storage/sqlite/checkpoints.ts';
import { openWriter } from '../../../src/storage/sqlite/connect.ts';
import { prepareFile } from '../../../src/storage/sqlite/files.ts';

const PAGES = 40;

let folder: string;
let path: string;
let connection: Connection;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-checkpoints-'));
  path = join(folder, 'gatehouse.db');
  prepareFile(path);
  connection = openWriter(path);
  connection.exec('CREATE TABLE lines (number INTEGER PRIMARY KEY, text TEXT)');
});
afterEach(() => {
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

const walPages = () => connection.prepare<[], { log: number }>('PRAGMA wal_checkpoint(NOOP)').get()?.log ?? 0;

/** Commits until `isEnough`, with a turn of the event loop after each, so that the thread is heard. */
async function commitUntil(
  afterCommit: () => Promise<void> | undefined,
  isEnough: (longest: number) => boolean,
): Promise<number> {
  const insert = connection.prepare('INSERT INTO lines (text) VALUES (?)');
  let longest = 0;
  let count = 0;
  while (!isEnough(longest)) {
    insert.run('x'.repeat(3_000));
    count += 1;
    longest = Math.max(longest, walPages());
    await afterCommit();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}

test('a WAL that has grown is written back and begins anew; whoever opens the file later finds everything', async () => {
  const checkpoints = createCheckpoints(connection, path, { pages: PAGES });
  const count = await commitUntil(
    checkpoints.afterCommit,
    (longest) => longest >= PAGES && walPages() < PAGES / 2,
  );
  await checkpoints.close();
  connection.close();
  const again = new Database(path);
  expect(again.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(again.prepare('SELECT count(*) FROM lines').pluck().get()).toBe(count);
  again.close();
});

/** Lets every promise go on that needs nothing but its turn: no timer, no message of another thread. */
async function runMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test('the end of the WAL is written back while no commit begins: the event loop goes on', async () => {
  const checkpoints = createCheckpoints(connection, path, { pages: PAGES });
  let pauses = 0;
  const afterCommit = async () => {
    const pause = checkpoints.afterCommit();
    if (pause === undefined) return;
    pauses += 1;
    let isOver = false;
    const over = pause.then(() => {
      isOver = true;
    });
    // What is written back on this thread is over before; how many turns the other one takes is its own affair.
    await runMicrotasks();
    expect(isOver).toBe(false);
    await over;
  };
  await commitUntil(afterCommit, () => pauses === 2);
  await checkpoints.close();
});

test('a thread that cannot open the store costs nothing but its help: SQLite writes the WAL back itself', async () => {
  const checkpoints = createCheckpoints(connection, join(folder, 'elsewhere.db'), { pages: PAGES });
  await commitUntil(checkpoints.afterCommit, (longest) => longest >= PAGES * 5 && walPages() < PAGES);
  await checkpoints.close();
  expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
});

test('a store that was hardly written to has no thread to end', async () => {
  const checkpoints = createCheckpoints(connection, path, { pages: PAGES });
  await checkpoints.afterCommit();
  await checkpoints.close();
  expect(walPages()).toBeGreaterThan(0);
});
