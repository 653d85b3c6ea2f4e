/** One row of the tables in `test/guards`: which text of which file is the guard of a security line, and which tests must notice that it is gone. */

/** One exchange of text. `without` occurs exactly once in `file`, which is below the root (`src/...`) or begins with `node_modules/`. */
export interface Cut {
  readonly file: string;
  readonly without: string;
  /** What stands there instead; may be empty. The program stays valid. */
  readonly put: string;
}

/** A cut, and the tests of its line: at least one with the number of the line in its title must then fail on its assertion. */
export interface Guard extends Cut {
  /** `S` and the number, as it stands in the titles. */
  readonly line: string;
  /** Path of the test file, or several, from the root. */
  readonly test: string | readonly string[];
  /** Cut together with the first: guards one behind the other. */
  readonly also?: readonly Cut[];
  /** Where there is nothing to take out: the fault that `put` builds in, as `docs/security.md` says it after "added to the file:". */
  readonly added?: string;
  /** One sentence where a reader would wonder. */
  readonly why?: string;
}

/** A row with the name of its table. */
export interface NamedGuard extends Guard {
  readonly table: string;
}

/** Everything that a row cuts, the first cut first. */
export const cutsOf = (guard: Guard): readonly Cut[] => [guard, ...(guard.also ?? [])];

/** The test files of a row. */
export const testsOf = ({ test }: Guard): readonly string[] => (typeof test === 'string' ? [test] : test);
