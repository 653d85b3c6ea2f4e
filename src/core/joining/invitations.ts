/** Invitations: how people come into an organization that manages its members by hand. */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { InvitationId, OrganizationId, OutboxEventId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Caller } from '../access/access.ts';
import { assertMayTouch } from '../access/access.ts';
import { roleHeld } from '../access/role-table.ts';
import type { OrgRole } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { assertInvitationsOpen } from '../directory/provisioning.ts';
import type { Invitation, InvitationResource, InvitationTeam } from '../entities/invitation.ts';
import { invitationStatus, withdrawn } from '../entities/invitation.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import { record } from '../journal/audit.ts';
import type { DeliveryOutcome } from '../journal/outbox.ts';
import { deliverMail } from '../journal/outbox.ts';
import { countInvitationMail } from '../mail/mail-limit.ts';
import { withDepartmentTeam } from '../members/departments.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { copiedLink, mailedLink } from './invitation-links.ts';
import { mailInvitation } from './invitation-mails.ts';
import { alreadyInvited, assertMayInvite, assertSeatForOne } from './invitation-rules.ts';

export interface InvitationInput {
  readonly email: string;
  readonly role: OrgRole;
  readonly teams: readonly InvitationTeam[];
  readonly resources?: readonly InvitationResource[] | undefined;
  readonly message?: string | undefined;
  /** Kept with the person; a team of that name is joined besides. */
  readonly department?: string | undefined;
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

export type InvitationDeps = Pick<
  Deps,
  'storage' | 'clock' | 'hashToken' | 'mailer' | 'baseUrl' | 'mailLimits'
>;

interface InvitationRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/**
 * Invites one address. Throws `invitations_disabled`, `plan_lacks`, `forbidden`, `already_member`, `already_invited`,
 * `seats_exhausted`, `too_many_requests`, `invalid`. The mail is handed over after the commit; a failing mail server loses nothing.
 */
export async function createInvitation(
  deps: InvitationDeps,
  input: InvitationRequest & { readonly caller: Caller; readonly invitation: InvitationInput },
): Promise<CreatedInvitation> {
  const { organizationId, cause, caller, invitation } = input;
  const invited = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const organization = await getOrganization(tx, organizationId);
    await assertMayInvite(tx, { organization, caller, invitation, now: context.now });
    await assertSeatForOne(tx, { organization, caller, now: context.now });
    await countMail(tx, deps, { context, invitation });
    return inviteWithin(tx, context, { organization, invitation, deps });
  });
  const { mailId: id } = invited;
  const outcome = id === undefined ? undefined : await deliverMail(deps, { organizationId, id });
  return announced(deps, invited, outcome);
}

/** The id of the mail that will carry an invitation; null: none will. */
export const newMailId = (delivery: Invitation['delivery'], now: number): OutboxEventId | null =>
  delivery === 'email' ? newId('evt', now) : null;

/** Counts the mail of an invitation before anything of it is written. Throws `too_many_requests` (S171). */
export async function countMail(
  tx: Repositories,
  { mailLimits: limits }: Pick<Deps, 'mailLimits'>,
  {
    context,
    invitation,
  }: { readonly context: ChangeContext; readonly invitation: Pick<Invitation, 'delivery' | 'email'> },
): Promise<void> {
  if (invitation.delivery !== 'email' || limits === undefined) return;
  const { organizationId, now, cause } = context;
  const { actor } = cause;
  const inviter =
    actor.kind === 'member' ? actor.membershipId : actor.kind === 'api_key' ? actor.apiKeyId : actor.kind;
  const emailKey = foldKey(invitation.email);
  await countInvitationMail(tx, { limits, now }, { organizationId, inviter, emailKey });
}

/** An invitation that stands, its mail queued where it goes by mail. */
export interface Invited {
  readonly invitation: Invitation;
  readonly token: string;
  readonly mailId: OutboxEventId | undefined;
}

/** Stores an invitation that may be made (see `assertMayInvite`) and queues its mail, which is counted, inside the caller's transaction. */
export async function inviteWithin(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly organization: Organization;
    readonly invitation: InvitationInput;
    readonly deps: Pick<Deps, 'baseUrl' | 'hashToken'>;
  },
): Promise<Invited> {
  const { organization, deps } = input;
  // 128 bits: S158's floor, so that mail programs need not break the link over two lines.
  const token = newToken('ghi', 128);
  const invitation = await insertInvitation(tx, context, { ...input, tokenHash: deps.hashToken(token) });
  const url = mailedLink(deps.baseUrl, token, deps.hashToken);
  return { invitation, token, mailId: await mailInvitation(tx, context, { invitation, organization, url }) };
}

