/** What core asks of storage about API keys. */
import type { ApiKeyId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { TokenHash } from '../../kernel/tokens.ts';
import type { ApiKey } from '../entities/api-key.ts';

export interface ApiKeyRepository {
  /** Unique: `tokenHash`. `not_found` when the membership or the team is none of this organization. */
  insert(organizationId: OrganizationId, key: ApiKey): Promise<void>;
  find(organizationId: OrganizationId, id: ApiKeyId): Promise<ApiKey | undefined>;
  /** All of the organization. */
  list(organizationId: OrganizationId): Promise<readonly ApiKey[]>;
  remove(organizationId: OrganizationId, id: ApiKeyId): Promise<boolean>;
  /** Removes the personal keys of a member; answers how many. */
  removeByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<number>;
  /** Notes a use; not versioned, last writer wins. */
  updateLastUsed(organizationId: OrganizationId, id: ApiKeyId, at: number): Promise<void>;
  /**
   * Notes that the warning for `days` before the end is given, in one conditional write: true for the first caller,
   * false when that warning or a later one (fewer days) was given already or the key is gone.
   */
  claimWarning(organizationId: OrganizationId, id: ApiKeyId, days: number): Promise<boolean>;
  /** GLOBAL: the warning job's list, as that of directory tokens. */
  listExpiring(
    span: { readonly after: number; readonly afterId?: ApiKeyId | undefined; readonly until: number },
    limit: number,
  ): Promise<readonly ApiKey[]>;
  /** GLOBAL: the credential names the organization (law 1). */
  findByHash(tokenHash: TokenHash): Promise<ApiKey | undefined>;
}
