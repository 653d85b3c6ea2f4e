/** Every line of what a SCIM server promises is held by a test that says so in its title. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from './project.ts';
import { exceptions, lines } from './scim-lines.ts';

const TAG = String.raw`(?:L\d+|2\.[A-I]-\d+|[SRFP]\d+)`;
const TITLE = new RegExp(String.raw`['"\`](${TAG}(?:, ${TAG})*): `, 'g');

/** A bare number could be a line of the RFC checklist, of a provider's habits, or nothing at all. */
const BARE = /['"`]\d{1,3}(?:-\d{1,3})?(?:, [\w.-]+)*: /g;

/** The tags at the front of titles, and of the rows that become titles. */
const tagsIn = (source: string): readonly string[] =>
  [...source.matchAll(TITLE)].flatMap(([, tags = '']) => tags.split(', '));

const isLine = (tag: string): boolean => /^(L|2\.)/.test(tag);

/** Sources, and the conversations that are tests by being there. */
const isRead = (name: string): boolean => name.endsWith('.ts') || /^fixtures\/scim\/.*\.json$/.test(name);

const read = (folder: string): readonly (readonly [path: string, text: string])[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(isRead)
    .map((name) => [join(folder, name), readFileSync(join(root, folder, name), 'utf8')] as const);

const here = ['test/architecture/dossier.test.ts', 'test/architecture/scim-lines.ts'];
const files = read('test').filter(([path]) => !here.includes(path));
const held = new Set(files.flatMap(([, text]) => tagsIn(text)).filter(isLine));

const missing = (tags: ReadonlySet<string>): readonly string[] =>
  Object.keys(lines).filter((line) => !tags.has(line) && !Object.hasOwn(exceptions, line));

describe('the lines', () => {
  test('all are there: 126 of the RFCs, 70 of identity providers', () => {
    const numbers = Object.keys(lines).map((line) => Number(/\d+$/.exec(line)?.[0]));
    expect(numbers).toEqual([...upTo(126), ...upTo(70)]);
  });

  test('each one is held by a test or is an exception with a reason', () => {
    expect(missing(held)).toEqual([]);
  });

  test('no exception is held after all, each has a line and a reason, and they only become fewer', () => {
    expect(Object.keys(exceptions).filter((line) => held.has(line) || lines[line] === undefined)).toEqual([]);
    for (const reason of Object.values(exceptions)) expect(reason.length).toBeGreaterThan(20);
    expect(Object.keys(exceptions).length).toBeLessThanOrEqual(9);
  });

  test('titles name lines that exist', () => {
    expect([...held].filter((tag) => lines[tag] === undefined)).toEqual([]);
  });

  test('SCIM titles carry no bare number: L34 is a line of the RFCs, 2.B-28 a habit of an identity provider', () => {
    const scim = files.filter(([path]) => /^test\/(http|protocols)\/scim\//.test(path));
    expect(scim.flatMap(([path, text]) => (text.match(BARE) ?? []).map((tag) => `${path} ${tag}`))).toEqual(
      [],
    );
  });
});

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

describe('the gate can fail', () => {
  test('it saw the tests', () => {
    expect(files.length).toBeGreaterThan(150);
    expect(held.size).toBeGreaterThan(150);
  });

  test('a line without its test is missed', () => {
    expect(missing(new Set([...held].filter((tag) => tag !== 'L34' && tag !== '2.B-28')))).toEqual([
      ...['L34', '2.B-28'],
    ]);
  });

  test.each<[string, string[]]>([
    [`test('L34: x', f)`, ['L34']],
    [`test("L34, 2.B-28, S106: x", f)`, ['L34', '2.B-28', 'S106']],
    ["['L7, P12: %s', 1],", ['L7', 'P12']],
    ["test('x (L34)', f)", []],
    ['// L34: a comment', []],
    ["test('L34 x', f)", []],
  ])('of %s it reads %j', (source, expected) => {
    expect(tagsIn(source)).toEqual(expected);
  });

  test.each(["test('34: x', f)", "test('36-38, 84: x', f)", "test('12, S106: x', f)"])(
    '%s is bare',
    (source) => {
      expect(source.match(BARE)).toHaveLength(1);
    },
  );
});
