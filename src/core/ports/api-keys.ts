/** What core asks of storage about API keys. */
import type { ApiKeyId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { TokenHash } from '../../kernel/tokens.ts';
import type { ApiKey } from '../entities/api-key.ts';

export interface ApiKeyRepository {
  /** Unique: `tokenHash`. `not_found` when the membership is none of this organization. */
  insert(organizationId: OrganizationId, key: ApiKey): Promise<void>;
  find(organizationId: OrganizationId, id: ApiKeyId): Promise<ApiKey | undefined>;
  /** All of the organization. */
  list(organizationId: OrganizationId): Promise<readonly ApiKey[]>;
  remove(organizationId: OrganizationId, id: ApiKeyId): Promise<boolean>;
  /** Removes the personal keys of a member; answers how many. */
  removeByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<number>;
  /** Notes a use; not versioned, last writer wins. */
  updateLastUsed(organizationId: OrganizationId, id: ApiKeyId, at: number): Promise<void>;
  /** GLOBAL: the credential names the organization (law 1). */
  findByHash(tokenHash: TokenHash): Promise<ApiKey | undefined>;
}
