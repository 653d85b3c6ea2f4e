/** Finds one page of a list: straight from storage's indexes where they say it all, else by a bounded walk. */
import { setImmediate } from 'node:timers/promises';
import type { DirectoryQuery } from '../../core/directory/directory-query.ts';
import type {
  Order,
  OrderedPage,
  PageRequest,
  Position,
  QueryPage,
  SortKey,
} from '../../core/ports/paging.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { type Filter, matches } from '../../protocols/scim/filter.ts';
import type { ScimObject } from '../../protocols/scim/schema.ts';
import { compareSortKeys, compareText, type Sort, sortKeyOf } from '../../protocols/scim/sorting.ts';
import { type FieldTable, type OrderTable, pathOf, speaksOf, translateFilter } from './query.ts';

/** Rows of one kind in one directory, how a filter or a sorting sees one of them, and what is shown of it. */
export interface ListSource<
  Row extends HasId,
  Field extends string,
  By extends string,
  Shown extends HasId = Row,
> {
  readonly fields: FieldTable<Field>;
  readonly orders: OrderTable<Row, By>;
  query(query: DirectoryQuery<Field>, page: OrderedPage<By | 'id'>): Promise<QueryPage<Row>>;
  /** The same page without what only a sorting asks for. */
  queryShown(query: DirectoryQuery<Field>, page: OrderedPage<By | 'id'>): Promise<QueryPage<Shown>>;
  scan(query: DirectoryQuery<Field>, page: PageRequest): Promise<readonly Row[]>;
  find(id: string): Promise<Row | undefined>;
  /** The row as a resource, with every part that is `named`, by attribute or sub-attribute in schema case. */
  resourceOf(row: Row, named: (name: string) => boolean): Promise<ScimObject>;
}

/** Which page of which list. */
export interface ListAsk {
  readonly filter: Filter | undefined;
  /** By creation if undefined. */
  readonly sort: Sort | undefined;
  readonly offset: number;
  readonly limit: number;
  /** Only what stands behind it. */
  readonly after?: Position | undefined;
  /** True when the rows are merged with those of other kinds, so that positions must compare across kinds. */
  readonly isMerged?: boolean | undefined;
}

interface HasId {
  readonly id: string;
}

export interface FoundRow<Row> {
  readonly row: Row;
  /** What the row is sorted by; null in an unsorted list. */
  readonly key: SortKey;
}

export interface FoundPage<Row> {
  readonly found: readonly FoundRow<Row>[];
  /** All matches, not only this page's. */
  readonly total: number;
}

/** Rows that are looked at one by one; a filter or sorting over more is refused rather than answered in part. */
export const MAX_CANDIDATES = 20_000;

const SCAN_PAGE = 500;

/**
 * One page, in order of creation or as sorted, with the exact number of all matches. Throws `too_many` when a filter or
 * sorting that no index answers leaves more than 20,000 rows to look at.
 */
export async function findListPage<
  Row extends Shown,
  Field extends string,
  By extends string,
  Shown extends HasId,
>(source: ListSource<Row, Field, By, Shown>, ask: ListAsk): Promise<FoundPage<Shown>> {
  const { query, isExact } = translateFilter(ask.filter, source.fields);
  const place = placeOf(source, ask);
  if (!isExact || place === undefined) return walk(source, query, ask);
  const { order, keyOf } = place;
  const { offset, limit, after } = boundsIn(ask);
  const page = { offset, limit, after, order };
  if (keyOf === undefined) {
    const { rows, total } = await source.queryShown(query, page);
    return { found: rows.map((row) => ({ row, key: null })), total };
  }
  const { rows, total } = await source.query(query, page);
  return { found: rows.map((row) => ({ row, key: keyOf(row) })), total };
}

interface Place<Row, By extends string> {
  readonly order: Order<By | 'id'>;
  /** Undefined: every key is null. */
  readonly keyOf: ((row: Row) => SortKey) | undefined;
}

/** Where storage keeps this order; undefined when it does not. */
function placeOf<Row, By extends string>(
  source: { readonly orders: OrderTable<Row, By> },
  { sort, isMerged = false }: ListAsk,
): Place<Row, By> | undefined {
  const direction = sort?.isDescending === true ? 'descending' : 'ascending';
  // An attribute that the type does not have: all rows are equal, and ties go by id.
  if (sort?.target === undefined) return { order: { by: 'id', direction }, keyOf: undefined };
  const path = pathOf(sort.target);
  const known = path !== undefined && Object.hasOwn(source.orders, path) ? source.orders[path] : undefined;
  if (known === undefined || (isMerged && known.isAlone === true)) return undefined;
  return { order: { by: known.by, direction }, keyOf: known.keyOf };
}

