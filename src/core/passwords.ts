/** Passwords of people who chose one: whether it is theirs, and signing in with it. */
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import { foldKey } from '../kernel/text.ts';
import { limitAttempt } from './attempt-limit.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';
import type { Membership, User } from './entities/people.ts';
import { statedPassword } from './password-rules.ts';
import { newSessionToken, startSession } from './sessions.ts';

const refused = () =>
  new GatehouseError('unauthenticated', 'E-mail address and password do not fit together.');

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

/** Whether this is the password of this person; takes one hash's worth of time, also when there is no such person. */
export function isPasswordOf(
  deps: Pick<Deps, 'passwords'>,
  user: User | undefined,
  password: string,
): Promise<boolean> {
  const stated = statedPassword(password);
  return deps.passwords.verify(stated === undefined ? null : (user?.passwordHash ?? null), stated ?? '');
}

/**
 * Opens a session in the organization the person used last. Every failure is one `unauthenticated` after one hash's
 * worth of time: unknown address, wrong password, no password, no active membership (S177). All of these count as failed
 * tries; of too many the next, right or wrong, is `too_many_requests` at once (S178).
 */
export async function signInWithPassword(deps: SignInDeps, input: SignInInput): Promise<Entered> {
  const emailKey = foldKey(input.email);
  const attempted = { emailKey, ip: input.cause.ip, refusal: 'unauthenticated' } as const;
  return limitAttempt(deps.passwordAttempts, attempted, () => enterWithPassword(deps, input, emailKey));
}

type SignInDeps = Pick<
  Deps,
  'storage' | 'clock' | 'hashToken' | 'passwords' | 'passwordAttempts' | 'afterwards'
>;

interface SignInInput {
  readonly email: string;
  readonly password: string;
  readonly cause: Cause;
}

interface Entered {
  readonly sessionToken: string;
}

async function enterWithPassword(deps: SignInDeps, input: SignInInput, emailKey: string): Promise<Entered> {
  const user = await deps.storage.users.findByEmail(emailKey);
  const isRight = await isPasswordOf(deps, user, input.password);
  if (user === undefined || !isRight) {
    if (user !== undefined) await deps.afterwards(() => recordRejection(deps, { user, cause: input.cause }));
    throw refused();
  }
  const passwordHash = await renewedHash(deps, user, input.password);
  const sessionToken = newSessionToken();
  await deps.storage.transact(async (tx) => {
    const membership = lastUsed(
      (await tx.memberships.listByUser(user.id)).filter(({ status }) => status === 'active'),
    );
    const current = await tx.users.find(user.id);
    if (membership === undefined || current === undefined || current.passwordHash !== user.passwordHash)
      throw refused();
    if (passwordHash !== user.passwordHash)
      await tx.users.update({ ...current, passwordHash, updatedAt: deps.clock() }, current.version);
    const cause: Cause = {
      ...input.cause,
      actor: { kind: 'member', userId: user.id, membershipId: membership.id, email: user.email },
    };
    const context: ChangeContext = { organizationId: membership.organizationId, cause, now: deps.clock() };
    await startSession(tx, context, {
      membership,
      tokenHash: deps.hashToken(sessionToken),
      authentication: { connectionId: null, amr: ['pwd'] },
    });
    await record(tx, context, {
      type: 'password.accepted',
      target: { kind: 'membership', id: membership.id },
    });
  });
  return { sessionToken };
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

const lastUsed = (memberships: readonly Membership[]): Membership | undefined =>
  memberships.toSorted((a, b) => (b.lastActiveAt ?? 0) - (a.lastActiveAt ?? 0) || (a.id < b.id ? -1 : 1))[0];

/** A failed try is told to every organization the person is in: their admins may ask. */
async function recordRejection(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly user: User; readonly cause: Cause },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    for (const membership of await tx.memberships.listByUser(input.user.id)) {
      const context: ChangeContext = {
        organizationId: membership.organizationId,
        cause: input.cause,
        now: deps.clock(),
      };
      await record(tx, context, {
        type: 'password.rejected',
        target: { kind: 'membership', id: membership.id },
      });
    }
  });
}
