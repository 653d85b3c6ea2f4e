/** Runs what goes on after an answer has left, and lets a stop wait for it. */
import type { Afterwards } from '../core/ports/afterwards.ts';
import type { Logger } from '../kernel/log.ts';

/** By then the answer has left: work begun at once would stand in its way, in the loop and in front of the one writer. */
const PAUSE_MS = 100;

/** `run` is the port; `settled` resolves when nothing it was given waits or is under way any more. `pause` absent: 100 ms. */
export function createAfterwards(
  logger: Pick<Logger, 'error'>,
  pause: () => Promise<unknown> = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS)),
): {
  readonly run: Afterwards;
  settled(): Promise<void>;
} {
  const underWay = new Set<Promise<void>>();
  return {
    run: async (work) => {
      const running = pause()
        .then(work)
        .catch((error: unknown) => logger.error('work after an answer failed', { error }))
        .finally(() => underWay.delete(running));
      underWay.add(running);
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
