/** JSON that two readers could take differently is refused, however it is spelled; all other is read as JSON.parse reads it. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../src/kernel/canonical-json.ts';
import { isGatehouseError } from '../../src/kernel/errors.ts';
import { parsePlainJson } from '../../src/kernel/json.ts';

/** An object as the list of its members, so that a name may stand in it twice. */
type Node =
  | string
  | number
  | null
  | readonly Node[]
  | { readonly members: readonly (readonly [string, Node])[] };

const names = fc.constantFrom(
  'a',
  'A',
  'b',
  '',
  '"',
  'a"',
  '\\',
  'b:',
  '{',
  'é',
  '__proto__',
  'prototype',
  'constructors',
);
const texts = fc.oneof(names, fc.string(), fc.constantFrom('constructor', 'x\\', '":"', '","a":1', 'proto'));
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    texts,
    fc.constantFrom(0, -1.5e3, null),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.record({ members: fc.array(fc.tuple(names, tie('node')), { maxLength: 4 }) }),
  ),
}));

const isObject = (value: Node): value is Extract<Node, { members: unknown }> =>
  typeof value === 'object' && value !== null && 'members' in value;

/** As JSON text; `spell` writes each text. */
function written(value: Node, spell: (text: string) => string): string {
  if (typeof value === 'string') return spell(value);
  if (Array.isArray(value)) return `[ ${value.map((inner: Node) => written(inner, spell)).join(' , ')}]`;
  if (!isObject(value)) return String(value);
  return `{${value.members.map(([name, inner]) => `${spell(name)}: ${written(inner, spell)}`).join(',\n')} }`;
}

const plainly = (text: string): string => JSON.stringify(text);
const inUnits = (text: string): string =>
  `"${text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')}"`;

function isOdd(value: Node): boolean {
  if (Array.isArray(value)) return value.some(isOdd);
  if (!isObject(value)) return false;
  const own = value.members.map(([name]) => name);
  const isDangerous = own.some((name) => ['__proto__', 'prototype', 'constructor'].includes(name));
  return isDangerous || new Set(own).size < own.length || value.members.some(([, inner]) => isOdd(inner));
}

const refusalOf = (text: string): string | undefined => {
  try {
    parsePlainJson(text);
    return undefined;
  } catch (error) {
    return isGatehouseError(error) ? error.code : 'not ours';
  }
};

describe('JSON bodies', () => {
  test('S120: a name that stands twice in one object, or reaches for a prototype, is found in every spelling', () => {
    let refused = 0;
    fc.assert(
      fc.property(node, fc.constantFrom(plainly, inUnits), (tree, spell) => {
        const text = written(tree, spell);
        if (isOdd(tree)) {
          refused += 1;
          expect(refusalOf(text)).toMatch(/^invalid_(syntax|path)$/);
        } else {
          expect(parsePlainJson(text)).toEqual(JSON.parse(text));
        }
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  test.each([
    ['no JSON', '{"a":1', 'invalid_syntax'],
    ['a doubled name before what is no JSON', '{"a":1,"a":2', 'invalid_syntax'],
    ['a dangerous name before what is no JSON', '{"__proto__":1', 'invalid_path'],
    ['64 levels', `${'['.repeat(64)}${']'.repeat(64)}`, undefined],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, 'invalid_syntax'],
    ['levels closed before they are opened', ']'.repeat(90) + '['.repeat(90), 'invalid_syntax'],
    ['half a character', '["\ud800"]', 'invalid_syntax'],
    ['half a character as an escaped unit', '["\\ud800"]', 'invalid_syntax'],
    ['a quote after two backslashes', '{"a":"\\\\","a":1}', 'invalid_syntax'],
    ['a quote after three', '{"a":"\\\\\\",","b":1}', undefined],
    ['a text that never ends', '{"a":"', 'invalid_syntax'],
  ])('S129: %s', (_, text, code) => {
    expect(refusalOf(text)).toBe(code);
  });
});

/** The rule itself: names in the order of their units, everything else as JSON writes it. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const sorted = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, inner]) => [name, ordered(inner)]));
}

test('S214: equal values have one text, with the names in order', () => {
  // Names that are whole numbers come first in every object, so an object cannot hold them in order.
  const letters = fc.string().filter((name) => !/^\d+$/.test(name) && name !== '__proto__');
  const value = fc.object({
    key: letters,
    values: [fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined)],
  });
  fc.assert(
    fc.property(value, (given) => {
      expect(canonicalJson(given)).toBe(JSON.stringify(ordered(given)));
    }),
  );
  expect(canonicalJson({ b: ['\u2028"\\', 'é\u0007'], a: { 10: 1, 9: 2 } })).toBe(
    '{"a":{"10":1,"9":2},"b":["\u2028\\"\\\\","é\\u0007"]}',
  );
});
