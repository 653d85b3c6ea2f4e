/** The tables of guards that `npm run test:guards` takes out say what is there; and the tool tells a noticed loss from every other end. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { securityLinesOf, securityTagsIn } from '../../scripts/generate/security-tags.ts';
import { isAssertion } from '../../scripts/guards/assertion.ts';
import { faultsOf } from '../../scripts/guards/faults.ts';
import type { Guard } from '../../scripts/guards/guard.ts';
import { type JestRun, readReport, titlePattern } from '../../scripts/guards/jest-run.ts';
import { cutOut, openScratch, textWithout } from '../../scripts/guards/lane.ts';
import { readArguments, select } from '../../scripts/guards/selection.ts';
import { allGuards } from '../../scripts/guards/tables.ts';
import { judge } from '../../scripts/guards/verdict.ts';
import { root } from './project.ts';

test('each guard stands once in its file, leaves a program, and has a test whose title says its line', () => {
  expect(faultsOf(allGuards, root)).toEqual([]);
});

const ROW: Guard = {
  line: 'S5',
  file: 'src/protocols/saml/scan-response.ts',
  without: "if (seen.has(id.value)) refuse('saml.duplicate_id', { id: id.value });",
  put: '',
  test: 'test/protocols/saml/attacks.test.ts',
};

describe('the gate can fail', () => {
  test.each<[string, Partial<Guard>, RegExp]>([
    ['a text that has gone', { without: 'if (gone) return;' }, /has 0 times: if \(gone\)/],
    ['a text that is there twice', { without: 'checkNamespaces(elements' }, /has \d+ times/],
    ['no text', { without: '' }, /times/],
    ['a file that has gone', { file: 'src/gone.ts' }, /src\/gone\.ts is not there/],
    ['a row that changes nothing', { put: ROW.without }, /stays as it is/],
    ['what is no program', { put: 'if (' }, /S5: /],
    ['a second cut that is not there', { also: [{ ...ROW, without: 'gone' }] }, /has 0 times/],
    ['a test that has gone', { test: 'test/gone.test.ts' }, /no title of test\/gone\.test\.ts says S5/],
    ['a test without the number', { line: 'S999' }, /says S999/],
    [
      'one of two tests without it',
      { test: [ROW.test as string, 'test/kernel/ids.test.ts'] },
      /ids\.test\.ts says/,
    ],
  ])('%s', (_name, change, complaint) => {
    expect(faultsOf([ROW], root)).toEqual([]);
    expect(faultsOf([{ ...ROW, ...change }], root).join('\n')).toMatch(complaint);
  });

  test('it saw the tables', () => expect(allGuards.length).toBeGreaterThan(4));
});

/** What jest's report says of a failure: the message, and where it was thrown. */
const thrown = (message: string, at: string): string =>
  `${message}\n    at Object.x (${at}:1:2)\n    at y (node:z:1:2)`;
const OWN = '/lane/test/a.test.ts';
const caused = (message: string, cause: string): string =>
  `${message}\n    at x (/lib/x.js:1:2)\n\n[cause]: ${cause}`;
const EXPECTED = thrown(
  'Error: expect(received).toBe(expected) // Object.is equality\n\nExpected: 1',
  '/lib/expect.js',
);

describe('an assertion that failed', () => {
  test.each<[string, string]>([
    ['of jest', EXPECTED],
    ['of a promise', thrown('Error: expect(received).rejects.toThrow()', '/lib/expect.js')],
    ['of their number', thrown('Error: expect.assertions(2)', OWN)],
    ['in a property', caused('Error: Property failed after 1 tests\n{ seed: 1 }', EXPECTED)],
    [
      'of a property',
      caused('Error: Property failed after 1 tests', 'Error: Property failed by returning false'),
    ],
    ['of a test in its own words', thrown('Error: it was accepted', OWN)],
    ['of those who help tests', thrown('Error: never came: the page', '/lane/test/support/in-time.ts')],
    ['of a schedule', caused('Error: seed 5: expect', EXPECTED)],
  ])('%s', (_name, message) => expect(isAssertion(message, '/lane/test')).toBe(true));
});

