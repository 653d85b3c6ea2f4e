/** Finds out how long a server keeps others waiting while it works on one large answer. */
import { setImmediate } from 'node:timers/promises';
import { request } from 'undici';
import { failOn, type Subject } from './subject.ts';

const REPEATS = 5;

/**
 * The longest time, in milliseconds, that a request for `/healthz` took while `path` was being answered; the median of
 * five tries. The large body is only collected, never parsed, so that the bench itself does not pause meanwhile.
 */
export async function longestWaitMs({ peer }: Subject, path: string): Promise<number> {
  const waits: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    let isDone = false;
    const large = collect(peer.base + path, peer.bearer).finally(() => {
      isDone = true;
    });
    let longest = 0;
    while (!isDone) {
      longest = Math.max(longest, await ping(new URL('/healthz', peer.base).href));
      await setImmediate();
    }
    await large;
    waits.push(longest);
  }
  return waits.sort((a, b) => a - b)[REPEATS >> 1] ?? Number.NaN;
}

async function ping(url: string): Promise<number> {
  const startedAt = performance.now();
  await (await request(url)).body.dump();
  return performance.now() - startedAt;
}

async function collect(url: string, bearer: string): Promise<void> {
  const answer = await request(url, { headers: { authorization: `Bearer ${bearer}` } });
  await answer.body.arrayBuffer();
  failOn(answer.statusCode === 200 ? undefined : `status ${answer.statusCode} for the large answer`);
}
