/** Whether the tests of a line noticed that its guard was gone. Pure. */
import { securityLinesOf } from '../generate/security-tags.ts';
import type { JestRun, TestOutcome } from './jest-run.ts';

/** `noticed` is the only good one. */
export interface Verdict {
  readonly kind: 'noticed' | 'not noticed' | 'not run' | 'broken';
  /** The title of the first test that noticed; or what happened instead. */
  readonly detail: string;
  /** How many tests of the line noticed, and how many ran. */
  readonly noticed: number;
  readonly ran: number;
}

const isSame = (a: TestOutcome, b: TestOutcome): boolean => a.file === b.file && a.title === b.title;

/**
 * `before` is the run with every guard in place, `after` the run without this one. Noticed: a test with the number in
 * its title passed before and now fails on its assertion. A file that does not start any more says nothing, whatever the others say.
 */
export function judge(line: string, before: JestRun, after: JestRun): Verdict {
  const ran = after.tests.filter(({ title }) => securityLinesOf(title).includes(line));
  const failed = ran.filter(({ isPassed }) => !isPassed);
  const noticed = failed.filter(
    (test) => test.isNotice && before.tests.some((was) => was.isPassed && isSame(was, test)),
  );
  const count = { noticed: noticed.length, ran: ran.length };
  const [broken] = after.broken;
  if (broken !== undefined) return { kind: 'broken', detail: broken, ...count };
  if (noticed[0] !== undefined) return { kind: 'noticed', detail: noticed[0].title, ...count };
  const [first] = failed;
  if (first !== undefined)
    return { kind: 'broken', detail: `no assertion, or not green before: ${first.failure}`, ...count };
  if (ran.length === 0) return { kind: 'not run', detail: `no test of ${line} ran`, ...count };
  return { kind: 'not noticed', detail: `all ${ran.length} tests of ${line} pass`, ...count };
}
