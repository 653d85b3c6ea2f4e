/** Very many rows removed in steps: all of them, nobody else's, and others have their turn in between. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database, { type Database as Connection } from 'better-sqlite3';
import { removeGradually } from '../../../src/storage/sqlite/gradual-removal.ts';
import { createSql } from '../../../src/storage/sqlite/sql.ts';

let connection: Connection;
beforeEach(() => {
  connection = new Database(':memory:');
  connection.exec(
    'CREATE TABLE lines (owner TEXT, book TEXT, number INTEGER, PRIMARY KEY (owner, book, number)) STRICT, WITHOUT ROWID',
  );
  const insert = connection.prepare('INSERT INTO lines VALUES (?, ?, ?)');
  connection.transaction(() => {
    for (const owner of ['mine', 'yours'])
      for (const book of ['red', 'blue']) for (let n = 0; n < 600; n += 1) insert.run(owner, book, n);
  })();
});
afterEach(() => {
  connection.close();
});

const LINES = { table: 'lines', key: ['owner', 'book', 'number'] };
const left = (where: string) => connection.prepare(`SELECT count(*) FROM lines WHERE ${where}`).pluck().get();

test.each([
  { values: ['mine'], expected: [0, 0, 1200] },
  { values: ['mine', 'red'], expected: [0, 600, 1200] },
  { values: ['nobody'], expected: [600, 600, 1200] },
])('of $values every row goes, and no other', async ({ values, expected }) => {
  await removeGradually(createSql(connection), LINES, values);
  expect([
    left("owner = 'mine' AND book = 'red'"),
    left("owner = 'mine' AND book = 'blue'"),
    left("owner = 'yours'"),
  ]).toEqual(expected);
});

test('whoever waits for a turn of the event loop has one after at most 250 rows', async () => {
  const seen: unknown[] = [];
  let isOver = false;
  const look = () => {
    if (isOver) return;
    seen.push(left("owner = 'mine'"));
    setImmediate(look);
  };
  setImmediate(look);
  await removeGradually(createSql(connection), LINES, ['mine']);
  isOver = true;
  expect(seen).toEqual(expect.arrayContaining([950, 700, 450, 200]));
});