describe('no assertion', () => {
  test.each<[string, string]>([
    ['of the language', thrown("TypeError: Cannot read properties of undefined (reading 'x')", OWN)],
    ['a variable that is gone', thrown('ReferenceError: id is not defined', OWN)],
    ['a number out of range', thrown('RangeError: Invalid array length', OWN)],
    ['of a library', thrown('ZodError: [{"code":"invalid_type"}]', OWN)],
    ['of the system', thrown('Error: connect ECONNREFUSED 127.0.0.1:1', 'node:net')],
    ['of the system, without a place', 'Error: read ECONNRESET'],
    ['of the program', thrown('Error: no key', '/lane/src/kernel/ids.ts')],
    ['a refusal of the program', thrown('GatehouseError: Not now.', '/lane/src/kernel/ids.ts')],
    ['of the store', thrown('SqliteError: no such column: x', '/lib/sqlite.js')],
    ['in a property', caused('Error: Property failed after 1 tests', thrown('RangeError: x', OWN))],
    ['in a schedule', caused('Error: seed 5: x', thrown('TypeError: x', OWN))],
    ['in a test of another folder', thrown('Error: it was accepted', '/lane/tests/a.ts')],
    ['what was thrown is no error', thrown('Error: thrown: "text"', OWN)],
    ['a test that does not end', 'thrown: "Exceeded timeout of 120000 ms for a test.'],
    ['nothing', ''],
  ])('%s', (_name, message) => expect(isAssertion(message, '/lane/test')).toBe(false));
});

/** One run of one test file: title, and how it failed; absent is a pass. */
const ran = (
  tests: readonly (readonly [title: string, failed?: 'noticed' | 'broken'])[],
  broken: readonly string[] = [],
): JestRun => ({
  tests: tests.map(([title, failed]) => ({
    file: 'test/a.test.ts',
    title,
    isPassed: failed === undefined,
    failure: failed ?? '',
    isNotice: failed === 'noticed',
  })),
  broken,
});

describe('a loss', () => {
  const green = ran([['group S4: refused'], ['S45: refused'], ['S2-S7: all refused']]);
  test.each<[string, JestRun, JestRun]>([
    ['noticed', green, ran([['group S4: refused', 'noticed']])],
    [
      'noticed',
      green,
      ran([
        ['group S4: refused', 'noticed'],
        ['S2-S7: all refused', 'broken'],
      ]),
    ],
    ['noticed', green, ran([['group S4: refused'], ['S2-S7: all refused', 'noticed']])],
    ['not noticed', green, ran([['group S4: refused']])],
    ['not run', green, ran([['S45: refused', 'noticed']])],
    ['not run', green, ran([['S5-S7: refused', 'noticed']])],
    ['not run', green, ran([])],
    ['broken', green, ran([], ['test/a.test.ts: does not start'])],
    ['broken', green, ran([['group S4: refused', 'noticed']], ['test/b.test.ts: does not start'])],
    ['broken', green, ran([['group S4: refused', 'broken']])],
    ['broken', ran([['group S4: refused', 'noticed']]), ran([['group S4: refused', 'noticed']])],
    ['broken', ran([]), ran([['group S4: refused', 'noticed']])],
  ])('%s', (kind, before, after) => {
    expect(judge('S4', before, after)).toMatchObject({ kind });
  });
});

test('the report of jest: what ran, what failed and how, what could not start', () => {
  const file = (name: string, message: string, assertionResults: readonly object[]) => ({
    name: `/lane/${name}`,
    message,
    assertionResults,
  });
  const ESCAPE = String.fromCharCode(27);
  const report = {
    testResults: [
      file('test/a.test.ts', 'one failed', [
        { fullName: 'S4: a', status: 'passed', failureMessages: [] },
        {
          fullName: 'S4: b',
          status: 'failed',
          failureMessages: [`Error: ${ESCAPE}[2mexpect${ESCAPE}[22m(received)\n    at x`],
        },
        { fullName: 'S5: c', status: 'pending', failureMessages: null },
      ]),
      file('test/b.test.ts', 'SyntaxError: x', []),
    ],
  };
  expect(readReport('/lane', report)).toEqual({
    tests: [
      { file: 'test/a.test.ts', title: 'S4: a', isPassed: true, failure: '', isNotice: false },
      {
        file: 'test/a.test.ts',
        title: 'S4: b',
        isPassed: false,
        failure: 'Error: expect(received)',
        isNotice: true,
      },
    ],
    broken: ['test/b.test.ts: SyntaxError: x'],
  });
});

