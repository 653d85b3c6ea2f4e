/** A person's own sessions: what they may see of them, and ending them (S189). */
import { GatehouseError } from '../../kernel/errors.ts';
import type { SessionId } from '../../kernel/ids.ts';
import { roleHeld } from '../access/role-table.ts';
import { isOwnProof } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership } from '../entities/people.ts';
import type { Session } from '../entities/session.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { endSessions } from './session-endings.ts';
import { isAlive } from './session-life.ts';
import type { SignedIn } from './sessions.ts';

/** Throws `forbidden` unless `isOwnProof`: what a person has everywhere is not for one organization's provider to change (law 3). */
export function assertOwnProof({ session }: Pick<SignedIn, 'session'>): void {
  if (isOwnProof(session)) return;
  const detail = 'Your organization vouches for you there only. Sign in with your own password or passkey.';
  throw new GatehouseError('forbidden', detail, {
    whatToDo: 'Sign out, sign in with your own password or passkey, then try again.',
  });
}

/** The memberships this session speaks for: all of the person's, or the one it was opened in. */
export async function membershipsInReach(
  from: Queries | Repositories,
  { session, user, membership }: SignedIn,
): Promise<readonly Membership[]> {
  if (!isOwnProof(session)) return [membership];
  return (await from.memberships.listByUser(user.id)).filter(({ status }) => status === 'active');
}

/** Those that still open something, the newest first. */
export async function listOwnSessions(
  deps: Pick<Deps, 'storage' | 'clock'>,
  signedIn: SignedIn,
): Promise<readonly Session[]> {
  const memberships = await membershipsInReach(deps.storage, signedIn);
  const lists = await Promise.all(memberships.map((membership) => liveSessionsOf(deps, membership)));
  return lists.flat().toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
}

/** The sessions of one member that still open something, the oldest first. */
export async function liveSessionsOf(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, id, orgRole }: Membership,
): Promise<readonly Session[]> {
  const sessions = await storage.sessions.listByMembership(organizationId, id);
  const role = await roleHeld(storage, orgRole);
  return sessions.filter((session) => isAlive(session, role, clock()));
}

/** Whether an application goes on for the person from another session than this one, which may be long over (`offline_access`). */
export async function goesOnElsewhere(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  signedIn: SignedIn,
): Promise<boolean> {
  const memberships = await membershipsInReach(storage, signedIn);
  const lists = await Promise.all(
    memberships.map(({ organizationId, id }) =>
      storage.applicationGrants.listByMembership(organizationId, id),
    ),
  );
  return lists
    .flat()
    .some(({ sessionId, expiresAt }) => sessionId !== signedIn.session.id && expiresAt > clock());
}

interface OwnEnding {
  readonly signedIn: SignedIn;
  readonly cause: Cause;
}

/** Ends one session of the person's own, this very one too. Throws `not_found` for anybody else's (law 1). */
export async function endOwnSession(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { signedIn, cause, id }: OwnEnding & { readonly id: SessionId },
): Promise<void> {
  const ended = await endOwn(deps, { signedIn, cause }, (session) => session.id === id);
  if (ended === 0) throw new GatehouseError('not_found', 'No such session.');
}

/** Ends every session of the person's own but this one. Answers how many. */
export const endOtherSessions = (deps: Pick<Deps, 'storage' | 'clock'>, ending: OwnEnding): Promise<number> =>
  endOwn(deps, ending, ({ id }) => id !== ending.signedIn.session.id);

async function endOwn(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { signedIn, cause }: OwnEnding,
  only: (opened: Pick<Session, 'id'>) => boolean,
): Promise<number> {
  return deps.storage.transact(async (tx) => {
    let ended = 0;
    for (const { organizationId, id } of await membershipsInReach(tx, signedIn)) {
      const context: ChangeContext = { organizationId, cause, now: deps.clock() };
      const which = { by: 'membership', membershipId: id } as const;
      ended += (await endSessions(tx, context, { which, reason: 'ended_by_person', only })).length;
    }
    return ended;
  });
}
