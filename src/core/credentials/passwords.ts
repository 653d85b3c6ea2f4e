/** Passwords of people who chose one: whether it is theirs, and signing in with it. */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import { limitAttempt } from '../attempt-limit.ts';
import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { recordForPerson } from '../members/person-records.ts';
import { knownDevice } from '../sign-in/known-device.ts';
import { type Entered, enter, openMembership, refusedEntry } from './local-entry.ts';
import { statedPassword } from './password-rules.ts';
import { findSecondFactor } from './second-factor-codes.ts';
import { askSecondStep, deviceOf } from './second-step.ts';

/**
 * Refuses with `refusal`, and tells the person's organizations, unless this is the password of `user`. Counted together
 * with the tries at the sign-in: throws `too_many_requests` (S178).
 */
export function assertPasswordOf(
  deps: Pick<Deps, 'storage' | 'clock' | 'passwords' | 'passwordAttempts' | 'afterwards'>,
  input: {
    readonly user: User;
    readonly emailKey: string;
    readonly password: string;
    readonly cause: Cause;
    readonly refusal: GatehouseError;
  },
): Promise<void> {
  const { user, emailKey, password, cause, refusal } = input;
  const attempted = { emailKey, ip: cause.ip, refusal: refusal.code };
  return limitAttempt(deps.passwordAttempts, attempted, async () => {
    if (await isPasswordOf(deps, user, password)) return;
    await deps.afterwards(() => recordRejection(deps, { user, cause }));
    throw refusal;
  });
}

/** The person shows the password they have: throws `unauthenticated` (counted, S178) unless it is theirs. */
export function proveByPassword(
  deps: Parameters<typeof assertPasswordOf>[0],
  input: { readonly user: User; readonly password: string; readonly cause: Cause },
): Promise<void> {
  const { user, password, cause } = input;
  const refusal = new GatehouseError('unauthenticated', 'This is not your password.', {
    field: 'currentPassword',
    whatToDo: 'Type the password you sign in with now.',
  });
  return assertPasswordOf(deps, { user, emailKey: user.emailKey ?? user.id, password, cause, refusal });
}

/** Whether this is the password of this person; takes one hash's worth of time, also when there is no such person. */
export function isPasswordOf(
  deps: Pick<Deps, 'passwords'>,
  user: User | undefined,
  password: string,
): Promise<boolean> {
  const stated = statedPassword(password);
  return deps.passwords.verify(stated === undefined ? null : (user?.passwordHash ?? null), stated ?? '');
}

/** What a right password leads to. Both tokens are for cookies of this browser. */
export type PasswordAnswer =
  | (Entered & { readonly kind: 'entered'; readonly deviceToken: string | undefined })
  /** A code of the second factor is asked for: see `completeSecondStep`. */
  | { readonly kind: 'second_step'; readonly stepToken: string };

/**
 * Opens a session in the organization that was named, else in the one the person used last, or asks for the second factor of those who have one. Every
 * failure is one `unauthenticated` after one hash's worth of time: unknown address, wrong password, no password, no active
 * membership, an organization that leaves nobody a password (S177). All of these count as failed tries; of too many the
 * next, right or wrong, is `too_many_requests` at once (S178), unless it comes from a device the person is known to use.
 */
export async function signInWithPassword(deps: SignInDeps, input: SignInInput): Promise<PasswordAnswer> {
  const emailKey = foldKey(input.email);
  const device = knownDevice(deps, emailKey, input.device);
  const attempted = { emailKey, ip: input.cause.ip, device, refusal: 'unauthenticated' } as const;
  return limitAttempt(deps.passwordAttempts, attempted, () => answerPassword(deps, input, emailKey));
}

type SignInDeps = Pick<
  Deps,
  'storage' | 'clock' | 'hashToken' | 'passwords' | 'passwordAttempts' | 'afterwards'
>;

export interface SignInInput {
  readonly email: string;
  readonly password: string;
  readonly cause: Cause;
  /** The device cookie's value, if there is one. */
  readonly device?: string | undefined;
  /** Where to go after a second step; absent: nowhere in particular. */
  readonly returnTo?: string | null;
  /** Id or slug of the organization whose sign-in it is; of no account to somebody who is not in it. */
  readonly organization?: string | undefined;
}

async function answerPassword(
  deps: SignInDeps,
  input: SignInInput,
  emailKey: string,
): Promise<PasswordAnswer> {
  const found = await deps.storage.users.findByEmail(emailKey);
  const isRight = await isPasswordOf(deps, found, input.password);
  if (found === undefined || !isRight) {
    if (found !== undefined)
      await deps.afterwards(() => recordRejection(deps, { user: found, cause: input.cause }));
    throw refusedEntry();
  }
  const passwordHash = await renewedHash(deps, found, input.password);
  return deps.storage.transact(async (tx) => {
    const user = await tx.users.find(found.id);
    if (user === undefined || user.passwordHash !== found.passwordHash) throw refusedEntry();
    if ((await openMembership(tx, user)) === undefined) throw refusedEntry();
    if (passwordHash !== user.passwordHash)
      await tx.users.update({ ...user, passwordHash, updatedAt: deps.clock() }, user.version);
    if ((await findSecondFactor(tx, user.id)) !== undefined) {
      const next = { returnTo: input.returnTo ?? null, organization: input.organization };
      return { kind: 'second_step', stepToken: await askSecondStep(tx, deps, { user, ...next }) };
    }
    const { cause, organization } = input;
    const entered = await enter(tx, deps, { user, amr: ['pwd'], cause, organization });
    return { kind: 'entered', ...entered, deviceToken: deviceOf(deps, user, input.device) };
  });
}

/** S175: the one moment at which a password is there to be hashed anew, when the effort has been raised since. */
async function renewedHash(deps: SignInDeps, user: User, password: string): Promise<string | null> {
  const { passwordHash } = user;
  const stated = statedPassword(password);
  if (passwordHash === null || stated === undefined || !deps.passwords.isOutdated(passwordHash))
    return passwordHash;
  try {
    return await deps.passwords.hash(stated);
  } catch (error) {
    // A crowd at the door is no reason to turn away somebody whose password was right.
    if (isGatehouseError(error, 'too_many_requests')) return passwordHash;
    throw error;
  }
}

/** A failed try is told to every organization the person is in: their admins may ask. */
function recordRejection(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { user, cause }: { readonly user: User; readonly cause: Cause },
): Promise<void> {
  return deps.storage.transact((tx) =>
    recordForPerson(tx, { cause, now: deps.clock() }, { userId: user.id, type: 'password.rejected' }),
  );
}
