/** Accepting an invitation: by a new person with name and password, or by somebody who is signed in. */
import { GatehouseError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Invitation } from './entities/invitation.ts';
import { invitationStatus } from './entities/invitation.ts';
import type { Cause } from './entities/journal.ts';
import type { Organization } from './entities/organization.ts';
import type { Membership, User } from './entities/people.ts';
import type { InvitationLink } from './invitation-links.ts';
import { findByLink } from './invitation-links.ts';
import { assertAcceptable, settleInvitation } from './invitation-settlement.ts';
import { dropCredentials } from './local-entry.ts';
import { insertMembership } from './memberships.ts';
import { getOrganization } from './organization-lookup.ts';
import { isOwnProof } from './own-sessions.ts';
import { acceptablePassword } from './password-rules.ts';
import { assertPasswordOf, isPasswordOf } from './passwords.ts';
import type { Repositories } from './ports/storage.ts';
import { assertInvitationsOpen } from './provisioning.ts';
import { acceptCode, findSecondFactor } from './second-factor-codes.ts';
import { endSessionsOfUser } from './session-endings.ts';
import type { Authentication, SignedIn } from './sessions.ts';
import { newSessionToken, startSession } from './sessions.ts';

/**
 * Whoever holds the link: somebody who states a password, or somebody signed in. A stated password makes a new account,
 * or opens the one the address already has: somebody who was removed everywhere has no other way to sign in.
 */
export type Acceptor =
  /** `code` is of the second factor of an account that has one. */
  | {
      readonly kind: 'new';
      readonly name: string;
      readonly password: string;
      readonly code?: string | undefined;
    }
  | { readonly kind: 'signed_in'; readonly signedIn: SignedIn };

/** What the page may show to the holder of the link; reading consumes nothing (S164). Undefined for anything but a pending one. */
export async function previewInvitation(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<
  | { readonly invitation: Invitation; readonly organization: Organization; readonly hasAccount: boolean }
  | undefined
> {
  const opened = await findByLink(deps.storage, deps.hashToken, token);
  if (opened === undefined || invitationStatus(opened.invitation, deps.clock()) !== 'pending')
    return undefined;
  const { invitation, link } = opened;
  const organization = await deps.storage.organizations.find(invitation.organizationId);
  if (organization === undefined || organization.provisioning === 'directory') return undefined;
  const holder = await deps.storage.users.findByEmail(invitation.emailKey);
  const hasAccount = holder !== undefined && !isTakenBack(holder, link);
  return { invitation, organization, hasAccount };
}

/**
 * Accepts an invitation and opens a session in the organization. Exactly one of any number of parallel calls succeeds
 * (law 5). Throws `not_found`, `invitation_used`, `invitation_revoked`, `invitation_expired`, `invitations_disabled`,
 * `forbidden` (signed in as another address), `already_exists` (the address has an account, with another password:
 * sign in first), `second_factor_required` (field `code`), `too_many_requests` (wrong passwords of that account, S178), `already_member`, `seats_exhausted`,
 * `invalid`. A failed call leaves the invitation usable.
 */
export async function acceptInvitation(
  deps: Pick<
    Deps,
    'storage' | 'clock' | 'hashToken' | 'passwords' | 'passwordAttempts' | 'afterwards' | 'oneTimeCodes'
  >,
  input: { readonly token: string; readonly acceptor: Acceptor; readonly cause: Cause },
): Promise<{
  readonly sessionToken: string;
  readonly membership: Membership;
  readonly organization: Organization;
}> {
  const opened = await findByLink(deps.storage, deps.hashToken, input.token);
  if (opened === undefined) throw new GatehouseError('not_found', 'No such invitation.');
  const { invitation: found, link } = opened;
  assertAcceptable(found, deps.clock());
  const credentials = await credentialsOf(deps, { ...input, invitation: found, link });
  const sessionToken = newSessionToken();
  const tokenHash = deps.hashToken(sessionToken);
  return deps.storage.transact(async (tx) => {
    const { organizationId } = found;
    const cause: Cause = { ...input.cause, actor: { kind: 'invitee', invitationId: found.id } };
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const invitation = await unchangedLink(tx, found);
    assertAcceptable(invitation, context.now);
    const organization = await getOrganization(tx, organizationId);
    await assertInvitationsOpen(tx, organization);
    const user =
      credentials.kind === 'new'
        ? await insertPerson(tx, context, { invitation, link, ...credentials })
        : await knownPerson(tx, context, { invitation, link, person: credentials.person });
    const authentication = await authenticationOf(tx, deps, { acceptor: input.acceptor, user });
    const added = await insertMembership(tx, context, {
      user,
      email: invitation.email,
      emailKey: invitation.emailKey,
      name: user.name,
      status: 'active',
      source: 'invitation',
      defaultRole: organization.defaultRole,
    });
    const membership = await settleInvitation(tx, context, { invitation, membership: added });
    await startSession(tx, context, { membership, tokenHash, authentication });
    return { sessionToken, membership, organization };
  });
}

/** S165: sent again in the meantime, the invitation has another link, and this one opens nothing. Throws `not_found`. */
async function unchangedLink(tx: Repositories, found: Invitation): Promise<Invitation> {
  const invitation = await tx.invitations.find(found.organizationId, found.id);
  if (invitation?.tokenHash !== found.tokenHash) throw new GatehouseError('not_found', 'No such invitation.');
  return invitation;
}

/** Somebody signed in has not proved anything anew: what they did then is carried over. */
async function authenticationOf(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'oneTimeCodes'>,
  { acceptor, user }: { readonly acceptor: Acceptor; readonly user: User },
): Promise<Authentication> {
  if (acceptor.kind === 'signed_in') {
    const { session } = acceptor.signedIn;
    const { authenticatedAt, authTime } = session;
    // Another organization's identity provider vouched for them, and for nothing beyond this invitation (law 3).
    const amr = isOwnProof(session) ? session.amr : ['fed'];
    return { connectionId: null, amr, authenticatedAt, authTime };
  }
  const factor = await findSecondFactor(tx, user.id);
  if (factor === undefined) return { connectionId: null, amr: ['pwd'] };
  const { code } = acceptor;
  if (code === undefined || (await acceptCode(tx, deps, { factor, code })) === undefined) {
    throw new GatehouseError(
      'second_factor_required',
      'This account asks for a code of its authenticator app, or a recovery code.',
      { field: 'code' },
    );
  }
  return { connectionId: null, amr: ['pwd', 'otp'] };
}

type Credentials =
  | { readonly kind: 'new'; readonly name: string; readonly passwordHash: string }
  | { readonly kind: 'known'; readonly person: User };

/** Hashing is slow on purpose and must not sit inside a transaction: everything about passwords happens here, before. */
async function credentialsOf(
  deps: Pick<
    Deps,
    'storage' | 'clock' | 'passwords' | 'passwordAttempts' | 'afterwards' | 'secondStepAttempts'
  >,
  input: {
    readonly invitation: Invitation;
    readonly acceptor: Acceptor;
    readonly link: InvitationLink;
    readonly cause: Cause;
  },
): Promise<Credentials> {
  const { invitation, acceptor, link, cause } = input;
  if (acceptor.kind === 'signed_in') return { kind: 'known', person: acceptor.signedIn.user };
  const person = await deps.storage.users.findByEmail(invitation.emailKey);
  const { name, password } = acceptor;
  if (person !== undefined && !isTakenBack(person, link)) {
    const { emailKey } = invitation;
    await assertPasswordOf(deps, {
      user: person,
      emailKey,
      password,
      cause,
      refusal: hasAccount(invitation),
    });
    // Whoever states a code has shown the password: each try counts, right or wrong (S178).
    if (acceptor.code !== undefined) deps.secondStepAttempts?.begin({ emailKey: person.id, ip: cause.ip });
    return { kind: 'known', person };
  }
  // Any other password of an account that is taken back is the new one, not a guess.
  if (person !== undefined && (await isPasswordOf(deps, person, password))) return { kind: 'known', person };
  const organization = await deps.storage.organizations.find(invitation.organizationId);
  const knownWords = [name, invitation.email, organization?.name ?? null];
  const passwordHash = await deps.passwords.hash(acceptablePassword(password, { knownWords }));
  return { kind: 'new', name, passwordHash };
}

/** S151: whoever answers the address's mail takes it from an account that never showed it could. */
const isTakenBack = (holder: User, link: InvitationLink): boolean =>
  link.provesAddress && holder.emailVerifiedAt === null;

const hasAccount = ({ email }: Invitation) =>
  new GatehouseError(
    'already_exists',
    `${email} already has an account. Sign in with it, then open the link again.`,
    { field: 'email' },
  );

/** The invited address becomes the new person's sign-in address: proved by the mailed link, only claimed by a copied one. */
async function insertPerson(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly invitation: Invitation;
    readonly link: InvitationLink;
    readonly name: string;
    readonly passwordHash: string;
  },
): Promise<User> {
  const { invitation, link, name, passwordHash } = input;
  const holder = await tx.users.findByEmail(invitation.emailKey);
  if (holder !== undefined) {
    if (!isTakenBack(holder, link)) throw hasAccount(invitation);
    await releaseAddress(tx, context, holder);
  }
  const user: User = {
    id: newId('usr', context.now),
    version: 1,
    email: invitation.email,
    emailKey: invitation.emailKey,
    emailVerifiedAt: link.provesAddress ? context.now : null,
    name,
    passwordHash,
    createdAt: context.now,
    updatedAt: context.now,
  };
  await tx.users.insert(user);
  return user;
}

