/** Compiles a DirectoryQuery to SQL with parameters. Values never become text. */
import type { DirectoryQuery } from '../../core/directory/directory-query.ts';
import { beyond } from './rows.ts';
import type { Value } from './sql.ts';

/** Where a field is kept: in the row itself, or in the rows of a child table that a sub-select reaches. */
export type FieldPlace =
  | { readonly kind: 'column'; readonly column: string; readonly nullable: boolean }
  | {
      readonly kind: 'child';
      /** Every select that finds rows that fit: where a value is kept is the table's own business. */
      readonly selects: readonly ChildSelect[];
      /** `directory`: the selects begin with organization and directory; `organization`: with the organization alone. */
      readonly scope: 'directory' | 'organization';
    };

interface ChildSelect {
  /** A select of the ids of the rows that fit, up to and without the comparison. */
  readonly ids: string;
  readonly column: string;
}

/** What is being searched: a table with organization_id, directory_id and id, and the places of its fields. */
export interface Searchable<Field extends string> {
  readonly table: string;
  readonly places: Readonly<Record<Field, FieldPlace>>;
}

/** The organization and directory that a question is confined to. */
export interface DirectoryScope {
  readonly organizationId: string;
  readonly directoryId: string;
}

/** A piece of SQL and the values of its question marks. */
export interface Fragment {
  readonly text: string;
  readonly values: readonly Value[];
}

const ALL: Fragment = { text: '1', values: [] };
const NONE: Fragment = { text: '0', values: [] };

interface Test {
  readonly kind: 'equals' | 'startsWith';
  readonly value: string;
}

function comparison(column: string, { kind, value }: Test): Fragment {
  if (kind === 'equals') return { text: `${column} = ?`, values: [value] };
  return { text: `${column} >= ? AND ${column} < CAST(? AS TEXT)`, values: [value, beyond(value)] };
}

function compilePlace(place: FieldPlace, test: Test, scope: DirectoryScope): Fragment {
  if (place.kind === 'column') {
    const { text, values } = comparison(place.column, test);
    // A comparison with NULL is neither true nor false, and its negation would lose the row.
    return { text: `(${place.nullable ? `${place.column} IS NOT NULL AND ` : ''}${text})`, values };
  }
  const scoped =
    place.scope === 'directory' ? [scope.organizationId, scope.directoryId] : [scope.organizationId];
  const selects = place.selects.map(({ ids, column }) => {
    const { text, values } = comparison(column, test);
    return { text: `${ids} AND ${text}`, values: [...scoped, ...values] };
  });
  return {
    text: `id IN (${selects.map(({ text }) => text).join(' UNION ALL ')})`,
    values: selects.flatMap(({ values }) => values),
  };
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
    case 'startsWith':
      return compilePlace(target.places[query.field], query, scope);
    case 'and':
      return joined(
        query.operands.map((operand) => compile(operand, target, scope)),
        'AND',
      );
    case 'or':
      return compileOr(query.operands, target, scope);
    case 'not': {
      const operand = compile(query.operand, target, scope);
      return { text: `NOT ${operand.text}`, values: operand.values };
    }
  }
}

/**
 * The planner answers an OR over several indexes by walking the directory in the order of the list. Where each operand
 * has an index of its own, the ids are gathered from those first.
 */
function compileOr<Field extends string>(
  operands: readonly DirectoryQuery<Field>[],
  target: Searchable<Field>,
  scope: DirectoryScope,
): Fragment {
  if (operands.length < 2 || !operands.every(isNarrow)) {
    return joined(
      operands.map((operand) => compile(operand, target, scope)),
      'OR',
    );
  }
  const selects = operands.map((operand) => idsOf(operand, target, scope));
  return {
    text: `id IN (${selects.map(({ text }) => text).join(' UNION ALL ')})`,
    values: selects.flatMap(({ values }) => values),
  };
}

/** True when an index leads to the rows, and to few of the others. */
function isNarrow<Field extends string>(query: DirectoryQuery<Field>): boolean {
  switch (query.kind) {
    case 'equals':
    case 'none':
      return true;
    case 'startsWith':
      return query.value !== '';
    case 'and':
      return query.operands.some(isNarrow);
    case 'or':
      return query.operands.every(isNarrow);
    case 'all':
    case 'not':
      return false;
  }
}

function idsOf<Field extends string>(
  query: DirectoryQuery<Field>,
  target: Searchable<Field>,
  scope: DirectoryScope,
): Fragment {
  const { text, values } = whereOf(query, target, scope);
  return { text: `SELECT id ${text}`, values };
}

/** `FROM table WHERE …`: the rows of the directory that fit. */
export function whereOf<Field extends string>(
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
