/** Access reviews: who held what and why at one moment, and what somebody decided about each of them. */
import type { AccessReviewId, MembershipId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import type { Hint } from '../access/role-fit.ts';
import type { OrgRole, Resource, ResourceRole, TeamRole } from '../access/roles.ts';
import type { Actor } from './journal.ts';
import type { Membership } from './people.ts';

/** Whom a review is about: whoever fits all that is said; null says nothing. */
export interface ReviewScope {
  readonly orgRoles: readonly OrgRole[] | null;
  readonly teamIds: readonly TeamId[] | null;
  readonly memberIds: readonly MembershipId[] | null;
}

/** `preparing`: people are still being written down. Decisions are taken while it is `open`. */
export type ReviewState = 'preparing' | 'open' | 'completed';

export interface AccessReview {
  readonly id: AccessReviewId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly scope: ReviewScope;
  readonly state: ReviewState;
  readonly createdBy: Actor;
  /** By when it ought to be completed, epoch ms; nothing happens by itself. */
  readonly dueAt: number | null;
  readonly completedBy: Actor | null;
  readonly completedAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One reason for one role, as it was told then. */
export interface ReviewedGrant {
  readonly scope: 'org' | 'team' | 'resource';
  readonly role: string;
  /** Team or resource; null for the organization. */
  readonly of: string | null;
  readonly sentence: string;
  readonly decides: boolean;
  readonly at: number;
}

/** What somebody held when the review looked. */
export interface ReviewedAccess extends Pick<Membership, 'email' | 'name' | 'status' | 'orgRole' | 'source'> {
  readonly lastActiveAt: number | null;
  readonly teams: readonly { readonly id: TeamId; readonly name: string; readonly role: TeamRole }[];
  readonly resources: readonly { readonly resource: Resource; readonly role: ResourceRole }[];
  readonly grants: readonly ReviewedGrant[];
  readonly hints: readonly Hint[];
  readonly takenAt: number;
}

export type ReviewDecision = 'pending' | 'confirmed' | 'revoked';

/** What a revocation came to. `at_directory`: nothing has changed here; the text says what to change there. */
export type ReviewOutcome =
  | { readonly kind: 'removed' }
  | { readonly kind: 'lowered'; readonly role: OrgRole }
  | { readonly kind: 'at_directory'; readonly text: string };

/** A right besides the org role that a review decides about by itself. */
export type ReviewedRight =
  | { readonly kind: 'team'; readonly teamId: TeamId }
  | { readonly kind: 'resource'; readonly resource: Resource };

export type RightOutcome = Exclude<ReviewOutcome, { readonly kind: 'lowered' }>;

/** What was decided about one of them. */
export interface RightDecision {
  readonly of: ReviewedRight;
  readonly decision: Exclude<ReviewDecision, 'pending'>;
  readonly note: string | null;
  readonly outcome: RightOutcome | null;
  readonly decidedBy: Actor;
  readonly decidedAt: number;
}

/** One person in one review. */
export interface ReviewItem {
  readonly organizationId: OrganizationId;
  readonly reviewId: AccessReviewId;
  readonly membershipId: MembershipId;
  readonly version: number;
  readonly access: ReviewedAccess;
  /** About the membership and the org role. */
  readonly decision: ReviewDecision;
  /** About team roles and roles on resources; those that are missing are undecided. */
  readonly rights: readonly RightDecision[];
  readonly note: string | null;
  readonly outcome: ReviewOutcome | null;
  readonly decidedBy: Actor | null;
  readonly decidedAt: number | null;
}
