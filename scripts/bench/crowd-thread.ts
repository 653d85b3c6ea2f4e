/** Runs in a thread of its own: posts prepared forms at an even pace, whatever is answered. */
import { setTimeout as wait } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { Pool } from 'undici';
import type { CrowdOrder } from './crowd.ts';

const pools = new Map<string, Pool>();

parentPort?.on('message', async (order: CrowdOrder) => {
  parentPort?.postMessage(await statusesOf(order));
});

async function statusesOf({ origin, path, forms, perSecond }: CrowdOrder): Promise<readonly number[]> {
  const pool = pools.get(origin) ?? new Pool(origin);
  pools.set(origin, pool);
  const startedAt = performance.now();
  const answers: Promise<number>[] = [];
  for (const [index, form] of forms.entries()) {
    const dueIn = startedAt + (index * 1000) / perSecond - performance.now();
    if (dueIn > 0) await wait(dueIn);
    answers.push(post(pool, path, form));
  }
  return Promise.all(answers);
}

async function post(pool: Pool, path: string, form: string): Promise<number> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await pool.request({ method: 'POST', path, headers, body: form });
  await answer.body.dump();
  return answer.statusCode;
}
