/** An invitation of one address into one organization, by mail or by a link handed over. */
import type { InvitationId, MembershipId, OrganizationId, OutboxEventId, TeamId } from '../../kernel/ids.ts';
import type { OrgRole, Resource, ResourceRole, TeamRole } from '../roles.ts';
import type { Actor } from './journal.ts';

export interface InvitationTeam {
  readonly teamId: TeamId;
  readonly role: TeamRole;
}

export interface InvitationResource {
  readonly resource: Resource;
  readonly role: ResourceRole;
}

export interface Invitation {
  readonly id: InvitationId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly email: string;
  /** Folded; at most one pending invitation per organization and address. */
  readonly emailKey: string;
  readonly role: OrgRole;
  readonly teams: readonly InvitationTeam[];
  /** Roles on single things of the product; each thing once. */
  readonly resources: readonly InvitationResource[];
  readonly message: string | null;
  /** As the inviter wrote it; the membership keeps it. */
  readonly department: string | null;
  readonly delivery: 'email' | 'link';
  /** The mail that carries it last; null: none, or one of an older version. */
  readonly mailId: OutboxEventId | null;
  readonly tokenHash: string;
  /** `expired` is not stored: it is `pending` past `expiresAt`. */
  readonly status: 'pending' | 'accepted' | 'revoked';
  readonly invitedBy: Actor;
  readonly acceptedBy: MembershipId | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly settledAt: number | null;
  /** When its holder asked for a new one because it worked no more; null while nobody has. */
  readonly askedAt: number | null;
}

export type InvitationStatus = Invitation['status'] | 'expired';

/** The status as a person sees it at `now`. */
export function invitationStatus(invitation: Invitation, now: number): InvitationStatus {
  return invitation.status === 'pending' && invitation.expiresAt <= now ? 'expired' : invitation.status;
}
