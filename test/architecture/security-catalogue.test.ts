/** Every line of the security catalogue that has been built is held by a test that says so in its title. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { areas, exceptions } from '../../scripts/generate/security-lines.ts';
import { securityTagsIn } from '../../scripts/generate/security-tags.ts';
import { allGuards } from '../../scripts/guards/tables.ts';
import { root } from './project.ts';

const tagsIn = securityTagsIn;

const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.ts$/.test(name) && !/^(?:architecture|guards)\b/.test(name))
  .map((name) => readFileSync(join(root, 'test', name), 'utf8'));
const held = new Set(files.flatMap(tagsIn));

const lines = Object.values(areas).flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => `S${first + index}`),
);
const missing = (tags: ReadonlySet<string>): readonly string[] =>
  lines.filter((line) => !tags.has(line) && !Object.hasOwn(exceptions, line));

test('each line is held by a test or is an exception with a reason', () => {
  expect(missing(held)).toEqual([]);
});

test('no exception is held after all, each has a line and a reason, and they only become fewer', () => {
  expect(Object.keys(exceptions).filter((line) => held.has(line) || !lines.includes(line))).toEqual([]);
  for (const reason of Object.values(exceptions)) expect(reason.length).toBeGreaterThan(20);
  expect(Object.keys(exceptions).length).toBe(0);
});

/** Lines without a guard that `npm run test:guards` takes out, and guards of no line. */
const unmatched = (guarded: readonly string[]): readonly string[] => [
  ...lines.filter((line) => !Object.hasOwn(exceptions, line) && !guarded.includes(line)),
  ...guarded.filter((line) => !lines.includes(line)),
];
const guarded = [...new Set(allGuards.map(({ line }) => line))];

test('each line has a row in the tables of guards, and each row is of a line', () => {
  expect(unmatched(guarded)).toEqual([]);
});

describe('the gate can fail', () => {
  test('a line without a guard, and a guard of no line', () => {
    expect(unmatched([...guarded.filter((line) => line !== 'S45'), 'S999'])).toEqual(['S45', 'S999']);
  });

  test('it saw the tests', () => {
    expect([files.length > 150, held.size > 150, lines.length]).toEqual([true, true, 176]);
  });

  test('a line without its test is missed', () => {
    expect(missing(new Set([...held].filter((tag) => tag !== 'S45' && tag !== 'S88')))).toEqual([
      'S45',
      'S88',
    ]);
  });

  test.each<[string, string[]]>([
    [`test('S34: x', f)`, ['S34']],
    [`test('S34 x', f)`, ['S34']],
    [`test("S34, S35, L3: x", f)`, ['S34', 'S35']],
    [`test('S45 S46 x', f)`, ['S45', 'S46']],
    [`test('x (S180, R12)', f)`, ['S180']],
    [`{ line: 'S24', name: 'x' }`, ['S24']],
    ['// S34: a comment', []],
    [`/** It says 'S34: x' here. */`, []],
    [`call(x); // 'S34: x'`, []],
    [`test('after S34 comes', f)`, []],
  ])('of %s it reads %j', (source, expected) => {
    expect(tagsIn(source)).toEqual(expected);
  });
});
