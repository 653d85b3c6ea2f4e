/**
 * The one writer of a store: a queue whose waiting calls run one after another and are committed together, so that
 * many callers share one wait for the disk. Nobody is answered before the commit that holds their work is on it.
 */
import { AsyncResource } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database as Connection } from 'better-sqlite3';
import type { Durability, Repositories } from '../../core/ports/storage.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { Batches, type Call, type Outcome } from './batch.ts';
import { toStorageError } from './driver-errors.ts';
import type { Memory } from './repositories.ts';
import { closedError, createSql } from './sql.ts';
import { createUnits, type Unit, type Units } from './unit.ts';

/** At most this many calls, and no new call after this much work, go into one commit: the first must not wait long. */
const BATCH_CALLS = 128;
const BATCH_MS = 5;

/** After this much work of a batch the event loop has its turn: look-ups are answered while the batch is still growing, and before it is committed. */
const TURN_MS = 0.4;

/** The same before the commit, which takes about that long itself: one sign-in and its commit are two turns, many creates and theirs one more. */
const COMMIT_TURN_MS = 0.2;

/** Beyond this many waiting calls the store answers that it is overloaded instead of promising. */
const WAITING_LIMIT = 10_000;

/** A function that has asked the store nothing for this long waits for something else. */
const FUNCTION_LIMIT_MS = 5000;

interface WriterOptions {
  /** What transactions find instead of reading it again; absent: nothing. */
  readonly memory?: Pick<Memory, 'connections'>;
  /** Carries what is committed to the disk. Once it has failed, nothing more is promised: see `failure`. */
  readonly toDisk: () => Promise<void>;
  /** How long a function may ask nothing before it is given up; for tests. */
  readonly functionLimitMs?: number;
  /** How much work makes a batch; for tests. */
  readonly batchMs?: number;
  /** Called after each commit, while nobody reads through the connection; what it answers is waited for. Throws nothing. */
  readonly afterEach?: () => Promise<void> | undefined;
  /** Told when a statement of a transaction met a page that cannot be what was written. */
  readonly onDamage?: () => void;
  /** Called before each transaction begins: whoever reads through the connection in between lets go of it. */
  readonly beforeEach?: () => void;
}

/** Owns the writing connection's transactions; the connection itself is opened and closed by its caller. */
export class Writer {
  readonly #units: Units;
  readonly #batches: Batches;
  readonly #batchMs: number;
  readonly #beforeEach: () => void;
  readonly #afterEach: () => Promise<void> | undefined;
  readonly #toDisk: () => Promise<void>;
  /** Those that wait for the disk, and brief ones, which do not and share their commit. */
  readonly #waiting: Call[] = [];
  /** Calls that need not wait for the disk and may be long. They take turns with commits, and are no part of them. */
  readonly #relaxed: Call[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;
  #commits = 0;
  #failure: GatehouseError | undefined;

