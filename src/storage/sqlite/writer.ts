/**
 * The one writer of a store: a queue whose waiting calls run one after another and are committed together, so that
 * many callers share one wait for the disk. Nobody is answered before the commit that holds their work is on it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database as Connection, Statement } from 'better-sqlite3';
import type { Durability, Repositories } from '../../core/ports/storage.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { toStorageError } from './driver-errors.ts';
import { closedError, createSql } from './sql.ts';
import { createUnits, type Unit, type Units } from './unit.ts';

/** At most this many calls, and no new call after this much work, go into one commit: the first must not wait long. */
const BATCH_CALLS = 128;
const BATCH_MS = 5;

/** After this much work of a batch the event loop has its turn: look-ups are answered while the batch is still growing. */
const TURN_MS = 1;

/** Beyond this many waiting calls the store answers that it is overloaded instead of promising. */
const WAITING_LIMIT = 10_000;

/** A function that has asked the store nothing for this long waits for something else. */
const FUNCTION_LIMIT_MS = 5000;

interface Call {
  /** Neither behind others in a commit nor before them. */
  readonly isAlone: boolean;
  /** Runs the caller's function; answers how to tell the caller its result. */
  readonly work: (unit: Unit) => Promise<() => void>;
  readonly fail: (error: unknown) => void;
}

interface Outcome {
  /** Tells the caller how its function ended; only after the commit. */
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

interface WriterOptions {
  /** Carries what is committed to the disk. Once it has failed, nothing more is promised: see `failure`. */
  readonly toDisk: () => Promise<void>;
  /** How long a function may ask nothing before it is given up; for tests. */
  readonly functionLimitMs?: number;
  /** How much work makes a batch; for tests. */
  readonly batchMs?: number;
  /** Called after each commit, while nobody reads through the connection. Throws nothing. */
  readonly afterEach?: () => void;
  /** Called before each transaction begins: whoever reads through the connection in between lets go of it. */
  readonly beforeEach?: () => void;
}

/** Owns the writing connection's transactions; the connection itself is opened and closed by its caller. */
export class Writer {
  readonly #connection: Connection;
  readonly #units: Units;
  readonly #functionLimitMs: number;
  readonly #batchMs: number;
  readonly #beforeEach: () => void;
  readonly #afterEach: () => void;
  readonly #toDisk: () => Promise<void>;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #save: Statement;
  readonly #release: Statement;
  readonly #undo: Statement;
  readonly #waiting: Call[] = [];
  /** Calls that need not wait for the disk. They take turns with commits, and are no part of them. */
  readonly #relaxed: Call[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;
  #commits = 0;
  #lostBy: unknown;
  #failure: GatehouseError | undefined;

