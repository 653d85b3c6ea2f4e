/** One connection as the repositories see it: cached statements in, plain rows out, coded errors only. */
import { setImmediate } from 'node:timers';
import type { Database as Connection, Statement } from 'better-sqlite3';
import { GatehouseError } from '../../kernel/errors.ts';
import { isDamage, toStorageError } from './driver-errors.ts';

export type Value = string | number | null | Buffer;
export type Row = Readonly<Record<string, unknown>>;
/** A row without the names of its columns: making an object of every row costs as much as finding it. */
export type Tuple = readonly unknown[];

/** What a repository may ask of its connection. Texts are written in this folder, values are always parameters. */
export interface Sql {
  /** Runs a statement; answers how many rows it changed itself (cascades not counted). */
  run(text: string, ...values: readonly Value[]): number;
  /** The first row; undefined when there is none. */
  get(text: string, ...values: readonly Value[]): Row | undefined;
  all(text: string, ...values: readonly Value[]): readonly Row[];
  /** Like `all`, for texts composed from a caller's query: kept in a cache of their own that cannot push out the rest. */
  compose(text: string, values: readonly Value[]): readonly Row[];
  /** Like `compose`, each row as its columns in order; for what many rows are read of. */
  tuples(text: string, values: readonly Value[]): readonly Tuple[];
}

const COMPOSED_KEPT = 64;

/**
 * The text as it is prepared. A statement whose plan may depend on the value of a bare parameter (behind LIMIT, beside
 * ORDER BY, in joins) is planned anew at every call, at several times the cost of a look-up; into an expression SQLite
 * does not look. No text in this folder holds a question mark that is not a parameter.
 */
export const asPrepared = (text: string): string => text.replaceAll('?', '+?');

function createStatementCache<Result>(
  prepare: (text: string) => Statement<Value[], Result>,
  limit: number,
): (text: string) => Statement<Value[], Result> {
  const statements = new Map<string, Statement<Value[], Result>>();
  return (text) => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    for (const oldest of statements.keys()) {
      if (statements.size < limit) break;
      statements.delete(oldest);
    }
    const statement = prepare(asPrepared(text));
    statements.set(text, statement);
    return statement;
  };
}

/** The refusal of every call that comes after the store was closed. */
export const closedError = (): GatehouseError =>
  new GatehouseError('storage_unavailable', 'The store is closed.');

/**
 * Wraps a connection. Calls after the connection closed throw `storage_unavailable`. `onDamage` is told when a statement
 * met a page that cannot be what was written.
 */
export function createSql(connection: Connection, onDamage: () => void = () => undefined): Sql {
  const prepare = (text: string) => connection.prepare<Value[], Row>(text);
  const fixed = createStatementCache(prepare, Number.POSITIVE_INFINITY);
  const composed = createStatementCache(prepare, COMPOSED_KEPT);
  const unnamed = createStatementCache(
    (text) => connection.prepare<Value[], Tuple>(text).raw(),
    COMPOSED_KEPT,
  );
  /** Asked only when something went wrong: it costs as much as a short statement. */
  const refusalOf = (error: unknown) => {
    if (isDamage(error)) onDamage();
    return connection.open ? toStorageError(error) : closedError();
  };
  return {
    run(text, ...values) {
      try {
        return fixed(text).run(...values).changes;
      } catch (error) {
        throw refusalOf(error);
      }
    },
    get(text, ...values) {
      try {
        return fixed(text).get(...values);
      } catch (error) {
        throw refusalOf(error);
      }
    },
    all(text, ...values) {
      try {
        return fixed(text).all(...values);
      } catch (error) {
        throw refusalOf(error);
      }
    },
    compose(text, values) {
      try {
        return composed(text).all(...values);
      } catch (error) {
        throw refusalOf(error);
      }
    },
    tuples(text, values) {
      try {
        return unnamed(text).all(...values);
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
}

/** The same question, asked less often. */
export type Remembering = <Found>(
  ask: (key: string) => Found | undefined,
) => (key: string) => Found | undefined;

/** What is committed, for reads outside transactions. */
export interface CommittedReads {
  readonly sql: Sql;
  /**
   * Remembers what was found until the next transaction begins, whatever that one is for. For questions that every request
   * asks: what is remembered is what asking again would find. Nothing is remembered of what was not found.
   */
  readonly remembering: Remembering;
  /** Lets go of what is being looked at, and of what is remembered; to be called before every transaction, and at the end. */
  release(): void;
}

/** Answers remembered for one question; beyond this many it begins anew. */
const MOST_REMEMBERED = 256;

/**
 * Reads through whichever connection has the data at hand: the writing one between its transactions, because a commit
 * empties the page cache of every other connection; the reading one while a transaction is under way. Reads of one turn
 * of the event loop share a snapshot: locks are taken once for all of them.
 */
export function createCommittedReads(
  writing: Connection,
  reading: Connection,
  onDamage?: () => void,
): CommittedReads {
  const between = createSql(writing, onDamage);
  const meanwhile = createSql(reading, onDamage);
  const begin = writing.prepare('BEGIN');
  const end = writing.prepare('COMMIT');
  const undo = writing.prepare('ROLLBACK');
  let isHeld = false;
  const memories: Map<string, unknown>[] = [];
  const letGo = (): void => {
    if (!isHeld) return;
    isHeld = false;
    if (!writing.open) return;
    try {
      end.run();
    } catch {
      // After a damaged page there is nothing to commit. Whoever read it has been told; the others go on.
      if (writing.inTransaction) undo.run();
    }
  };
  const current = (): Sql => {
    if (isHeld) return between;
    if (!writing.open || writing.inTransaction) return meanwhile;
    try {
      begin.run();
    } catch (error) {
      throw toStorageError(error);
    }
    isHeld = true;
    setImmediate(letGo);
    return between;
  };
  return {
    sql: {
      run: (text, ...values) => meanwhile.run(text, ...values),
      get: (text, ...values) => current().get(text, ...values),
      all: (text, ...values) => current().all(text, ...values),
      compose: (text, values) => current().compose(text, values),
      tuples: (text, values) => current().tuples(text, values),
    },
    remembering<Found>(ask: (key: string) => Found | undefined) {
      const known = new Map<string, Found>();
      memories.push(known);
      return (key) => {
        const remembered = known.get(key);
        if (remembered !== undefined) return remembered;
        const found = ask(key);
        // While a transaction is under way the other connection was asked, whose answer ends with the commit.
        if (!isHeld || found === undefined) return found;
        if (known.size >= MOST_REMEMBERED) known.clear();
        known.set(key, found);
        return found;
      };
    },
    release() {
      for (const known of memories) known.clear();
      letGo();
    },
  };
}
