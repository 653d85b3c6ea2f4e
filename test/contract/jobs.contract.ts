/** Contract: long work is handed to one runner at a time, oldest first, and nobody gets what has ended. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { BUILT_AT } from '../support/builders.ts';
import { aJob } from '../support/job-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function jobs(name: string, open: OpenStorage): void {
  describe(`${name}: long work`, () => {
    let under: StorageUnderTest;
    let world: World;
    beforeEach(async () => {
      await under?.close();
      under = await open();
      world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());
    const write = <Result>(work: (tx: Repositories) => Promise<Result>) => under.storage.transact(work);
    const claim = (now: number) => write((tx) => tx.jobs.claim(now, now + 100));

    test('the job that is due longest goes to one runner, who holds it until the lease ends', async () => {
      const { id } = world.organization;
      const later = aJob(id, { dueAt: BUILT_AT + 1 });
      await write((tx) => tx.jobs.insert(id, later));
      const taken = { ...world.job, state: 'running', version: 2, dueAt: BUILT_AT + 101 };
      expect(await claim(BUILT_AT + 1)).toStrictEqual(taken);
      expect((await claim(BUILT_AT + 1))?.id).toBe(later.id);
      expect(await under.storage.jobs.isDue(BUILT_AT + 100)).toBe(false);
      expect(await claim(BUILT_AT + 100)).toBeUndefined();
      expect(await under.storage.jobs.isDue(BUILT_AT + 101)).toBe(true);
      expect((await claim(BUILT_AT + 101))?.version).toBe(3);
    });

    test('lists leave out what is left to do', async () => {
      const { progress: _, ...listed } = world.job;
      const jobs = await under.storage.jobs.list(world.organization.id, { limit: 10 });
      expect(jobs).toStrictEqual([listed]);
    });

    test('fifty runners at once: one gets it', async () => {
      const claims = await Promise.all(Array.from({ length: 50 }, () => claim(BUILT_AT)));
      expect(claims.filter((job) => job !== undefined)).toHaveLength(1);
    });

    test('what has ended is not handed out, and goes when it is old', async () => {
      const { id } = world.organization;
      await write((tx) => tx.jobs.update(id, { ...world.job, state: 'done', dueAt: null }, 1));
      expect(await claim(BUILT_AT + 1)).toBeUndefined();
      expect(await write((tx) => tx.jobs.removeExpired(BUILT_AT - 1))).toBe(0);
      expect(await write((tx) => tx.jobs.removeExpired(BUILT_AT))).toBe(1);
      await write((tx) => tx.jobs.insert(id, aJob(id)));
      expect(await write((tx) => tx.jobs.removeExpired(BUILT_AT + 9))).toBe(0);
    });
  });
}
