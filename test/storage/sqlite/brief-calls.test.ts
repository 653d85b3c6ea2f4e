/** Brief calls: they share the commit of those that wait for the disk, and wait for no disk themselves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Database as Connection } from 'better-sqlite3';
import type { Durability, Repositories } from '../../../src/core/ports/storage.ts';
import { openReader, openWriter } from '../../../src/storage/sqlite/connect.ts';
import { prepareFile } from '../../../src/storage/sqlite/files.ts';
import { migrate } from '../../../src/storage/sqlite/migrate.ts';
import { Writer } from '../../../src/storage/sqlite/writer.ts';
import { anOrganization } from '../../support/builders.ts';

let folder: string;
let connection: Connection;
let reader: Connection;
let writer: Writer;
/** Who was answered, and what the disk was asked to keep, in their order. */
let order: unknown[];

beforeEach(() => {
  order = [];
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-brief-'));
  const path = join(folder, 'gatehouse.db');
  prepareFile(path);
  connection = openWriter(path);
  migrate(connection, path, () => 0);
  reader = openReader(path);
  const slugs = reader.prepare('SELECT slug FROM organizations ORDER BY slug').pluck();
  const toDisk = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    order.push(slugs.all());
  };
  writer = new Writer(connection, { toDisk, batchMs: 60_000 });
});
afterEach(async () => {
  await writer.close();
  reader.close();
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

const insert = (slug: string) => async (tx: Repositories) => {
  const value = anOrganization({ slug });
  await tx.organizations.insert(value.id, value);
};
const call = (slug: string, durability: Durability) =>
  writer.transact(insert(slug), durability).then(() => order.push(slug));

test('they share the commit of durable ones, and only these wait for the disk', async () => {
  await Promise.all([call('a', 'durable'), call('b', 'brief'), call('c', 'durable'), call('d', 'relaxed')]);
  expect(order).toEqual(['b', ['a', 'b', 'c'], 'a', 'c', 'd']);
  expect(writer.commits).toBe(2);
});

test('among themselves they wait for no disk, and the next durable call takes them there', async () => {
  await Promise.all([call('a', 'brief'), call('b', 'brief')]);
  await call('c', 'durable');
  expect(order).toEqual(['a', 'b', ['a', 'b', 'c'], 'c']);
  expect(writer.commits).toBe(2);
});

test('they share no commit with a call that wants one for itself', async () => {
  await Promise.all([call('big', 'alone'), call('small', 'brief')]);
  expect(order).toEqual([['big'], 'big', 'small']);
});

test('one that fails behind a write takes nobody of its commit with it', async () => {
  const fails = writer.transact(async (tx) => {
    await insert('undone')(tx);
    throw new Error('no');
  }, 'brief');
  await Promise.all([call('a', 'durable'), expect(fails).rejects.toThrow('no'), call('c', 'brief')]);
  expect(order).toEqual(['c', ['a', 'c'], 'a']);
});

test('they are stored before the writer is closed', async () => {
  const stored = call('a', 'brief');
  await writer.close();
  await stored;
  expect(order).toEqual(['a']);
});
