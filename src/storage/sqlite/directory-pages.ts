/** Pages of directory users and groups: any order, any depth, exact totals. */
import type { DirectoryQuery } from '../../core/directory/directory-query.ts';
import type { OrderedPage, PageRequest, QueryPage } from '../../core/ports/paging.ts';
import { type DirectoryScope, type Fragment, type Searchable, whereOf } from './directory-query.ts';
import type { PageAnchors } from './page-anchors.ts';
import { integer, text } from './rows.ts';
import type { Row, Sql, Tuple, Value } from './sql.ts';

interface OrderPlace {
  readonly column: string;
  readonly nullable: boolean;
  /** What orders rows of one value: `id`, or nothing where the column is unique and `id` would only cost a sort. */
  readonly ties: readonly 'id'[];
}

/** A searchable table with the columns its lists may be ordered by; any other order is that by id. */
export interface Listable<Field extends string, By extends string> extends Searchable<Field> {
  /** The columns of `directories` that count the table's rows of one directory, and the changes to their sequence. */
  readonly countColumn: 'user_count' | 'group_count';
  readonly movesColumn: 'user_moves' | 'group_moves';
  readonly orders: Readonly<Partial<Record<By, OrderPlace>>>;
}

interface Ask<Field extends string, By extends string> {
  readonly scope: DirectoryScope;
  readonly query: DirectoryQuery<Field>;
  readonly page: OrderedPage<By>;
}

/** Where to look: the connection, and the hints that belong to what it sees; none inside a transaction. */
export interface PageSource {
  readonly sql: Sql;
  readonly anchors: PageAnchors | undefined;
}

/** What is read of each row. */
interface Shape<Found> {
  /** As in a SELECT. */
  readonly columns: string;
  read(sql: Sql, text: string, values: readonly Value[]): readonly Found[];
  idOf(found: Found): string;
}

/** Whole rows. */
export const wholeRows: Shape<Row> = {
  columns: '*',
  read: (sql, statement, values) => sql.compose(statement, values),
  idOf: (row) => text(row, 'id'),
};

/** These columns alone, `id` first. */
export const tuplesOf = (columns: readonly ['id', ...string[]]): Shape<Tuple> => ({
  columns: columns.join(', '),
  read: (sql, statement, values) => sql.tuples(statement, values),
  idOf: ([id]) => String(id),
});

/** One page of the rows that fit, with the exact number of all that fit. */
export function queryPage<Field extends string, By extends string, Found>(
  source: PageSource,
  target: Listable<Field, By>,
  ask: Ask<Field, By> & { readonly shape: Shape<Found> },
): QueryPage<Found> {
  const { by = 'id' } = ask.page.order ?? {};
  if (ask.query.kind === 'all' && by === 'id' && ask.page.after === undefined) {
    return pageById(source, target, ask);
  }
  const { sql } = source;
  const { offset, limit, after } = ask.page;
  const from = whereOf(ask.query, target, ask.scope);
  const { page, shape } = ask;
  const rows = rowsInOrder(sql, from, { page, shape, segments: segmentsOf(target, page) });
  // A page that is not full shows the end of the list, and so the total, without counting.
  const isEnd = after === undefined && rows.length < limit && (rows.length > 0 || offset === 0);
  if (isEnd) return { rows, total: offset + rows.length };
  const total =
    ask.query.kind === 'all'
      ? sequenceOf(sql, target, ask.scope).total
      : countOf(sql, from, { text: '', values: [] });
  return { rows, total };
}

/** The rows that fit after the id `page.after`, ordered by id. */
export function scanPage<Field extends string>(
  sql: Sql,
  target: Searchable<Field>,
  ask: { readonly scope: DirectoryScope; readonly query: DirectoryQuery<Field>; readonly page: PageRequest },
): readonly Row[] {
  const from = whereOf(ask.query, target, ask.scope);
  return sql.compose(`SELECT * ${from.text} AND id > ? ORDER BY id LIMIT ?`, [
    ...from.values,
    ask.page.after ?? '',
    ask.page.limit,
  ]);
}

interface Sequence {
  readonly total: number;
  readonly moves: number;
}

function sequenceOf<Field extends string, By extends string>(
  sql: Sql,
  { countColumn, movesColumn }: Listable<Field, By>,
  { organizationId, directoryId }: DirectoryScope,
): Sequence {
  const row = sql.get(
    `SELECT ${countColumn} AS total, ${movesColumn} AS moves FROM directories WHERE organization_id = ? AND id = ?`,
    organizationId,
    directoryId,
  );
  return row === undefined
    ? { total: 0, moves: 0 }
    : { total: integer(row, 'total'), moves: integer(row, 'moves') };
}

