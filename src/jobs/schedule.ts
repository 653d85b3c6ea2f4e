/** Runs a job again and again, one run at a time; a failing run is logged and tried again at the next turn. */
import type { Logger } from '../kernel/log.ts';

/** One round of work, again and again. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<unknown>;
  /** Ends what its runs have left under way; absent: nothing. */
  stop?(): Promise<unknown>;
}

/** Starts the jobs. The answered function stops them and resolves when none is running. */
export function startJobs(jobs: readonly Job[], logger: Logger): () => Promise<void> {
  const running = new Set<Promise<void>>();
  const timers = jobs.map((job) => {
    let isBusy = false;
    return setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      const run = job
        .run()
        .then(
          () => undefined,
          (error: unknown) => logger.error('job failed', { job: job.name, error }),
        )
        .finally(() => {
          isBusy = false;
          running.delete(run);
        });
      running.add(run);
    }, job.everyMs).unref();
  });
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all([...running, ...jobs.map((job) => job.stop?.())]);
  };
}
