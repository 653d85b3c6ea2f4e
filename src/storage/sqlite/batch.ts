/**
 * Calls that share one transaction of the writing connection: what one of them leaves undone hurts no other. None keeps a
 * savepoint while all goes well, because a savepoint copies every page that is written after it; a call that fails behind
 * its first write takes the whole transaction back, and the others run once more.
 */
import { clearTimeout, setTimeout } from 'node:timers';
import type { Database as Connection, Statement } from 'better-sqlite3';
import { GatehouseError } from '../../kernel/errors.ts';
import type { Unit, Units } from './unit.ts';

/** After a call that had to be taken back so many batches keep savepoints: whoever sends one such call often sends more. */
const CAREFUL_BATCHES = 32;

export interface Call {
  /** Neither behind others in a commit nor before them. */
  readonly isAlone: boolean;
  /** Answered when it is committed, without waiting for the disk. */
  readonly isRelaxed: boolean;
  /** Runs the caller's function, now and perhaps once more; answers how to tell the caller its result. */
  readonly work: (unit: Unit) => Promise<() => void>;
  readonly fail: (error: unknown) => void;
}

export interface Outcome {
  readonly call: Call;
  /** Tells the caller how its function ended; only after the commit. */
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

interface Ended extends Outcome {
  readonly isRefused: boolean;
}

interface BatchesOptions {
  readonly connection: Connection;
  readonly units: Units;
  /** How long a function may ask the store nothing before it is given up. */
  readonly functionLimitMs: number;
}

/** One batch after another over one connection. */
export class Batches {
  readonly #connection: Connection;
  readonly #units: Units;
  readonly #functionLimitMs: number;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #save: Statement;
  readonly #release: Statement;
  readonly #undo: Statement;
  #ended: Ended[] = [];
  /** How many more batches keep savepoints, this one included. */
  #careful = 0;
  #lostBy: unknown;

  constructor({ connection, units, functionLimitMs }: BatchesOptions) {
    this.#connection = connection;
    this.#units = units;
    this.#functionLimitMs = functionLimitMs;
    this.#begin = connection.prepare('BEGIN IMMEDIATE');
    this.#commit = connection.prepare('COMMIT');
    this.#rollback = connection.prepare('ROLLBACK');
    this.#save = connection.prepare('SAVEPOINT unit');
    this.#release = connection.prepare('RELEASE unit');
    this.#undo = connection.prepare('ROLLBACK TO unit');
  }

  /** How the calls of the batch under way, or of the last one, have ended so far. */
  get outcomes(): readonly Outcome[] {
    return this.#ended;
  }

  begin(): void {
    this.#ended = [];
    if (this.#careful > 0) this.#careful -= 1;
    this.#begin.run();
  }

  commit(): void {
    this.#units.settle();
    this.#commit.run();
  }

  /** Takes back whatever is still there. Never throws. */
  rollBack(): void {
    this.#units.forget();
    try {
      if (this.#connection.inTransaction) this.#rollback.run();
    } catch {
      // The connection is beyond use; every later begin says so to its callers.
    }
  }

  /** Runs one function. A refusal is an outcome; what is thrown has cost everybody the transaction. */
  async run(call: Call): Promise<void> {
    this.#ended.push(await this.#runOne(call));
    if (!this.#connection.inTransaction) throw this.#lostBy;
  }

  async #runOne(call: Call): Promise<Ended> {
    const unit = this.#units.open();
    const isSaved = this.#careful > 0;
    try {
      if (isSaved) this.#save.run();
      const settle = await this.#limited(unit, call.work(unit));
      unit.end();
      if (isSaved) {
        this.#units.settle();
        this.#release.run();
      }
      return { call, settle, fail: call.fail, isRefused: false };
    } catch (error) {
      unit.abandon();
      this.#lostBy = error;
      // After a full disk or a failed write SQLite may already have rolled everything back.
      if (this.#connection.inTransaction) await this.#takeBack(unit, isSaved);
      return { call, settle: () => call.fail(error), fail: call.fail, isRefused: true };
    }
  }

  async #takeBack(unit: Unit, isSaved: boolean): Promise<void> {
    // What was left to be written is that of those before: it goes only with their work.
    if (isSaved || unit.hasWritten()) this.#units.forget();
    try {
      if (isSaved) {
        this.#undo.run();
        this.#release.run();
      } else if (unit.hasWritten()) {
        this.#rollback.run();
        this.#begin.run();
        await this.#runAgain();
      }
    } catch (cause) {
      this.#lostBy = cause;
      this.rollBack();
    }
  }

  /** Those that had gone well, in their order and with savepoints; what was refused saw none of the failed writes: it stands. */
  async #runAgain(): Promise<void> {
    if (this.#ended.length > 0) this.#careful = CAREFUL_BATCHES;
    for (const [index, { call, isRefused }] of this.#ended.entries()) {
      if (isRefused) continue;
      this.#ended[index] = await this.#runOne(call);
      if (!this.#connection.inTransaction) throw this.#lostBy;
    }
  }

  /** Gives up on a function that waits for something other than the store: it would hold up every other writer. */
  #limited<Result>(unit: Unit, work: Promise<Result>): Promise<Result> {
    const limit = this.#functionLimitMs;
    return new Promise((resolve, reject) => {
      const watch = (statements: number): void => {
        if (unit.statements() > statements) {
          timer = setTimeout(watch, limit, unit.statements());
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
