/** Callers' shares of transactions: one set of repositories for all of them, usable only by the one whose function runs. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Repositories } from '../../core/ports/storage.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { createRepositories } from './repositories.ts';
import type { Sql } from './sql.ts';

/** One caller's share of a transaction. */
export interface Unit {
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
}

/** What becomes of one unit. A statement that failed ends it as it would on any other engine: none further runs. */
interface State {
  isOpen: boolean;
  failure: unknown;
}

const endedError = () =>
  new GatehouseError('internal', 'Repositories of a transaction were used after it had ended.');

/**
 * Units over the writing connection. Building repositories costs more than a small transaction, so they are built once.
 * `isInTransaction` keeps statements from running on their own once a transaction is lost.
 */
export function createUnits(sql: Sql, isInTransaction: () => boolean): Units {
  // The unit whose function is running, as seen from inside that function and from nowhere else.
  const current = new AsyncLocalStorage<State>();
  const guard = <Result>(work: () => Result): Result => {
    const state = current.getStore();
    if (state === undefined || !state.isOpen) throw endedError();
    if (state.failure !== undefined) throw state.failure;
    try {
      if (!isInTransaction()) throw new GatehouseError('storage_unavailable', 'The transaction was lost.');
      return work();
    } catch (error) {
      state.failure = error;
      throw error;
    }
  };
  const repositories = createRepositories({
    run: (text, ...values) => guard(() => sql.run(text, ...values)),
    get: (text, ...values) => guard(() => sql.get(text, ...values)),
    all: (text, ...values) => guard(() => sql.all(text, ...values)),
    compose: (text, values) => guard(() => sql.compose(text, values)),
  });
  return {
    isInside: () => current.getStore()?.isOpen === true,
    open: () => {
      const state: State = { isOpen: true, failure: undefined };
      return {
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
