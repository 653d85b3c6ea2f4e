/** Joining through a link that was passed on: whoever holds it proves an address first, and the use is counted with the member. */
import { GatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import { domainOf } from '../connections/domain-names.ts';
import { isOwnProof } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { assertInvitationsOpen } from '../directory/provisioning.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { ShareableLink } from '../entities/shareable-link.ts';
import { shareableLinkStatus } from '../entities/shareable-link.ts';
import { record } from '../journal/audit.ts';
import { deliverMail } from '../journal/outbox.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { SignedIn } from '../sign-in/sessions.ts';
import { consumeProof, findProvedAddress, mailAddressProof, noProof } from './address-proofs.ts';
import { giveWhatWasPromised, mayStillInvite, settleInvitation } from './invitation-settlement.ts';
import type { Joined, JoiningDeps } from './joining.ts';
import { admit, credentialsOf } from './joining.ts';
import type { Acceptor, JoiningAddress } from './joining-people.ts';
import { isTakenBack, memberAlready } from './joining-people.ts';

interface Opened {
  readonly link: ShareableLink;
  readonly organization: Organization;
}

const usedUp = () =>
  new GatehouseError('invitation_used', 'This link has been used up. Ask for a new one.', {
    whatToDo: 'Ask whoever passed it on for a new link.',
  });

/** Throws the code that says why this link lets nobody in any more; passes when it does. */
function assertOpen(link: ShareableLink, now: number): void {
  const status = shareableLinkStatus(link, now);
  if (status === 'revoked')
    throw new GatehouseError('invitation_revoked', 'This link was withdrawn. Ask for a new one.');
  if (status === 'used_up') throw usedUp();
  if (status === 'expired')
    throw new GatehouseError('invitation_expired', 'This link has expired. Ask for a new one.');
}

/** The link behind a token, whatever became of it. Throws `not_found`. */
async function findLink(
  from: Queries,
  { hashToken }: Pick<Deps, 'hashToken'>,
  token: string,
): Promise<ShareableLink> {
  const link = await from.shareableLinks.findByTokenHash(hashToken(token));
  if (link === undefined) throw new GatehouseError('not_found', 'No such link.');
  return link;
}

/** The link as it is now, if it lets somebody in. Its maker must still be one who invites (law 6, S162). */
async function openedLink(
  from: Queries | Repositories,
  { organizationId, id }: ShareableLink,
  now: number,
): Promise<Opened> {
  const organization = await getOrganization(from, organizationId);
  await assertInvitationsOpen(from, organization);
  const link = await from.shareableLinks.find(organizationId, id);
  if (link === undefined) throw new GatehouseError('not_found', 'No such link.');
  assertOpen(link, now);
  if (!(await mayStillInvite(from, { organizationId, invitedBy: link.createdBy }, now)))
    throw new GatehouseError('invitation_revoked', 'This link was withdrawn. Ask for a new one.');
  return { link, organization };
}

/**
 * What the holder of the link may be shown; reading consumes nothing (S164). Throws `not_found`, `invitations_disabled`,
 * `invitation_revoked`, `invitation_used`, `invitation_expired`.
 */
export async function previewLink(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<Opened> {
  return openedLink(deps.storage, await findLink(deps.storage, deps, token), deps.clock());
}

/** The same for somebody who followed the mail to their address. Throws `not_found` for a proof that does not work besides. */
export async function previewProvedLink(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  { token, proof }: { readonly token: string; readonly proof: string },
): Promise<Opened & { readonly address: JoiningAddress; readonly hasAccount: boolean }> {
  const opened = await previewLink(deps, token);
  const address = await findProvedAddress(deps.storage, deps, { door: opened.link, proof });
  if (address === undefined) throw noProof();
  const holder = await deps.storage.users.findByEmail(address.emailKey);
  return { ...opened, address, hasAccount: holder !== undefined && !isTakenBack(holder, address) };
}

/** Whether the link takes addresses of this domain. */
export const takesAddress = ({ domains }: Pick<ShareableLink, 'domains'>, email: string): boolean =>
  domains.length === 0 || domains.includes(domainOf(email));

function assertTakes(link: ShareableLink, email: string): void {
  if (takesAddress(link, email)) return;
  const detail = `This link is for addresses at ${link.domains.join(', ')}.`;
  throw new GatehouseError('invalid', detail, { field: 'email' });
}

/**
 * The address somebody signed in may join with at once: their own, proved to us, in a session they opened themselves. What
 * another organization's identity provider says proves nothing here (law 3). Undefined: they are asked for a mail.
 */
export function ownProvedAddress(
  { session, user }: SignedIn,
  organizationId: JoiningAddress['organizationId'],
): JoiningAddress | undefined {
  const { email, emailKey, emailVerifiedAt } = user;
  if (email === null || emailKey === null || emailVerifiedAt === null || !isOwnProof(session))
    return undefined;
  return { organizationId, email, emailKey, provesAddress: false };
}

/**
 * Mails a proof to the address; nothing is used before it is shown. The answer is the same whoever the address belongs to
 * (S170). `email` is in its canonical form. Throws what `previewLink` does, `invalid` (field `email`) for an address the link
 * does not take, `too_many_requests` (S171).
 */
export async function requestAddressProof(
  deps: Pick<
    Deps,
    'storage' | 'clock' | 'hashToken' | 'baseUrl' | 'mailer' | 'afterwards' | 'joiningRequests' | 'mailLimits'
  >,
  input: {
    readonly token: string;
    readonly email: string;
    readonly signedIn: SignedIn | undefined;
    readonly cause: Cause;
  },
): Promise<void> {
  const { token, email, signedIn, cause } = input;
  const { link: found } = await previewLink(deps, token);
  assertTakes(found, email);
  deps.joiningRequests?.begin({ emailKey: foldKey(email), ip: cause.ip });
  const { organizationId } = found;
  const queued = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const { link, organization } = await openedLink(tx, found, context.now);
    return mailAddressProof(tx, deps, {
      ...{ context, organization, email, door: link },
      askedBy: signedIn !== undefined && isOwnProof(signedIn.session) ? signedIn.user.id : null,
      path: `/links/${encodeURIComponent(token)}`,
    });
  });
  await deps.afterwards(async () => void (await deliverMail(deps, queued)));
}

