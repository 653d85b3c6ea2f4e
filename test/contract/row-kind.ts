/** What the driver of one stored kind of row is. */
import type { Queries, Repositories } from '../../src/core/ports/storage.ts';
import type { World } from '../support/world.ts';

/** One row and everything that can be done with it. */
export interface Row {
  readonly value: object;
  insert(tx: Repositories): Promise<void>;
  find(store: Queries): Promise<unknown>;
  readonly remove?: ((tx: Repositories) => Promise<unknown>) | undefined;
  /** Compare-and-swap to a value that differs by `text`; absent where rows are never rewritten. */
  readonly update?: ((tx: Repositories, text: string, expectedVersion: number) => Promise<void>) | undefined;
}

/** `make(world, text)`: a new row in a planted world, with `text` in every field that is free text. */
export interface RowKind {
  readonly name: keyof Repositories;
  readonly make: (world: World, text: string) => Row;
}
