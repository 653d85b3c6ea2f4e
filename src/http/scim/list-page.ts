/** Finds one page of a list: straight from storage's indexes where they say it all, else by a bounded walk. */
import { setImmediate } from 'node:timers/promises';
import type { DirectoryQuery } from '../../core/directory-query.ts';
import type { OffsetPage, PageRequest, QueryPage } from '../../core/ports/paging.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { type Filter, matches } from '../../protocols/scim/filter.ts';
import type { Paging } from '../../protocols/scim/list-response.ts';
import type { ScimObject } from '../../protocols/scim/schema.ts';
import { type FieldTable, translateFilter } from './query.ts';

/** Rows of one kind in one directory, and how a filter sees one of them. */
export interface ListSource<Row extends { readonly id: string }, Field extends string> {
  readonly fields: FieldTable<Field>;
  query(query: DirectoryQuery<Field>, page: OffsetPage): Promise<QueryPage<Row>>;
  scan(query: DirectoryQuery<Field>, page: PageRequest): Promise<readonly Row[]>;
  /** The row as a resource, with every part that `filter` speaks of. */
  resourceOf(row: Row, filter: Filter): Promise<ScimObject>;
}

/** Rows that are looked at one by one; a filter over more is refused rather than answered in part. */
export const MAX_CANDIDATES = 20_000;

const SCAN_PAGE = 500;

/**
 * One page in order of creation, with the exact number of all matches. Throws `too_many` when a filter that no index
 * answers leaves more than 20,000 rows to look at.
 */
export async function findListPage<Row extends { readonly id: string }, Field extends string>(
  source: ListSource<Row, Field>,
  filter: Filter | undefined,
  { startIndex, count }: Paging,
): Promise<QueryPage<Row>> {
  const page = { offset: startIndex - 1, limit: count };
  const { query, isExact } = translateFilter(filter, source.fields);
  if (filter === undefined || isExact) return source.query(query, page);
  return walk(source, { filter, query }, page);
}

async function walk<Row extends { readonly id: string }, Field extends string>(
  source: ListSource<Row, Field>,
  ask: { readonly filter: Filter; readonly query: DirectoryQuery<Field> },
  page: OffsetPage,
): Promise<QueryPage<Row>> {
  const rows: Row[] = [];
  let total = 0;
  let seen = 0;
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const candidates = await source.scan(ask.query, { after, limit: SCAN_PAGE });
    seen += candidates.length;
    if (seen > MAX_CANDIDATES) throw tooMany();
    for (const row of candidates) {
      if (!matches(ask.filter, await source.resourceOf(row, ask.filter))) continue;
      total += 1;
      if (total > page.offset && rows.length < page.limit) rows.push(row);
    }
    after = candidates.at(-1)?.id;
    isLast = candidates.length < SCAN_PAGE;
    // Other directories' requests get their turn between pages.
    if (!isLast) await setImmediate();
  }
  return { rows, total };
}

function tooMany(): GatehouseError {
  return new GatehouseError(
    'too_many',
    `This filter leaves more than ${MAX_CANDIDATES} resources to look at. Narrow it, for example by userName or externalId.`,
    { field: 'filter' },
  );
}
