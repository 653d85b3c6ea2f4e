/** Transactions that run twice, as those of a store may that has lost a race or taken a batch back: the first run is undone. */
import type { Repositories, Storage } from '../../src/core/ports/storage.ts';

class TornTransaction extends Error {}

/** A storage whose every transaction runs twice. Whatever a use case leaves outside the transaction shows. */
export function runningTwice(storage: Storage): Storage {
  const tear = async (fn: (tx: Repositories) => Promise<unknown>): Promise<void> => {
    const torn = storage.transact(async (tx) => {
      await fn(tx);
      throw new TornTransaction();
    });
    await torn.catch((error: unknown) => {
      if (!(error instanceof TornTransaction)) throw error;
    });
  };
  return {
    ...storage,
    transact: async (fn, durability) => {
      await tear(fn);
      return storage.transact(fn, durability);
    },
  };
}
