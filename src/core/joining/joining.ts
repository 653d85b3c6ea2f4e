/** Whoever comes in through an invitation or a link: somebody new, or with an account; the member they become, and the session. */
import { GatehouseError } from '../../kernel/errors.ts';
import { isOwnProof } from '../connections/sso-policy.ts';
import { acceptablePassword } from '../credentials/password-rules.ts';
import { assertPasswordOf, isPasswordOf } from '../credentials/passwords.ts';
import { acceptCode, findSecondFactor, WRONG_CODE } from '../credentials/second-factor-codes.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, User } from '../entities/people.ts';
import { welcome } from '../members/member-notices.ts';
import type { Repositories } from '../ports/storage.ts';
import type { Authentication } from '../sign-in/sessions.ts';
import { newSessionToken, startSession } from '../sign-in/sessions.ts';
import type { Acceptor, JoiningAddress } from './joining-people.ts';
import {
  alreadyMember,
  hasAccount,
  insertJoiner,
  insertPerson,
  isTakenBack,
  knownPerson,
} from './joining-people.ts';

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
  const displayName = acceptor.kind === 'new' ? acceptor.displayName : undefined;
  const added = await insertJoiner(tx, context, { organization, user, address, displayName });
  const membership = await settle(added);
  await welcome(tx, context, { membership, baseUrl: deps.baseUrl });
  const sessionToken = newSessionToken();
  await startSession(tx, context, { membership, tokenHash: deps.hashToken(sessionToken), authentication });
  return { sessionToken, membership, organization };
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

/** Somebody signed in has not proved anything anew: what they did then is carried over. */
async function authenticationOf(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'oneTimeCodes'>,
  { acceptor, user }: { readonly acceptor: Acceptor; readonly user: User },
): Promise<Authentication> {
  if (acceptor.kind === 'signed_in') {
    const { session } = acceptor.signedIn;
    const { authenticatedAt, authTime, isAuthTimeAssumed, expiresAt } = session;
    // Another organization's identity provider vouched for them, and for nothing beyond this invitation (law 3).
    const amr = isOwnProof(session) ? session.amr : ['fed'];
    const proof = { connectionId: null, amr, authenticatedAt, authTime, isAuthTimeAssumed };
    return { ...proof, notOnOrAfter: expiresAt };
  }
  const factor = await findSecondFactor(tx, user.id);
  if (factor === undefined) return { connectionId: null, amr: ['pwd'] };
  const { code } = acceptor;
  if (code === undefined || code === '') throw codeWanted(ASKS_FOR_CODE);
  if ((await acceptCode(tx, deps, { factor, code })) === undefined) throw codeWanted(WRONG_CODE);
  return { connectionId: null, amr: ['pwd', 'otp'] };
}

const ASKS_FOR_CODE = 'This account asks for a code of its authenticator app, or a recovery code.';
const codeWanted = (words: string) => new GatehouseError('second_factor_required', words, { field: 'code' });

/** What is known of the person before the transaction begins. */
type Credentials =
  | {
      readonly kind: 'new';
      readonly name: string;
      readonly avatarUrl: string | null;
      readonly passwordHash: string;
    }
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
  const { name, password, avatarUrl = null } = acceptor;
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
  if (name === undefined)
    throw new GatehouseError('invalid', 'Give a name: this makes a new account.', { field: 'name' });
  const organization = await deps.storage.organizations.find(address.organizationId);
  const knownWords = [name, address.email, organization?.name ?? null];
  const passwordHash = await deps.passwords.hash(acceptablePassword(password, { knownWords }));
  return { kind: 'new', name, avatarUrl, passwordHash };
}
