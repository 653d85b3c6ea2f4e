/** Accepting an invitation: by a new person with name and password, or by somebody who is signed in. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { UserId } from '../../kernel/ids.ts';
import { isOwnProof, passwordAllowedFor } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { assertInvitationsOpen } from '../directory/provisioning.ts';
import type { Invitation } from '../entities/invitation.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import { deliverMail } from '../journal/outbox.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import type { SignedIn } from '../sign-in/sessions.ts';
import { consumeProof, findProvedAddress, mailAddressProof, noProof } from './address-proofs.ts';
import type { InvitationLink } from './invitation-links.ts';
import { findByLink } from './invitation-links.ts';
import { assertAcceptable, settleInvitation } from './invitation-settlement.ts';
import type { Joined, JoiningDeps } from './joining.ts';
import { admit, credentialsOf } from './joining.ts';
import { signOnInstead } from './joining-by-sign-on.ts';
import type { Acceptor, JoiningAddress } from './joining-people.ts';
import { forAnother, isTakenBack } from './joining-people.ts';

export interface PreviewedInvitation {
  readonly invitation: Invitation;
  readonly organization: Organization;
  /** The invited address already has an account here. */
  readonly hasAccount: boolean;
  /** Whoever asked, signed in, for the mail that led here (S160). */
  readonly askedBy?: UserId | undefined;
}

/** What the page may show to the holder of the link; reading consumes nothing (S164). Undefined for anything but a pending one. */
export async function previewInvitation(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<PreviewedInvitation | undefined> {
  const opened = await findByLink(deps.storage, deps.hashToken, token);
  if (opened === undefined || invitationStatus(opened.invitation, deps.clock()) !== 'pending')
    return undefined;
  const { invitation, link } = opened;
  const organization = await deps.storage.organizations.find(invitation.organizationId);
  if (organization === undefined || organization.provisioning === 'directory') return undefined;
  const holder = await deps.storage.users.findByEmail(invitation.emailKey);
  // Where single sign-on is required nobody makes an account here that could take the other one's place.
  const isKept =
    organization.ssoPolicy === 'required' || (holder !== undefined && !isTakenBack(holder, link));
  const hasAccount = holder !== undefined && isKept;
  return { invitation, organization, hasAccount };
}

/** Whether this invitation is what made the signed-in person a member here: they may know that there is nothing left to accept. */
export async function hasAccepted(
  deps: Pick<Deps, 'storage' | 'hashToken'>,
  { token, signedIn }: { readonly token: string; readonly signedIn: Pick<SignedIn, 'membership'> },
): Promise<boolean> {
  const opened = await findByLink(deps.storage, deps.hashToken, token);
  return opened?.invitation.status === 'accepted' && opened.invitation.acceptedBy === signedIn.membership.id;
}

/** The same for somebody who followed the mail to the invited address; `askedBy` says who had asked for it. */
export async function previewProvedInvitation(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  { token, proof }: { readonly token: string; readonly proof: string },
): Promise<PreviewedInvitation | undefined> {
  const preview = await previewInvitation(deps, token);
  if (preview === undefined) return undefined;
  const { invitation: door } = preview;
  const address = await findProvedAddress(deps.storage, deps, { door, proof });
  if (address === undefined) return undefined;
  const holder = await deps.storage.users.findByEmail(address.emailKey);
  const hasAccount = holder !== undefined && !isTakenBack(holder, address);
  return { ...preview, hasAccount, askedBy: address.askedBy };
}

/**
 * Mails a proof to the invited address, for somebody signed in who wants to join as who they are although the invitation is for
 * another address (S160): who opens it in their session joins with that address. Throws `not_found` for anything but a pending
 * invitation, `forbidden` for a session that another organization's identity provider vouches for (law 3),
 * `too_many_requests` (S171).
 */
export async function requestInvitedAddressProof(
  deps: Pick<
    Deps,
    'storage' | 'clock' | 'hashToken' | 'baseUrl' | 'mailer' | 'afterwards' | 'joiningRequests' | 'mailLimits'
  >,
  input: { readonly token: string; readonly signedIn: SignedIn; readonly cause: Cause },
): Promise<void> {
  const { token, signedIn, cause } = input;
  const preview = await previewInvitation(deps, token);
  if (preview === undefined) throw new GatehouseError('not_found', 'No such invitation.');
  const { organizationId, id, email, emailKey } = preview.invitation;
  if (!isOwnProof(signedIn.session)) throw forAnother({ email }, { asWhoTheyAre: false });
  deps.joiningRequests?.begin({ emailKey, ip: cause.ip });
  const queued = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const organization = await getOrganization(tx, organizationId);
    await assertInvitationsOpen(tx, organization);
    return mailAddressProof(tx, deps, {
      ...{ context, organization, email, door: { organizationId, id } },
      askedBy: signedIn.user.id,
      path: `/invitations/${encodeURIComponent(token)}`,
    });
  });
  await deps.afterwards(async () => void (await deliverMail(deps, queued)));
}

