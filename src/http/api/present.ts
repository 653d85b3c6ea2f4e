/** Entities as JSON, about people and what happened: times as ISO 8601, never a hash, never a secret. */
import { basename } from 'node:path';
import type { z } from 'zod';
import type { Invitation } from '../../core/entities/invitation.ts';
import { invitationStatus } from '../../core/entities/invitation.ts';
import type { AuditEvent } from '../../core/entities/journal.ts';
import type { Organization } from '../../core/entities/organization.ts';
import type { Team } from '../../core/entities/people.ts';
import { adviceFor, type InvitationMailState } from '../../core/joining/invitation-deliveries.ts';
import type { CreatedInvitation } from '../../core/joining/invitations.ts';
import type { Member } from '../../core/members/members.ts';
import { days, hours } from '../../kernel/clock.ts';
import type {
  auditEventShape,
  createdInvitationShape,
  invitationShape,
  memberShape,
  organizationShape,
  teamShape,
} from './shapes.ts';

/** Epoch milliseconds as ISO 8601 UTC. */
export const isoTime = (at: number): string => new Date(at).toISOString();
/** The same for a time that may not have come. */
export const isoTimeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at));

/** As `durationField` reads it. */
const presentDuration = (ms: number): string =>
  ms % days(1) === 0 ? `${ms / days(1)}d` : `${ms / hours(1)}h`;

export const presentOrganization = (organization: Organization): z.infer<typeof organizationShape> => {
  const { id, slug, name, provisioning, plan, defaultRole, seatsUsed } = organization;
  const { preset, seats, invitations, teams, sso, scim } = plan;
  return {
    id,
    slug,
    name,
    provisioning,
    plan: { preset, seats, invitations, teams, sso, scim },
    defaultRole,
    conflictPolicy: organization.conflictPolicy,
    strictClaims: organization.strictClaims,
    requireSecondFactor: organization.requireSecondFactor,
    reprojection: organization.reprojectionJobId,
    ssoPolicy: organization.ssoPolicy,
    invitationExpiresIn: presentDuration(organization.invitationTtlMs),
    linksRequireDomains: organization.linksRequireDomains,
    branding: { ...organization.branding },
    notifications: { ...organization.notifications },
    auditRetentionDays: organization.auditRetentionDays,
    seatsUsed,
    createdAt: isoTime(organization.createdAt),
    updatedAt: isoTime(organization.updatedAt),
  };
};

export const presentTeam = (team: Team): z.infer<typeof teamShape> => ({
  id: team.id,
  name: team.name,
  isDefault: team.isDefault,
  createdAt: isoTime(team.createdAt),
  updatedAt: isoTime(team.updatedAt),
});

export const presentMember = ({ membership, teams }: Member): z.infer<typeof memberShape> => ({
  id: membership.id,
  userId: membership.userId,
  email: membership.email,
  name: membership.name,
  ...(membership.avatarUrl === null ? {} : { avatarUrl: membership.avatarUrl }),
  status: membership.status,
  orgRole: membership.orgRole,
  teams: teams.map(({ teamId, role }) => ({ id: teamId, role })),
  ...(membership.department === null ? {} : { department: membership.department }),
  source: membership.source,
  lastActiveAt: isoTimeOrNull(membership.lastActiveAt),
});

/** The folder of a written mail is the operator's business; its file name is enough to find it. */
function presentDelivery(delivery: InvitationMailState): z.infer<typeof invitationShape>['delivery'] {
  const advice = adviceFor(delivery);
  if (delivery.channel === 'link' || advice === undefined) return { channel: delivery.channel };
  if (delivery.status !== 'written') return { ...delivery, advice };
  return { channel: delivery.channel, status: delivery.status, file: basename(delivery.path), advice };
}

/** What became of an invitation, and who did it. */
function presentHistory({ status, settledAt, acceptedBy, history, resentCount, id }: Invitation) {
  const steps = history.map(({ kind, by, at, why }) => ({
    ...{ kind, by: { ...by }, at: isoTime(at) },
    ...(why === undefined ? {} : { why }),
  }));
  const ending = steps.findLast(({ kind }) => kind === 'revoked' || kind === 'voided');
  const acceptedAt = status === 'accepted' && settledAt !== null ? isoTime(settledAt) : null;
  const by = { kind: 'invitee', invitationId: id, membershipId: acceptedBy };
  return {
    acceptedAt,
    revokedAt: status === 'revoked' ? isoTimeOrNull(settledAt) : null,
    revokedBy: status === 'revoked' ? (ending?.by ?? null) : null,
    resentCount,
    history: acceptedAt === null ? steps : [...steps, { kind: 'accepted' as const, by, at: acceptedAt }],
  };
}

export const presentInvitation = (
  invitation: Invitation,
  delivery: InvitationMailState,
  now: number,
): z.infer<typeof invitationShape> => ({
  id: invitation.id,
  status: invitationStatus(invitation, now),
  email: invitation.email,
  role: invitation.role,
  teams: invitation.teams.map(({ teamId, role }) => ({ id: teamId, role })),
  resources: invitation.resources.map(({ resource, role }) => ({ ...resource, role })),
  department: invitation.department,
  message: invitation.message,
  channel: invitation.delivery,
  invitedBy: { ...invitation.invitedBy },
  acceptedBy: invitation.acceptedBy,
  createdAt: isoTime(invitation.createdAt),
  expiresAt: isoTime(invitation.expiresAt),
  settledAt: isoTimeOrNull(invitation.settledAt),
  ...presentHistory(invitation),
  askedAt: isoTimeOrNull(invitation.askedAt),
  delivery: presentDelivery(delivery),
});

export const presentCreatedInvitation = (
  { invitation, url, delivery }: CreatedInvitation,
  now: number,
): z.infer<typeof createdInvitationShape> => ({
  ...presentInvitation(invitation, delivery, now),
  url,
});

export const presentAuditEvent = (event: AuditEvent): z.infer<typeof auditEventShape> => ({
  id: event.id,
  type: event.type,
  actor: { ...event.actor },
  target: event.target,
  details: presentDetails(event.details),
  requestId: event.requestId,
  ip: event.ip,
  at: isoTime(event.at),
});

const NAMES_A_TIME = /(At|Until)$/;
/** No date is later (ECMA-262 §21.4.1.1). */
const LAST_TIME = 8.64e15;

function readable(name: string, value: unknown): unknown {
  if (typeof value === 'number' && NAMES_A_TIME.test(name) && Math.abs(value) <= LAST_TIME)
    return isoTime(value);
  if (Array.isArray(value)) return value.map((one) => readable(name, one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, readable(key, one)]));
}

/** Details with every time, which is kept as epoch milliseconds under a name such as `expiresAt`, as ISO 8601. */
export const presentDetails = (details: AuditEvent['details']): Record<string, unknown> =>
  Object.fromEntries(Object.entries(details).map(([key, one]) => [key, readable(key, one)]));
