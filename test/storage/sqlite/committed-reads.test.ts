/** What is remembered between transactions is what asking again would find, also where somebody asked while one was under way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openReader, openWriter } from '../../../src/storage/sqlite/connect.ts';
import { type CommittedReads, createCommittedReads } from '../../../src/storage/sqlite/sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-reads-'));
const path = join(folder, 'reads.db');

let writing: ReturnType<typeof openWriter>;
let reading: ReturnType<typeof openReader>;
let reads: CommittedReads;
let asked = 0;
let ask: (key: string) => unknown;
beforeAll(() => {
  writing = openWriter(path);
  writing.exec(
    "CREATE TABLE words (key TEXT PRIMARY KEY, word TEXT); INSERT INTO words VALUES ('a', 'first')",
  );
  reading = openReader(path);
  reads = createCommittedReads(writing, reading);
  ask = reads.remembering((key) => {
    asked += 1;
    return reads.sql.get('SELECT word FROM words WHERE key = ?', key)?.word;
  });
});
afterAll(() => {
  reads.release();
  writing.close();
  reading.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One transaction as the writer makes it; `meanwhile` runs before it commits. */
function change(word: string, meanwhile: () => void): void {
  reads.release();
  writing.exec('BEGIN IMMEDIATE');
  writing.prepare("UPDATE words SET word = ? WHERE key = 'a'").run(word);
  meanwhile();
  writing.exec('COMMIT');
}

test('found twice, it is asked for once, until a transaction begins', () => {
  expect([ask('a'), ask('a'), asked]).toEqual(['first', 'first', 1]);
  change('second', () => undefined);
  expect([ask('a'), ask('a'), asked]).toEqual(['second', 'second', 2]);
});

test('S108: what was asked while a transaction was under way is answered as it was before, and not remembered', () => {
  change('third', () => expect([ask('a'), ask('a')]).toEqual(['second', 'second']));
  expect(ask('a')).toBe('third');
});
