/** Callers' shares of transactions: one set of repositories for all of them, usable only by the one whose function runs. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repositories } from '../../core/ports/storage.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { createRememberedHead } from './audit-heads.ts';
import { createRepositories, type Memory } from './repositories.ts';
import type { Sql } from './sql.ts';

/**
 * How much a unit does before the event loop has its turn, counted by statements and rows: some milliseconds of work. No request
 * of every day comes near; one that moves a whole company gives way a few hundred times. Only reads come in between, and
 * they see what was committed before.
 */
const TURN_WORK = 1000;
const STATEMENT_WORK = 4;

/** One caller's share of a transaction. */
export interface Unit {
  /** How many statements it has run so far. */
  statements(): number;
  /** Whether any of them may have changed something. */
  hasWritten(): boolean;
  /** Runs the caller's function; the repositories work for it, and for whatever it awaits, until the unit ends. */
  run<Result>(fn: (tx: Repositories) => Result): Result;
  /** Ends the unit; throws what a statement of it threw, even if the function caught it. */
  end(): void;
  /** Ends the unit, whatever happened in it. */
  abandon(): void;
}

export interface Units {
  open(): Unit;
  /** True inside a function whose unit is still open. */
  isInside(): boolean;
  /** Writes what units have left to be written once for all of them; to be called before a commit, and before a savepoint ends. */
  settle(): void;
  /** To be called when anything that a unit has written was taken back: what was remembered of it is void. */
  forget(): void;
}

/** What becomes of one unit. A statement that failed ends it as it would on any other engine: none further runs. */
interface State {
  isOpen: boolean;
  failure: unknown;
  statements: number;
  hasWritten: boolean;
  /** Done since the last turn. */
  work: number;
  /** The turn under way: calls made meanwhile wait for it, so that they keep their order. */
  turn: Promise<void> | undefined;
}

const endedError = () =>
  new GatehouseError('internal', 'Repositories of a transaction were used after it had ended.');

const lostError = () => new GatehouseError('storage_unavailable', 'The transaction was lost.');

const newState = (): State => ({
  ...{ isOpen: true, failure: undefined, statements: 0, hasWritten: false },
  ...{ work: 0, turn: undefined },
});

const reading = /^\s*SELECT\b/;
const known = new Map<string, boolean>();

/** Whether a statement of this text changes anything. Texts are few: each is looked at once. */
function changes(text: string): boolean {
  const answer = known.get(text) ?? !reading.test(text);
  if (known.size < TEXTS_KNOWN) known.set(text, answer);
  return answer;
}

/** Composed ones may be any number; beyond this many each is looked at anew. */
const TEXTS_KNOWN = 2_000;

/**
 * Units over the writing connection. Building repositories costs more than a small transaction, so they are built once.
 * `isInTransaction` keeps statements from changing anything on their own once a transaction is lost. It is asked before the
 * first change of a unit: after that only a statement that fails can lose the transaction, and that ends the unit.
 */
export function createUnits(
  sql: Sql,
  isInTransaction: () => boolean,
  memory: Pick<Memory, 'connections'> = {},
): Units {
  // The unit whose function is running, as seen from inside that function and from nowhere else.
  const current = new AsyncLocalStorage<State>();
  const enter = (text: string): State => {
    const state = current.getStore();
    if (state === undefined || !state.isOpen) throw endedError();
    if (state.failure !== undefined) throw state.failure;
    if (state.hasWritten || !changes(text)) return state;
    if (!isInTransaction()) throw failed(state, lostError());
    state.hasWritten = true;
    return state;
  };
  const head = createRememberedHead();
  const repositories = createRepositories(guarded(sql, enter), { ...memory, head });
  for (const repository of Object.values(repositories))
    givingWay(repository, () => turnDue(current.getStore()));
  return {
    isInside: () => current.getStore()?.isOpen === true,
    settle() {
      if (!isInTransaction()) throw lostError();
      head.settle(sql);
    },
    forget: head.forget,
    open: () => {
      const state = newState();
      return {
        statements: () => state.statements,
        hasWritten: () => state.hasWritten,
        run: (fn) => current.run(state, fn, repositories),
        end() {
          state.isOpen = false;
          if (state.failure !== undefined) throw state.failure;
        },
        abandon() {
          state.isOpen = false;
        },
      };
    },
  };
}

function failed(state: State, error: unknown): unknown {
  state.failure = error;
  return error;
}

function counted(state: State, rows: number): void {
  state.statements += 1;
  state.work += STATEMENT_WORK + rows;
}

/** `sql` for whoever may `enter`: written out for each way to ask, because all of storage goes through here. */
const guarded = (sql: Sql, enter: (text: string) => State): Sql => ({
  run(text, ...values) {
    const state = enter(text);
    try {
      const rows = sql.run(text, ...values);
      counted(state, rows);
      return rows;
    } catch (error) {
      throw failed(state, error);
    }
  },
  get(text, ...values) {
    const state = enter(text);
    try {
      const row = sql.get(text, ...values);
      counted(state, 1);
      return row;
    } catch (error) {
      throw failed(state, error);
    }
  },
  all(text, ...values) {
    const state = enter(text);
    try {
      const rows = sql.all(text, ...values);
      counted(state, rows.length);
      return rows;
    } catch (error) {
      throw failed(state, error);
    }
  },
  compose(text, values) {
    const state = enter(text);
    try {
      const rows = sql.compose(text, values);
      counted(state, rows.length);
      return rows;
    } catch (error) {
      throw failed(state, error);
    }
  },
  tuples(text, values) {
    const state = enter(text);
    try {
      const rows = sql.tuples(text, values);
      counted(state, rows.length);
      return rows;
    } catch (error) {
      throw failed(state, error);
    }
  },
});

/** The turn that the next call has to wait for; undefined: it may go on at once. */
function turnDue(state: State | undefined): Promise<void> | undefined {
  if (state === undefined || state.work < TURN_WORK) return state?.turn;
  state.work = 0;
  state.turn = nextTurn().then(() => {
    state.turn = undefined;
  });
  return state.turn;
}

type Method = (...values: unknown[]) => Promise<unknown>;

/** Has every method of the repository wait for a turn that is due. */
function givingWay(repository: object, due: () => Promise<void> | undefined): void {
  for (const [name, method] of Object.entries<Method>({ ...repository })) {
    const waiting: Method = (...values) => due()?.then(() => method(...values)) ?? method(...values);
    Object.assign(repository, { [name]: waiting });
  }
}