test('a number in a title is a whole number, and a range stands for all in it', () => {
  const named = new RegExp(titlePattern(['S4', 'S72']));
  const titles = ['S4: x', 'x (S72, L3)', 'S2-S22: x', 'S45: x', 'S720', 'xS4'];
  expect(titles.map((title) => named.test(title))).toEqual([true, true, true, false, false, false]);
  expect(titles.map(securityLinesOf).map((lines) => lines.includes('S4'))).toEqual([
    ...[true, false, true, false, false, false],
  ]);
  expect(securityLinesOf('S4-S7 y (S9)')).toEqual(['S4', 'S5', 'S6', 'S7', 'S9']);
  expect(securityTagsIn("describe('S4-S6: y', () => {})")).toEqual(['S4', 'S5', 'S6']);
});

test('a cut puts its text as it stands, whatever is in it', () => {
  expect(textWithout('a guard b', { file: 'x', without: 'guard', put: "$& $1 $'" })).toBe("a $& $1 $' b");
});

describe('what is asked for', () => {
  const guards = [
    { ...ROW, table: 'one' },
    { ...ROW, line: 'S6', table: 'two', also: [{ file: 'src/b.ts', without: 'x', put: '' }] },
  ];
  const linesOf = (...args: string[]) => select(guards, readArguments(args)).map(({ line }) => line);

  test('a line, a table, a file, or all', () => {
    expect([
      linesOf(),
      linesOf('--only', 'S5'),
      linesOf('--only', 'two'),
      linesOf('--only', 'S5,S6'),
      linesOf('--file', 'src/b.ts'),
      linesOf('--ending', '6'),
    ]).toEqual([['S5', 'S6'], ['S5'], ['S6'], ['S5', 'S6'], ['S6'], ['S6']]);
  });

  test('what has no row, and what is not known, is said', () => {
    expect(() => linesOf('--only', 'S7')).toThrow('no row for S7');
    expect(() => linesOf('--file', 'src/gone.ts')).toThrow('no row for src/gone.ts');
    expect(() => linesOf('--ending', 'x')).toThrow('no row for an ending of x');
    expect(() => linesOf('--all')).toThrow();
  });
});

describe('a scratch copy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-guards-test-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('src/a.ts', 'one; two; one');
  write('node_modules/lib/index.js', 'guard');
  write('data/secret', 'x');
  const scratch = openScratch(folder, 1);
  const [lane] = scratch.lanes;
  if (lane === undefined) throw new Error('no copy');
  const shown = (path: string) => readFileSync(join(lane.folder, path), 'utf8');
  afterAll(() => {
    scratch.close();
    rmSync(folder, { recursive: true });
  });

  test('holds the project without its data, and a guard is taken out there only, and put back', () => {
    expect(existsSync(join(lane.folder, 'data'))).toBe(false);
    const undo = cutOut(lane, [{ file: 'src/a.ts', without: ' two;', put: '' }]);
    expect([shown('src/a.ts'), readFileSync(join(folder, 'src/a.ts'), 'utf8')]).toEqual([
      'one; one',
      'one; two; one',
    ]);
    undo();
    expect(shown('src/a.ts')).toBe('one; two; one');
  });

  test('so is that of a package, whose own file stays as it is', () => {
    const cut = { file: 'node_modules/lib/index.js', without: 'guard', put: 'none' };
    for (let turn = 0; turn < 2; turn += 1) {
      const undo = cutOut(lane, [cut, { file: 'src/a.ts', without: 'two', put: 'three' }]);
      expect([shown(cut.file), shown('src/a.ts')]).toEqual(['none', 'one; three; one']);
      expect(readFileSync(join(folder, cut.file), 'utf8')).toBe('guard');
      undo();
      expect([shown(cut.file), shown('src/a.ts')]).toEqual(['guard', 'one; two; one']);
    }
  });

  test('stays as it is when one of several texts is not there exactly once', () => {
    const cuts = [
      { file: 'src/a.ts', without: 'two', put: '' },
      { file: 'src/a.ts', without: 'one', put: '' },
    ];
    expect(() => cutOut(lane, cuts)).toThrow('src/a.ts has 2 times: one');
    expect(shown('src/a.ts')).toBe('one; two; one');
  });
});
