/** Setting up the second factor that an organization asks for: all that a session is good for which was opened without one. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import type { Session } from '../entities/session.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { endSessions } from '../sign-in/session-endings.ts';
import {
  type Authentication,
  ENROLMENT_MS,
  newSessionToken,
  type SignedIn,
  startSession,
} from '../sign-in/sessions.ts';
import { proveByPassword } from './passwords.ts';
import { hasAnyFactor } from './second-factor-policy.ts';
import { confirmWithin, startFactor } from './second-factors.ts';

type EnrolDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'oneTimeCodes' | 'baseUrl'>;

interface Enrolling {
  /** From `findEnrolling`. */
  readonly signedIn: SignedIn;
  readonly cause: Cause;
}

/**
 * Pure: whether the password was shown in the very sign-in that opened this session, and minutes ago. One that was carried over, by
 * joining or by a change of organization, shows that somebody holds a cookie: whoever stole it must not make the second factor.
 */
export const hasShownPassword = ({ amr, authTime, createdAt }: Session, now: number): boolean =>
  amr.includes('pwd') && authTime === createdAt && now - authTime < ENROLMENT_MS;

const passwordWanted = () =>
  new GatehouseError('unauthenticated', 'Show your password first.', {
    field: 'currentPassword',
    whatToDo: 'Begin again with your password.',
  });

/** A second factor that is being set up. */
interface Begun {
  readonly secret: string;
  readonly address: string;
  /** Whoever goes on, in the new session if there is one. */
  readonly signedIn: SignedIn;
  /** The cookie value of the session in place of this one; absent: it goes on. */
  readonly sessionToken?: string;
}

/**
 * Begins: answers the secret and the address for the QR code. Where `hasShownPassword` says no, the password is needed, and a session
 * that has shown it takes the place of this one. Throws `unauthenticated` (field `currentPassword`) for a missing or wrong password,
 * `too_many_requests`, and `already_exists` for somebody who has a second factor or a passkey: a password alone makes none beside it.
 */
export async function beginEnrolment(
  deps: EnrolDeps & Parameters<typeof proveByPassword>[0],
  enrolling: Enrolling & { readonly password?: string | undefined },
): Promise<Begun> {
  const { signedIn, cause, password } = enrolling;
  const { user, session } = signedIn;
  await assertHasNone(deps.storage, user);
  const isShown = hasShownPassword(session, deps.clock());
  if (password !== undefined) await proveByPassword(deps, { user, password, cause });
  else if (!isShown) throw passwordWanted();
  if (isShown) return { ...(await startFactor(deps, { user })), signedIn };
  const renewed = await deps.storage.transact((tx) =>
    replaceSession(tx, deps, { signedIn, cause, authentication: { connectionId: null, amr: ['pwd'] } }),
  );
  const { sessionToken } = renewed;
  const begun = await startFactor(deps, { user });
  return { ...begun, signedIn: { ...signedIn, session: renewed.session }, sessionToken };
}

/**
 * Turns the second factor on with a code of it, and puts a full session in the place of this one, in one transaction. Answers the
 * recovery codes, the only time they are shown. Throws `invalid` (field `code`), `not_found` when nothing is being set up,
 * `already_exists` as `beginEnrolment`, `unauthenticated` when the session has ended meanwhile, or (field `currentPassword`) has not
 * shown the password.
 */
export function completeEnrolment(
  deps: EnrolDeps,
  { signedIn, cause, code }: Enrolling & { readonly code: string },
): Promise<{ readonly sessionToken: string; readonly recoveryCodes: readonly string[] }> {
  const { session, user } = signedIn;
  return deps.storage.transact(async (tx) => {
    await assertHasNone(tx, user);
    if (!hasShownPassword(session, deps.clock())) throw passwordWanted();
    const recoveryCodes = await confirmWithin(tx, deps, { user, cause, code });
    const amr = [...session.amr, 'otp'];
    const authentication = { connectionId: null, amr, authTime: session.authTime };
    const { sessionToken } = await replaceSession(tx, deps, { signedIn, cause, authentication });
    return { sessionToken, recoveryCodes };
  });
}

/** Nothing that ended comes back (S190): throws `unauthenticated`. */
async function replaceSession(
  tx: Repositories,
  deps: EnrolDeps,
  { signedIn, cause, authentication }: Enrolling & { readonly authentication: Authentication },
): Promise<{ readonly session: Session; readonly sessionToken: string }> {
  const { session: before, membership, organization } = signedIn;
  const context: ChangeContext = { organizationId: organization.id, cause, now: deps.clock() };
  const which = { by: 'id', id: before.id } as const;
  const ended = await endSessions(tx, context, { which, reason: 'replaced' });
  const member = await tx.memberships.find(organization.id, membership.id);
  if (ended.length === 0 || member?.status !== 'active')
    throw new GatehouseError('unauthenticated', 'This session has ended. Sign in again.');
  const sessionToken = newSessionToken();
  const tokenHash = deps.hashToken(sessionToken);
  const session = await startSession(tx, context, { membership: member, tokenHash, authentication });
  return { session, sessionToken };
}

async function assertHasNone(from: Queries | Repositories, user: User): Promise<void> {
  if (!(await hasAnyFactor(from, user))) return;
  throw new GatehouseError(
    'already_exists',
    'You have a second step already: a code or a passkey. Sign in again with it.',
  );
}
