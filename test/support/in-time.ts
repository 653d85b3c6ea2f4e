/** Waits that end: a guard that is missing fails a test with words, and not by hanging until the runner gives up. */

/** For limits that a test does not mean: longer than anything takes on the busiest machine, shorter than the runner's own. */
export const PATIENT_MS = 600_000;

/** Before a wait is called endless. A machine under load may stand still for half a minute. */
const PATIENCE_MS = 120_000;

/** What the work comes to; rejects, saying what never came, when it hangs. */
export async function inTime<Result>(what: string, work: Promise<Result>): Promise<Result> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(new Error(`never came: ${what}`)), PATIENCE_MS);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets everything else have its turn until that is so; rejects, saying what never came, when it never is. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`never came: ${what}`);
    await new Promise(setImmediate);
  }
}
