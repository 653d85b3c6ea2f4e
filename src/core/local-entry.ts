/** Letting somebody in who proved who they are to Gatehouse itself, by password, one-time code or passkey: one place for all. */
import { GatehouseError } from '../kernel/errors.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';
import type { Membership, User } from './entities/people.ts';
import { lastUsedMembership } from './person-records.ts';
import type { Queries, Repositories } from './ports/storage.ts';
import { newSessionToken, startSession } from './sessions.ts';
import { passwordAllowedFor } from './sso-policy.ts';

/** The one text for everybody who is not let in (S177). */
export const refusedEntry = (): GatehouseError =>
  new GatehouseError('unauthenticated', 'E-mail address and password do not fit together.', {
    whatToDo: 'Try again, or have a mail sent that lets you choose a new password.',
  });

/** The organization a local sign-in opens: the one used last of those that allow it; undefined when none does. */
export function openMembership(
  from: Repositories | Queries,
  user: Pick<User, 'id'>,
): Promise<Membership | undefined> {
  return lastUsedMembership(from, user.id, async ({ organizationId }) => {
    const organization = await from.organizations.find(organizationId);
    return organization !== undefined && passwordAllowedFor(organization, 'enter');
  });
}

/** S182: true when at least one organization the person may enter leaves them a way in that is not its own (a password, a passkey). */
export async function mayObtainEntry(from: Queries | Repositories, user: Pick<User, 'id'>): Promise<boolean> {
  const membership = await lastUsedMembership(from, user.id, async ({ organizationId }) => {
    const organization = await from.organizations.find(organizationId);
    return organization !== undefined && passwordAllowedFor(organization, 'obtain');
  });
  return membership !== undefined;
}

/** Opens a session inside the caller's transaction; answers the cookie value. Throws `unauthenticated` when no organization is open. */
export async function enter(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  input: { readonly user: User; readonly amr: readonly string[]; readonly cause: Cause },
): Promise<string> {
  const { user, amr } = input;
  const membership = await openMembership(tx, user);
  if (membership === undefined) throw refusedEntry();
  const sessionToken = newSessionToken();
  const cause: Cause = {
    ...input.cause,
    actor: { kind: 'member', userId: user.id, membershipId: membership.id, email: user.email },
  };
  const context: ChangeContext = { organizationId: membership.organizationId, cause, now: deps.clock() };
  await startSession(tx, context, {
    membership,
    tokenHash: deps.hashToken(sessionToken),
    authentication: { connectionId: null, amr },
  });
  await record(tx, context, {
    type: amr.includes('pwd') ? 'password.accepted' : 'passkey.accepted',
    target: { kind: 'membership', id: membership.id },
    details: { amr },
  });
  return sessionToken;
}

/** Takes every credential but the password, and what is under way, from somebody who had only claimed their address (S151). */
export async function dropCredentials(tx: Repositories, userId: User['id']): Promise<void> {
  await tx.secondFactors.remove(userId);
  for (const { id } of await tx.passkeys.listByUser(userId)) await tx.passkeys.remove(userId, id);
  await tx.oneTimeRecords.removeByUser(userId, {});
}
