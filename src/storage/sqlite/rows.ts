/** Between rows and entities: typed readers, and the two statements every table needs. No queries live here. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Row, Sql, Tuple, Value } from './sql.ts';

function wrongColumn(column: string): GatehouseError {
  return new GatehouseError('internal', 'A stored row does not have the expected form.', {
    context: { column },
  });
}

/** A text column; throws `internal` when it holds anything else, as every reader here does. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw wrongColumn(column);
  return value;
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw wrongColumn(column);
  return value;
}

export function integerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

export function flag(row: Row, column: string): boolean {
  return integer(row, column) === 1;
}

/** The one place where a stored text becomes a branded id or a literal again: it was one when it was written. */
export function word<Word extends string>(row: Row, column: string): Word {
  return text(row, column) as Word;
}

export function wordOrNull<Word extends string>(row: Row, column: string): Word | null {
  return row[column] === null ? null : word<Word>(row, column);
}

/** The one place where the columns of a SELECT get their types: those of STRICT tables hold what they declare. */
export const typed = <Columns extends Tuple>(tuple: Tuple): Columns => tuple as Columns;

/** The one place where stored JSON becomes its type again: the column holds only what `toJson` wrote from that type. */
export function json<Type>(row: Row, column: string): Type {
  return JSON.parse(text(row, column)) as Type;
}

export const toJson = (value: unknown): string => JSON.stringify(value);
export const toFlag = (value: boolean): number => (value ? 1 : 0);

/** Column -> value, in one fixed order for each table: the order is part of the cached statement. */
export type Columns = Readonly<Record<string, Value>>;

/** Refuses an entity of another organization: the first parameter decides where a row goes (law 1). */
export function ownedBy(
  organizationId: OrganizationId,
  entity: { readonly organizationId: string },
): OrganizationId {
  if (entity.organizationId === organizationId) return organizationId;
  throw new GatehouseError('internal', 'An entity was stored under an organization that is not its own.', {
    context: { organizationId, entityOf: entity.organizationId },
  });
}

const insertTexts = new Map<string, string>();
const updateTexts = new Map<string, string>();

/** Inserts one row; a taken key throws `already_exists`. */
export function insertRow(sql: Sql, table: string, columns: Columns): void {
  let statement = insertTexts.get(table);
  if (statement === undefined) {
    const names = Object.keys(columns);
    const marks = names.map(() => '?').join(', ');
    statement = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`;
    insertTexts.set(table, statement);
  }
  sql.run(statement, ...Object.values(columns));
}

/**
 * Compare-and-swap: stores `columns` in the row that has this key and `version`, as version + 1.
 * Throws `version_conflict` when no such row is left.
 */
export function updateRow(
  sql: Sql,
  table: string,
  change: { readonly key: Columns; readonly columns: Columns; readonly version: number },
): void {
  const { key, columns, version } = change;
  const names = Object.keys(columns);
  const kept = `${table} ${names.join()}`;
  let statement = updateTexts.get(kept);
  if (statement === undefined) {
    const sets = [...names, 'version'].map((name) => `${name} = ?`);
    const matches = [...Object.keys(key), 'version'].map((name) => `${name} = ?`);
    statement = `UPDATE ${table} SET ${sets.join(', ')} WHERE ${matches.join(' AND ')}`;
    updateTexts.set(kept, statement);
  }
  const changed = sql.run(statement, ...Object.values(columns), version + 1, ...Object.values(key), version);
  if (changed === 0) {
    throw new GatehouseError('version_conflict', 'The entry was changed or removed in the meantime.', {
      context: { table, version },
    });
  }
}

/**
 * `columns` without those that `before` holds with the same value. An UPDATE takes the entries of every index it names a
 * column of out and puts them back, changed or not, and asks the triggers and foreign keys of it.
 */
export function changedColumns(columns: Columns, before: Row | undefined): Columns {
  if (before === undefined) return columns;
  const changed: Record<string, Value> = {};
  for (const name of Object.keys(columns)) {
    const value = columns[name] ?? null;
    if (before[name] !== value) changed[name] = value;
  }
  return changed;
}

/** Bytes that no text beginning with `prefix` reaches: 0xff does not occur in UTF-8, so nothing sorts between. To be read by `CAST(? AS TEXT)`. */
export const beyond = (prefix: string): Buffer =>
  Buffer.concat([Buffer.from(prefix, 'utf8'), Buffer.from([0xff])]);
