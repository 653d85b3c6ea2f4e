/** Decision records carry the numbers 1, 2, 3 and so on, so that a number names one record and can be named elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { root, sources } from './project.ts';

interface Text {
  readonly path: string;
  readonly text: string;
}

const folder = `${root}/docs/decisions`;
const records: Text[] = readdirSync(folder)
  .filter((path) => path !== 'README.md')
  .sort()
  .map((path) => ({ path, text: readFileSync(`${folder}/${path}`, 'utf8') }));

/** What is wrong with the records themselves: name, number, heading, length. */
function recordViolations(files: readonly Text[]): string[] {
  return files.flatMap(({ path, text }, index) => {
    const number = /^(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1];
    if (number === undefined) return [`${path}: not NNNN-title.md`];
    const expected = index + 1;
    return [
      ...(Number(number) === expected ? [] : [`${path}: the next number is ${expected}`]),
      ...(text.startsWith(`# ${Number(number)}. `) ? [] : [`${path}: its heading has another number`]),
      ...(text.split('\n').length <= 61 ? [] : [`${path}: more than 60 lines`]),
    ];
  });
}

/** Places that name a record there is none of: `(0021)`, `decision 0021`, `decisions/0021-a-title`. */
function danglingMentions(files: readonly Text[], names: readonly string[]): string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/\(0\d{3}\)|\bdecisions? 0\d{3}\b|\bdecisions\/0\d{3}[a-z0-9-]*/g)]
      .map(([mention]) => mention)
      .filter((mention) => {
        const wanted = mention.replace(/^\D+/, '').replace(')', '');
        return !names.some((name) => (wanted.length > 4 ? name === `${wanted}.md` : name.startsWith(wanted)));
      })
      .map((mention) => `${path}: ${mention}`),
  );
}

describe('decision records', () => {
  test('their numbers are unique and without gaps, headings say the same, none is over 60 lines', () => {
    expect(records.length).toBeGreaterThan(30);
    expect(recordViolations(records)).toEqual([]);
  });

  test('the list of them names each', () => {
    const list = readFileSync(`${folder}/README.md`, 'utf8');
    expect(records.filter(({ path }) => !list.includes(`(${path})`)).map(({ path }) => path)).toEqual([]);
  });

  test('a record that is named exists', () => {
    const names = records.map(({ path }) => path);
    const pages = readdirSync(`${root}/docs`)
      .filter((path) => path.endsWith('.md'))
      .map((path) => ({ path, text: readFileSync(`${root}/docs/${path}`, 'utf8') }));
    const code = sources
      .filter(({ path }) => !path.startsWith('test/architecture/'))
      .map(({ path }) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }));
    expect(danglingMentions([...records, ...pages, ...code], names)).toEqual([]);
  });
});

const one = { path: '0001-a.md', text: '# 1. A\n' };
const planted: [what: string, files: Text[]][] = [
  ['two of one number', [one, { path: '0001-b.md', text: '# 1. B\n' }]],
  ['a gap', [one, { path: '0003-c.md', text: '# 3. C\n' }]],
  ['another number in the heading', [{ path: '0001-a.md', text: '# 2. A\n' }]],
  ['61 lines', [{ path: '0001-a.md', text: `# 1. A\n${'line\n'.repeat(60)}` }]],
  ['a name without a number', [{ path: 'a.md', text: '# 1. A\n' }]],
];

describe('planted violations are seen', () => {
  test.each(planted)('%s', (_what, files) => {
    expect(recordViolations(files)).toHaveLength(1);
  });

  test.each(['(0002)', 'decision 0002', 'decisions/0002-b.md', 'decisions/0001-b.md'])(
    'a mention: %s',
    (mention) => {
      expect(danglingMentions([{ path: 'a', text: mention }], ['0001-a.md'])).toHaveLength(1);
    },
  );

  test('but not mentions of what exists', () => {
    const text = '(0001), decision 0001, decisions/0001-a.md';
    expect(danglingMentions([{ path: 'a', text }], ['0001-a.md'])).toEqual([]);
  });
});
