/** A new password: what changes with it, whoever asks, and the person's own change with the old one in hand (S181). */

import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { dropUnderWay, type PersonContext, recordForPerson } from '../members/person-records.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { endSessionsOfUser } from '../sign-in/session-endings.ts';
import type { SignedIn } from '../sign-in/sessions.ts';
import { notifyPerson } from './credential-notices.ts';
import { acceptablePassword, type PasswordOwner } from './password-rules.ts';
import { proveByPassword } from './passwords.ts';
import { findSecondFactor } from './second-factor-codes.ts';

type ChangeDeps = Pick<
  Deps,
  'storage' | 'clock' | 'hashToken' | 'passwords' | 'passwordAttempts' | 'afterwards' | 'baseUrl'
>;

/** What a password of this person is measured against (S176). */
export async function ownerOf(from: Queries | Repositories, user: User): Promise<PasswordOwner> {
  const organizations = await Promise.all(
    (await from.memberships.listByUser(user.id)).map(({ organizationId }) =>
      from.organizations.find(organizationId),
    ),
  );
  const names = organizations.flatMap((organization) =>
    organization === undefined ? [] : [organization.name, organization.slug],
  );
  const hasSecondFactor = (await findSecondFactor(from, user.id)) !== undefined;
  return { hasSecondFactor, knownWords: [user.name, user.email, ...names] };
}

/**
 * Changes the password of somebody signed in. Their other sessions end, links mailed for the old one die, and a mail says so.
 * Throws `unauthenticated` for a wrong old one, `invalid` (field `newPassword`) for the new one, `version_conflict`, `too_many_requests`.
 */
export async function changePassword(
  deps: ChangeDeps,
  input: {
    readonly signedIn: SignedIn;
    readonly currentPassword: string;
    readonly newPassword: string;
    readonly cause: Cause;
  },
): Promise<void> {
  const { signedIn, currentPassword, newPassword, cause } = input;
  const { user, session } = signedIn;
  await proveByPassword(deps, { user, password: currentPassword, cause });
  const password = acceptablePassword(newPassword, await ownerOf(deps.storage, user), 'newPassword');
  const passwordHash = await deps.passwords.hash(password);
  await deps.storage.transact(async (tx) => {
    const context = { cause, now: deps.clock() };
    await setPassword(tx, context, { user, passwordHash, type: 'password.changed', keep: session.id });
    await notifyPerson(tx, deps, { user, cause, what: 'password_changed' });
  });
}

/**
 * Stores the hash inside the caller's transaction and ends what the old password may have opened: every session but `keep`,
 * and every one-time value but the links that take changes back. Throws `version_conflict` when the person changed meanwhile.
 */
export async function setPassword(
  tx: Repositories,
  context: PersonContext,
  change: {
    readonly user: User;
    readonly passwordHash: string;
    readonly type: 'password.changed' | 'password.reset';
    readonly keep?: SignedIn['session']['id'];
  },
): Promise<void> {
  const { user, passwordHash, type, keep } = change;
  await tx.users.update({ ...user, passwordHash, updatedAt: context.now }, user.version);
  await endUnderWay(tx, context, { user, keep });
  await recordForPerson(tx, context, { userId: user.id, type });
}

/** Ends the person's sessions but `keep`, and what is under way: mailed links, second steps, passkeys being made. */
export async function endUnderWay(
  tx: Repositories,
  context: PersonContext,
  { user, keep }: { readonly user: User; readonly keep?: SignedIn['session']['id'] | undefined },
): Promise<void> {
  await dropUnderWay(tx, user.id);
  const reason = 'credentials_changed';
  await endSessionsOfUser(tx, context, { userId: user.id, reason, only: ({ id }) => id !== keep });
}
