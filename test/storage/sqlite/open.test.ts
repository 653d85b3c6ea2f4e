/** Opening the SQLite store: who may read its files, and every reason to refuse one (R6, R7, R17). */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { takeCleanMark } from '../../../src/storage/sqlite/clean-stop.ts';
import { openReader, openWriter, requireSqliteVersion } from '../../../src/storage/sqlite/connect.ts';
import { readMigrations } from '../../../src/storage/sqlite/migrate.ts';
import { openSqliteStorage } from '../../../src/storage/sqlite/open.ts';
import { anOrganization } from '../../support/builders.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-open-'));
  path = join(folder, 'data', 'gatehouse.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

/** Makes a sound store of a few hundred pages and closes it. */
async function makeStore(): Promise<void> {
  const storage = await openSqliteStorage({ path });
  await storage.transact(async (tx) => {
    for (let index = 0; index < 2000; index += 1) {
      const value = anOrganization({ name: 'x'.repeat(300) });
      await tx.organizations.insert(value.id, value);
    }
  });
  await storage.close();
}

/** Changes the closed store behind its back. */
function tamper(statement: string, ...values: readonly (string | number)[]): void {
  const connection = new Database(path);
  connection.prepare(statement).run(...values);
  connection.close();
}

async function refusalOf(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => 'it opened',
    (reason: unknown) => reason,
  );
  return isGatehouseError(error, 'storage_unavailable') ? error.detail : String(error);
}

describe('files', () => {
  test('the folder is made 0700, the store and its side files 0600', async () => {
    const storage = await openSqliteStorage({ path });
    const value = anOrganization();
    await storage.transact((tx) => tx.organizations.insert(value.id, value));
    expect(modeOf(join(folder, 'data'))).toBe('700');
    for (const suffix of ['', '-wal', '-shm', '.lock']) expect(modeOf(path + suffix)).toBe('600');
    await storage.close();
  });

  test('a store that others could read is closed to them when it is opened', async () => {
    await makeStore();
    chmodSync(path, 0o644);
    await (await openSqliteStorage({ path })).close();
    expect(modeOf(path)).toBe('600');
  });

  test('close leaves the whole store in one file, and closing twice is closing once', async () => {
    const storage = await openSqliteStorage({ path });
    await storage.transact(async (tx) => {
      const value = anOrganization();
      await tx.organizations.insert(value.id, value);
    });
    await Promise.all([storage.close(), storage.close()]);
    expect(existsSync(`${path}-wal`)).toBe(false);
    const unavailable = { code: 'storage_unavailable' };
    await expect(storage.transact(async () => undefined)).rejects.toMatchObject(unavailable);
    await expect(storage.organizations.findBySlug('x')).rejects.toMatchObject(unavailable);
    await expect(storage.ping()).rejects.toMatchObject(unavailable);
  });

  test('a folder that cannot be made is named', async () => {
    writeFileSync(join(folder, 'data'), 'a file where the folder should be');
    expect(await refusalOf(openSqliteStorage({ path }))).toBe(
      `The store at ${path} cannot be created or opened: check the folder's owner and mode.`,
    );
  });

  test('R6 a second opener of the same file is refused until the first has closed', async () => {
    const first = await openSqliteStorage({ path });
    expect(await refusalOf(openSqliteStorage({ path }))).toBe(
      `The store at ${path} is in use by another process: stop that one first.`,
    );
    await first.close();
    await (await openSqliteStorage({ path })).close();
  });
});

test('R4 the WAL is what is taken to the disk: without it nobody is answered, the store says that it is not well, and the next start reads it whole', async () => {
  const storage = await openSqliteStorage({ path });
  rmSync(`${path}-wal`);
  const value = anOrganization();
  const lost = storage.transact((tx) => tx.organizations.insert(value.id, value));
  await expect(lost).rejects.toMatchObject({ code: 'storage_unavailable' });
  await expect(storage.ping()).rejects.toMatchObject({ code: 'storage_unavailable' });
  await storage.close();
  expect(takeCleanMark(path)).toBe(false);
});

describe('connections', () => {
  test('the writer leaves syncing to us, enforces foreign keys and trusts no schema', async () => {
    await makeStore();
    const writer = openWriter(path);
    const read = (name: string) => writer.pragma(name, { simple: true });
    expect(
      ['journal_mode', 'synchronous', 'foreign_keys', 'trusted_schema', 'busy_timeout'].map(read),
    ).toEqual(['wal', 1, 1, 0, 5000]);
    writer.close();
  });

  test('the reader can change nothing', async () => {
    await makeStore();
    const reader = openReader(path);
    expect(() => reader.exec('DELETE FROM organizations')).toThrow('readonly');
    expect(reader.pragma('query_only', { simple: true })).toBe(1);
    reader.close();
  });

  test.each([
    { version: '3.51.3', isTrusted: true },
    { version: '3.54.1', isTrusted: true },
    { version: '4.0.0', isTrusted: true },
    { version: '3.51.2', isTrusted: false },
    { version: '3.50.9', isTrusted: false },
    { version: '2.99.99', isTrusted: false },
  ])('R6 SQLite $version is trusted: $isTrusted', ({ version, isTrusted }) => {
    const check = () => requireSqliteVersion(version);
    if (isTrusted) expect(check).not.toThrow();
    else expect(check).toThrow(`SQLite ${version} is too old: 3.51.3 is the least that is safe.`);
  });
});

