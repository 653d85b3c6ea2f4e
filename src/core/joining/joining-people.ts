/** The person behind somebody who joins: a new account, or the one that is theirs already; and the member they become. */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId, UserId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { isOwnProof } from '../connections/sso-policy.ts';
import { dropCredentials } from '../credentials/local-entry.ts';
import type { ChangeContext } from '../deps.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, User } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { insertMembership } from '../members/memberships.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessionsOfUser } from '../sign-in/session-endings.ts';
import type { SignedIn } from '../sign-in/sessions.ts';

/**
 * Whoever stands at the door: somebody who states a password, or somebody signed in. A stated password makes a new account,
 * or opens the one the address already has: somebody who was removed everywhere has no other way to sign in.
 */
export type Acceptor =
  /** `code` is of the second factor of an account that has one. */
  | {
      readonly kind: 'new';
      /** For a new account, which needs one. */
      readonly name?: string | undefined;
      /** What the organization sees instead of the name; absent: the name. */
      readonly displayName?: string | undefined;
      /** For a new account only; https. */
      readonly avatarUrl?: string | undefined;
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
    /** Absent: as the account says. */
    readonly displayName?: string | undefined;
  },
): Promise<Membership> {
  const { organization, user, address, displayName = user.name } = joiner;
  try {
    return await insertMembership(tx, context, {
      user,
      email: address.email,
      emailKey: address.emailKey,
      name: displayName,
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

/** One member for an address. */
export const alreadyMember = ({ email }: JoiningAddress) =>
  new GatehouseError('already_member', `${email} is already a member of this organization.`, {
    whatToDo: SIGN_IN_AS_MEMBER,
  });

/** The same for somebody signed in. */
export const memberAlready = () =>
  new GatehouseError('already_member', 'You are already a member of this organization.', {
    whatToDo: SIGN_IN_AS_MEMBER,
  });

const SIGN_IN_AS_MEMBER = 'Sign in: there is nothing left to accept.';

/** S151: whoever answers the address's mail takes it from an account that never showed it could. */
export const isTakenBack = (
  holder: User,
  { provesAddress }: Pick<JoiningAddress, 'provesAddress'>,
): boolean => provesAddress && holder.emailVerifiedAt === null;

/** The refusal of another password than the account's. */
export const hasAccount = ({ email }: JoiningAddress) =>
  new GatehouseError(
    'already_exists',
    `${email} already has an account. Sign in with it, then open the link again.`,
    { field: 'email', whatToDo: 'State the password of that account, or sign in and open the link again.' },
  );

/** The address becomes the new person's sign-in address: proved by the mailed link, only claimed by a copied one. */
export async function insertPerson(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly address: JoiningAddress;
    readonly name: string;
    readonly avatarUrl: string | null;
    readonly passwordHash: string;
  },
): Promise<User> {
  const { address, name, avatarUrl, passwordHash } = input;
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
    avatarUrl,
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
export async function knownPerson(
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
    throw memberAlready();
  }
  if (address.provesAddress && user.emailKey === address.emailKey && user.emailVerifiedAt === null) {
    await tx.users.update({ ...user, emailVerifiedAt: context.now, updatedAt: context.now }, user.version);
  }
  return user;
}
