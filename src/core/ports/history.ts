/** What core asks of storage about what held before. */
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { PastKind, PastValue } from '../entities/history.ts';

export interface PastValueRepository {
  /** Keeps a value that has just ended. Of several rows of one subject and instant the first stays: it held before all of them. */
  append<Kind extends PastKind>(organizationId: OrganizationId, row: PastValue<Kind>): Promise<void>;
  /** Takes name and address out of what a membership was; when it held, and everything that is no person's data, stays. */
  erase(organizationId: OrganizationId, membershipId: MembershipId): Promise<void>;
  /** The earliest row of the subject that ended after `at`: what held at `at`, if anything did. Absent: what holds now held then. */
  find<Kind extends PastKind>(
    organizationId: OrganizationId,
    subject: { readonly kind: Kind; readonly id: string },
    at: number,
  ): Promise<PastValue<Kind> | undefined>;
  /** Keeps the value as the only one of its kind and subject, in place of whatever was kept before. */
  replace<Kind extends PastKind>(organizationId: OrganizationId, row: PastValue<Kind>): Promise<void>;
  /** Forgets at most `limit` values that ended before `before`, those that ended first, but never `unrecorded`; answers how many. */
  prune(organizationId: OrganizationId, before: number, limit: number): Promise<number>;
}
