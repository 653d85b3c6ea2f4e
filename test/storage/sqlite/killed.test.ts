/** After a kill -9: what the operating system still vouches for is not read as a whole again, everything else is (R7). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Storage } from '../../../src/core/ports/storage.ts';
import { takeCleanMark } from '../../../src/storage/sqlite/clean-stop.ts';
import { openSqliteStorage } from '../../../src/storage/sqlite/open.ts';
import { createRunningMark, isLeftByKill } from '../../../src/storage/sqlite/running-mark.ts';
import { anOrganization } from '../../support/builders.ts';

let folder: string;
let path: string;
let storage: Storage | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-killed-'));
  path = join(folder, 'gatehouse.db');
});
afterEach(async () => {
  await storage?.close().catch(() => undefined);
  storage = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const mark = () => `${path}.running`;
const ORGANIZATIONS = 500;
const DAMAGED = () => `The store at ${path} is damaged: restore it from a backup.`;

async function fill(): Promise<void> {
  await storage?.transact(async (tx) => {
    for (let index = 0; index < ORGANIZATIONS; index += 1) {
      const value = anOrganization({ name: 'x'.repeat(300) });
      await tx.organizations.insert(value.id, value);
    }
  });
}

/** A store whose pages are in the file itself, and some in the WAL of the process that was killed. */
async function killOne(): Promise<void> {
  storage = await openSqliteStorage({ path });
  await fill();
  await storage.close();
  storage = undefined;
  const program = `
    const { openSqliteStorage } = await import(${JSON.stringify(`${process.cwd()}/src/storage/sqlite/open.ts`)});
    const storage = await openSqliteStorage({ path: ${JSON.stringify(path)} });
    await storage.transact((tx) => tx.installation.insert('kept', 'yes'));
    console.log('kept');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Writes noise over this page, counted from the end of the store, and over all behind it. */
function overwriteLast(pages: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4096 * pages, 0xa5), 0, 4096 * pages, statSync(path).size - 4096 * pages);
  closeSync(file);
}

test('R7 a killed process leaves a mark that fits, and what it had answered is there', async () => {
  await killOne();
  expect(isLeftByKill(path)).toBe(true);
  expect(statSync(mark()).mode & 0o777).toBe(0o600);
  storage = await openSqliteStorage({ path });
  expect(await storage.installation.find('kept')).toBe('yes');
  expect(await storage.organizations.list({ limit: 10_000 })).toHaveLength(ORGANIZATIONS);
});

test('R7 a page overwritten after the kill is found before anybody is served', async () => {
  await killOne();
  overwriteLast(60);
  expect(isLeftByKill(path)).toBe(false);
  await expect(openSqliteStorage({ path })).rejects.toMatchObject({ detail: DAMAGED() });
  await expect(openSqliteStorage({ path })).rejects.toMatchObject({ detail: DAMAGED() });
});

describe('the mark of a running store', () => {
  beforeEach(async () => {
    storage = await openSqliteStorage({ path });
    await fill();
    expect(isLeftByKill(path)).toBe(true);
  });

  test.each<readonly [string, () => void]>([
    ['no mark', () => rmSync(mark())],
    ['half a mark', () => writeFileSync(mark(), readFileSync(mark(), 'utf8').slice(0, -9))],
    ['a store written to, even with what was there', () => writeFileSync(path, readFileSync(path))],
    ['a store whose times were set back', () => utimesSync(path, statSync(path).atime, statSync(path).mtime)],
    ['no WAL', () => rmSync(`${path}-wal`)],
    [
      'another WAL of the same bytes',
      () => {
        copyFileSync(`${path}-wal`, `${path}.copy`);
        renameSync(`${path}.copy`, `${path}-wal`);
      },
    ],
    [
      'another store of the same bytes',
      () => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    ],
    [
      'a checkpoint that the process did not see to its end',
      () => {
        const other = new Database(path);
        other.pragma('wal_checkpoint(PASSIVE)');
        other.close();
      },
    ],
  ])('R7 with %s it vouches for nothing', (_title, change) => {
    change();
    expect(isLeftByKill(path)).toBe(false);
  });

  test('R7 it vouches for nothing once the system was started anew, or does not say', () => {
    const bootIds = ['first', 'second', 'absent'].map((name) => join(folder, name));
    for (const file of bootIds.slice(0, 2)) writeFileSync(file, `${file}\n`);
    createRunningMark(path, bootIds[0]).renew();
    expect(bootIds.map((file) => isLeftByKill(path, file))).toEqual([true, false, false]);
    createRunningMark(path, bootIds[2]).renew();
    expect(existsSync(mark())).toBe(false);
  });

  test('it is made anew after a checkpoint, and gone after a clean stop', async () => {
    const before = readFileSync(mark(), 'utf8');
    const isNew = () => isLeftByKill(path) && readFileSync(mark(), 'utf8') !== before;
    // More than the WAL may hold before it is written back, and a turn for the thread that does it to be heard.
    while (!isNew()) {
      await fill();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await storage?.close();
    expect(existsSync(mark())).toBe(false);
    expect(takeCleanMark(path)).toBe(true);
  });
});

test('R4 the mark is gone for good when the disk has refused once', async () => {
  storage = await openSqliteStorage({ path });
  expect(existsSync(mark())).toBe(true);
  rmSync(`${path}-wal`);
  const lost = storage.transact((tx) => tx.installation.insert('lost', 'yes'));
  await expect(lost).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(existsSync(mark())).toBe(false);
});

test.each(['read', 'transaction'])(
  'R7 damage that a %s meets is looked for in the whole file at the next start',
  async (way) => {
    await killOne();
    storage = await openSqliteStorage({ path });
    overwriteLast(60);
    const all = async ({ organizations }: Pick<Storage, 'organizations'>) =>
      (await organizations.list({ limit: 10_000 })).length;
    await expect(way === 'read' ? all(storage) : storage.transact(all)).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    expect(existsSync(mark())).toBe(false);
    await storage.close();
    expect(takeCleanMark(path)).toBe(false);
    await expect(openSqliteStorage({ path })).rejects.toMatchObject({ detail: DAMAGED() });
  },
);
