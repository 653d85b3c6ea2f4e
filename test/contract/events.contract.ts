/** Contract: events are read in the order in which they were committed, and a reader that goes on misses none. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { OutboxEvent } from '../../src/core/entities/journal.ts';
import { anOutboxEvent, BUILT_AT } from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function events(name: string, open: OpenStorage): void {
  describe(`${name}: events`, () => {
    let under: StorageUnderTest;
    let ours: World;
    let theirs: World;
    let start = 0;
    beforeEach(async () => {
      await under?.close();
      under = await open();
      [ours, theirs] = [aWorld(), aWorld()];
      await under.storage.transact((tx) => plantWorld(tx, ours));
      await under.storage.transact((tx) => plantWorld(tx, theirs));
      start = (await under.storage.outbox.listEvents({}, 0, 100)).at(-1)?.position ?? 0;
    });
    afterAll(() => under.close());

    const append = async (world: World, overrides: Partial<OutboxEvent> = {}) => {
      const event = anOutboxEvent(world.organization.id, { dueAt: null, ...overrides });
      await under.storage.transact((tx) => tx.outbox.append(world.organization.id, event));
      return event;
    };
    const read = (after: number, limit = 100, world?: World) =>
      under.storage.outbox.listEvents({ organizationId: world?.organization.id }, after, limit);

    test('they come in the order of their commits, whatever their ids and times say', async () => {
      const late = await append(ours, { createdAt: BUILT_AT + 9 });
      const early = await append(theirs, { createdAt: BUILT_AT - 9 });
      const found = await read(start);
      expect(found.map(({ event }) => event)).toStrictEqual([late, early]);
      expect(await read(found[0]?.position ?? 0)).toStrictEqual(found.slice(1));
      expect(await read(start, 1)).toStrictEqual(found.slice(0, 1));
    });

    test('of one organization, and nothing but events', async () => {
      const event = await append(ours);
      await append(ours, { kind: 'mail' });
      await append(ours, { kind: 'logout' });
      await append(theirs);
      expect((await read(start, 100, ours)).map((placed) => placed.event)).toStrictEqual([event]);
    });

    test('a position is never given twice, though the last rows go with their organization', async () => {
      await append(theirs);
      const [last] = (await read(start)).slice(-1);
      await under.storage.transact((tx) => tx.organizations.remove(theirs.organization.id));
      expect((await read(start)).map(({ position }) => position)).not.toContain(last?.position);
      const next = await append(ours);
      expect((await read(last?.position ?? 0)).map(({ event }) => event)).toStrictEqual([next]);
    });

    test('the place of an event is found by its id, in its own organization or in any', async () => {
      const event = await append(ours);
      const mail = await append(ours, { kind: 'mail' });
      const last = await append(theirs);
      const { outbox } = under.storage;
      const [placed, , ...none] = await read(start);
      expect(none).toEqual([]);
      const own = { organizationId: ours.organization.id };
      expect(await outbox.findPosition(own, event.id)).toBe(placed?.position);
      expect(await outbox.findPosition({}, event.id)).toBe(placed?.position);
      expect(await outbox.findPosition({}, last.id)).toBe(await outbox.findLastPosition());
      expect(await outbox.findPosition(own, last.id)).toBeUndefined();
      expect(await outbox.findPosition({}, mail.id)).toBeUndefined();
    });

    test('a mail that waits takes other words; one that is sent, and an event, do not', async () => {
      const { id } = ours.organization;
      const waiting = await append(ours, { kind: 'mail', dueAt: BUILT_AT });
      const sent = await append(ours, { kind: 'mail' });
      const event = await append(ours, { dueAt: BUILT_AT });
      await under.storage.transact(async (tx) => {
        for (const one of [waiting, sent, event])
          await tx.outbox.rewriteMail(id, { ...one, payload: '{"other":1}' });
      });
      const left = (one: OutboxEvent) => under.storage.outbox.find(id, one.id);
      expect(await left(waiting)).toStrictEqual({ ...waiting, payload: '{"other":1}' });
      expect([await left(sent), await left(event)]).toStrictEqual([sent, event]);
    });

    test('what is undone is never seen', async () => {
      const event = anOutboxEvent(ours.organization.id);
      const torn = under.storage.transact(async (tx) => {
        await tx.outbox.append(ours.organization.id, event);
        throw new Error('undone');
      });
      await expect(torn).rejects.toThrow('undone');
      expect(await read(start)).toEqual([]);
    });

    test('what is old and waits for nothing goes, the oldest first, so many at once', async () => {
      const old = { createdAt: BUILT_AT - 100 };
      await append(ours, old);
      const waiting = await append(ours, { ...old, dueAt: BUILT_AT });
      await append(ours, old);
      const fresh = await append(ours);
      const remove = (limit: number) =>
        under.storage.transact((tx) => tx.outbox.removeExpired(BUILT_AT - 50, limit));
      const left = async () => (await read(start)).map(({ event }) => event);
      const planted = (await read(0)).length - 4;
      expect(await remove(planted + 10)).toBe(2);
      expect(await left()).toStrictEqual([waiting, fresh]);
      expect(await remove(100)).toBe(0);
    });
  });
}
