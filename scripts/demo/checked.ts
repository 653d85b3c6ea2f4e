/** What a step shows is what it ought to be: a demo that shows a wrong figure has failed. */

/** Answers `shown`; throws, so that the demo ends with status 1, when it is anything but `wanted`. */
export function checked<Value extends string | number>(what: string, shown: unknown, wanted: Value): Value {
  if (shown === wanted) return wanted;
  throw new Error(`${what}: ${JSON.stringify(shown)} instead of ${JSON.stringify(wanted)}`);
}