/**
 * The whole list by id: starts from whichever is nearest, the first row, the last one, or the end of a page that was
 * asked for before. Nothing is awaited in here, so that count and rows are of one moment.
 */
function pageById<Field extends string, By extends string, Found>(
  { sql, anchors }: PageSource,
  target: Listable<Field, By>,
  { scope, page, shape }: Ask<Field, By> & { readonly shape: Shape<Found> },
): QueryPage<Found> {
  const { total, moves } = sequenceOf(sql, target, scope);
  const length = Math.max(0, Math.min(page.limit, total - page.offset));
  if (length === 0) return { rows: [], total };
  const isDescending = page.order?.direction === 'descending';
  // A descending page is an ascending one, read the other way round.
  const offset = isDescending ? total - page.offset - length : page.offset;
  const list = `${target.table}/${scope.organizationId}/${scope.directoryId}`;
  const start = anchors?.nearest(list, moves, offset) ?? { offset: 0, id: '' };
  const own = `SELECT ${shape.columns} FROM ${target.table} WHERE organization_id = ? AND directory_id = ?`;
  const values: readonly Value[] = [scope.organizationId, scope.directoryId];
  const ahead = offset - start.offset;
  const behind = total - offset - length;
  const rows =
    ahead <= behind
      ? shape.read(sql, `${own} AND id > ? ORDER BY id LIMIT ? OFFSET ?`, [
          ...values,
          start.id,
          length,
          ahead,
        ])
      : shape.read(sql, `${own} ORDER BY id DESC LIMIT ? OFFSET ?`, [...values, length, behind]).toReversed();
  const last = rows.at(-1);
  if (last !== undefined) anchors?.note(list, moves, { offset: offset + rows.length, id: shape.idOf(last) });
  return { rows: isDescending ? rows.toReversed() : rows, total };
}

/** A stretch of an ordered list that one index holds. */
interface Segment {
  readonly where: Fragment;
  readonly orderBy: string;
}

function segmentsOf<Field extends string, By extends string>(
  target: Listable<Field, By>,
  { order, after }: OrderedPage<By>,
): readonly Segment[] {
  const isDescending = order?.direction === 'descending';
  const [beyond, way] = isDescending ? ['<', 'DESC'] : ['>', 'ASC'];
  const byId = (where: Fragment): Segment => ({ where, orderBy: `id ${way}` });
  const behindId: Fragment =
    after === undefined ? NOWHERE : { text: ` AND id ${beyond} ?`, values: [after.id] };
  const place = order && target.orders[order.by];
  if (place === undefined) return [byId(behindId)];
  const { column, nullable, ties } = place;
  const isBehindKeyless = after !== undefined && after.key === null;
  const hasKey = nullable ? ` AND ${column} IS NOT NULL` : '';
  const behindKey: Fragment =
    after === undefined || after.key === null
      ? NOWHERE
      : { text: ` AND (${column}, id) ${beyond} (?, ?)`, values: [after.key, after.id] };
  const keyed: Segment = {
    where: { text: `${hasKey}${behindKey.text}`, values: behindKey.values },
    orderBy: [column, ...ties].map((name) => `${name} ${way}`).join(', '),
  };
  if (!nullable) return isBehindKeyless && !isDescending ? [] : [keyed];
  const within = isBehindKeyless ? behindId : NOWHERE;
  const keyless = byId({ text: ` AND ${column} IS NULL${within.text}`, values: within.values });
  if (isDescending) return after === undefined || isBehindKeyless ? [keyless, keyed] : [keyed];
  return isBehindKeyless ? [keyless] : [keyed, keyless];
}

const NOWHERE: Fragment = { text: '', values: [] };

function rowsInOrder<Found>(
  sql: Sql,
  from: Fragment,
  list: {
    readonly page: OrderedPage<string>;
    readonly shape: Shape<Found>;
    readonly segments: readonly Segment[];
  },
): readonly Found[] {
  const { columns, read } = list.shape;
  const rows: Found[] = [];
  let skipped = list.page.offset;
  for (const { where, orderBy } of list.segments) {
    const wanted = list.page.limit - rows.length;
    if (wanted === 0) break;
    const statement = `SELECT ${columns} ${from.text}${where.text} ORDER BY ${orderBy} LIMIT ? OFFSET ?`;
    const found = read(sql, statement, [...from.values, ...where.values, wanted, skipped]);
    rows.push(...found);
    if (found.length > 0) skipped = 0;
    else if (skipped > 0) skipped = Math.max(0, skipped - countOf(sql, from, where));
  }
  return rows;
}

function countOf(sql: Sql, from: Fragment, where: Fragment): number {
  const values = [...from.values, ...where.values];
  const row = sql.compose(`SELECT count(*) AS total ${from.text}${where.text}`, values)[0];
  return row === undefined ? 0 : integer(row, 'total');
}
