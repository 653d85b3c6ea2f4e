/** One caller's share of a transaction: its repositories, usable only while its function runs. */
import type { Repositories } from '../../core/ports/storage.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { createRepositories } from './repositories.ts';
import type { Sql } from './sql.ts';

export interface Unit {
  readonly repositories: Repositories;
  readonly isOpen: boolean;
  /** Ends the unit; throws what a statement of it threw, even if the function caught it. */
  end(): void;
  /** Ends the unit, whatever happened in it. */
  abandon(): void;
}

const endedError = () =>
  new GatehouseError('internal', 'Repositories of a transaction were used after it had ended.');

/**
 * Opens a unit over the writing connection. A statement that failed ends it as it would on any other engine: no
 * further statement runs. `isInTransaction` keeps statements from running on their own once a transaction is lost.
 */
export function openUnit(sql: Sql, isInTransaction: () => boolean): Unit {
  let isOpen = true;
  let failure: unknown;
  const guard = <Result>(work: () => Result): Result => {
    if (!isOpen) throw endedError();
    if (failure !== undefined) throw failure;
    try {
      if (!isInTransaction()) throw new GatehouseError('storage_unavailable', 'The transaction was lost.');
      return work();
    } catch (error) {
      failure = error;
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
    repositories,
    get isOpen() {
      return isOpen;
    },
    end() {
      isOpen = false;
      if (failure !== undefined) throw failure;
    },
    abandon() {
      isOpen = false;
    },
  };
}
