/** What core asks of storage about cut-overs. */
import type { DirectoryId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Cutover, CutoverMember } from '../entities/cutover.ts';
import type { PageRequest } from './paging.ts';

export interface CutoverRepository {
  /** Unique: the directory, `already_exists` with field `directoryId`. */
  insert(organizationId: OrganizationId, cutover: Cutover): Promise<void>;
  find(organizationId: OrganizationId, directoryId: DirectoryId): Promise<Cutover | undefined>;
  update(organizationId: OrganizationId, next: Cutover, expectedVersion: number): Promise<void>;
  /** The same, so that the store holds no copy of what was there. */
  erase(organizationId: OrganizationId, next: Cutover, expectedVersion: number): Promise<void>;
  /** Removes it with the members it remembers. */
  remove(organizationId: OrganizationId, directoryId: DirectoryId): Promise<boolean>;
}

export interface CutoverMemberRepository {
  insert(organizationId: OrganizationId, member: CutoverMember): Promise<void>;
  /** Ordered by membership id, which is also what `after` means. */
  list(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    page: PageRequest,
  ): Promise<readonly CutoverMember[]>;
  /** Takes one member out, so that the store holds no copy; false when it remembers none. */
  erase(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    membershipId: MembershipId,
  ): Promise<boolean>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}
