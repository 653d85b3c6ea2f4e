/** Calls in one commit: who fails behind a write is taken back alone, and who fails before one costs nobody anything (R4, R19). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Database as Connection } from 'better-sqlite3';
import { openReader, openWriter } from '../../../src/storage/sqlite/connect.ts';
import { prepareFile } from '../../../src/storage/sqlite/files.ts';
import { migrate } from '../../../src/storage/sqlite/migrate.ts';
import { Writer } from '../../../src/storage/sqlite/writer.ts';
import { anOrganization } from '../../support/builders.ts';

let folder: string;
let connection: Connection;
let reader: Connection;
let writer: Writer;
/** The names of the functions in the order in which they ran, a second time included. */
let ran: string[];

const toDisk = async () => undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-batch-'));
  const path = join(folder, 'gatehouse.db');
  prepareFile(path);
  connection = openWriter(path);
  migrate(connection, path, () => 0);
  reader = openReader(path);
  // A batch ends by number here, not by time: the machine may be busy.
  writer = new Writer(connection, { toDisk, batchMs: 60_000 });
  ran = [];
});
afterEach(async () => {
  await writer.close();
  reader.close();
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

const found = (slug: string) =>
  reader.prepare('SELECT 1 FROM organizations WHERE slug = ?').get(slug) !== undefined;

/** Stores an organization of this name; answers how often its function has run. */
const add = (slug: string) =>
  writer.transact(async (tx) => {
    ran.push(slug);
    const value = anOrganization({ slug });
    await tx.organizations.insert(value.id, value);
    return ran.filter((name) => name === slug).length;
  });
const refuse = (slug: string, { behindAWrite }: { readonly behindAWrite: boolean }) =>
  writer.transact(async (tx) => {
    ran.push(slug);
    await tx.organizations.findBySlug(slug);
    if (behindAWrite) await tx.organizations.insert(...twice(anOrganization({ slug })));
    throw new Error(`no ${slug}`);
  });
const twice = (value: ReturnType<typeof anOrganization>) => [value.id, value] as const;

test('who fails behind a write is told why once, and those beside it are stored by the run that counts', async () => {
  const calls = [add('a'), refuse('x', { behindAWrite: true }), add('b')];
  const ends = await Promise.allSettled(calls);
  expect(ends).toEqual([
    { status: 'fulfilled', value: 2 },
    { status: 'rejected', reason: new Error('no x') },
    { status: 'fulfilled', value: 1 },
  ]);
  expect(ran).toEqual(['a', 'x', 'a', 'b']);
  expect([found('a'), found('x'), found('b')]).toEqual([true, false, true]);
});

test('who fails before its first write makes nobody run again', async () => {
  const ends = await Promise.allSettled([add('a'), refuse('x', { behindAWrite: false }), add('b')]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(ran).toEqual(['a', 'x', 'b']);
});

test('many that fail behind a write cost everybody one more run at most, in this commit and in those that follow', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `n${index}`);
  const round = (stage: string) =>
    Promise.allSettled(
      names.flatMap((name) => [
        add(`${stage}-${name}`),
        refuse(`${stage}-x-${name}`, { behindAWrite: true }),
      ]),
    );
  await round('first');
  expect(ran.filter((name) => !name.includes('x')).length).toBeLessThanOrEqual(11);
  expect(ran.filter((name) => name.includes('x')).length).toBe(10);
  ran = [];
  await round('second');
  expect(ran).toHaveLength(20);
  for (const name of names) {
    expect([found(`first-${name}`), found(`first-x-${name}`)]).toEqual([true, false]);
    expect([found(`second-${name}`), found(`second-x-${name}`)]).toEqual([true, false]);
  }
});
