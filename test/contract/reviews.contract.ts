/** Contract: the people of a review are paged, picked by decision and counted; what is there already stays. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aMembership, aUser } from '../support/builders.ts';
import { anAccessReview, aReviewItem } from '../support/review-builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function reviews(name: string, open: OpenStorage): void {
  describe(`${name}: access reviews`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    const id = world.organization.id;
    const review = anAccessReview(id);
    const members = Array.from({ length: 5 }, () => aMembership(id, aUser().id));
    const items = members.map((member, index) =>
      aReviewItem(review, member, { decision: index < 2 ? 'confirmed' : 'pending' }),
    );
    beforeAll(async () => {
      under = await open();
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, world);
        await tx.accessReviews.insert(id, review);
        await tx.reviewItems.append(id, items);
      });
    });
    afterAll(() => under.close());

    test('people are listed by membership, page by page, and by decision', async () => {
      const { reviewItems } = under.storage;
      const ask = { reviewId: review.id };
      const first = await reviewItems.list(id, ask, { limit: 3 });
      const rest = await reviewItems.list(id, ask, { limit: 3, after: first[2]?.membershipId });
      expect([...first, ...rest]).toStrictEqual(items);
      const confirmed = await reviewItems.list(id, { ...ask, decision: 'confirmed' }, { limit: 1 });
      const next = { limit: 9, after: confirmed[0]?.membershipId };
      const others = await reviewItems.list(id, { ...ask, decision: 'confirmed' }, next);
      expect([...confirmed, ...others]).toStrictEqual(items.slice(0, 2));
    });

    test('they are counted by decision; a review of nobody counts nobody', async () => {
      const { reviewItems } = under.storage;
      expect(await reviewItems.count(id, review.id)).toEqual({ pending: 3, confirmed: 2, revoked: 0 });
      const nobody = anAccessReview(id);
      expect(await reviewItems.count(id, nobody.id)).toEqual({ pending: 0, confirmed: 0, revoked: 0 });
    });

    test('somebody written down twice stays as decided', async () => {
      const [decided] = items;
      if (decided === undefined) throw new Error('no item');
      const again = { ...decided, decision: 'pending', note: 'again' } as const;
      await under.storage.transact((tx) => tx.reviewItems.append(id, [again]));
      expect(await under.storage.reviewItems.find(id, review.id, decided.membershipId)).toStrictEqual(
        decided,
      );
    });

    test('reviews are listed newest first', async () => {
      const newer = anAccessReview(id);
      await under.storage.transact((tx) => tx.accessReviews.insert(id, newer));
      const [first] = await under.storage.accessReviews.list(id, { limit: 1 });
      const [second] = await under.storage.accessReviews.list(id, { limit: 1, after: newer.id });
      expect([first, second]).toStrictEqual([newer, review]);
    });
  });
}
