/** Many people at once, sent by a thread of its own: what sending costs is no part of what is timed beside them. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Forms to post, made beforehand. */
export interface CrowdOrder {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  readonly path: string;
  /** Urlencoded bodies. */
  readonly forms: readonly string[];
  readonly perSecond: number;
}

export interface Crowd {
  /** Posts at an even pace whatever the answers, as a crowd does; answers their statuses. One order at a time. */
  send(order: CrowdOrder): Promise<readonly number[]>;
  close(): Promise<unknown>;
}

/** Starts the thread. */
export function createCrowd(): Crowd {
  const thread = new Worker(new URL('./crowd-thread.ts', import.meta.url));
  return {
    async send(order) {
      thread.postMessage(order);
      const [statuses]: readonly unknown[] = await once(thread, 'message');
      if (!Array.isArray(statuses)) throw new Error('The crowd told no statuses.');
      return statuses.map(Number);
    },
    close: () => thread.terminate(),
  };
}
