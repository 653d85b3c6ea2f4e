/** Waits that end: a guard that is missing fails a test with words, and not by hanging until the runner gives up. */

/** Far longer than anything here takes, also on a busy machine. */
const PATIENCE_MS = 20_000;

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
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    if (Date.now() > giveUpAt) throw new Error(`never came: ${what}`);
    await new Promise(setImmediate);
  }
}
