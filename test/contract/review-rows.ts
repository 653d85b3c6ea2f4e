/** Drivers of the rows of access reviews. */
import type { AccessReview } from '../../src/core/entities/access-review.ts';
import { newId } from '../../src/kernel/ids.ts';
import { aMembership, aUser, BUILT_AT } from '../support/builders.ts';
import { anAccessReview, aReviewItem } from '../support/review-builders.ts';
import type { RowKind } from './row-kind.ts';

const accessReviews: RowKind = {
  name: 'accessReviews',
  make: ({ organization: { id }, team, membership }, text) => {
    const value: AccessReview = anAccessReview(id, {
      name: text,
      scope: { orgRoles: ['admin'], teamIds: [team.id], memberIds: [membership.id] },
      dueAt: BUILT_AT + 1,
      completedBy: { kind: 'api_key', apiKeyId: text, name: text, membershipId: null },
      completedAt: BUILT_AT,
    });
    return {
      value,
      insert: (tx) => tx.accessReviews.insert(id, value),
      find: (store) => store.accessReviews.find(id, value.id),
      update: (tx, name, version) => tx.accessReviews.update(id, { ...value, name }, version),
    };
  },
};

const reviewItems: RowKind = {
  name: 'reviewItems',
  make: ({ organization: { id }, review }, text) => {
    // Of somebody who is no member any more: a row of a review outlives them.
    const gone = aMembership(id, aUser().id, { id: newId('mem', BUILT_AT), name: text });
    const value = aReviewItem(review, gone, {
      note: text,
      outcome: { kind: 'at_directory', text },
      decidedBy: { kind: 'system' },
      rights: [
        {
          ...{
            of: { kind: 'resource', resource: { type: text, id: text } },
            decision: 'revoked',
            note: text,
          },
          ...{ outcome: { kind: 'removed' }, decidedBy: { kind: 'operator' }, decidedAt: 5 },
        },
      ],
      decidedAt: 3,
    });
    return {
      value,
      insert: (tx) => tx.reviewItems.append(id, [value]),
      find: (store) => store.reviewItems.find(id, review.id, gone.id),
      update: (tx, note, version) => tx.reviewItems.update(id, { ...value, note }, version),
    };
  },
};

/** Their kinds. */
export const REVIEW_ROWS: readonly RowKind[] = [accessReviews, reviewItems];
