/** Names say what a thing is, and every file says what it is for. */
import { describe, expect, test } from '@jest/globals';
import { headerViolations, nameViolations } from '../../scripts/architecture/rules.ts';
import { parseSource } from '../../scripts/architecture/source-file.ts';
import { sources } from './project.ts';

describe('names', () => {
  test('the check saw the project', () => {
    expect(sources.flatMap(({ exports }) => exports).length).toBeGreaterThan(150);
  });

  test('no drawer, no ambiguous bare word, no I prefix, kebab-case everywhere', () => {
    expect(nameViolations(sources)).toEqual([]);
  });

  test('every file opens with what it is for', () => {
    expect(headerViolations(sources)).toEqual([]);
  });
});

describe('planted violations are seen', () => {
  test.each([
    ['src/core/utils.ts', ''],
    ['src/helpers/a.ts', ''],
    ['src/core/date-utils.ts', ''],
    ['src/core/session-manager.ts', ''],
    ['src/core/storage-impl.ts', ''],
    ['src/core/directoryUsers.ts', ''],
    ['src/core/a.ts', 'export type Client = string;'],
    ['src/core/a.ts', 'export interface Token {}'],
    ['src/core/a.ts', 'export const state = 1;'],
    ['src/core/a.ts', 'export function provider() {}'],
    ['src/core/a.ts', 'const a = 1; export { a as tenant };'],
    ['src/core/a.ts', 'export interface IStorage {}'],
  ])('%s: %s', (path, text) => {
    expect(nameViolations([parseSource(path, text)])).toHaveLength(1);
  });

  test.each([
    ['src/core/directory-tokens.ts', 'export type TokenHash = string; export interface Identity {}'],
    ['test/core/a.contract.ts', 'export const newToken = 1;'],
  ])('but not %s: %s', (path, text) => {
    expect(nameViolations([parseSource(path, text)])).toEqual([]);
  });

  test('a file without a word on its purpose', () => {
    expect(headerViolations([parseSource('src/a.ts', 'export const a = 1;')])).toHaveLength(1);
    expect(
      headerViolations([parseSource('src/a.ts', '/** What it is for. */\nexport const a = 1;')]),
    ).toEqual([]);
  });
});
