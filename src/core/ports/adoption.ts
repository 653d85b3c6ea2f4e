/** What core asks of storage about doubtful matches and removed people. */

import type {
  AdoptionConflictId,
  DirectoryId,
  DirectoryUserId,
  MembershipId,
  OrganizationId,
} from '../../kernel/ids.ts';
import type { AdoptionConflict, ConflictStatus, RemovedUser } from '../entities/adoption.ts';
import type { PageRequest } from './paging.ts';

export interface AdoptionConflictRepository {
  /** Unique: one conflict for each directory user, `already_exists` with field `directoryUserId`. */
  insert(organizationId: OrganizationId, conflict: AdoptionConflict): Promise<void>;
  find(organizationId: OrganizationId, id: AdoptionConflictId): Promise<AdoptionConflict | undefined>;
  findByUser(
    organizationId: OrganizationId,
    directoryUserId: DirectoryUserId,
  ): Promise<AdoptionConflict | undefined>;
  list(
    organizationId: OrganizationId,
    filter: { readonly directoryId: DirectoryId; readonly status?: ConflictStatus | undefined },
    page: PageRequest,
  ): Promise<readonly AdoptionConflict[]>;
  update(organizationId: OrganizationId, next: AdoptionConflict, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: AdoptionConflictId): Promise<boolean>;
}

export interface RemovedUserRepository {
  /** Unique: `id`. */
  insert(organizationId: OrganizationId, user: RemovedUser): Promise<void>;
  find(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    id: DirectoryUserId,
  ): Promise<RemovedUser | undefined>;
  /** Those not expired who had this externalId or this userName, the last removed first. */
  listMatching(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    match: { readonly userNameKey: string; readonly externalId: string | null; readonly now: number },
  ): Promise<readonly RemovedUser[]>;
  /** The last one removed of those who had this membership, expired or not. */
  findByMembership(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    membershipId: MembershipId,
  ): Promise<RemovedUser | undefined>;
  /** Takes the row out; true for exactly one caller (law 5). */
  consume(organizationId: OrganizationId, directoryId: DirectoryId, id: DirectoryUserId): Promise<boolean>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}
