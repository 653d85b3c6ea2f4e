/** Invitations: how people come into an organization that manages its members by hand. */
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import type { InvitationId, OrganizationId, OutboxEventId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import { foldKey } from '../kernel/text.ts';
import { newToken } from '../kernel/tokens.ts';
import type { Caller } from './access.ts';
import { assertMayGrant, holdsPermission } from './access.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Invitation, InvitationResource, InvitationTeam } from './entities/invitation.ts';
import { invitationStatus } from './entities/invitation.ts';
import type { Cause } from './entities/journal.ts';
import type { Organization } from './entities/organization.ts';
import { copiedLink, mailedLink } from './invitation-links.ts';
import { layOut } from './mail-layout.ts';
import { invitationMail } from './member-mails.ts';
import { getOrganization } from './organization-lookup.ts';
import type { DeliveryOutcome } from './outbox.ts';
import { deliverMail, enqueueMail } from './outbox.ts';
import type { Repositories } from './ports/storage.ts';
import { assertInvitationsOpen } from './provisioning.ts';
import type { RoleFacts } from './role-table.ts';
import { roleNamed } from './role-table.ts';
import type { OrgRole } from './roles.ts';

export interface InvitationInput {
  readonly email: string;
  readonly role: OrgRole;
  readonly teams: readonly InvitationTeam[];
  readonly resources?: readonly InvitationResource[] | undefined;
  readonly message?: string | undefined;
  /** Absent: as the organization says. */
  readonly ttlMs?: number | undefined;
  readonly delivery: 'email' | 'link';
}

/** What really happened to the invitation: a mail handed over, waiting, or a link for the inviter to pass on. */
export type InvitationDelivery =
  | { readonly channel: 'link' }
  | ({ readonly channel: 'email' } & DeliveryOutcome);

export interface CreatedInvitation {
  readonly invitation: Invitation;
  /** Shown once, to the inviter; storage keeps a keyed hash of its token. The mailed link is another: it proves the address. */
  readonly url: string;
  readonly delivery: InvitationDelivery;
}

type InvitationDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'mailer' | 'baseUrl'>;

interface InvitationRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/**
 * Invites one address. Throws `invitations_disabled`, `plan_lacks`, `forbidden`, `already_member`, `already_invited`,
 * `seats_exhausted`, `invalid`. The mail is handed over after the commit; a failing mail server loses nothing.
 */
export async function createInvitation(
  deps: InvitationDeps,
  input: InvitationRequest & { readonly caller: Caller; readonly invitation: InvitationInput },
): Promise<CreatedInvitation> {
  const { organizationId, cause, caller } = input;
  // 128 bits: S158's floor, so that mail programs need not break the link over two lines.
  const token = newToken('ghi', 128);
  const url = copiedLink(deps.baseUrl, token);
  const { invitation, mailId } = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const organization = await getOrganization(tx, organizationId);
    await assertMayInvite(tx, { organization, caller, invitation: input.invitation });
    const row = await insertInvitation(tx, context, {
      organization,
      invitation: input.invitation,
      tokenHash: deps.hashToken(token),
    });
    const mailId = await mailInvitation(tx, context, {
      invitation: row,
      organization,
      url: mailedLink(deps.baseUrl, token, deps.hashToken),
    });
    return { invitation: row, mailId };
  });
  if (mailId === undefined) return { invitation, url, delivery: { channel: 'link' } };
  const outcome = await deliverMail(deps, { organizationId, id: mailId });
  return { invitation, url, delivery: { channel: 'email', ...outcome } };
}

/** Queues the mail of an invitation that goes by mail; undefined: nothing to send. */
export async function mailInvitation(
  tx: Repositories,
  context: ChangeContext,
  input: Parameters<typeof invitationMail>[0] & { readonly invitation: Invitation },
): Promise<OutboxEventId | undefined> {
  const { invitation, organization } = input;
  if (invitation.delivery !== 'email') return undefined;
  const mail = layOut(invitation.email, invitationMail(input), organization.branding);
  return enqueueMail(tx, context, mail);
}

interface Attempt {
  readonly organization: Organization;
  readonly caller: Caller;
  readonly invitation: Pick<InvitationInput, 'email' | 'role' | 'teams' | 'resources'>;
}

/** Refuses in the order a person would want to hear it: the door, the plan, the role, the address, the seats. */
async function assertMayInvite(tx: Repositories, attempt: Attempt): Promise<void> {
  await assertMayInviteAnew(tx, attempt);
  await assertTeamsKnown(tx, attempt.organization.id, attempt.invitation.teams);
}

/** What must still hold when an invitation is sent once more. Teams that have gone since are left out at acceptance. */
export async function assertMayInviteAnew(tx: Repositories, attempt: Attempt): Promise<void> {
  const { organization, caller, invitation } = attempt;
  await assertInvitationsOpen(tx, organization);
  assertPlanInvites(organization);
  assertMayGiveByInvitation(caller, await roleNamed(tx, invitation.role));
  assertMayGiveResources(caller, organization.id, invitation.resources);
  const members = await tx.memberships.listByEmail(organization.id, foldKey(invitation.email));
  if (members.length === 0) return;
  const detail = `${invitation.email} is already a member of ${organization.name}.`;
  throw new GatehouseError('already_member', detail, { field: 'email' });
}

