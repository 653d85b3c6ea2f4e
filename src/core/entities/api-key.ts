/** Keys for programs that use the management API. */
import type { ApiKeyId, ConnectionId, MembershipId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import type { TokenHash } from '../../kernel/tokens.ts';
import type { OrgRole, Permission } from '../access/roles.ts';

export interface ApiKey {
  readonly id: ApiKeyId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  /** `personal`: lives and dies with the membership. `team`: belongs to the organization, or to one team, and outlives whoever made it. */
  readonly kind: 'personal' | 'team';
  /** Whose key it is; null for team keys. */
  readonly membershipId: MembershipId | null;
  /** The one team it acts in; null: everywhere its scopes reach. */
  readonly teamId: TeamId | null;
  /** The connection of the session in which a person made it; null: a session of the person's own, or the operator. */
  readonly connectionId: ConnectionId | null;
  /** How the person had proved who they are in that session (RFC 8176); empty: there was none, or nothing is known of it. */
  readonly amr: readonly string[];
  /** A membership, or `operator`. */
  readonly createdBy: string;
  /** What it may do; for personal keys never more than the person may at that moment. */
  readonly scopes: readonly Permission[];
  /** What the maker was, admin at most: rules about people count the key as somebody with that role. */
  readonly orgRole: OrgRole;
  readonly tokenHash: TokenHash;
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
  /** The last warning given before `expiresAt`, in days; null: none yet. */
  readonly expiryWarnedDays: number | null;
  /** To the minute. */
  readonly lastUsedAt: number | null;
}