/** Rows without the attribute have no key: behind every key when ascending, before every key when descending. */
function boundsIn(ask: ListAsk): Pick<ListAsk, 'offset' | 'limit' | 'after'> {
  const { sort, offset, limit, after } = ask;
  if (sort === undefined || sort.target !== undefined || after === undefined || after.key === null) {
    return ask;
  }
  return { offset, limit: sort.isDescending ? 0 : limit, after: undefined };
}

async function walk<Row extends HasId, Field extends string>(
  source: Walked<Row, Field>,
  query: DirectoryQuery<Field>,
  ask: ListAsk,
): Promise<FoundPage<Row>> {
  const page = ask.sort === undefined ? plainPage<Row>(ask) : sortedPage(source, ask, ask.sort);
  let seen = 0;
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const candidates = await source.scan(query, { after, limit: SCAN_PAGE });
    seen += candidates.length;
    if (seen > MAX_CANDIDATES) throw tooMany(ask);
    for (const row of candidates) {
      const resource = await source.resourceOf(row, (name) => names(ask, name));
      if (ask.filter === undefined || matches(ask.filter, resource)) page.take(row, resource);
    }
    after = candidates.at(-1)?.id;
    isLast = candidates.length < SCAN_PAGE;
    // Other directories' requests get their turn between pages.
    if (!isLast) await setImmediate();
  }
  return page.end();
}

/** What a walk asks of a source. */
type Walked<Row extends HasId, Field extends string> = Pick<
  ListSource<Row, Field, string, Row>,
  'scan' | 'find' | 'resourceOf'
>;

function names({ filter, sort }: ListAsk, name: string): boolean {
  if (filter !== undefined && speaksOf(filter, name)) return true;
  return sort?.target?.attribute.name === name || sort?.target?.sub?.name === name;
}

/** Gathers matches in order of creation. */
interface Gathered<Row> {
  take(row: Row, resource: ScimObject): void;
  end(): Promise<FoundPage<Row>>;
}

function plainPage<Row extends HasId>({ offset, limit, after }: ListAsk): Gathered<Row> {
  const found: FoundRow<Row>[] = [];
  let total = 0;
  let passed = 0;
  return {
    take(row) {
      total += 1;
      if (after !== undefined && row.id <= after.id) return;
      passed += 1;
      if (passed > offset && found.length < limit) found.push({ row, key: null });
    },
    end: async () => ({ found, total }),
  };
}

/** Keeps a position for each match, and loads the few rows of the page again when all are known. */
function sortedPage<Row extends HasId, Field extends string>(
  source: Pick<Walked<Row, Field>, 'find'>,
  { offset, limit, after }: ListAsk,
  sort: Sort,
): Gathered<Row> {
  const positions: Position[] = [];
  const compare = comparePositions(sort.isDescending);
  return {
    take(row, resource) {
      positions.push({ key: sortKeyOf(resource, sort), id: row.id });
    },
    async end() {
      positions.sort(compare);
      const rest =
        after === undefined ? positions : positions.filter((position) => compare(position, after) > 0);
      const found: FoundRow<Row>[] = [];
      for (const { key, id } of rest.slice(offset, offset + limit)) {
        const row = await source.find(id);
        if (row !== undefined) found.push({ row, key });
      }
      return { found, total: positions.length };
    },
  };
}

/** The order of a sorted list: by key, ties by id in the same direction. */
export function comparePositions(isDescending: boolean): (left: Position, right: Position) => number {
  const sign = isDescending ? -1 : 1;
  return (left, right) => sign * (compareSortKeys(left.key, right.key) || compareText(left.id, right.id));
}

function tooMany({ sort, filter }: ListAsk): GatehouseError {
  const [what, field] =
    filter === undefined && sort !== undefined ? ['sorting', 'sortBy'] : ['filter', 'filter'];
  return new GatehouseError(
    'too_many',
    `This ${what} leaves more than ${MAX_CANDIDATES} resources to look at. Narrow it, for example by userName or externalId.`,
    { field },
  );
}
