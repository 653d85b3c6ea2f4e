/** Contract: webhooks that are due are found, and held by one worker at a time. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Webhook } from '../../src/core/entities/webhook.ts';
import { BUILT_AT } from '../support/builders.ts';
import { aWebhook } from '../support/webhook-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function webhooks(name: string, open: OpenStorage): void {
  describe(`${name}: webhooks`, () => {
    let under: StorageUnderTest;
    let world: World;
    beforeAll(async () => {
      under = await open();
      world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    const add = async (overrides: Partial<Webhook>) => {
      const webhook = aWebhook(world.organization.id, overrides);
      await under.storage.transact((tx) => tx.webhooks.insert(world.organization.id, webhook));
      return webhook;
    };
    const page = { limit: 10 };

    test('due ones by id, of everybody, page by page; never those that wait or rest', async () => {
      const due = await add({ dueAt: BUILT_AT + 5 });
      await add({ dueAt: BUILT_AT + 6 });
      await add({ dueAt: null });
      const { webhooks: stored } = under.storage;
      expect(await stored.listDue(BUILT_AT + 5, page)).toStrictEqual([world.webhook, due]);
      expect(await stored.listDue(BUILT_AT + 5, { after: world.webhook.id, limit: 10 })).toStrictEqual([due]);
      expect(await stored.listDue(BUILT_AT - 1, page)).toEqual([]);
      expect(await stored.findById(due.id)).toStrictEqual(due);
      expect((await stored.listAll(page)).length).toBe(4);
    });

    test('R30: of twenty workers one holds it, and nobody else until the lease ends', async () => {
      const { id, organizationId } = await add({ dueAt: BUILT_AT });
      const claim = (now: number, endsAt: number) =>
        under.storage.transact((tx) => tx.webhooks.claim(organizationId, id, { now, endsAt }));
      const held = await Promise.all(Array.from({ length: 20 }, () => claim(BUILT_AT, BUILT_AT + 100)));
      expect(held.filter((one) => one !== undefined).map((one) => one.dueAt)).toEqual([BUILT_AT + 100]);
      expect(await claim(BUILT_AT + 99, BUILT_AT + 999)).toBeUndefined();
      expect(await claim(BUILT_AT + 100, BUILT_AT + 200)).toMatchObject({
        id,
        dueAt: BUILT_AT + 200,
        version: 1,
      });
    });
  });
}
