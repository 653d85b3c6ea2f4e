/** Whoever comes in through an invitation or a link: somebody new, or with an account; the member they become, and the session. */
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import type { OrganizationId, UserId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';
import type { Organization } from './entities/organization.ts';
import type { Membership, User } from './entities/people.ts';
import { dropCredentials } from './local-entry.ts';
import { welcome } from './member-notices.ts';
import { insertMembership } from './memberships.ts';
import { isOwnProof } from './own-sessions.ts';
import { acceptablePassword } from './password-rules.ts';
import { assertPasswordOf, isPasswordOf } from './passwords.ts';
import type { Repositories } from './ports/storage.ts';
import { acceptCode, findSecondFactor } from './second-factor-codes.ts';
import { endSessionsOfUser } from './session-endings.ts';
import type { Authentication, SignedIn } from './sessions.ts';
import { newSessionToken, startSession } from './sessions.ts';

/**
 * Whoever stands at the door: somebody who states a password, or somebody signed in. A stated password makes a new account,
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

/** The address somebody joins an organization with. */
export interface JoiningAddress {
  readonly organizationId: OrganizationId;
  readonly email: string;
  readonly emailKey: string;
  /** Whether the link they hold came out of that address's own mailbox. */
  readonly provesAddress: boolean;
  /** The account that asked, while it was signed in, to join with this address although it has another (S160). */
  readonly askedBy?: UserId | undefined;
}

/** What `acceptInvitation` and `joinByLink` need besides what they look for themselves. */
export type JoiningDeps = Pick<
  Deps,
  | 'storage'
  | 'clock'
  | 'hashToken'
  | 'passwords'
  | 'passwordAttempts'
  | 'secondStepAttempts'
  | 'afterwards'
  | 'oneTimeCodes'
  | 'baseUrl'
>;

/** Somebody who has come in. */
export interface Joined {
  readonly sessionToken: string;
  readonly membership: Membership;
  readonly organization: Organization;
}

/**
 * Makes the member, lets `settle` consume what brought them and give what it promised, and opens their session: all inside the
 * caller's transaction. Throws `forbidden` (signed in as another address, or by an identity provider's word alone), `already_exists` (the address has an account in
 * the meantime), `already_member`, `seats_exhausted`, `second_factor_required`, `sso_required`.
 */
export async function admit(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'oneTimeCodes' | 'baseUrl'>,
  input: {
    readonly context: ChangeContext;
    readonly organization: Organization;
    readonly address: JoiningAddress;
    readonly acceptor: Acceptor;
    readonly credentials: Credentials;
    readonly settle: (added: Membership) => Promise<Membership>;
  },
): Promise<Joined> {
  const { context, organization, address, acceptor, credentials, settle } = input;
  const user =
    credentials.kind === 'new'
      ? await insertPerson(tx, context, { address, ...credentials })
      : await knownPerson(tx, context, { address, acceptor, person: credentials.person });
  await assertNoMember(tx, address);
  const authentication = await authenticationOf(tx, deps, { acceptor, user });
  const added = await insertJoiner(tx, context, { organization, user, address });
  const membership = await settle(added);
  await welcome(tx, context, { membership, baseUrl: deps.baseUrl });
  const sessionToken = newSessionToken();
  await startSession(tx, context, { membership, tokenHash: deps.hashToken(sessionToken), authentication });
  return { sessionToken, membership, organization };
}

/**
 * Makes whoever was let in a member. Throws `seats_exhausted` in the words of somebody who wants in: no seat is theirs to free,
 * and nothing of what let them in is used up.
 */
export async function insertJoiner(
  tx: Repositories,
  context: ChangeContext,
  joiner: {
    readonly organization: Organization;
    readonly user: User;
    readonly address: Pick<JoiningAddress, 'email' | 'emailKey'>;
  },
): Promise<Membership> {
  const { organization, user, address } = joiner;
  try {
    return await insertMembership(tx, context, {
      user,
      email: address.email,
      emailKey: address.emailKey,
      name: user.name,
      status: 'active',
      source: 'invitation',
      defaultRole: organization.defaultRole,
    });
  } catch (cause) {
    if (!isGatehouseError(cause, 'seats_exhausted')) throw cause;
    const detail = `All seats of ${organization.name} are taken, so you cannot join yet.`;
    const whatToDo = 'Ask the person who invited you to make room, then open the link again: it still works.';
    throw new GatehouseError('seats_exhausted', detail, { cause, whatToDo });
  }
}

/**
 * One member for an address, whoever's account it is: a link that was passed on must not make a second one, nor take the
 * account of the first (S151). Throws `already_member`.
 */
async function assertNoMember(tx: Repositories, address: JoiningAddress): Promise<void> {
  const { organizationId, emailKey } = address;
  if ((await tx.memberships.listByEmail(organizationId, emailKey)).length === 0) return;
  throw alreadyMember(address);
}

const alreadyMember = ({ email }: JoiningAddress) =>
  new GatehouseError('already_member', `${email} is already a member of this organization.`, {
    whatToDo: SIGN_IN_AS_MEMBER,
  });

const SIGN_IN_AS_MEMBER = 'Sign in: there is nothing left to accept.';

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

/** What is known of the person before the transaction begins. */
type Credentials =
  | { readonly kind: 'new'; readonly name: string; readonly passwordHash: string }
  | { readonly kind: 'known'; readonly person: User };

/**
 * Hashing is slow on purpose and must not sit inside a transaction: everything about passwords happens here, before. Throws
 * `already_exists` (another password than the account's: sign in first), `too_many_requests` (S178), `invalid`.
 */
export async function credentialsOf(
  deps: JoiningDeps,
  input: { readonly address: JoiningAddress; readonly acceptor: Acceptor; readonly cause: Cause },
): Promise<Credentials> {
  const { address, acceptor, cause } = input;
  if (acceptor.kind === 'signed_in') return { kind: 'known', person: acceptor.signedIn.user };
  const person = await deps.storage.users.findByEmail(address.emailKey);
  const { name, password } = acceptor;
  if (person !== undefined && !isTakenBack(person, address)) {
    const { emailKey } = address;
    await assertPasswordOf(deps, {
      user: person,
      emailKey,
      password,
      cause,
      refusal: hasAccount(address),
    });
    // Whoever states a code has shown the password: each try counts, right or wrong (S178).
    if (acceptor.code !== undefined) deps.secondStepAttempts?.begin({ emailKey: person.id, ip: cause.ip });
    return { kind: 'known', person };
  }
  // Any other password of an account that is taken back is the new one, not a guess.
  if (person !== undefined && (await isPasswordOf(deps, person, password))) return { kind: 'known', person };
  const organization = await deps.storage.organizations.find(address.organizationId);
  const knownWords = [name, address.email, organization?.name ?? null];
  const passwordHash = await deps.passwords.hash(acceptablePassword(password, { knownWords }));
  return { kind: 'new', name, passwordHash };
}

/** S151: whoever answers the address's mail takes it from an account that never showed it could. */
export const isTakenBack = (
  holder: User,
  { provesAddress }: Pick<JoiningAddress, 'provesAddress'>,
): boolean => provesAddress && holder.emailVerifiedAt === null;

const hasAccount = ({ email }: JoiningAddress) =>
  new GatehouseError(
    'already_exists',
    `${email} already has an account. Sign in with it, then open the link again.`,
    { field: 'email', whatToDo: 'State the password of that account, or sign in and open the link again.' },
  );

/** The address becomes the new person's sign-in address: proved by the mailed link, only claimed by a copied one. */
async function insertPerson(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly address: JoiningAddress;
    readonly name: string;
    readonly passwordHash: string;
  },
): Promise<User> {
  const { address, name, passwordHash } = input;
  const holder = await tx.users.findByEmail(address.emailKey);
  if (holder !== undefined) {
    if (!isTakenBack(holder, address)) throw hasAccount(address);
    // S160: a member with another address than their account's; their own organization's link empties no account of its own.
    if ((await tx.memberships.findByUser(address.organizationId, holder.id)) !== undefined)
      throw alreadyMember(address);
    await releaseAddress(tx, context, holder);
  }
  const user: User = {
    id: newId('usr', context.now),
    version: 1,
    email: address.email,
    emailKey: address.emailKey,
    emailVerifiedAt: address.provesAddress ? context.now : null,
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

/** S160: the refusal of somebody signed in with another address; whoever has both may prove it, `asWhoTheyAre`, in this session. */
export const forAnother = ({ email }: Pick<JoiningAddress, 'email'>, { asWhoTheyAre = true } = {}) =>
  new GatehouseError('forbidden', `This invitation is for ${email}. Sign out and use that address.`, {
    whatToDo: asWhoTheyAre
      ? 'Sign out and join as that person. If the address is yours too, send POST /invitations/{token}/proofs (for a link, /invitation-links/{token}/proofs) in this session and accept with the proof that the mail brings.'
      : 'Sign out and join as that person.',
  });

/**
 * Pure: an identity provider's word makes no member of another organization (law 3). Whoever it vouches for must also hold
 * what was mailed to the account's own address.
 */
const isShownToBe = (user: User, acceptor: Acceptor, address: JoiningAddress): boolean =>
  acceptor.kind === 'new' ||
  isOwnProof(acceptor.signedIn.session) ||
  (address.provesAddress && user.emailKey === address.emailKey);

/**
 * S160: whoever is there already must be the invited one, with the password they showed, or have asked to join as who they are
 * and proved the address since; anybody else is told to switch.
 */
async function knownPerson(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly address: JoiningAddress; readonly acceptor: Acceptor; readonly person: User },
): Promise<User> {
  const { address, acceptor, person } = input;
  const user = await tx.users.find(person.id);
  const isTheirs = user?.emailKey === address.emailKey || user?.id === address.askedBy;
  if (user === undefined || !isTheirs || user.passwordHash !== person.passwordHash) {
    throw forAnother(address);
  }
  if (!isShownToBe(user, acceptor, address)) {
    throw new GatehouseError(
      'forbidden',
      'Your organization vouches for you there only. Open the link in the mail that was sent to you, or sign in with your own password or passkey.',
      { whatToDo: 'Open the link in the mail, or sign in with your own password or passkey.' },
    );
  }
  if ((await tx.memberships.findByUser(address.organizationId, user.id)) !== undefined) {
    throw new GatehouseError('already_member', 'You are already a member of this organization.', {
      whatToDo: SIGN_IN_AS_MEMBER,
    });
  }
  if (address.provesAddress && user.emailKey === address.emailKey && user.emailVerifiedAt === null) {
    await tx.users.update({ ...user, emailVerifiedAt: context.now, updatedAt: context.now }, user.version);
  }
  return user;
}