/**
 * Accepts an invitation and opens a session in the organization. Exactly one of any number of parallel calls succeeds
 * (law 5). Throws `not_found`, `invitation_used`, `invitation_revoked`, `invitation_expired`, `invitations_disabled`,
 * `forbidden` (signed in as another address), `already_exists` (the address has an account, with another password:
 * sign in first), `sso_required` with where to sign in, `second_factor_required` (field `code`), `too_many_requests` (wrong passwords of that account, S178), `already_member`, `seats_exhausted`,
 * `invalid`. A failed call leaves the invitation usable.
 */
export async function acceptInvitation(
  deps: JoiningDeps,
  input: {
    readonly token: string;
    /** What the mail to the invited address carried, for somebody with another one (S160); absent: none was asked for. */
    readonly proof?: string | undefined;
    readonly acceptor: Acceptor;
    readonly cause: Cause;
  },
): Promise<Joined> {
  const { acceptor, proof } = input;
  const opened = await findByLink(deps.storage, deps.hashToken, input.token);
  if (opened === undefined) throw new GatehouseError('not_found', 'No such invitation.');
  const { invitation: found, link } = opened;
  assertAcceptable(found, deps.clock());
  await assertPasswordLeadsIn(deps, { invitation: found, token: input.token });
  const { organizationId } = found;
  const address = await addressOf(deps, { found, link, proof });
  const credentials = await credentialsOf(deps, { address, acceptor, cause: input.cause });
  return deps.storage.transact(async (tx) => {
    const cause: Cause = { ...input.cause, actor: { kind: 'invitee', invitationId: found.id } };
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const invitation = await unchangedLink(tx, found);
    assertAcceptable(invitation, context.now);
    const organization = await getOrganization(tx, organizationId);
    await assertInvitationsOpen(tx, organization);
    if (proof !== undefined) await consumeProof(tx, deps, { door: found, proof, now: context.now });
    const settle = (membership: Membership) => settleInvitation(tx, context, { invitation, membership });
    return admit(tx, deps, { context, organization, address, acceptor, credentials, settle });
  });
}

/** Where single sign-on is required, a password makes nobody a member: throws `sso_required` with where to go on. */
async function assertPasswordLeadsIn(
  deps: Pick<Deps, 'storage' | 'baseUrl'>,
  { invitation, token }: { readonly invitation: Invitation; readonly token: string },
): Promise<void> {
  const organization = await getOrganization(deps.storage, invitation.organizationId);
  if (organization.provisioning === 'directory' || passwordAllowedFor(organization, 'enter')) return;
  const holder = await deps.storage.users.findByEmail(invitation.emailKey);
  throw signOnInstead(deps, { organization, token, hasAccount: holder !== undefined });
}

async function addressOf(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  given: { readonly found: Invitation; readonly link: InvitationLink; readonly proof: string | undefined },
): Promise<JoiningAddress> {
  const { found, link, proof } = given;
  const { organizationId, email, emailKey } = found;
  if (proof === undefined) return { organizationId, email, emailKey, provesAddress: link.provesAddress };
  const proved = await findProvedAddress(deps.storage, deps, { door: found, proof });
  if (proved === undefined) throw noProof();
  return proved;
}

/** S165: sent again in the meantime, the invitation has another link, and this one opens nothing. Throws `not_found`. */
async function unchangedLink(tx: Repositories, found: Invitation): Promise<Invitation> {
  const invitation = await tx.invitations.find(found.organizationId, found.id);
  if (invitation?.tokenHash !== found.tokenHash) throw new GatehouseError('not_found', 'No such invitation.');
  return invitation;
}