/** What the inviter is told; `outcome` is that of the mail, where one went. */
export function announced(
  { baseUrl }: Pick<Deps, 'baseUrl'>,
  { invitation, token }: Invited,
  outcome: DeliveryOutcome | undefined,
): CreatedInvitation {
  const delivery: InvitationDelivery =
    outcome === undefined ? { channel: 'link' } : { channel: 'email', ...outcome };
  return { invitation, url: copiedLink(baseUrl, token), delivery };
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
  const { ttlMs = null, message, department, ...chosen } = input.invitation;
  const emailKey = foldKey(chosen.email);
  await settleExpired(tx, context, emailKey);
  const row: Invitation = {
    id: newId('inv', now),
    version: 1,
    organizationId,
    ...chosen,
    emailKey,
    teams: await teamsOf(tx, organizationId, input.invitation),
    resources: chosen.resources ?? [],
    ...{ message: message ?? null, department: department ?? null },
    mailId: newMailId(chosen.delivery, now),
    tokenHash: input.tokenHash,
    status: 'pending',
    invitedBy: cause.actor,
    ...{ acceptedBy: null, settledAt: null, askedAt: null, resentCount: 0, chosenTtlMs: ttlMs },
    history: [{ kind: 'created', by: cause.actor, at: now }],
    createdAt: now,
    expiresAt: now + (ttlMs ?? input.organization.invitationTtlMs),
  };
  await tx.invitations.insert(organizationId, row).catch((error: unknown) => {
    if (!isGatehouseError(error, 'already_exists')) throw error;
    throw alreadyInvited(row.email, error);
  });
  await record(tx, context, {
    type: 'invitation.created',
    target: { kind: 'invitation', id: row.id },
    details: { email: row.email, ...gifts(row), delivery: row.delivery, expiresAt: row.expiresAt },
  });
  return row;
}

async function teamsOf(
  tx: Repositories,
  organizationId: OrganizationId,
  { teams, department }: InvitationInput,
): Promise<readonly InvitationTeam[]> {
  if (department === undefined) return teams;
  return withDepartmentTeam(teams, department, await tx.teams.list(organizationId));
}

/** What an invitation gives, as the audit tells it. */
export const gifts = ({ role, teams, resources }: Invitation) => ({ role, teams, resources });

/** An expired invitation must not stand in the way of a new one for the same address. */
async function settleExpired(tx: Repositories, context: ChangeContext, emailKey: string): Promise<void> {
  const old = await tx.invitations.findPendingByEmail(context.organizationId, emailKey);
  if (old === undefined || invitationStatus(old, context.now) !== 'expired') return;
  await tx.invitations.update(
    context.organizationId,
    withdrawn(old, { kind: 'voided', why: 'expired', by: context.cause.actor, at: context.now }),
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
 * nothing and throws nothing but `invitation_used`. Also throws `invitations_disabled`, `not_found`, and `forbidden` for one
 * that gives a role which the caller may not touch.
 */
export async function revokeInvitation(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: InvitationRequest & { readonly caller: Caller; readonly id: InvitationId },
): Promise<void> {
  const { organizationId, caller, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertInvitationsOpen(tx, await getOrganization(tx, organizationId));
    const invitation = await tx.invitations.find(organizationId, id);
    if (invitation === undefined) throw new GatehouseError('not_found', 'No such invitation.');
    if (invitation.status === 'accepted')
      throw new GatehouseError(
        'invitation_used',
        'This invitation has been accepted; remove the member instead.',
        { whatToDo: 'Remove the member: they have joined with it.' },
      );
    if (invitation.status === 'revoked') return;
    assertMayTouch(caller, await roleHeld(tx, invitation.role));
    await tx.invitations.update(
      organizationId,
      withdrawn(invitation, { kind: 'revoked', by: cause.actor, at: context.now }),
      invitation.version,
    );
    await record(tx, context, {
      type: 'invitation.revoked',
      target: { kind: 'invitation', id },
      details: { email: invitation.email },
    });
  });
}
