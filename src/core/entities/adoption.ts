/** What is remembered of people between a directory and an organization: doubtful matches, and those who were removed. */
import type {
  AdoptionConflictId,
  DirectoryId,
  DirectoryUserId,
  MembershipId,
  OrganizationId,
  UserId,
} from '../../kernel/ids.ts';

/** `open` and `rejected` keep the pushed person out; the other two are final. */
export const CONFLICT_STATUSES = ['open', 'adopted', 'separated', 'rejected'] as const;
export type ConflictStatus = (typeof CONFLICT_STATUSES)[number];

/**
 * Whether the organization had proved the domain of the address; `own_account`: it had, and the member signs in with an
 * address of their own in no domain it has proved.
 */
export const CONFLICT_REASONS = ['proved_address', 'unproved_address', 'own_account'] as const;
export type ConflictReason = (typeof CONFLICT_REASONS)[number];

/** A pushed person who may be somebody the organization already has: nobody comes in until an admin has said so. */
export interface AdoptionConflict {
  readonly id: AdoptionConflictId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly directoryUserId: DirectoryUserId;
  /** The member with the same address. May be gone by now. */
  readonly candidateMembershipId: MembershipId;
  /** What was known of the address when they met. */
  readonly reason: ConflictReason;
  readonly status: ConflictStatus;
  readonly createdAt: number;
  readonly settledAt: number | null;
}

/** Somebody a directory removed: pushed again in time, they are the same person. */
export interface RemovedUser {
  /** The SCIM id they had; never used again. */
  readonly id: DirectoryUserId;
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly userNameKey: string;
  readonly externalId: string | null;
  readonly userId: UserId;
  readonly membershipId: MembershipId;
  /** An admin had suspended them: being removed and pushed again must not undo that. */
  readonly isSuspended: boolean;
  readonly removedAt: number;
  readonly expiresAt: number;
}
