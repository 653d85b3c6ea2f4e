/** Setting up the second factor that an organization asks for: all that a session is good for which was opened without one. */
import { GatehouseError } from '../kernel/errors.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';
import type { User } from './entities/people.ts';
import type { Queries, Repositories } from './ports/storage.ts';
import { hasAnyFactor } from './second-factor-policy.ts';
import { confirmWithin, startFactor } from './second-factors.ts';
import { endSessions } from './session-endings.ts';
import { newSessionToken, type SignedIn, startSession } from './sessions.ts';

type EnrolDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'oneTimeCodes' | 'baseUrl'>;

interface Enrolling {
  /** From `findEnrolling`: the password was shown minutes ago, in this session. */
  readonly signedIn: SignedIn;
  readonly cause: Cause;
}

/**
 * Begins: answers the secret and the address for the QR code. Throws `already_exists` for somebody who has a second factor or a
 * passkey: a password alone makes none beside it.
 */
export async function beginEnrolment(
  deps: EnrolDeps,
  { signedIn: { user } }: Pick<Enrolling, 'signedIn'>,
): Promise<{ readonly secret: string; readonly address: string }> {
  await assertHasNone(deps.storage, user);
  return startFactor(deps, { user });
}

/**
 * Turns the second factor on with a code of it, and puts a full session in the place of this one, in one transaction. Answers the
 * recovery codes, the only time they are shown. Throws `invalid` (field `code`), `not_found` when nothing is being set up,
 * `already_exists` as `beginEnrolment`, `unauthenticated` when the session has ended meanwhile.
 */
export function completeEnrolment(
  deps: EnrolDeps,
  { signedIn, cause, code }: Enrolling & { readonly code: string },
): Promise<{ readonly sessionToken: string; readonly recoveryCodes: readonly string[] }> {
  const { session, user, membership, organization } = signedIn;
  return deps.storage.transact(async (tx) => {
    await assertHasNone(tx, user);
    const recoveryCodes = await confirmWithin(tx, deps, { user, cause, code });
    const context: ChangeContext = { organizationId: organization.id, cause, now: deps.clock() };
    const which = { by: 'id', id: session.id } as const;
    const ended = await endSessions(tx, context, { which, reason: 'replaced' });
    const member = await tx.memberships.find(organization.id, membership.id);
    // Nothing that ended comes back (S190).
    if (ended.length === 0 || member?.status !== 'active')
      throw new GatehouseError('unauthenticated', 'This session has ended. Sign in again.');
    const sessionToken = newSessionToken();
    await startSession(tx, context, {
      membership: member,
      tokenHash: deps.hashToken(sessionToken),
      authentication: { connectionId: null, amr: ['pwd', 'otp'], authTime: session.authTime },
    });
    return { sessionToken, recoveryCodes };
  });
}

async function assertHasNone(from: Queries | Repositories, user: User): Promise<void> {
  if (!(await hasAnyFactor(from, user))) return;
  throw new GatehouseError(
    'already_exists',
    'You have a second step already: a code or a passkey. Sign in again with it.',
  );
}
