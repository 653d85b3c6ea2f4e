/** Nothing in production has an accessor in an object literal: decision 0044 says what those of a request cost. */
import { describe, expect, test } from '@jest/globals';
import { accessorViolations } from '../../scripts/architecture/rules.ts';
import { parseSource } from '../../scripts/architecture/source-file.ts';
import { production } from './project.ts';

describe('accessors', () => {
  test('the check saw the project', () => {
    expect(production.length).toBeGreaterThan(300);
  });

  test('no object literal has one', () => {
    expect(accessorViolations(production)).toEqual([]);
  });
});

describe('planted violations are seen', () => {
  test.each([
    ['a getter', 'const a = { get b() { return 1; } };'],
    ['a setter', 'const a = { set b(c) { d = c; } };'],
    ['one that a function answers', 'const a = () => ({ get b() { return 1; } });'],
    ['one with a computed name', 'const a = { get [b]() { return 1; } };'],
  ])('%s', (_what, text) => {
    expect(accessorViolations([parseSource('src/a.ts', text)])).toEqual([
      'src/a.ts: an accessor in an object literal',
    ]);
  });

  test.each([
    ['a getter of a class, which all its instances share', 'class A { get b() { return 1; } }'],
    ['a method called get', 'const a = { get() { return 1; }, set: () => 2 };'],
    ['a getter that a type asks for', 'interface A { get b(): number }'],
  ])('but not %s', (_what, text) => {
    expect(accessorViolations([parseSource('src/a.ts', text)])).toEqual([]);
  });
});
