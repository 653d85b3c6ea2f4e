/** "That was not me": takes a change of credentials back, and everything that came after it (S181). */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { OneTimeRecord } from '../entities/credentials.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { dropUnderWay, issueOneTime, recordForPerson } from '../members/person-records.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessionsOfUser } from '../sign-in/session-endings.ts';
import { RESET_TTL_MS } from './password-reset.ts';

type UndoDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken'>;

const dead = () => new GatehouseError('not_found', 'This link does not work any more.');

/** Whether this link would work now; asking consumes nothing (S164). */
export async function isUndoLink(deps: UndoDeps, token: string): Promise<boolean> {
  const record = await deps.storage.oneTimeRecords.find('undo', deps.hashToken(token));
  return record !== undefined && record.expiresAt > deps.clock();
}

/**
 * Consumes the link (one winner): the address becomes again what it was, the password stops working, every session ends,
 * passkeys and a second factor made since go, those from before stay. Links mailed since, which an intruder may hold, die;
 * earlier ones stay. Answers a value for `resetPassword`, with which the person goes on. Throws `not_found`;
 * `already_exists` when the address has become another account's.
 */
export async function undoCredentialChange(
  deps: UndoDeps,
  input: { readonly token: string; readonly cause: Cause },
): Promise<string> {
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const undo = await tx.oneTimeRecords.consume('undo', deps.hashToken(input.token));
    const user = undo?.userId == null ? undefined : await tx.users.find(undo.userId);
    if (undo === undefined || undo.expiresAt <= now || user === undefined) throw dead();
    const context = { cause: input.cause, now };
    await restore(tx, context, { user, undo });
    await endSessionsOfUser(tx, context, { userId: user.id, reason: 'credentials_changed' });
    await recordForPerson(tx, context, { userId: user.id, type: 'credentials.undone' });
    const wanted = { purpose: 'password_reset', userId: user.id, now, ttlMs: RESET_TTL_MS } as const;
    return issueOneTime(tx, deps, wanted);
  });
}

async function restore(
  tx: Repositories,
  { now }: Pick<ChangeContext, 'cause' | 'now'>,
  { user, undo }: { readonly user: User; readonly undo: OneTimeRecord },
): Promise<void> {
  const { email = null, emailKey = null } = undo.data;
  const restored: User = {
    ...user,
    email,
    emailKey,
    passwordHash: null,
    emailVerifiedAt: now,
    updatedAt: now,
  };
  await tx.users.update(restored, user.version);
  for (const passkey of await tx.passkeys.listByUser(user.id))
    if (passkey.createdAt >= undo.createdAt) await tx.passkeys.remove(user.id, passkey.id);
  const factor = await tx.secondFactors.find(user.id);
  if (factor !== undefined && factor.createdAt >= undo.createdAt) await tx.secondFactors.remove(user.id);
  await tx.oneTimeRecords.removeByUser(user.id, { since: undo.createdAt });
  await dropUnderWay(tx, user.id);
}
