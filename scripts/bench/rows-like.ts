/** Inserts rows into a table of the gateway that are like the last one in it, but for the columns that are given. */
import type Database from 'better-sqlite3';

/** Values by column. */
export type Changes = Readonly<Record<string, unknown>>;

export type Statement = Database.Statement<unknown[]>;

export interface RowsLike {
  readonly template: Changes;
  insert(changes: Changes): void;
}

/** Throws for a table that is empty. */
export function rowsLike(db: Database.Database, table: string): RowsLike {
  const template: unknown = db.prepare(`SELECT * FROM ${table} ORDER BY id DESC LIMIT 1`).get();
  if (!isRow(template)) throw new Error(`There is nothing in ${table}.`);
  // A number that the store gives out itself.
  const columns = Object.keys(template).filter((name) => name !== 'position');
  const places = columns.map(() => '?').join(', ');
  const statement: Statement = db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`);
  return {
    template,
    insert(changes) {
      statement.run(
        ...columns.map((name) => (Object.hasOwn(changes, name) ? changes[name] : template[name])),
      );
    },
  };
}

const isRow = (value: unknown): value is Changes => typeof value === 'object' && value !== null;
