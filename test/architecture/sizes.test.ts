/** Files, functions and parameter lists stay small; exceptions are named and only become fewer. */
import { describe, expect, test } from '@jest/globals';
import { sizeViolations } from '../../scripts/architecture/rules.ts';
import { SIZE_EXCEPTION_CEILING, sizeExceptions } from '../../scripts/architecture/size-exceptions.ts';
import { parseSource } from '../../scripts/architecture/source-file.ts';
import { sources } from './project.ts';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `  work(${index});`).join('\n');
const check = (path: string, text: string) => sizeViolations([parseSource(path, text)], []);

describe('sizes', () => {
  test('the check saw the project', () => {
    expect(sources.flatMap(({ functions }) => functions).length).toBeGreaterThan(400);
  });

  test('every function has at most 40 lines and 3 parameters, every file at most 300 lines, tests 500', () => {
    expect(sizeViolations(sources, sizeExceptions)).toEqual([]);
  });

  test('the list of exceptions only shrinks, and each has a reason', () => {
    expect(sizeExceptions.length).toBeLessThanOrEqual(SIZE_EXCEPTION_CEILING);
    for (const { reason } of sizeExceptions) expect(reason.length).toBeGreaterThan(10);
  });
});

const planted: [what: string, path: string, text: string][] = [
  ['a function of 41 lines', 'src/a.ts', `function long() {\n${lines(39)}\n}`],
  ['an arrow function of 41 lines', 'src/a.ts', `const long = () => {\n${lines(39)}\n};`],
  ['a method of 41 lines', 'src/a.ts', `class A {\n  long() {\n${lines(39)}\n  }\n}`],
  ['a method of an object', 'src/a.ts', `const a = {\n  long() {\n${lines(39)}\n  },\n};`],
  ['a constructor', 'src/a.ts', `class A {\n  constructor() {\n${lines(39)}\n  }\n}`],
  ['a factory whose own lines are few but whose whole is 102', 'src/a.ts', factory(4)],
  ['four parameters', 'src/a.ts', 'function a(b: 1, c: 2, d: 3, e: 4) {}'],
  [
    'four parameters of a function in an object',
    'src/a.ts',
    'const a = { b: (c: 1, d: 2, e: 3, f: 4) => c };',
  ],
  ['an organization id and four parameters', 'src/a.ts', 'const a = (organizationId, b, c, d, e) => b;'],
  ['a file of 301 lines', 'src/a.ts', lines(301)],
  ['a test file of 501 lines', 'test/a.test.ts', lines(501)],
  ['a test of 41 lines', 'test/a.test.ts', `test('x', () => {\n${lines(39)}\n});`],
];

function factory(methods: number): string {
  const method = (index: number) => `  m${index}() {\n${lines(23)}\n  },`;
  return `function create() {\nreturn {\n${Array.from({ length: methods }, (_, index) => method(index)).join('\n')}\n};\n}`;
}

const fine: [what: string, path: string, text: string][] = [
  ['a function of 40 lines', 'src/a.ts', `function long() {\n${lines(38)}\n}`],
  ['a factory of three methods', 'src/a.ts', factory(3)],
  ['three parameters', 'src/a.ts', 'function a(b: 1, c: 2, d: 3) {}'],
  ['an organization id and three', 'src/a.ts', 'class A { a(organizationId: 1, b: 2, c: 3, d: 4) {} }'],
  ['four parameters of a callback', 'src/a.ts', 'text.replace(/a/, (b, c, d, e) => b);'],
  ['an error handler of Express', 'src/a.ts', 'function a(error, request, response, next) {}'],
  ['a file of 300 lines', 'src/a.ts', lines(300)],
  ['a test file of 500 lines', 'test/a.test.ts', lines(500)],
  ['a long describe', 'test/a.test.ts', `describe.each([1])('x', () => {\n${lines(60)}\n});`],
  ['a row of five columns', 'test/a.test.ts', "test.each([])('x', (a, b, c, d, e) => a);"],
];

describe('planted violations are seen', () => {
  test.each(planted)('%s', (_what, path, text) => {
    expect(check(path, text)).toHaveLength(1);
  });

  test.each(fine)('but not %s', (_what, path, text) => {
    expect(check(path, text)).toEqual([]);
  });

  test('an exception silences its violation, and is one itself once it is stale', () => {
    const long = parseSource('src/a.ts', `function long() {\n${lines(39)}\n}`);
    const short = parseSource('src/a.ts', 'function long() {}');
    const exceptions = [{ where: 'src/a.ts#long', reason: 'a table in code' }];
    expect(sizeViolations([long], exceptions)).toEqual([]);
    expect(sizeViolations([short], exceptions)).toEqual([expect.stringContaining('remove it')]);
  });
});
