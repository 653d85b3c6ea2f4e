/**
 * Races that a seed decides: several pieces of work meet one store, and before each look-up and each transaction of any of them
 * the seed says who goes next. The same seed gives the same order, so a failure is replayed by its number alone.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Storage } from '../../src/core/ports/storage.ts';
import { refusalOf } from './refusals.ts';

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number below `limit`. */
export const below = (random: () => number, limit: number): number => Math.floor(random() * limit);

/** One of them. */
export function oneOf<Value>(random: () => number, values: readonly Value[]): Value {
  const value = values[below(random, values.length)];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

export interface Schedule {
  /** Give it to the work instead of the store itself. */
  readonly storage: Storage;
  /** Runs all of it to its end; answers what each was refused with, or `done`. */
  run(work: readonly (() => Promise<unknown>)[]): Promise<readonly string[]>;
  /** Who was chosen of how many, in order. */
  readonly trace: readonly string[];
}

/** Between two calls of the store there is nothing to wait for but promises; this many turns are given for them. */
const PATIENCE = 1000;

/** A schedule over a store. What the work does besides the store must need no time of its own. */
export function scheduleOf(storage: Storage, seed: number): Schedule {
  const random = randomOf(seed);
  const waiting: (() => Promise<void>)[] = [];
  const trace: string[] = [];
  const inTurn = <Result>(op: () => Promise<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      waiting.push(() => op().then(resolve, reject));
    });
  const run: Schedule['run'] = async (work) => {
    let unfinished = work.length;
    const results = work.map((start) =>
      refusalOf(inTurn(async () => undefined).then(start)).finally(() => {
        unfinished -= 1;
      }),
    );
    for (let idle = 0; unfinished > 0; idle += 1) {
      await nextTurn();
      if (idle > PATIENCE) throw new Error('the work waits for something that is not the store');
      if (waiting.length === 0) continue;
      const place = below(random, waiting.length);
      trace.push(`${place}/${waiting.length}`);
      idle = 0;
      await waiting.splice(place, 1)[0]?.();
    }
    return Promise.all(results);
  };
  return { storage: turning(storage, inTurn), run, trace };
}

type InTurn = <Result>(op: () => Promise<Result>) => Promise<Result>;
type Method = (...given: unknown[]) => Promise<unknown>;

const isMethod = (value: unknown): value is Method => typeof value === 'function';

/** The store with a turn before every look-up and every transaction; inside a transaction nobody else has one. */
function turning(storage: Storage, inTurn: InTurn): Storage {
  const repositories = Object.entries(storage).map(([name, repository]) => {
    if (typeof repository !== 'object' || repository === null) return [name, repository] as const;
    const methods = Object.entries(repository).map(([method, call]) => [
      method,
      isMethod(call) ? (...given: unknown[]) => inTurn(() => call(...given)) : call,
    ]);
    return [name, Object.fromEntries(methods)] as const;
  });
  return {
    // The same names with the same methods, each a little later.
    ...(Object.fromEntries(repositories) as unknown as Storage),
    transact: (fn, durability) => inTurn(() => storage.transact(fn, durability)),
  };
}

/**
 * Runs `race` once for each seed from 1, fifty at a time: they share the store and its commits, and nothing else. A failure
 * names the seed that shows it again.
 */
export async function raceThrough(count: number, race: (seed: number) => Promise<void>): Promise<void> {
  const named = (seed: number) =>
    race(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
  for (let first = 1; first <= count; first += 50) {
    const seeds = Array.from({ length: Math.min(50, count - first + 1) }, (_, index) => first + index);
    await Promise.all(seeds.map(named));
  }
}
