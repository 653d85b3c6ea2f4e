/** An invitation of one address into one organization, by mail or by a link handed over. */
import type { InvitationId, MembershipId, OrganizationId, OutboxEventId, TeamId } from '../../kernel/ids.ts';
import type { OrgRole, Resource, ResourceRole, TeamRole } from '../access/roles.ts';
import type { Actor } from './journal.ts';

export interface InvitationTeam {
  readonly teamId: TeamId;
  readonly role: TeamRole;
}

export interface InvitationResource {
  readonly resource: Resource;
  readonly role: ResourceRole;
}

/** What somebody did to an invitation that waited; acceptance stands in the row itself. `voided`: Gatehouse ended it, `why` says for what. */
export interface InvitationStep {
  readonly kind: 'created' | 'resent' | 'changed' | 'revoked' | 'voided';
  readonly by: Actor;
  readonly at: number;
  readonly why?: 'expired' | 'directory_managed' | 'erased';
}

/** Of each invitation so many steps are kept, the newest and the first. */
const STEPS_KEPT = 50;

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
  /** How long it lasts from when it is sent; null: nobody chose, the organization's length counts each time. */
  readonly chosenTtlMs: number | null;
  readonly settledAt: number | null;
  /** When its holder asked for a new one because it worked no more; null while nobody has. */
  readonly askedAt: number | null;
  /** Oldest first, the creation in front; never empty for invitations made since it is kept. */
  readonly history: readonly InvitationStep[];
  readonly resentCount: number;
}

/** The history with one more step; of very many the oldest after the creation is forgotten. */
export function withStep(
  history: readonly InvitationStep[],
  step: InvitationStep,
): readonly InvitationStep[] {
  const steps = [...history, step];
  return steps.length > STEPS_KEPT ? steps.toSpliced(1, 1) : steps;
}

/** The row of one that ends without having been accepted. */
export function withdrawn(
  invitation: Invitation,
  step: InvitationStep & { readonly kind: 'revoked' | 'voided' },
): Invitation {
  const history = withStep(invitation.history, step);
  return { ...invitation, status: 'revoked', settledAt: step.at, history };
}

export type InvitationStatus = Invitation['status'] | 'expired';

/** The status as a person sees it at `now`. */
export function invitationStatus(invitation: Invitation, now: number): InvitationStatus {
  return invitation.status === 'pending' && invitation.expiresAt <= now ? 'expired' : invitation.status;
}
