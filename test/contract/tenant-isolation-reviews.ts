/** The part of the isolation table about access reviews. */
import { nextId } from '../support/builders.ts';
import {
  absent,
  bug,
  claimedBy,
  conflict,
  type IsolationTable,
  notFound,
  nothing,
  PAGE,
} from './tenant-isolation-entries.ts';

/** Their entries. */
export const reviews: Pick<IsolationTable, 'accessReviews' | 'reviewItems'> = {
  accessReviews: {
    insert: { ...bug, call: (tx, b, a) => tx.accessReviews.insert(b, { ...a.review, id: nextId('arv') }) },
    find: { ...absent, call: (store, b, a) => store.accessReviews.find(b, a.review.id) },
    list: { answersOwn: 1, call: (store, b) => store.accessReviews.list(b, PAGE) },
    update: { ...conflict, call: (tx, b, a) => tx.accessReviews.update(b, claimedBy(b, a.review), 1) },
  },
  reviewItems: {
    append: {
      ...notFound,
      call: (tx, b, a) =>
        tx.reviewItems.append(b, [{ ...claimedBy(b, a.reviewItem), membershipId: nextId('mem') }]),
    },
    find: {
      ...absent,
      call: (store, b, a) => store.reviewItems.find(b, a.review.id, a.membership.id),
    },
    list: { ...nothing, call: (store, b, a) => store.reviewItems.list(b, { reviewId: a.review.id }, PAGE) },
    update: { ...conflict, call: (tx, b, a) => tx.reviewItems.update(b, claimedBy(b, a.reviewItem), 1) },
    erase: { ...conflict, call: (tx, b, a) => tx.reviewItems.erase(b, claimedBy(b, a.reviewItem), 1) },
    count: {
      answers: { pending: 0, confirmed: 0, revoked: 0 },
      call: (store, b, a) => store.reviewItems.count(b, a.review.id),
    },
  },
};
