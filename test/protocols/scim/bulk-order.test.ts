/** The order of Bulk operations, by itself: everything runs once, after what it names, and otherwise as sent. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseBulk } from '../../../src/protocols/scim/bulk.ts';
import { orderBulk } from '../../../src/protocols/scim/bulk-order.ts';
import { referencesOf, resolveReferences } from '../../../src/protocols/scim/bulk-references.ts';

const orderOf = (...dependencies: readonly (readonly number[])[]) =>
  orderBulk(dependencies.map((named) => new Set(named)));

describe('order', () => {
  test.each<[string, number[][], number[][]]>([
    ['as sent without references', [[], [], []], [[0], [1], [2]]],
    ['as sent with backward references', [[], [0], [1]], [[0], [1], [2]]],
    ['L95: a forward reference waits, and runs right after', [[2], [], [], []], [[1], [2], [0], [3]]],
    ['L95: a chain backwards', [[1], [2], []], [[2], [1], [0]]],
    ['L96: a circle is one unit', [[1], [0], []], [[0, 1], [2]]],
    ['L96: what depends on a circle follows it', [[1], [2], [1], []], [[1, 2], [0], [3]]],
    [
      'L96: two circles',
      [[3], [2], [1], [0]],
      [
        [1, 2],
        [0, 3],
      ],
    ],
    ['a reference to itself', [[0], []], [[0], [1]]],
  ])('%s', (_name, dependencies, expected) => {
    expect(orderOf(...dependencies).map(({ members }) => members)).toEqual(expected);
  });

  test('circles are marked as such, self-references too', () => {
    expect(orderOf([0], [], [3], [2]).map(({ isCircle }) => isCircle)).toEqual([true, false, true]);
  });

  test('L95, L96: any graph is run whole, once, and dependencies first', () => {
    const graphs = fc
      .integer({ min: 1, max: 30 })
      .chain((size) =>
        fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size }),
      );
    fc.assert(
      fc.property(graphs, (graph) => {
        const units = orderOf(...graph);
        expect(units.flatMap(({ members }) => members).toSorted((a, b) => a - b)).toEqual([...graph.keys()]);
        const done = new Set<number>();
        for (const { members, dependencies } of units) {
          for (const index of dependencies) expect(done.has(index)).toBe(true);
          for (const index of members) done.add(index);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('S127: 1000 operations that all name each other are ordered without a deep stack or endless work', () => {
    const all = Array.from({ length: 1000 }, (_, index) => index);
    const everybody = new Set(all);
    expect(orderBulk(all.map(() => everybody)).map(({ members }) => members.length)).toEqual([1000]);
  });
});

describe('references', () => {
  const ids: Readonly<Record<string, string>> = { a: 'du_1', 'b:c': 'du_2' };
  const idOf = (bulkId: string) => ids[bulkId];

  test.each<[string, unknown, unknown]>([
    ['a value', 'bulkId:a', 'du_1'],
    ['a bulkId with a colon', 'bulkId:b:c', 'du_2'],
    ['an address', '../Users/bulkId:a', '../Users/du_1'],
    ['L94: anywhere', { x: [{ y: { z: 'bulkId:a' } }] }, { x: [{ y: { z: 'du_1' } }] }],
    [
      'a filter',
      'members[value eq "bulkId:a" or value eq "bulkId:b:c"]',
      'members[value eq "du_1" or value eq "du_2"]',
    ],
    ['other text', 'mybulkId:a, bulkid:a', 'mybulkId:a, bulkid:a'],
    ['numbers, booleans and null', [1, true, null], [1, true, null]],
    ['an unknown one: its attribute is left out', { x: 'bulkId:q', y: 1 }, { y: 1 }],
    [
      'an unknown one: its element is left out',
      { members: [{ value: 'bulkId:q', type: 'User' }, { value: 'x' }] },
      { members: [{ value: 'x' }] },
    ],
  ])('%s', (_name, data, expected) => {
    expect(resolveReferences(data, idOf)).toEqual(expected);
  });

  test('L94: those of path and data are found, each once', () => {
    const data = { x: ['bulkId:b', 'bulkId:a'], y: 'z[value eq "bulkId:c"]' };
    const { entries } = parseBulk({ Operations: [{ method: 'PATCH', path: '/Users/bulkId:a', data }] });
    const [operation] = entries;
    if (operation?.kind !== 'operation') throw new Error('the operation was refused');
    expect([...referencesOf(operation)].toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('S120: a key that names a prototype stays a key', () => {
    const resolved = resolveReferences(JSON.parse('{"__proto__": {"polluted": "yes"}}'), idOf);
    expect(Object.keys(resolved ?? {})).toEqual(['__proto__']);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});
