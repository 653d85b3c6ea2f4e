/** What may be done with an invitation that waits: change what it gives, send it again, show its link again. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { InvitationId, OrganizationId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Caller } from '../access/access.ts';
import { assertMayTouch } from '../access/access.ts';
import { roleHeld, roleNamed } from '../access/role-table.ts';
import type { OrgRole } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { assertInvitationsOpen } from '../directory/provisioning.ts';
import type { Invitation, InvitationResource, InvitationTeam } from '../entities/invitation.ts';
import { invitationStatus, withStep } from '../entities/invitation.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import { record } from '../journal/audit.ts';
import { deliverMail } from '../journal/outbox.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { copiedLink, linkCopiedAgain, mailedLink } from './invitation-links.ts';
import { mailInvitation } from './invitation-mails.ts';
import {
  assertMayGiveByInvitation,
  assertMayGiveResources,
  assertMayInviteAnew,
  assertMayPromiseTeams,
  assertSeatForOne,
} from './invitation-rules.ts';
import { assertStillOpen } from './invitation-settlement.ts';
import type { CreatedInvitation } from './invitations.ts';
import { countMail, gifts, newMailId } from './invitations.ts';

interface Request {
  readonly organizationId: OrganizationId;
  readonly id: InvitationId;
  readonly caller: Caller;
  readonly cause: Cause;
}

interface Loaded {
  readonly organization: Organization;
  readonly invitation: Invitation;
}

async function load(from: Queries | Repositories, { organizationId, id }: Request): Promise<Loaded> {
  const organization = await getOrganization(from, organizationId);
  await assertInvitationsOpen(from, organization);
  const invitation = await from.invitations.find(organizationId, id);
  if (invitation === undefined) throw new GatehouseError('not_found', 'No such invitation.');
  return { organization, invitation };
}

/** What a pending invitation may be changed to; absent: as it is. */
export interface InvitationChange {
  readonly role?: OrgRole | undefined;
  readonly teams?: readonly InvitationTeam[] | undefined;
  readonly resources?: readonly InvitationResource[] | undefined;
  /** Null takes it away. A mail that has left keeps the old one. */
  readonly message?: string | null | undefined;
  /** Null takes it away; the teams stay as they are. */
  readonly department?: string | null | undefined;
}

/**
 * Changes a pending invitation; its link stays. Whoever changes what it gives answers for it from now on (S162). Throws
 * `not_found`, `invitations_disabled`, `forbidden`, `invalid`, `invitation_used`, `invitation_revoked`, `invitation_expired`.
 */
export async function changeInvitation(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: Request & { readonly change: InvitationChange },
): Promise<Invitation> {
  const { organizationId, caller, cause, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const { invitation } = await load(tx, input);
    assertMayTouch(caller, await roleHeld(tx, invitation.role));
    assertStillOpen(invitation, context.now);
    const next = changed(invitation, change, context);
    assertMayGiveByInvitation(caller, await roleNamed(tx, next.role));
    assertMayGiveResources(caller, organizationId, next.resources);
    if (change.teams !== undefined)
      await assertMayPromiseTeams(tx, { organizationId, caller, teams: change.teams });
    await tx.invitations.update(organizationId, next, invitation.version);
    await record(tx, context, {
      type: 'invitation.updated',
      target: { kind: 'invitation', id: invitation.id },
      details: { before: gifts(invitation), after: gifts(next) },
    });
    return next;
  });
}

function changed(before: Invitation, change: InvitationChange, { cause, now }: ChangeContext): Invitation {
  const { role = before.role, teams = before.teams, resources = before.resources } = change;
  const { message = before.message, department = before.department } = change;
  const givesOther = [change.role, change.teams, change.resources].some((gift) => gift !== undefined);
  const invitedBy = givesOther ? cause.actor : before.invitedBy;
  const history = withStep(before.history, { kind: 'changed', by: cause.actor, at: now });
  return { ...before, role, teams, resources, message, department, invitedBy, history };
}

/**
 * Sends an invitation again, also one that has expired: a new link, the clock from the start, every earlier link dead when
 * this answers (S165). Whoever sends it answers for it from now on. Throws what creating does, and `not_found`,
 * `invitation_used`, `invitation_revoked`, `too_many_requests`. `ttlMs` absent: the length that was chosen for
 * this invitation, where none was the organization's.
 */
export async function resendInvitation(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'mailer' | 'baseUrl' | 'mailLimits'>,
  input: Request & { readonly ttlMs?: number | undefined },
): Promise<CreatedInvitation> {
  const { organizationId, cause } = input;
  const token = newToken('ghi', 128);
  const { invitation, mailId } = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const { organization, invitation } = await renew(tx, context, {
      request: input,
      tokenHash: deps.hashToken(token),
    });
    await countMail(tx, deps, { context, invitation });
    const url = mailedLink(deps.baseUrl, token, deps.hashToken);
    return { invitation, mailId: await mailInvitation(tx, context, { invitation, organization, url }) };
  });
  const url = copiedLink(deps.baseUrl, token);
  if (mailId === undefined) return { invitation, url, delivery: { channel: 'link' } };
  const outcome = await deliverMail(deps, { organizationId, id: mailId });
  return { invitation, url, delivery: { channel: 'email', ...outcome } };
}

async function renew(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly request: Request & { readonly ttlMs?: number | undefined }; readonly tokenHash: string },
): Promise<Loaded> {
  const { request, tokenHash } = input;
  const { organization, invitation } = await load(tx, request);
  // An expired one may be sent again: it is `pending` in the store.
  if (invitation.status !== 'pending') assertStillOpen(invitation, context.now);
  await assertMayInviteAnew(tx, { organization, caller: request.caller, invitation });
  // One that still waits has its seat promised already.
  if (invitationStatus(invitation, context.now) === 'expired')
    await assertSeatForOne(tx, { organization, caller: request.caller, now: context.now });
  const chosenTtlMs = request.ttlMs ?? invitation.chosenTtlMs;
  const expiresAt = context.now + (chosenTtlMs ?? organization.invitationTtlMs);
  const invitedBy = context.cause.actor;
  const mailId = newMailId(invitation.delivery, context.now);
  const next: Invitation = {
    ...invitation,
    ...{ tokenHash, mailId, invitedBy, expiresAt, chosenTtlMs, askedAt: null },
    history: withStep(invitation.history, { kind: 'resent', by: invitedBy, at: context.now }),
    resentCount: invitation.resentCount + 1,
  };
  await tx.invitations.update(context.organizationId, next, invitation.version);
  await record(tx, context, {
    type: 'invitation.resent',
    target: { kind: 'invitation', id: invitation.id },
    details: { email: invitation.email, expiresAt },
  });
  return { organization, invitation: next };
}

/**
 * Shows the link of a pending invitation again: the same one each time, beside the mailed one, which stays good. Only for
 * who may give what it gives. Throws what changing does.
 */
export async function showInvitationLink(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl'>,
  input: Request,
): Promise<{ readonly url: string; readonly expiresAt: number }> {
  const { organizationId, cause, caller } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const { invitation } = await load(tx, input);
    assertMayGiveByInvitation(caller, await roleNamed(tx, invitation.role));
    assertMayGiveResources(caller, organizationId, invitation.resources);
    assertStillOpen(invitation, context.now);
    await record(tx, context, {
      type: 'invitation.link_shown',
      target: { kind: 'invitation', id: invitation.id },
      details: { email: invitation.email },
    });
    const url = linkCopiedAgain(deps.baseUrl, deps.hashToken, invitation);
    return { url, expiresAt: invitation.expiresAt };
  });
}
