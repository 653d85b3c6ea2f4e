/** What a scenario is: something to prepare, something to measure, something to verify afterwards. */
import type { Operation } from './loader.ts';
import type { Subject } from './subject.ts';

/** One round on one server. */
export interface Round {
  readonly count: number;
  /** Timed. Index 0, 1, 2 ... without a gap, but not in order when concurrent. */
  operate(index: number): Promise<Operation>;
  /** Untimed: looks whether the changes are really there and puts things back. `done` operations have run. */
  verify?(done: number): Promise<string | undefined>;
}

export interface Scenario {
  readonly name: string;
  readonly concurrency: number;
  /** What one operation moves, such as the 100 users of a page; 1 if absent. */
  readonly unitsPerOperation?: number;
  /** Names of the subjects it runs on; all of the stage if absent. */
  readonly subjects?: readonly string[];
  /** Untimed, once per subject. Answers why the subject cannot run it, or undefined. */
  prepare?(subject: Subject): Promise<string | undefined>;
  /** Untimed, once per round. `scale` shrinks the number of operations. */
  round(subject: Subject, scale: number): Promise<Round>;
}

/** A share of `count`, but at least one. */
export const scaled = (count: number, scale: number) => Math.max(1, Math.round(count * scale));
