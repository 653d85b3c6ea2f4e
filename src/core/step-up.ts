/** Sensitive acts want a proof of who asks that is minutes old, not hours (S192). */
import { minutes } from '../kernel/clock.ts';
import { GatehouseError } from '../kernel/errors.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';
import type { Session } from './entities/sign-in.ts';
import { isOwnProof } from './own-sessions.ts';
import { assertPasswordOf } from './passwords.ts';
import type { Permission } from './roles.ts';
import { endSessions } from './session-endings.ts';
import type { SignedIn } from './sessions.ts';
import { newSessionToken, startSession } from './sessions.ts';

/** S192: how old the proof may be. */
const STEP_UP_AGE_MS = minutes(10);

/** Where a browser proves anew who is there; takes `return_to`. */
const STEP_UP_PATH = '/sign-in-again';

/**
 * What only somebody may change who has just shown who they are: how people get in, what feeds the organization, whether it
 * exists. By permission, so that every route with one of these asks, the next one too.
 */
export const SENSITIVE_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>([
  'sso.manage',
  'scim.manage',
  'organization.remove',
  'sessions.manage',
]);

/** Whether the person proved who they are, here or at their identity provider, no longer ago than a sensitive act allows. */
const isFresh = ({ authTime }: Session, now: number): boolean => now - authTime <= STEP_UP_AGE_MS;

/** Throws `step_up_required` with the address to go to unless the session is fresh enough for a sensitive act. */
export function assertFresh({ clock, baseUrl }: Pick<Deps, 'clock' | 'baseUrl'>, session: Session): void {
  if (isFresh(session, clock())) return;
  throw new GatehouseError(
    'step_up_required',
    'This needs a fresh sign-in. Confirm that it is you, then repeat it.',
    {
      url: `${baseUrl}${STEP_UP_PATH}`,
    },
  );
}

/**
 * Proves with the password that the person is still there: a new session takes the place of this one, in the same
 * organization. Throws `unauthenticated` for a wrong password or a session that is not of a password,
 * `too_many_requests` (S178).
 */
export async function stepUpWithPassword(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'passwords' | 'passwordAttempts' | 'afterwards'>,
  input: { readonly signedIn: SignedIn; readonly password: string; readonly cause: Cause },
): Promise<{ readonly sessionToken: string }> {
  const { signedIn, password, cause } = input;
  const { user, session } = signedIn;
  const refusal = new GatehouseError('unauthenticated', 'This is not the password of your account.');
  if (user.emailKey === null || !isOwnProof(session)) throw refusal;
  await assertPasswordOf(deps, { user, emailKey: user.emailKey, password, cause, refusal });
  return renewSession(deps, { signedIn, amr: ['pwd'], cause });
}

/**
 * Opens a session in place of this one for somebody who has just proved who they are, by `amr`. Throws `unauthenticated`
 * when this session, or the membership, has ended meanwhile: nothing that ended comes back (S190).
 */
export async function renewSession(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: { readonly signedIn: SignedIn; readonly amr: readonly string[]; readonly cause: Cause },
): Promise<{ readonly sessionToken: string }> {
  const { signedIn, amr, cause } = input;
  const { id, organizationId } = signedIn.session;
  const sessionToken = newSessionToken();
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const ended = await endSessions(tx, context, { which: { by: 'id', id }, reason: 'replaced' });
    const membership = await tx.memberships.find(organizationId, signedIn.membership.id);
    if (ended.length === 0 || membership?.status !== 'active')
      throw new GatehouseError('unauthenticated', 'This session has ended. Sign in again.');
    await startSession(tx, context, {
      membership,
      tokenHash: deps.hashToken(sessionToken),
      authentication: { connectionId: null, amr: [...new Set([...signedIn.session.amr, ...amr])] },
    });
    return { sessionToken };
  });
}
