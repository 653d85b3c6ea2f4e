/** Sensitive acts want a proof of who asks that is minutes old, not hours (S192). */
import { minutes } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { Permission } from '../access/roles.ts';
import { limitAttempt } from '../attempt-limit.ts';
import { awaitsSecondFactor, isOwnProof } from '../connections/sso-policy.ts';
import { isPasswordOf } from '../credentials/passwords.ts';
import { acceptCode, findSecondFactor } from '../credentials/second-factor-codes.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import type { Session } from '../entities/session.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessions } from './session-endings.ts';
import type { SignedIn } from './sessions.ts';
import { newSessionToken, startSession } from './sessions.ts';

/** S192: how old the proof may be. */
const STEP_UP_AGE_MS = minutes(10);

/** Where a browser proves anew who is there; takes `return_to`. */
const STEP_UP_PATH = '/sign-in-again';

/**
 * What only somebody may change who has just shown who they are: how people get in, what feeds the organization, who is told of it,
 * whether it exists. By permission, so that every route with one of these asks, the next one too.
 */
export const SENSITIVE_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>([
  'sso.manage',
  'scim.manage',
  'organization.remove',
  'sessions.manage',
  'webhooks.manage',
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
 * Proves with the password, and a code where the person has a second factor, that they are still there: a new session takes
 * the place of this one, in the same organization. Throws `unauthenticated` for anything wrong, a session that is not of a
 * password included (both count as tries, S178), `second_factor_required` (field `code`) without a code, and
 * `too_many_requests`.
 */
export async function stepUpWithPassword(
  deps: Pick<
    Deps,
    'storage' | 'clock' | 'hashToken' | 'passwords' | 'passwordAttempts' | 'afterwards' | 'oneTimeCodes'
  >,
  input: {
    readonly signedIn: SignedIn;
    readonly password: string;
    readonly code?: string | undefined;
    readonly cause: Cause;
  },
): Promise<{ readonly sessionToken: string }> {
  const { signedIn, password, code, cause } = input;
  const { user, session } = signedIn;
  if (user.emailKey === null || !isOwnProof(session)) throw refused();
  const attempted = { emailKey: user.emailKey, ip: cause.ip, refusal: 'unauthenticated' } as const;
  return limitAttempt(deps.passwordAttempts, attempted, async () => {
    if (!(await isPasswordOf(deps, user, password))) throw refused();
    const sessionToken = newSessionToken();
    return deps.storage.transact(async (tx) => {
      const amr = ['pwd', ...(await secondStep(tx, deps, { user, code }))];
      await renewSession(tx, deps, { signedIn, amr, cause, sessionToken });
      return { sessionToken };
    });
  });
}

const refused = () =>
  new GatehouseError('unauthenticated', 'This is not right. Try again, or sign out and sign in.', {
    field: 'password',
    whatToDo: 'Try again, or sign out and sign in.',
  });

/** What the second factor adds to the proof; nothing for people who have none. */
async function secondStep(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'oneTimeCodes'>,
  { user, code }: { readonly user: User; readonly code: string | undefined },
): Promise<readonly string[]> {
  const factor = await findSecondFactor(tx, user.id);
  if (factor === undefined) return [];
  if (code === undefined || code === '')
    throw new GatehouseError('second_factor_required', 'Send a code of the second factor too.', {
      field: 'code',
    });
  if ((await acceptCode(tx, deps, { factor, code })) === undefined) throw refused();
  return ['otp'];
}

/** A session in place of this one. Nothing that ended comes back: throws `unauthenticated` when it has, or the membership (S190). */
export async function renewSession(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  input: {
    readonly signedIn: SignedIn;
    readonly amr: readonly string[];
    readonly cause: Cause;
    readonly sessionToken: string;
  },
): Promise<void> {
  const { signedIn, amr, cause, sessionToken } = input;
  const { id, organizationId } = signedIn.session;
  const context: ChangeContext = { organizationId, cause, now: deps.clock() };
  const ended = await endSessions(tx, context, { which: { by: 'id', id }, reason: 'replaced' });
  const membership = await tx.memberships.find(organizationId, signedIn.membership.id);
  if (ended.length === 0 || membership?.status !== 'active')
    throw new GatehouseError('unauthenticated', 'This session has ended. Sign in again.');
  // A password in place of the passkey would leave less than the organization asks for.
  if (awaitsSecondFactor(signedIn.organization, { connectionId: null, emergency: false, amr }))
    throw new GatehouseError(
      'second_factor_required',
      'A password alone is not enough here. Use your passkey.',
    );
  await startSession(tx, context, {
    membership,
    tokenHash: deps.hashToken(sessionToken),
    authentication: { connectionId: null, amr },
  });
}
