/**
 * Somebody with an account joins an organization that requires single sign-on: with the mailed link, signed in to that account,
 * and through the organization's own identity provider, in one go. The account is the one signed in here, never one that an
 * address was found to have (law 2); the address only has to agree, three times.
 */
import { GatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import { isOwnProof } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { Invitation } from '../entities/invitation.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import type { User } from '../entities/people.ts';
import type { SignInPurpose } from '../entities/sign-in.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { signInRefusal } from '../sign-in/refused-sign-ins.ts';
import type { SignedIn } from '../sign-in/sessions.ts';
import type { Admission, Admitted } from '../sign-in/sign-in-admission.ts';
import { bindIdentity, judge } from '../sign-in/sign-in-admission.ts';
import { findByLink } from './invitation-links.ts';
import { settleInvitation } from './invitation-settlement.ts';
import { insertJoiner } from './joining-people.ts';

export type JoiningPurpose = Extract<SignInPurpose, { readonly kind: 'accept_invitation' }>;

/** Pure: whether this person, with a proof of their own, may go and join with this invitation. */
export const mayJoinBySignOn = (
  { user, session }: Pick<SignedIn, 'user' | 'session'>,
  { emailKey }: Pick<Invitation, 'emailKey'>,
): boolean => user.emailKey === emailKey && isOwnProof(session);

/**
 * What the sign-in through the identity provider is then for. Throws `not_found` for a link that opens nothing, and
 * `forbidden` for one that did not come out of the invited address's mailbox, and for somebody it is not for.
 */
export async function joiningPurpose(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  { token, signedIn }: { readonly token: string; readonly signedIn: SignedIn },
): Promise<JoiningPurpose> {
  const opened = await findByLink(deps.storage, deps.hashToken, token);
  if (opened === undefined || invitationStatus(opened.invitation, deps.clock()) !== 'pending')
    throw new GatehouseError('not_found', 'No such invitation.');
  const { invitation, link } = opened;
  if (!mayJoinBySignOn(signedIn, invitation))
    throw new GatehouseError('forbidden', 'This invitation is for somebody else.');
  if (!link.provesAddress)
    throw new GatehouseError(
      'forbidden',
      'Open the link in the mail that was sent to you; this is a copy of it.',
    );
  const { id: invitationId, tokenHash } = invitation;
  return { kind: 'accept_invitation', invitationId, tokenHash, userId: signedIn.user.id };
}

/**
 * The refusal of a password where the organization requires single sign-on, with the way on: its sign-in, which accepts the
 * pending invitation; for an address that has an account the invitation's page, where that account is shown first.
 */
export function signOnInstead(
  { baseUrl }: Pick<Deps, 'baseUrl'>,
  door: { readonly organization: Organization; readonly token: string; readonly hasAccount: boolean },
): GatehouseError {
  const { organization, token, hasAccount } = door;
  const detail = `${organization.name} lets people in through its own single sign-on only.`;
  const path = hasAccount
    ? `/invitations/${encodeURIComponent(token)}`
    : `/sign-in/${encodeURIComponent(organization.slug)}`;
  return new GatehouseError('sso_required', detail, {
    url: `${baseUrl}${path}`,
    whatToDo: hasAccount
      ? 'Open `url` in the browser: sign in to your account there and go on to the sign-in of the organization. The invitation is accepted with it.'
      : 'Open `url` in the browser: signing in there accepts the invitation.',
  });
}

/**
 * The end of it, inside the transaction of the sign-in: the invitation is used up by one (law 5), the account becomes a member
 * and is bound to the identity. Throws `sign_in_refused`, `already_member`, `seats_exhausted`, `invitation_used`.
 */
export async function joinBySignOn(
  tx: Repositories,
  context: ChangeContext,
  input: Admission & { readonly purpose: JoiningPurpose },
): Promise<Admitted> {
  const { connection, identity, purpose } = input;
  const { facts, organization } = await judge(tx, context, input);
  const invitation = await tx.invitations.find(context.organizationId, purpose.invitationId);
  const user = await tx.users.find(purpose.userId);
  if (invitation === undefined || !isOpen(context, { invitation, organization, purpose }))
    throw signInRefusal('invitation.not_open');
  if (user === undefined || user.emailKey !== invitation.emailKey)
    throw signInRefusal('identity.other_address');
  const isInvited = identity.email !== null && foldKey(identity.email) === invitation.emailKey;
  if (facts.bound !== undefined) throw signInRefusal('identity.already_bound');
  if (!facts.isAddressVerified || !isInvited) throw signInRefusal('identity.other_address');
  const membership = await joined(tx, context, { user, invitation, organization });
  await bindIdentity(tx, context, { connection, identity, membership });
  await record(tx, context, {
    type: 'identity.connected',
    target: { kind: 'membership', id: membership.id },
    details: { connectionId: connection.id, issuer: identity.issuer, subject: identity.subject },
  });
  return { membership, organization, kind: 'accept_invitation' };
}

/** As it was when the person set out: not sent again, used or withdrawn since, and still a way into this organization. */
const isOpen = (
  { now }: ChangeContext,
  {
    invitation,
    organization,
    purpose,
  }: {
    readonly invitation: Invitation;
    readonly organization: Organization;
    readonly purpose: JoiningPurpose;
  },
): boolean =>
  invitation.tokenHash === purpose.tokenHash &&
  invitationStatus(invitation, now) === 'pending' &&
  organization.provisioning === 'manual';

async function joined(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly user: User; readonly invitation: Invitation; readonly organization: Organization },
) {
  const { user, invitation, organization } = input;
  const added = await insertJoiner(tx, context, { organization, user, address: invitation });
  return settleInvitation(tx, context, { invitation, membership: added });
}

/** The identity providers through which somebody can join it; none where a password does. */
export async function connectionsToJoinBy(
  { storage }: Pick<Deps, 'storage'>,
  { id, ssoPolicy }: Organization,
): Promise<readonly Connection[]> {
  if (ssoPolicy !== 'required') return [];
  return (await storage.connections.list(id)).filter(({ status }) => status === 'active');
}