interface JoinRequest {
  readonly token: string;
  /** What the mail carried; absent: the address of whoever is signed in. */
  readonly proof: string | undefined;
  readonly acceptor: Acceptor;
  readonly cause: Cause;
}

/**
 * Makes whoever holds the link a member and counts the use in the same transaction: of any number of parallel calls, as many
 * succeed as the link has uses (law 5, S166), and a call that fails leaves its use and its proof. A pending invitation for
 * the same address is accepted along. Throws what `previewLink` and `admit` do, `not_found` for a proof that does not work,
 * `invalid` (field `proof`) where one is missing, `invalid` (field `email`) for an address the link does not take.
 */
export async function joinByLink(deps: JoiningDeps, input: JoinRequest): Promise<Joined> {
  const { token, proof, acceptor } = input;
  const found = await findLink(deps.storage, deps, token);
  await openedLink(deps.storage, found, deps.clock());
  await assertNotThere(deps, found, acceptor);
  const address = await addressOf(deps, found, input);
  assertTakes(found, address.email);
  const credentials = await credentialsOf(deps, { address, acceptor, cause: input.cause });
  return deps.storage.transact(async (tx) => {
    const cause: Cause = { ...input.cause, actor: { kind: 'invitee', invitationId: found.id } };
    const context: ChangeContext = { organizationId: found.organizationId, cause, now: deps.clock() };
    const { link, organization } = await openedLink(tx, found, context.now);
    if (proof !== undefined) await consumeProof(tx, deps, { door: link, proof, now: context.now });
    const settle = (added: Membership) => settleUse(tx, context, { link, address, membership: added });
    return admit(tx, deps, { context, organization, address, acceptor, credentials, settle });
  });
}

/** Whoever is signed in and a member needs no address proved to hear it. Throws `already_member`. */
async function assertNotThere(
  { storage }: JoiningDeps,
  { organizationId }: ShareableLink,
  acceptor: Acceptor,
): Promise<void> {
  if (acceptor.kind !== 'signed_in') return;
  const { session, user } = acceptor.signedIn;
  // What a person is elsewhere is not for one organization's provider to learn (law 3).
  if (session.organizationId !== organizationId && !isOwnProof(session)) return;
  if ((await storage.memberships.findByUser(organizationId, user.id)) !== undefined) throw memberAlready();
}

async function addressOf(
  deps: JoiningDeps,
  link: ShareableLink,
  { proof, acceptor }: JoinRequest,
): Promise<JoiningAddress> {
  if (proof !== undefined) {
    const proved = await findProvedAddress(deps.storage, deps, { door: link, proof });
    if (proved === undefined) throw noProof();
    return proved;
  }
  const own =
    acceptor.kind === 'signed_in' ? ownProvedAddress(acceptor.signedIn, link.organizationId) : undefined;
  if (own !== undefined) return own;
  const detail = 'Ask for a mail to your address first, and show what its link ends with.';
  throw new GatehouseError('invalid', detail, { field: 'proof' });
}

/** Counts the use, gives what the link gives, and what a waiting invitation of the same address gives. Throws `invitation_used`. */
async function settleUse(
  tx: Repositories,
  context: ChangeContext,
  use: { readonly link: ShareableLink; readonly address: JoiningAddress; readonly membership: Membership },
): Promise<Membership> {
  const { link, address, membership } = use;
  const { organizationId, now } = context;
  const counted = { membershipId: membership.id, email: address.email, usedAt: now };
  if (!(await tx.shareableLinks.claim(organizationId, link.id, counted))) throw usedUp();
  const gift = { ...link, invitedBy: link.createdBy, resources: [] };
  const { next, role } = await giveWhatWasPromised(tx, context, { gift, membership });
  await record(tx, context, {
    type: 'invitation_link.used',
    target: { kind: 'invitation_link', id: link.id },
    details: { membershipId: membership.id, role, promisedRole: link.role, uses: link.uses + 1 },
  });
  const waiting = await tx.invitations.findPendingByEmail(organizationId, address.emailKey);
  if (waiting === undefined || invitationStatus(waiting, now) !== 'pending') return next;
  return settleInvitation(tx, context, { invitation: waiting, membership: next });
}
