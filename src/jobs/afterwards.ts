/** Runs what goes on after an answer has left, and lets a stop wait for it. */
import type { Afterwards } from '../core/ports/afterwards.ts';
import type { Logger } from '../kernel/log.ts';

/** `run` is the port; `settled` resolves when nothing it has begun is under way any more. */
export function createAfterwards(logger: Logger): {
  readonly run: Afterwards;
  settled(): Promise<void>;
} {
  const underWay = new Set<Promise<void>>();
  return {
    run: async (work) => {
      const running = work()
        .catch((error: unknown) => logger.error('work after an answer failed', { error }))
        .finally(() => underWay.delete(running));
      underWay.add(running);
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
