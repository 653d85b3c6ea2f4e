/** Removes very many rows some at a time: one statement over all of them, cascades included, would hold up everybody. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sql, Value } from './sql.ts';

/** Some milliseconds of work, cascades and triggers included. */
const ROWS_AT_ONCE = 250;

/** What to remove: the rows of one table whose key begins with given values. */
interface Removal {
  readonly table: string;
  /** The columns of a unique key of it. */
  readonly key: readonly string[];
}

/**
 * Removes the rows whose first key columns have these values, the event loop having its turn in between; part of the transaction it
 * is called in, which is committed or lost as a whole.
 */
export async function removeGradually(
  sql: Sql,
  { table, key }: Removal,
  values: readonly Value[],
): Promise<void> {
  const columns = key.join(', ');
  const begins = key.slice(0, values.length).map((column) => `${column} = ?`);
  const some = `SELECT ${columns} FROM ${table} WHERE ${begins.join(' AND ')} LIMIT ${ROWS_AT_ONCE}`;
  const statement = `DELETE FROM ${table} WHERE (${columns}) IN (${some})`;
  while (sql.run(statement, ...values) === ROWS_AT_ONCE) await nextTurn();
}