  constructor(connection: Connection, options: WriterOptions) {
    const { toDisk, functionLimitMs = FUNCTION_LIMIT_MS, batchMs = BATCH_MS } = options;
    this.#units = createUnits(
      createSql(connection, options.onDamage),
      () => connection.inTransaction,
      options.memory,
    );
    this.#batches = new Batches({ connection, units: this.#units, functionLimitMs });
    this.#batchMs = batchMs;
    this.#beforeEach = options.beforeEach ?? (() => undefined);
    this.#afterEach = options.afterEach ?? (() => undefined);
    this.#toDisk = toDisk;
  }

  /** How many commits there were so far. */
  get commits(): number {
    return this.#commits;
  }

  /**
   * Why nothing can be kept any more, or undefined. What a disk has once failed to write it may forget and then call
   * written, so that only a start that reads the file again can tell what is there.
   */
  get failure(): GatehouseError | undefined {
    return this.#failure;
  }

  /** The port's `transact`. */
  transact<Result>(
    fn: (tx: Repositories) => Promise<Result>,
    durability: Durability = 'durable',
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      // The function belongs to its caller's asynchronous context, not to that of whoever woke the queue.
      const context = new AsyncResource('transaction');
      const work = async (unit: Unit) => {
        const result = await context.runInAsyncScope(() => unit.run(fn));
        return () => resolve(result);
      };
      const calls = durability === 'relaxed' ? this.#relaxed : this.#waiting;
      const isRelaxed = durability === 'relaxed' || durability === 'brief';
      calls.push({ isAlone: durability === 'alone', isRelaxed, work, fail: reject });
      this.#running ??= this.#run();
    });
  }

  /** Refuses new calls, and resolves when those already waiting have been answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #refusal(): GatehouseError | undefined {
    if (this.#isClosed) return closedError();
    if (this.#failure !== undefined) return this.#failure;
    if (this.#units.isInside()) {
      return new GatehouseError('internal', 'transact was called inside transact: it would wait for itself.');
    }
    if (this.#waiting.length + this.#relaxed.length >= WAITING_LIMIT) {
      return new GatehouseError('storage_unavailable', 'The store is overloaded at the moment.');
    }
    return undefined;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length + this.#relaxed.length > 0) {
      // One turn of the event loop lets every request that has already arrived join this commit.
      await nextTurn();
      if (this.#waiting.length > 0) await this.#runBatch(this.#waiting);
      // The next durable commit carries theirs to the disk; until then a crash of the machine loses it, and what came after.
      if (this.#relaxed.length > 0) await this.#runBatch(this.#relaxed);
    }
    this.#running = undefined;
  }

  async #runBatch(calls: Call[]): Promise<void> {
    const batches = this.#batches;
    try {
      this.#beforeEach();
      batches.begin();
      const turnAt = await this.#runCalls(calls);
      if (performance.now() - turnAt >= COMMIT_TURN_MS) await nextTurn();
      batches.commit();
      this.#commits += 1;
    } catch (error) {
      this.#giveUp(calls, error);
      return;
    }
    const { outcomes } = batches;
    let isPromised = false;
    for (const { call, settle } of outcomes)
      if (call.isRelaxed) settle();
      else isPromised = true;
    if (isPromised) {
      if (!(await this.#isOnDisk(calls, outcomes))) return;
      for (const { call, settle } of outcomes) if (!call.isRelaxed) settle();
    }
    this.#beforeEach();
    const pause = this.#afterEach();
    if (pause !== undefined) await pause;
  }

  /** Answers since when the event loop has had no turn, by the monotonic clock. */
  async #runCalls(calls: Call[]): Promise<number> {
    let worked = 0;
    let turnAt = performance.now();
    for (let count = 0; count < BATCH_CALLS && worked < this.#batchMs; count += 1) {
      if (count > 0 && calls[0]?.isAlone === true) break;
      const call = calls.shift();
      if (call === undefined) break;
      await this.#batches.run(call);
      if (call.isAlone) break;
      const turn = performance.now() - turnAt;
      if (turn < TURN_MS) continue;
      worked += turn;
      await nextTurn();
      turnAt = performance.now();
    }
    return turnAt;
  }

  async #isOnDisk(calls: Call[], outcomes: readonly Outcome[]): Promise<boolean> {
    try {
      await this.#toDisk();
      return true;
    } catch (cause) {
      this.#failure = new GatehouseError('storage_unavailable', 'The disk could not keep the change.', {
        cause,
      });
      for (const { fail } of [...outcomes, ...calls.splice(0), ...this.#relaxed.splice(0)])
        fail(this.#failure);
      return false;
    }
  }

  /** The transaction is lost, and with it the work of everybody in it; a begin that failed is told to all who wait. */
  #giveUp(calls: Call[], error: unknown): void {
    const { outcomes } = this.#batches;
    this.#batches.rollBack();
    const cause = toStorageError(error);
    const told = new GatehouseError('storage_unavailable', 'The store could not keep the change.', {
      cause,
      context: cause.context,
    });
    for (const { fail } of outcomes.length > 0 ? outcomes : calls.splice(0)) fail(told);
  }
}
