/** What a contract suite is given: one freshly made, empty store of one adapter. */
import { expect } from '@jest/globals';
import type { Repositories, Storage } from '../../src/core/ports/storage.ts';
import { isGatehouseError } from '../../src/kernel/errors.ts';

/** A store that nobody else uses. Suites make their own organizations in it, so one store serves a whole suite. */
export interface StorageUnderTest {
  readonly storage: Storage;
  /** Closes the store and removes every trace of it. */
  close(): Promise<void>;
  /** Closes the store and opens the same data again; `storage` is dead afterwards. */
  reopen?(): Promise<Storage>;
  /**
   * Closes the store, waits for `killWriter` to start `command` (a writer process over the same data, see
   * crash-child.ts) and to kill it, then opens the same data again; `storage` is dead afterwards.
   */
  crash?(killWriter: (command: readonly string[]) => Promise<void>): Promise<Storage>;
}

export type OpenStorage = () => Promise<StorageUnderTest>;

/** A suite over the port: registers its tests under the adapter's name. */
export type ContractSuite = (name: string, open: OpenStorage) => void;

/** How a call ended, in a form that two calls can be compared by. */
export type Outcome =
  | { readonly answered: unknown }
  | { readonly refused: string; readonly field: string | undefined };

/** Waits for the call; a GatehouseError becomes an outcome, any other error is a failure of the test. */
export async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    return { answered: await call };
  } catch (error) {
    if (isGatehouseError(error)) return { refused: error.code, field: error.field };
    throw error;
  }
}

/** Starts `count` transactions at once; answers how each ended, in the order of their numbers. */
export function race(
  storage: Storage,
  count: number,
  write: (tx: Repositories, index: number) => Promise<unknown>,
): Promise<readonly Outcome[]> {
  const runs = Array.from({ length: count }, (_, index) => storage.transact((tx) => write(tx, index)));
  return Promise.all(runs.map(outcomeOf));
}

/** Asserts that exactly one racer was answered and every other one refused with this code and field. */
export function expectOneWinner(outcomes: readonly Outcome[], code: string, field?: string): void {
  const refused = outcomes.filter((outcome) => 'refused' in outcome);
  expect(outcomes.length - refused.length).toBe(1);
  for (const outcome of refused) expect(outcome).toEqual({ refused: code, field });
}
