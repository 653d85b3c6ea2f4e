/** Builders of access reviews. */
import type { AccessReview, ReviewItem } from '../../src/core/entities/access-review.ts';
import type { Membership } from '../../src/core/entities/people.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId } from './builders.ts';

/** An open review of everybody. */
export const anAccessReview = (
  organizationId: OrganizationId,
  fields: Partial<AccessReview> = {},
): AccessReview => ({
  id: nextId('arv'),
  version: 1,
  organizationId,
  name: 'Spring',
  scope: { orgRoles: null, teamIds: null, memberIds: null },
  state: 'open',
  createdBy: { kind: 'operator' },
  dueAt: null,
  completedBy: null,
  completedAt: null,
  createdAt: BUILT_AT,
  updatedAt: BUILT_AT,
  ...fields,
});

/** One undecided person of a review. */
export const aReviewItem = (
  review: Pick<AccessReview, 'organizationId' | 'id'>,
  member: Membership,
  fields: Partial<ReviewItem> = {},
): ReviewItem => ({
  organizationId: review.organizationId,
  reviewId: review.id,
  membershipId: member.id,
  version: 1,
  access: {
    email: member.email,
    name: member.name,
    status: member.status,
    orgRole: member.orgRole,
    source: member.source,
    lastActiveAt: null,
    teams: [],
    resources: [],
    grants: [],
    hints: [],
    takenAt: BUILT_AT,
  },
  decision: 'pending',
  rights: [],
  note: null,
  outcome: null,
  decidedBy: null,
  decidedAt: null,
  ...fields,
});
