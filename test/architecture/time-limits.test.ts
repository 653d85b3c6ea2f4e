/** No test has a time limit of its own: the one of jest.config.mjs only ends what hangs, and a slow machine is not a failing test. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from './project.ts';

/** `}, 30_000);` behind a test or a hook, and a limit for a whole file. */
const LIMIT = /\},\s*\d[\d_]{3,},?\s*\);|\bjest\.setTimeout\(/;

/** Histories as long as the night: the limit of the others would end them. */
const NIGHTLY = ['test/http/scim/model.test.ts'];

const limited = (files: readonly (readonly [path: string, text: string])[]): readonly string[] =>
  files.filter(([, text]) => LIMIT.test(text)).map(([path]) => path);

test('none has, but for those that run for hours', () => {
  const paths = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && path !== 'architecture/time-limits.test.ts')
    .map((path) => `test/${path}`);
  expect(paths.length).toBeGreaterThan(300);
  expect(limited(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))).toEqual(NIGHTLY);
});

test.each([
  ['behind a test', "test('a', async () => {\n  await work();\n}, 30_000);"],
  ['on a line of its own', "test.each([])(\n  'a',\n  async () => {},\n  60_000,\n);"],
  ['of a whole file', 'jest.setTimeout(120_000);'],
])('one %s is seen', (_where, text) => {
  expect(limited([['test/a.test.ts', text]])).toEqual(['test/a.test.ts']);
});
