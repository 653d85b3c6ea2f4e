/** Contract: an address gets no mail, once, until it is allowed again. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { MailSuppression } from '../../src/core/entities/mail-suppression.ts';
import { BUILT_AT, nextId, nextText } from '../support/builders.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

function aSuppression(overrides: Partial<MailSuppression> = {}): MailSuppression {
  const address = `${nextText('Gone')}@example.com`;
  return {
    id: nextId('sup'),
    address,
    addressKey: address.toLowerCase(),
    reason: 'bounce',
    createdAt: BUILT_AT,
    ...overrides,
  };
}

/** Registers the suite of counts: limits on mails hold over restarts and processes because these do (S171). */
export function mailCounts(name: string, open: OpenStorage): void {
  describe(`${name}: mail counts`, () => {
    let under: StorageUnderTest;
    beforeEach(async () => {
      await under?.close();
      under = await open();
    });
    afterAll(() => under.close());

    test('each key counts by itself, slot by slot, from behind a time on; expired slots go', async () => {
      const claim = (key: string, slotAt: number) =>
        under.storage.transact((tx) => tx.mailCounts.claim(key, slotAt));
      await Promise.all(Array.from({ length: 20 }, () => claim('a', 100)));
      await claim('a', 50);
      await claim('b', 100);
      const list = (key: string, since: number) => under.storage.mailCounts.list(key, since);
      expect(await list('a', 0)).toStrictEqual([
        { key: 'a', slotAt: 50, count: 1 },
        { key: 'a', slotAt: 100, count: 20 },
      ]);
      expect(await list('a', 50)).toStrictEqual([{ key: 'a', slotAt: 100, count: 20 }]);
      expect(await under.storage.transact((tx) => tx.mailCounts.removeExpired(50))).toBe(1);
      expect([(await list('a', 0)).length, (await list('b', 0)).length]).toEqual([1, 1]);
      expect(await under.storage.transact((tx) => tx.mailCounts.remove('a'))).toBe(1);
      expect([(await list('a', 0)).length, (await list('b', 0)).length]).toEqual([0, 1]);
    });
  });
}

/** Registers the suite. */
export function mailSuppressions(name: string, open: OpenStorage): void {
  describe(`${name}: mail suppressions`, () => {
    let under: StorageUnderTest;
    beforeEach(async () => {
      await under?.close();
      under = await open();
    });
    afterAll(() => under.close());

    const insert = (row: MailSuppression) => under.storage.transact((tx) => tx.mailSuppressions.insert(row));

    test('round trip, by address exactly, listed by id, gone once removed', async () => {
      const [first, second] = [aSuppression({ address: 'Ünï@exämple.com' }), aSuppression()];
      await insert(first);
      await insert(second);
      const { mailSuppressions: store } = under.storage;
      expect(await store.findByAddress(first.addressKey)).toStrictEqual(first);
      expect(await store.findByAddress(first.addressKey.toUpperCase())).toBeUndefined();
      expect(await store.list({ limit: 1 })).toStrictEqual([first]);
      expect(await store.list({ after: first.id, limit: 5 })).toStrictEqual([second]);
      const remove = () => under.storage.transact((tx) => tx.mailSuppressions.remove(first.id));
      expect([await remove(), await remove()]).toEqual([true, false]);
      expect(await store.findByAddress(first.addressKey)).toBeUndefined();
    });

    test('an address is there once', async () => {
      const row = aSuppression();
      await insert(row);
      const again = insert(aSuppression({ addressKey: row.addressKey }));
      await expect(again).rejects.toMatchObject({ code: 'already_exists' });
    });
  });
}
