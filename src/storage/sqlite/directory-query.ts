/** Compiles a DirectoryQuery to SQL with parameters, and pages through what it finds. Values never become text. */
import type { DirectoryQuery } from '../../core/directory-query.ts';
import type { OffsetPage, PageRequest, QueryPage } from '../../core/ports/paging.ts';
import { integer } from './rows.ts';
import type { Row, Sql, Value } from './sql.ts';

/** Where a field is kept: in the row itself, or in the rows of a child table that a sub-select reaches. */
export type FieldPlace =
  | { readonly kind: 'column'; readonly column: string; readonly nullable: boolean }
  | {
      readonly kind: 'child';
      /** A select of the ids of the rows that fit, up to and without the comparison. */
      readonly ids: string;
      readonly column: string;
      /** `directory`: the select begins with organization and directory; `organization`: with the organization alone. */
      readonly scope: 'directory' | 'organization';
    };

/** What is being searched: a table with organization_id, directory_id and id, and the places of its fields. */
export interface Searchable<Field extends string> {
  readonly table: string;
  /** The column of `directories` that counts the table's rows of one directory. */
  readonly countColumn: 'user_count' | 'group_count';
  readonly places: Readonly<Record<Field, FieldPlace>>;
}

/** The organization and directory that a question is confined to. */
export interface DirectoryScope {
  readonly organizationId: string;
  readonly directoryId: string;
}

interface Fragment {
  readonly text: string;
  readonly values: readonly Value[];
}

const ALL: Fragment = { text: '1', values: [] };
const NONE: Fragment = { text: '0', values: [] };

/** Bytes that no text beginning with `prefix` reaches: 0xff does not occur in UTF-8, so nothing sorts between. */
const beyond = (prefix: string): Buffer => Buffer.concat([Buffer.from(prefix, 'utf8'), Buffer.from([0xff])]);

function comparison(column: string, kind: 'equals' | 'startsWith', value: string): Fragment {
  if (kind === 'equals') return { text: `${column} = ?`, values: [value] };
  return { text: `${column} >= ? AND ${column} < CAST(? AS TEXT)`, values: [value, beyond(value)] };
}

function compilePlace(place: FieldPlace, test: Fragment, scope: DirectoryScope): Fragment {
  if (place.kind === 'column') {
    // A comparison with NULL is neither true nor false, and its negation would lose the row.
    const present = place.nullable ? `${place.column} IS NOT NULL AND ` : '';
    return { text: `(${present}${test.text})`, values: test.values };
  }
  const scoped =
    place.scope === 'directory' ? [scope.organizationId, scope.directoryId] : [scope.organizationId];
  return { text: `id IN (${place.ids} AND ${test.text})`, values: [...scoped, ...test.values] };
}

function joined(operands: readonly Fragment[], word: 'AND' | 'OR'): Fragment {
  const [first, ...others] = operands;
  if (first === undefined) return word === 'AND' ? ALL : NONE;
  if (others.length === 0) return first;
  // Halving keeps the expression's depth logarithmic: SQLite counts a chain of terms as depth.
  const middle = Math.ceil(operands.length / 2);
  const left = joined(operands.slice(0, middle), word);
  const right = joined(operands.slice(middle), word);
  return { text: `(${left.text} ${word} ${right.text})`, values: [...left.values, ...right.values] };
}

function compile<Field extends string>(
  query: DirectoryQuery<Field>,
  target: Searchable<Field>,
  scope: DirectoryScope,
): Fragment {
  switch (query.kind) {
    case 'all':
      return ALL;
    case 'none':
      return NONE;
    case 'equals':
    case 'startsWith': {
      const place = target.places[query.field];
      return compilePlace(place, comparison(place.column, query.kind, query.value), scope);
    }
    case 'and':
    case 'or': {
      const operands = query.operands.map((operand) => compile(operand, target, scope));
      return joined(operands, query.kind === 'and' ? 'AND' : 'OR');
    }
    case 'not': {
      const operand = compile(query.operand, target, scope);
      return { text: `NOT ${operand.text}`, values: operand.values };
    }
  }
}

function whereOf<Field extends string>(
  query: DirectoryQuery<Field>,
  target: Searchable<Field>,
  scope: DirectoryScope,
): Fragment {
  const condition = compile(query, target, scope);
  const own = `FROM ${target.table} WHERE organization_id = ? AND directory_id = ?`;
  return {
    text: condition === ALL ? own : `${own} AND ${condition.text}`,
    values: [scope.organizationId, scope.directoryId, ...condition.values],
  };
}

/** One page of the rows that fit, ordered by id, with the exact number of all that fit. */
export function queryPage<Field extends string>(
  sql: Sql,
  target: Searchable<Field>,
  ask: { readonly scope: DirectoryScope; readonly query: DirectoryQuery<Field>; readonly page: OffsetPage },
): QueryPage<Row> {
  const { text, values } = whereOf(ask.query, target, ask.scope);
  const { offset, limit } = ask.page;
  const rows = sql.compose(`SELECT * ${text} ORDER BY id LIMIT ? OFFSET ?`, [...values, limit, offset]);
  // A page that is not full shows the end of the list, and so the total, without counting.
  if (rows.length < limit && (rows.length > 0 || offset === 0)) return { rows, total: offset + rows.length };
  const kept = `SELECT ${target.countColumn} AS total FROM directories WHERE organization_id = ? AND id = ?`;
  const count =
    ask.query.kind === 'all'
      ? sql.get(kept, ...values)
      : sql.compose(`SELECT count(*) AS total ${text}`, values)[0];
  return { rows, total: count === undefined ? 0 : integer(count, 'total') };
}

/** The rows that fit after the id `page.after`, ordered by id. */
export function scanPage<Field extends string>(
  sql: Sql,
  target: Searchable<Field>,
  ask: { readonly scope: DirectoryScope; readonly query: DirectoryQuery<Field>; readonly page: PageRequest },
): readonly Row[] {
  const { text, values } = whereOf(ask.query, target, ask.scope);
  return sql.compose(`SELECT * ${text} AND id > ? ORDER BY id LIMIT ?`, [
    ...values,
    ask.page.after ?? '',
    ask.page.limit,
  ]);
}
