/** Finding a page: indexes are asked once, walks are bounded, and a bound is a refusal, never a shorter answer. */
import { describe, expect, test } from '@jest/globals';
import type { UserField, UserOrder } from '../../../src/core/directory/directory-query.ts';
import {
  type FoundPage,
  findListPage,
  type ListSource,
  MAX_CANDIDATES,
} from '../../../src/http/scim/list-page.ts';
import { userFields } from '../../../src/http/scim/query.ts';
import { type Filter, parseFilter } from '../../../src/protocols/scim/filter.ts';
import { newScimObject, userResourceType } from '../../../src/protocols/scim/schema.ts';

type Row = { readonly id: string };
type Source = ListSource<Row, UserField, UserOrder>;

/** Rows 0 to size - 1; every second one has a title. */
function sourceOf(size: number): { readonly source: Source; readonly calls: string[] } {
  const calls: string[] = [];
  const rows = Array.from({ length: size }, (_, index) => ({ id: String(index).padStart(6, '0') }));
  const query: Source['query'] = async (_query, { offset, limit }) => {
    calls.push('query');
    return { rows: rows.slice(offset, offset + limit), total: size };
  };
  const source: Source = {
    fields: userFields,
    orders: { id: { by: 'id', keyOf: ({ id }) => id } },
    find: async (id) => rows[Number(id)],
    query,
    queryShown: query,
    scan: async (_query, { after, limit }) => {
      calls.push('scan');
      const start = after === undefined ? 0 : Number(after) + 1;
      return rows.slice(start, start + limit);
    },
    resourceOf: async ({ id }) =>
      Object.assign(newScimObject(), Number(id) % 2 === 0 ? { title: 'even' } : {}),
  };
  return { source, calls };
}

const ask = (filter: Filter | undefined, offset: number, limit: number) => ({
  filter,
  sort: undefined,
  offset,
  limit,
});
const idsOf = ({ found, total }: FoundPage<Row>) => [found.map(({ row }) => row.id), total];
const filterOf = (text: string) => parseFilter(text, userResourceType());

describe('walks', () => {
  test.each([
    [0, 0],
    [1, 1],
    [500, 250],
    [1001, 501],
    [MAX_CANDIDATES, MAX_CANDIDATES / 2],
  ])('%i rows are all looked at: %i match', async (size, total) => {
    const { source } = sourceOf(size);
    const page = await findListPage(source, ask(filterOf('title pr'), 0, 0));
    expect(idsOf(page)).toEqual([[], total]);
  });

  test('S126: one row beyond the bound is refused as too_many', async () => {
    const { source } = sourceOf(MAX_CANDIDATES + 1);
    const page = findListPage(source, ask(filterOf('title pr'), 0, 1));
    await expect(page).rejects.toMatchObject({ code: 'too_many', field: 'filter' });
  });

  test('the page is cut from the matches, not from the rows', async () => {
    const { source } = sourceOf(1200);
    const page = await findListPage(source, ask(filterOf('title pr'), 299, 2));
    expect(idsOf(page)).toEqual([['000598', '000600'], 600]);
  });
});

test.each([undefined, 'userName eq "x"', 'emails.value eq "x" or not (id eq "y")'])(
  '%s is one question to an index',
  async (text) => {
    const { source, calls } = sourceOf(10);
    const filter = text === undefined ? undefined : filterOf(text);
    const page = await findListPage(source, ask(filter, 2, 2));
    expect([page.total, page.found.length, calls]).toEqual([10, 2, ['query']]);
  },
);
