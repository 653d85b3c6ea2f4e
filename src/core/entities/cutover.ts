/** The switch of a shadow directory, and what it takes to take it back. */
import type { DirectoryId, JobId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Grant } from '../access/roles.ts';
import type { Membership } from './people.ts';

/** What becomes of members who are not in the directory. `keep`: they stay, by hand. */
export const UNMATCHED_CHOICES = ['keep', 'suspend'] as const;
export type UnmatchedChoice = (typeof UNMATCHED_CHOICES)[number];

/** `switching`: a job is about to do it; nothing has changed yet. */
export const CUTOVER_STATUSES = ['switching', 'switched', 'rolling_back', 'rolled_back'] as const;
export type CutoverStatus = (typeof CUTOVER_STATUSES)[number];

/** An invitation or link that died with the switch; a roll-back does not bring it back. */
export interface VoidedInvitation {
  readonly kind: 'invitation' | 'link';
  readonly id: string;
  /** Null for a link. */
  readonly email: string | null;
}

/** People by what happened to them. */
export interface CutoverCounts {
  /** Members before. */
  readonly members: number;
  readonly adopted: number;
  readonly added: number;
  readonly waiting: number;
  readonly suspended: number;
  readonly kept: number;
}

/** One for each directory: the last one. */
export interface Cutover {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly version: number;
  readonly status: CutoverStatus;
  /** Of the report that was agreed to. */
  readonly reportHash: string;
  readonly unmatched: UnmatchedChoice;
  /** The job that does or did it; null for a small one, done at once. */
  readonly jobId: JobId | null;
  readonly counts: CutoverCounts;
  readonly voided: readonly VoidedInvitation[];
  readonly switchedAt: number;
  /** Epoch ms; from then on it stays. */
  readonly rollbackUntil: number;
  readonly rolledBackAt: number | null;
}

/** A member as they were in the moment before the switch. */
export interface CutoverMember {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly membershipId: MembershipId;
  readonly membership: Membership;
  readonly grants: readonly Grant[];
  readonly expiresAt: number;
}
