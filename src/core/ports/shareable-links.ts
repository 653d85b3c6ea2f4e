/** What core asks of storage about links that admins pass on. */
import type { MembershipId, OrganizationId, ShareableLinkId } from '../../kernel/ids.ts';
import type { ShareableLink, ShareableLinkUse } from '../entities/shareable-link.ts';
import type { PageRequest } from './paging.ts';

export interface ShareableLinkRepository {
  /** Unique: `tokenHash`. */
  insert(organizationId: OrganizationId, link: ShareableLink): Promise<void>;
  find(organizationId: OrganizationId, id: ShareableLinkId): Promise<ShareableLink | undefined>;
  /** Newest first; `after` is the id of the last one seen. */
  list(organizationId: OrganizationId, page: PageRequest): Promise<readonly ShareableLink[]>;
  /** Those that still let somebody in: neither revoked nor expired nor used up. */
  listOpen(organizationId: OrganizationId, now: number): Promise<readonly ShareableLink[]>;
  /** Stores everything but `uses`, which only `claim` moves. */
  update(organizationId: OrganizationId, next: ShareableLink, expectedVersion: number): Promise<void>;
  /**
   * Counts one use and notes whose it is, in one conditional write that leaves `version` alone; false, changing nothing,
   * when the link is revoked, expired at `use.usedAt` or used up (law 5).
   */
  claim(organizationId: OrganizationId, id: ShareableLinkId, use: ShareableLinkUse): Promise<boolean>;
  /** Oldest first; `after` is the membership id of the last one seen. Uses stay when the member goes. */
  listUses(
    organizationId: OrganizationId,
    id: ShareableLinkId,
    page: PageRequest,
  ): Promise<readonly ShareableLinkUse[]>;
  /** Takes the address out of one use, with nothing of it left in the file; false when there is no such use. */
  eraseUse(organizationId: OrganizationId, id: ShareableLinkId, membershipId: MembershipId): Promise<boolean>;
  /** GLOBAL: the link names the organization (law 1). */
  findByTokenHash(tokenHash: string): Promise<ShareableLink | undefined>;
}
