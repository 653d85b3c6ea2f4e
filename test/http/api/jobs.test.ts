/** /organizations/{org}/jobs: long work goes step by step, survives its runner, and says how far it is. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Deps } from '../../../src/core/deps.ts';
import type { Job } from '../../../src/core/entities/job.ts';
import { type JobHandler, runDueJobs, startJob } from '../../../src/core/jobs.ts';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import { testCause } from '../../support/gateway.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

type Handler = JobHandler<Deps>;

/** Counts to three, one by one. */
const counting: Handler = async (_deps, { doneCount }) => ({
  progress: { next: doneCount + 1 },
  ...{ doneCount: doneCount + 1, totalCount: 3, isDone: doneCount === 2 },
  ...(doneCount === 2 ? { result: { counted: 3 } } : {}),
});

async function start(): Promise<{ readonly job: Job; readonly base: string }> {
  const organization = await world.newOrganization();
  const { deps } = world.gateway;
  const context = { organizationId: organization.id, cause: testCause, now: deps.clock() };
  const job = await deps.storage.transact((tx) =>
    startJob(tx, context, { kind: 'reprojection', progress: { next: 0 }, totalCount: 3 }),
  );
  return { job, base: `/organizations/${organization.id}/jobs` };
}

const run = (handler: Handler) => runDueJobs<Deps>(world.gateway.deps, { reprojection: handler });

describe('jobs', () => {
  test('a job waits, goes step by step, and ends with its report', async () => {
    const { job, base } = await start();
    const waiting = await world.send(world.operator, `get ${base}/${job.id}`);
    expect(waiting.body).toMatchObject({ state: 'waiting', done: 0, total: 3, result: null, problem: null });
    expect(await run(counting)).toBe(3);
    const done = await world.send(world.operator, `get ${base}/${job.id}`);
    expect(done.body).toMatchObject({ state: 'done', done: 3, total: 3, result: { counted: 3 } });
    expect(await run(counting)).toBe(0);
    const list = await world.send(world.operator, `get ${base}`);
    expect(list.body.items).toEqual([done.body]);
  });

  test('a refusal ends the job and says why; a fault of ours does not tell its inside', async () => {
    for (const [error, problem] of [
      [
        new GatehouseError('seats_exhausted', 'All seats are taken.'),
        { code: 'seats_exhausted', detail: 'All seats are taken.' },
      ],
      [new Error('secret'), { code: 'internal', detail: 'The job failed; the log says why.' }],
    ] as const) {
      const { job, base } = await start();
      await run(() => Promise.reject(error));
      const failed = await world.send(world.operator, `get ${base}/${job.id}`);
      expect(failed.body).toMatchObject({ state: 'failed', problem });
    }
  });

  test('a job whose runner has gone goes on from its last step when the lease has ended', async () => {
    const { job, base } = await start();
    const { storage, clock } = world.gateway.deps;
    const leaseEnds = clock() + 1000;
    await storage.transact((tx) => tx.jobs.claim(clock(), leaseEnds));
    expect(await run(counting)).toBe(0);
    world.gateway.clock.advance(1000);
    expect(await run(counting)).toBe(3);
    const done = await world.send(world.operator, `get ${base}/${job.id}`);
    expect(done.body).toMatchObject({ state: 'done', done: 3 });
  });

  test("another organization's job is not found", async () => {
    const [mine, theirs] = [await start(), await start()];
    const { status } = await world.send(world.operator, `get ${mine.base}/${theirs.job.id}`);
    expect(status).toBe(404);
    await run(counting);
  });
});