/** Throws `forbidden` for a role that the caller may not give, and for owner (S162). */
export function assertMayGiveByInvitation(caller: Caller, role: RoleFacts): void {
  assertMayGrant(caller, role);
  if (role.key !== 'owner') return;
  throw new GatehouseError(
    'forbidden',
    'Nobody becomes owner by invitation. Invite as admin, then make the member an owner.',
    { field: 'role' },
  );
}

/** Throws `forbidden` for roles on resources by a caller who may not give them to members either (S162). */
export function assertMayGiveResources(
  caller: Caller,
  organizationId: OrganizationId,
  resources: readonly InvitationResource[] = [],
): void {
  if (resources.length === 0 || holdsPermission(caller, organizationId, 'roles.manage')) return;
  throw new GatehouseError('forbidden', 'Roles on resources need the permission roles.manage.', {
    field: 'resources',
  });
}

/** Throws `invalid`, naming the place in the list, for a team of nobody here. */
export async function assertTeamsKnown(
  tx: Repositories,
  organizationId: OrganizationId,
  teams: readonly InvitationTeam[],
): Promise<void> {
  for (const [index, team] of teams.entries()) {
    if ((await tx.teams.find(organizationId, team.teamId)) !== undefined) continue;
    throw new GatehouseError('invalid', 'No team of this organization has this id.', {
      field: `teams[${index}]`,
    });
  }
}

/** Throws `plan_lacks`, `seats_exhausted`. */
export function assertPlanInvites({ plan, name, seatsUsed }: Organization): void {
  if (!plan.invitations) {
    throw new GatehouseError(
      'plan_lacks',
      `The plan ${plan.preset} is for one person. A plan with more seats lets you invite others.`,
    );
  }
  if (plan.seats !== null && seatsUsed >= plan.seats) {
    throw new GatehouseError(
      'seats_exhausted',
      `All ${plan.seats} seats of ${name} are taken. Free one, or ask for a plan with more seats.`,
    );
  }
}

async function insertInvitation(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly organization: Organization;
    readonly invitation: InvitationInput;
    readonly tokenHash: string;
  },
): Promise<Invitation> {
  const { organizationId, now, cause } = context;
  const { ttlMs = input.organization.invitationTtlMs, message, resources, ...chosen } = input.invitation;
  const emailKey = foldKey(chosen.email);
  await settleExpired(tx, context, emailKey);
  const row: Invitation = {
    id: newId('inv', now),
    version: 1,
    organizationId,
    ...chosen,
    emailKey,
    resources: resources ?? [],
    message: message ?? null,
    tokenHash: input.tokenHash,
    status: 'pending',
    invitedBy: cause.actor,
    acceptedBy: null,
    createdAt: now,
    expiresAt: now + ttlMs,
    settledAt: null,
  };
  await tx.invitations.insert(organizationId, row).catch((error: unknown) => {
    if (!isGatehouseError(error, 'already_exists')) throw error;
    const detail = `${row.email} already has a pending invitation.`;
    throw new GatehouseError('already_invited', detail, { field: 'email', cause: error });
  });
  await record(tx, context, {
    type: 'invitation.created',
    target: { kind: 'invitation', id: row.id },
    details: { email: row.email, ...gifts(row), delivery: row.delivery, expiresAt: row.expiresAt },
  });
  return row;
}

/** What an invitation gives, as the audit tells it. */
export const gifts = ({ role, teams, resources }: Invitation) => ({ role, teams, resources });

/** An expired invitation must not stand in the way of a new one for the same address. */
async function settleExpired(tx: Repositories, context: ChangeContext, emailKey: string): Promise<void> {
  const old = await tx.invitations.findPendingByEmail(context.organizationId, emailKey);
  if (old === undefined || invitationStatus(old, context.now) !== 'expired') return;
  await tx.invitations.update(
    context.organizationId,
    { ...old, status: 'revoked', settledAt: context.now },
    old.version,
  );
  await record(tx, context, {
    type: 'invitation.voided',
    target: { kind: 'invitation', id: old.id },
    details: { email: old.email, reason: 'expired' },
  });
}

/** The invitation, or `not_found`. */
export async function getInvitation(
  deps: Pick<Deps, 'storage'>,
  input: { readonly organizationId: OrganizationId; readonly id: InvitationId },
): Promise<Invitation> {
  const invitation = await deps.storage.invitations.find(input.organizationId, input.id);
  if (invitation === undefined) throw new GatehouseError('not_found', 'No such invitation.');
  return invitation;
}

/**
 * Withdraws a pending invitation: its link is dead when this answers. Withdrawing one that is no longer open changes
 * nothing and throws nothing but `invitation_used`. Also throws `invitations_disabled`, `not_found`.
 */
export async function revokeInvitation(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: InvitationRequest & { readonly id: InvitationId },
): Promise<void> {
  const { organizationId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertInvitationsOpen(tx, await getOrganization(tx, organizationId));
    const invitation = await tx.invitations.find(organizationId, id);
    if (invitation === undefined) throw new GatehouseError('not_found', 'No such invitation.');
    if (invitation.status === 'accepted')
      throw new GatehouseError(
        'invitation_used',
        'This invitation has been accepted; remove the member instead.',
      );
    if (invitation.status === 'revoked') return;
    await tx.invitations.update(
      organizationId,
      { ...invitation, status: 'revoked', settledAt: context.now },
      invitation.version,
    );
    await record(tx, context, {
      type: 'invitation.revoked',
      target: { kind: 'invitation', id },
      details: { email: invitation.email },
    });
  });
}