  constructor(
    connection: Connection,
    { toDisk, functionLimitMs = FUNCTION_LIMIT_MS, batchMs = BATCH_MS, beforeEach, afterEach }: WriterOptions,
  ) {
    this.#connection = connection;
    this.#units = createUnits(createSql(connection), () => connection.inTransaction);
    this.#functionLimitMs = functionLimitMs;
    this.#batchMs = batchMs;
    this.#beforeEach = beforeEach ?? (() => undefined);
    this.#afterEach = afterEach ?? (() => undefined);
    this.#toDisk = toDisk;
    this.#begin = connection.prepare('BEGIN IMMEDIATE');
    this.#commit = connection.prepare('COMMIT');
    this.#rollback = connection.prepare('ROLLBACK');
    this.#save = connection.prepare('SAVEPOINT unit');
    this.#release = connection.prepare('RELEASE unit');
    this.#undo = connection.prepare('ROLLBACK TO unit');
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
      const inContext = AsyncLocalStorage.snapshot();
      const work = async (unit: Unit) => {
        const result = await inContext(() => unit.run(fn));
        return () => resolve(result);
      };
      const calls = durability === 'relaxed' ? this.#relaxed : this.#waiting;
      calls.push({ isAlone: durability === 'alone', work, fail: reject });
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
      if (this.#waiting.length > 0) await this.#runBatch(this.#waiting, 'durable');
      // The next durable commit carries theirs to the disk; until then a crash of the machine loses it, and what came after.
      if (this.#relaxed.length > 0) await this.#runBatch(this.#relaxed, 'relaxed');
    }
    this.#running = undefined;
  }

  async #runBatch(calls: Call[], durability: Durability): Promise<void> {
    const outcomes: Outcome[] = [];
    try {
      this.#beforeEach();
      this.#begin.run();
      await this.#runCalls(calls, outcomes);
      this.#commit.run();
      this.#commits += 1;
    } catch (error) {
      this.#giveUp(calls, outcomes, error);
      return;
    }
    if (durability === 'durable' && !(await this.#isOnDisk(calls, outcomes))) return;
    for (const outcome of outcomes) outcome.settle();
    this.#beforeEach();
    this.#afterEach();
  }

  async #runCalls(calls: Call[], outcomes: Outcome[]): Promise<void> {
    let worked = 0;
    for (let turnAt = performance.now(); outcomes.length < BATCH_CALLS && worked < this.#batchMs; ) {
      const isAmongOthers = outcomes.length > 0;
      if (isAmongOthers && calls[0]?.isAlone === true) return;
      const call = calls.shift();
      if (call === undefined) return;
      outcomes.push(await this.#runCall(call, isAmongOthers));
      if (!this.#connection.inTransaction) throw this.#lostBy;
      if (call.isAlone) return;
      const turn = performance.now() - turnAt;
      if (turn < TURN_MS) continue;
      worked += turn;
      await nextTurn();
      turnAt = performance.now();
    }
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

  /**
   * Runs one function, in a savepoint of its own where others are in the transaction already: a savepoint keeps every page it
   * may put back, which costs one that changes much as much again. Never throws: what is lost beyond it shows in `inTransaction`.
   */
  async #runCall(call: Call, isAmongOthers: boolean): Promise<Outcome> {
    const unit = this.#units.open();
    try {
      if (isAmongOthers) this.#save.run();
      const settle = await this.#limited(unit, call.work(unit));
      unit.end();
      if (isAmongOthers) this.#release.run();
      return { settle, fail: call.fail };
    } catch (error) {
      unit.abandon();
      this.#undoCall(error, isAmongOthers);
      return { settle: () => call.fail(error), fail: call.fail };
    }
  }

  #undoCall(error: unknown, isAmongOthers: boolean): void {
    this.#lostBy = error;
    // After a full disk or a failed write SQLite may already have rolled everything back.
    if (!this.#connection.inTransaction) return;
    try {
      if (isAmongOthers) {
        this.#undo.run();
        this.#release.run();
        return;
      }
      this.#rollback.run();
      this.#begin.run();
    } catch (cause) {
      this.#lostBy = cause;
      this.#rollBack();
    }
  }

  #rollBack(): void {
    try {
      if (this.#connection.inTransaction) this.#rollback.run();
    } catch {
      // The connection is beyond use; every later begin says so to its callers.
    }
  }

  /** The transaction is lost, and with it the work of everybody in it; a begin that failed is told to all who wait. */
  #giveUp(calls: Call[], outcomes: readonly Outcome[], error: unknown): void {
    this.#rollBack();
    const cause = toStorageError(error);
    const told = new GatehouseError('storage_unavailable', 'The store could not keep the change.', {
      cause,
      context: cause.context,
    });
    for (const { fail } of outcomes.length > 0 ? outcomes : calls.splice(0)) fail(told);
  }

  /** Gives up on a function that waits for something other than the store: it would hold up every other writer. */
  #limited<Result>(unit: Unit, work: Promise<Result>): Promise<Result> {
    const limit = this.#functionLimitMs;
    return new Promise((resolve, reject) => {
      const watch = (statements: number): void => {
        if (unit.statements > statements) {
          timer = setTimeout(watch, limit, unit.statements);
          return;
        }
        const detail = `A transaction asked nothing for ${limit} ms: it waits for more than storage.`;
        reject(new GatehouseError('internal', detail));
      };
      let timer = setTimeout(watch, limit, 0);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