describe('schema', () => {
  test('every table is STRICT and every migration is noted with its checksum', async () => {
    const storage = await openSqliteStorage({ path, clock: () => 1234 });
    await storage.close();
    const connection = new Database(path);
    const tables = connection
      .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
      .all();
    const notes = connection.prepare('SELECT * FROM schema_migrations').all();
    connection.close();
    const loose = tables.filter((table) => !/"name":"sqlite_|"strict":1/.test(JSON.stringify(table)));
    expect(tables.length).toBeGreaterThan(20);
    expect(loose).toEqual([]);
    expect(notes).toEqual(
      readMigrations().map(({ number, name, checksum }) => ({ number, name, checksum, applied_at: 1234 })),
    );
  });

  test.each([
    {
      title: 'R7 a newer schema',
      statement: "INSERT INTO schema_migrations VALUES (9999, 'later', 'x', 0)",
      detail: `has schema 9999, this Gatehouse knows ${readMigrations().length}: start the newer version that wrote it, or restore a backup.`,
    },
    {
      title: 'R7 another text of a migration',
      statement: "UPDATE schema_migrations SET checksum = 'x' WHERE number = 1",
      detail: 'was made by another text of migration 1 (initial): start the version that wrote it.',
    },
    {
      title: 'R17 a missing unique index',
      statement: 'DROP INDEX domains_verified',
      detail: 'does not have the schema of this Gatehouse: index domains_verified is missing.',
    },
    {
      title: 'R17 a table that no migration made',
      statement: 'CREATE TABLE intruder (id TEXT) STRICT',
      detail: 'does not have the schema of this Gatehouse: table intruder is unknown.',
    },
  ])('$title is refused by name', async ({ statement, detail }) => {
    await makeStore();
    tamper(statement);
    expect(await refusalOf(openSqliteStorage({ path }))).toBe(`The store at ${path} ${detail}`);
  });

  test('R17 an index of the right name with other columns is refused by name', async () => {
    await makeStore();
    tamper('DROP INDEX sessions_by_expiry');
    tamper('CREATE INDEX sessions_by_expiry ON sessions (created_at)');
    expect(await refusalOf(openSqliteStorage({ path }))).toBe(
      `The store at ${path} does not have the schema of this Gatehouse: index sessions_by_expiry differs.`,
    );
  });
});

describe('a clean stop', () => {
  const mark = () => `${path}.closed`;

  test('leaves a mark that only its owner reads, and the next start uses it up', async () => {
    await makeStore();
    expect(modeOf(mark())).toBe('600');
    const storage = await openSqliteStorage({ path });
    expect(existsSync(mark())).toBe(false);
    await storage.close();
    expect(takeCleanMark(path)).toBe(true);
    expect(takeCleanMark(path)).toBe(false);
  });

  test.each<readonly [string, () => void]>([
    ['no mark', () => rmSync(mark())],
    ['a mark of another state', () => writeFileSync(mark(), '1 2 3 4 5')],
    ['a file written to, even with what was there', () => writeFileSync(path, readFileSync(path))],
    ['a file whose times were set back', () => utimesSync(path, statSync(path).atime, statSync(path).mtime)],
    ['a write-ahead log', () => writeFileSync(`${path}-wal`, '')],
    [
      'another file of the same bytes',
      () => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    ],
  ])('R7 with %s the whole file is checked', async (_title, change) => {
    await makeStore();
    change();
    expect(takeCleanMark(path)).toBe(false);
  });

  test('R7 a copied mark does not vouch for a damaged file', async () => {
    await makeStore();
    const kept = readFileSync(mark());
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, 4096 * 40);
    closeSync(file);
    writeFileSync(mark(), kept);
    expect(await refusalOf(openSqliteStorage({ path }))).toBe(
      `The store at ${path} is damaged: restore it from a backup.`,
    );
  });
});

describe('damage', () => {
  test.each([
    {
      title: 'R7 a page overwritten with noise',
      damage: () => {
        const file = openSync(path, 'r+');
        writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, 4096 * 40);
        closeSync(file);
      },
      detail: () => `The store at ${path} is damaged: restore it from a backup.`,
    },
    {
      title: 'R7 a truncated file',
      damage: () => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096),
      detail: () => `The store at ${path} is damaged: restore it from a backup.`,
    },
    {
      title: 'R7 a file that is no database',
      damage: () => writeFileSync(path, 'not a database, but long enough to be taken for one'.repeat(50)),
      detail: () => `The file at ${path} is not a SQLite database.`,
    },
    {
      title: 'R7 a file of zero bytes',
      damage: () => truncateSync(path, 0),
      detail: () =>
        `The store at ${path} is empty (0 bytes): restore it from a backup, or remove the file to begin with a new store.`,
    },
    {
      title: "R7 another program's database",
      damage: () => tamper('PRAGMA application_id = 1'),
      detail: () => `The file at ${path} is a database of another program.`,
    },
  ])('$title is refused, not repaired', async ({ damage, detail }) => {
    await makeStore();
    damage();
    const before = readFileSync(path);
    expect(await refusalOf(openSqliteStorage({ path }))).toBe(detail());
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(await refusalOf(openSqliteStorage({ path }))).toBe(detail());
  });
});
