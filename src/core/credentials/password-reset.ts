/** A forgotten password: the same answer for everybody, a mailed link for whom a password is the way, used once (S180, S182). */
import { minutes } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { deliverMail } from '../journal/outbox.ts';
import { countRequestedMail } from '../mail/mail-limit.ts';
import { issueOneTime, recordForPerson } from '../members/person-records.ts';
import { noResetMail, resetMail } from './credential-mails.ts';
import { mailPerson, notifyPerson } from './credential-notices.ts';
import { dropCredentials, mayObtainEntry } from './local-entry.ts';
import { ownerOf, setPassword } from './password-change.ts';
import { acceptablePassword } from './password-rules.ts';

/** S180: how long a mailed link works. */
export const RESET_TTL_MS = minutes(30);

type RequestDeps = Pick<
  Deps,
  'storage' | 'clock' | 'hashToken' | 'baseUrl' | 'mailer' | 'afterwards' | 'resetRequests' | 'mailLimits'
>;
type ResetDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl' | 'passwords'>;

/**
 * Asks for a link. Resolves at once and alike whoever the address belongs to; what follows happens after the answer (S155,
 * S177). Throws `too_many_requests` for too many requests for one address or from one network, known or not (S171).
 */
export async function requestPasswordReset(
  deps: RequestDeps,
  input: { readonly email: string; readonly cause: Cause },
): Promise<void> {
  const emailKey = foldKey(input.email);
  // Every request counts, and none is ever forgiven: there is no success to tell.
  deps.resetRequests?.begin({ emailKey, ip: input.cause.ip });
  await deps.afterwards(() => answerByMail(deps, { emailKey, cause: input.cause }));
}

/** The mail goes to the account's own address, never to one a directory has written (S118). */
async function answerByMail(
  deps: RequestDeps,
  { emailKey, cause }: { readonly emailKey: string; readonly cause: Cause },
): Promise<void> {
  const found = await deps.storage.users.findByEmail(emailKey);
  if (found === undefined) return;
  const queued = await deps.storage.transact(async (tx) => {
    const user = await tx.users.find(found.id);
    if (user?.email == null || user.emailKey !== emailKey) return undefined;
    const context = { cause, now: deps.clock() };
    const counting = { limits: deps.mailLimits, now: context.now };
    // Nobody is told: the answer has left, and the links that were mailed last go on working.
    if ((await countRequestedMail(tx, counting, { kind: 'reset', emailKey })) > 0) return undefined;
    if (!(await mayObtainEntry(tx, user))) {
      return mailPerson(tx, context, { user, mail: noResetMail(user.email, `${deps.baseUrl}/sign-in`) });
    }
    const wanted = {
      purpose: 'password_reset',
      userId: user.id,
      now: context.now,
      ttlMs: RESET_TTL_MS,
    } as const;
    await tx.oneTimeRecords.removeByUser(user.id, { purposes: [wanted.purpose] });
    const url = `${deps.baseUrl}/password-reset/${await issueOneTime(tx, deps, wanted)}`;
    await recordForPerson(tx, context, { userId: user.id, type: 'password.reset_requested' });
    return mailPerson(tx, context, { user, mail: resetMail(user.email, url) });
  });
  if (queued !== undefined) await deliverMail(deps, queued);
}

const dead = () => new GatehouseError('not_found', 'This link does not work any more. Ask for a new one.');

/** Whose link this is, if it would work now; asking consumes nothing (S164). Undefined for any other. */
export async function findResetOwner(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<User | undefined> {
  const record = await deps.storage.oneTimeRecords.find('password_reset', deps.hashToken(token));
  if (record?.userId == null || record.expiresAt <= deps.clock()) return undefined;
  const user = await deps.storage.users.find(record.userId);
  return user !== undefined && (await mayObtainEntry(deps.storage, user)) ? user : undefined;
}

/**
 * Sets the password and ends every session of the person; a second factor goes on being asked for. Exactly one of any number
 * of parallel calls succeeds (law 5). Throws `not_found` for a link that does not work, `invalid` (the link stays good) for a
 * password that is not taken. Whoever had only claimed the address loses what they had put in (S151).
 */
export async function resetPassword(
  deps: ResetDeps,
  input: { readonly token: string; readonly password: string; readonly cause: Cause },
): Promise<void> {
  const owner = await findResetOwner(deps, input.token);
  if (owner === undefined) throw dead();
  const password = acceptablePassword(input.password, await ownerOf(deps.storage, owner));
  const passwordHash = await deps.passwords.hash(password);
  await deps.storage.transact(async (tx) => {
    const context = { cause: input.cause, now: deps.clock() };
    const record = await tx.oneTimeRecords.consume('password_reset', deps.hashToken(input.token));
    const user = record?.userId == null ? undefined : await tx.users.find(record.userId);
    if (record === undefined || record.expiresAt <= context.now || user === undefined) throw dead();
    if (!(await mayObtainEntry(tx, user))) throw dead();
    if (user.emailVerifiedAt === null) await dropCredentials(tx, user.id);
    const verified = { ...user, emailVerifiedAt: user.emailVerifiedAt ?? context.now };
    await setPassword(tx, context, { user: verified, passwordHash, type: 'password.reset' });
    await notifyPerson(tx, deps, { user, cause: input.cause, what: 'password_reset' });
  });
}
