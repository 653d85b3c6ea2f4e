/** Whether the tests of a line noticed that its guard was gone. Pure. */
import type { JestRun, TestOutcome } from './jest-run.ts';
import { titlePattern } from './jest-run.ts';

/** `noticed` is the only good one. */
export interface Verdict {
  readonly kind: 'noticed' | 'not noticed' | 'not run' | 'broken';
  /** The title of the first test that noticed; or what happened instead. */
  readonly detail: string;
  /** How many tests of the line noticed, and how many ran. */
  readonly noticed: number;
  readonly ran: number;
}

/** A program that does not run any more, or does not end, is not an assertion that failed. */
const NO_ASSERTION =
  /^(?:TypeError|ReferenceError|SyntaxError)\b|Cannot find module|does not provide an export|Exceeded timeout/;

const isSame = (a: TestOutcome, b: TestOutcome): boolean => a.file === b.file && a.title === b.title;

/**
 * `before` is the run with every guard in place, `after` the run without this one. Noticed: a test with the number in
 * its title passed before and now fails on its assertion.
 */
export function judge(line: string, before: JestRun, after: JestRun): Verdict {
  const named = new RegExp(titlePattern([line]));
  const ran = after.tests.filter(({ title }) => named.test(title));
  const failed = ran.filter(({ isPassed }) => !isPassed);
  const noticed = failed.filter(
    (test) =>
      !NO_ASSERTION.test(test.failure) && before.tests.some((was) => was.isPassed && isSame(was, test)),
  );
  const count = { noticed: noticed.length, ran: ran.length };
  if (noticed[0] !== undefined) return { kind: 'noticed', detail: noticed[0].title, ...count };
  const [broken] = after.broken;
  if (broken !== undefined) return { kind: 'broken', detail: broken, ...count };
  const [first] = failed;
  if (first !== undefined)
    return { kind: 'broken', detail: `no assertion, or not green before: ${first.failure}`, ...count };
  if (ran.length === 0) return { kind: 'not run', detail: `no test of ${line} ran`, ...count };
  return { kind: 'not noticed', detail: `all ${ran.length} tests of ${line} pass`, ...count };
}
