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
