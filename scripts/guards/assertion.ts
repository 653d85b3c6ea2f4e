/** Whether a test failed because it says that something is wrong, and not because something broke. Pure. */

const CAUSE = /\n+\[cause\]: /;
/** Of a failure with causes, the last: what happened first. */
export const innermost = (message: string): string => message.split(CAUSE).at(-1) ?? '';

/** A matcher of jest, or a property that answers false. */
const ASSERTED = /^Error: (?:expect[(.]|Property failed by returning false)/;
/** The first place that is named: where it was thrown. */
const THROWN_AT = /^ +at (?:.*\()?([^()\s]+?):\d+:\d+\)?$/m;

/**
 * `message` is the whole text of jest about one failure, without colours; `tests` the folder of the tests. True for an assertion of
 * jest, for what our tests and those who help them throw in words of their own (a plain Error), and for what fast-check or
 * a schedule reports of either: its cause counts. An error of the program, of a library, of the system or of the
 * language is none, nor is a test that did not end.
 */
export function isAssertion(message: string, tests: string): boolean {
  const first = innermost(message);
  if (ASSERTED.test(first)) return true;
  const isPlain = first.startsWith('Error: ') && !first.startsWith('Error: thrown: ');
  return isPlain && THROWN_AT.exec(first)?.[1]?.startsWith(`${tests}/`) === true;
}
