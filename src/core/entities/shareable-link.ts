/** A link that an admin passes on: whoever opens it joins with an address of their own, as often as it has uses. */
import type { MembershipId, OrganizationId, ShareableLinkId } from '../../kernel/ids.ts';
import type { OrgRole } from '../access/roles.ts';
import type { InvitationTeam } from './invitation.ts';
import type { Actor } from './journal.ts';

export interface ShareableLink {
  readonly id: ShareableLinkId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly role: OrgRole;
  readonly teams: readonly InvitationTeam[];
  /** In A-label form; whoever joins has proved an address in one of them. Empty: any address. */
  readonly domains: readonly string[];
  readonly tokenHash: string;
  readonly maxUses: number;
  /** Moved by `claim` only; never above `maxUses`. */
  readonly uses: number;
  readonly createdBy: Actor;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  /** When a holder asked for a new one because it worked no more; null while nobody has. */
  readonly askedAt: number | null;
}

/** Who joined through a link, and when. */
export interface ShareableLinkUse {
  readonly membershipId: MembershipId;
  /** The address they proved. */
  readonly email: string;
  readonly usedAt: number;
}

export type ShareableLinkStatus = 'open' | 'used_up' | 'revoked' | 'expired';

/** The status as a person sees it at `now`; nothing but the revocation is stored. */
export function shareableLinkStatus(link: ShareableLink, now: number): ShareableLinkStatus {
  if (link.revokedAt !== null) return 'revoked';
  if (link.uses >= link.maxUses) return 'used_up';
  return link.expiresAt <= now ? 'expired' : 'open';
}
