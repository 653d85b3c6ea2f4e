/** What a person may ask of the bench on the command line, turned into numbers. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly isQuick: boolean;
  /** Measured rounds per scenario; others are run first and thrown away. */
  readonly rounds: number;
  /** Scenarios whose name contains one of these; all if empty. */
  readonly only: readonly string[];
  /** Where the JSON goes; nowhere if absent. */
  readonly out: string | undefined;
  /** Milliseconds per round, server and scenario. */
  readonly budgetMs: number;
  /** Milliseconds of rounds that are thrown away, per server and scenario; four rounds at most. */
  readonly warmUpMs: number;
  /** Share of a scenario's operations that a round holds. */
  readonly scale: number;
  /** Users of the directory in the comparison. */
  readonly users: number;
  /** Users of the big directory in the growth stage. */
  readonly manyUsers: number;
  /** Groups of `bigGroup` members each, for the memory figure. */
  readonly groups: number;
  readonly bigGroup: number;
  /** Organizations beside the measured one in the big store. */
  readonly otherOrganizations: number;
}

const FULL = {
  rounds: 5,
  budgetMs: 4_000,
  warmUpMs: 3_000,
  scale: 1,
  users: 10_000,
  manyUsers: 100_000,
  groups: 100,
  bigGroup: 10_000,
  otherOrganizations: 1_000,
};

/** Shape only: fewer and shorter rounds over smaller directories. */
const QUICK: typeof FULL = {
  rounds: 3,
  budgetMs: 300,
  warmUpMs: 400,
  scale: 0.2,
  users: 1_500,
  manyUsers: 5_000,
  groups: 10,
  bigGroup: 1_000,
  otherOrganizations: 20,
};

/** Reads the command line. Throws a readable error for what it does not know. */
export function readOptions(parameters: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const sizes = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? sizes.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1');
  return { ...sizes, rounds, isQuick: values.quick, only: values.only, out: values.out };
}
