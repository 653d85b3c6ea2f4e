/** Another sign-in address: asked for with the password, proved by a mail to the new one, told to the old one (S181). */
import { hours } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { SessionId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import { deliverMail } from '../journal/outbox.ts';
import { assertRequestedMail } from '../mail/mail-limit.ts';
import { issueOneTime, recordForPerson } from '../members/person-records.ts';
import type { SignedIn } from '../sign-in/sessions.ts';
import { addressTakenMail, proveAddressMail } from './credential-mails.ts';
import { mailPerson, notifyPerson } from './credential-notices.ts';
import { endUnderWay } from './password-change.ts';
import { proveByPassword } from './passwords.ts';

const PROOF_TTL_MS = hours(1);

type RequestDeps = Parameters<typeof proveByPassword>[0] &
  Pick<Deps, 'hashToken' | 'baseUrl' | 'mailer' | 'resetRequests' | 'mailLimits'>;

/**
 * Mails a link to the new address; nothing changes before it is opened. The answer is the same when the address has an
 * account already: then the mail says so, to its holder alone. `email` is in its canonical form. Throws `unauthenticated` for
 * a wrong password, `invalid` for the address that is the person's already, `too_many_requests`.
 */
export async function requestEmailChange(
  deps: RequestDeps,
  input: {
    readonly signedIn: SignedIn;
    readonly password: string;
    readonly email: string;
    readonly cause: Cause;
  },
): Promise<void> {
  const { signedIn, password, email, cause } = input;
  const { user } = signedIn;
  const emailKey = foldKey(email);
  if (emailKey === user.emailKey)
    throw new GatehouseError('invalid', 'This is your address already.', { field: 'email' });
  deps.resetRequests?.begin({ emailKey, ip: cause.ip });
  await proveByPassword(deps, { user, password, cause });
  const isTaken = (await deps.storage.users.findByEmail(emailKey)) !== undefined;
  const queued = await deps.storage.transact(async (tx) => {
    const context = { cause, now: deps.clock() };
    const counting = { limits: deps.mailLimits, now: context.now };
    await assertRequestedMail(tx, counting, { kind: 'sign_in_address', emailKey });
    if (isTaken) {
      return mailPerson(tx, context, { user, mail: addressTakenMail(email, `${deps.baseUrl}/sign-in`) });
    }
    await tx.oneTimeRecords.removeByUser(user.id, { purposes: ['email_change'] });
    const token = await issueOneTime(tx, deps, {
      purpose: 'email_change',
      userId: user.id,
      now: context.now,
      ttlMs: PROOF_TTL_MS,
      data: { email, emailKey },
    });
    const mail = proveAddressMail(email, `${deps.baseUrl}/email-change/${token}`);
    return mailPerson(tx, context, { user, mail });
  });
  if (queued !== undefined) await deps.afterwards(async () => void (await deliverMail(deps, queued)));
}

/** The address a link would make the person's; asking consumes nothing (S164). Undefined for a link that does not work. */
export async function findEmailChange(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<string | undefined> {
  const record = await deps.storage.oneTimeRecords.find('email_change', deps.hashToken(token));
  return record === undefined || record.expiresAt <= deps.clock()
    ? undefined
    : (record.data.email ?? undefined);
}

const dead = () => new GatehouseError('not_found', 'This link does not work any more.');

/**
 * Makes the proved address the person's own: one winner of any number of calls (law 5). Every session ends but `keep`, if it is
 * theirs, and the old address gets a mail with the way back. Throws `not_found`, `already_exists` (field `email`) when it has
 * become another account's in the meantime.
 */
export async function confirmEmailChange(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl'>,
  input: { readonly token: string; readonly cause: Cause; readonly keep?: SessionId | undefined },
): Promise<void> {
  const { token, cause, keep } = input;
  await deps.storage.transact(async (tx) => {
    const context = { cause, now: deps.clock() };
    const record = await tx.oneTimeRecords.consume('email_change', deps.hashToken(token));
    const user = record?.userId == null ? undefined : await tx.users.find(record.userId);
    const { email, emailKey } = record?.data ?? {};
    if (record === undefined || record.expiresAt <= context.now || user === undefined) throw dead();
    if (email == null || emailKey == null) throw dead();
    const changed = { ...user, email, emailKey, emailVerifiedAt: context.now, updatedAt: context.now };
    await tx.users.update(changed, user.version);
    await endUnderWay(tx, context, { user, keep });
    await recordForPerson(tx, context, { userId: user.id, type: 'email.changed' });
    await notifyPerson(tx, deps, { user, cause, what: 'email_changed' });
  });
}
