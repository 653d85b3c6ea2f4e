/** docs/features.md names tests: each of them exists, and each of the 65 behaviours has its row. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const table = readFileSync('docs/features.md', 'utf8');
const named = [...table.matchAll(/`(test\/[^`]+)`: “([^”]+)”/g)].map(
  ([, file = '', title = '']) => [file, title] as const,
);
const holds = (file: string, title: string): boolean => readFileSync(file, 'utf8').includes(title);

test('every behaviour has one row', () => {
  const numbers = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 65 }, (_, index) => index + 1));
});

test('every named test exists, and a planted one does not', () => {
  expect(named.length).toBeGreaterThanOrEqual(35);
  expect(named.filter(([file, title]) => !holds(file, title))).toEqual([]);
  expect(holds('test/http/api/invitations.test.ts', 'a promise nobody made')).toBe(false);
});