/** Takes address and credentials from an account that had only claimed them, and ends its sessions everywhere (S151). */
async function releaseAddress(tx: Repositories, context: ChangeContext, holder: User): Promise<void> {
  const released: User = {
    ...holder,
    email: null,
    emailKey: null,
    passwordHash: null,
    updatedAt: context.now,
  };
  await tx.users.update(released, holder.version);
  await dropCredentials(tx, holder.id);
  const ended = await endSessionsOfUser(tx, context, { userId: holder.id, reason: 'address_released' });
  for (const { organizationId, id } of await tx.memberships.listByUser(holder.id)) {
    const endedSessions = ended.filter(({ membershipId }) => membershipId === id).length;
    await record(
      tx,
      { ...context, organizationId },
      {
        type: 'member.updated',
        target: { kind: 'membership', id },
        details: { addressReleased: true, endedSessions },
      },
    );
  }
}

/** S160: whoever is there already must be the invited one, with the password they showed; anybody else is told to switch. */
async function knownPerson(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly invitation: Invitation; readonly link: InvitationLink; readonly person: User },
): Promise<User> {
  const { invitation, link, person } = input;
  const user = await tx.users.find(person.id);
  if (user?.emailKey !== invitation.emailKey || user.passwordHash !== person.passwordHash) {
    throw new GatehouseError(
      'forbidden',
      `This invitation is for ${invitation.email}. Sign out and use that address.`,
    );
  }
  if ((await tx.memberships.findByUser(invitation.organizationId, user.id)) !== undefined) {
    throw new GatehouseError('already_member', 'You are already a member of this organization.');
  }
  if (link.provesAddress && user.emailVerifiedAt === null) {
    await tx.users.update({ ...user, emailVerifiedAt: context.now, updatedAt: context.now }, user.version);
  }
  return user;
}
