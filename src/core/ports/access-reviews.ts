/** What core asks of storage about access reviews. */
import type { AccessReviewId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { AccessReview, ReviewDecision, ReviewItem } from '../entities/access-review.ts';
import type { PageRequest } from './paging.ts';

export interface AccessReviewRepository {
  insert(organizationId: OrganizationId, review: AccessReview): Promise<void>;
  find(organizationId: OrganizationId, id: AccessReviewId): Promise<AccessReview | undefined>;
  /** Newest first; `after` is the id of the last one seen. */
  list(organizationId: OrganizationId, page: PageRequest): Promise<readonly AccessReview[]>;
  update(organizationId: OrganizationId, next: AccessReview, expectedVersion: number): Promise<void>;
}

/** Items hang on their review, not on the membership: what was reviewed stays known when the person has gone. */
export interface ReviewItemRepository {
  /** Keeps items; one that the review has already stays as it is. */
  append(organizationId: OrganizationId, items: readonly ReviewItem[]): Promise<void>;
  find(
    organizationId: OrganizationId,
    reviewId: AccessReviewId,
    membershipId: MembershipId,
  ): Promise<ReviewItem | undefined>;
  /** Ordered by membership id, which is also what `after` means. */
  list(
    organizationId: OrganizationId,
    ask: { readonly reviewId: AccessReviewId; readonly decision?: ReviewDecision | undefined },
    page: PageRequest,
  ): Promise<readonly ReviewItem[]>;
  update(organizationId: OrganizationId, next: ReviewItem, expectedVersion: number): Promise<void>;
  /** Replaces what somebody held and who decided what about them, and overwrites what stood there. */
  erase(organizationId: OrganizationId, next: ReviewItem, expectedVersion: number): Promise<void>;
  count(
    organizationId: OrganizationId,
    reviewId: AccessReviewId,
  ): Promise<Readonly<Record<ReviewDecision, number>>>;
}
