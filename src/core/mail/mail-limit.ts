/**
 * How many mails may be sent on somebody's word (S171): invitations by organization, by inviter, to one mailbox over all
 * organizations, to one domain; notices, and each kind of mail that anybody may ask for, to one mailbox. Counted in the store, so
 * that neither a restart nor another process forgets, and apart: nobody's password reset is stopped by other people's invitations.
 */
import { createHash } from 'node:crypto';
import { hours, minutes } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { mailboxKey } from '../../kernel/text.ts';
import { tooMany as tooManyTries } from '../attempt-limit.ts';
import type { MailCount } from '../entities/mail-count.ts';
import type { Repositories } from '../ports/storage.ts';

export interface MailLimits {
  readonly perOrganization: number;
  readonly perInviter: number;
  /** One mailbox: what follows a plus sign does not make another. */
  readonly perAddress: number;
  readonly perDomain: number;
  /** Of mails that tell a member, or whoever invited, what happened. */
  readonly noticesPerAddress: number;
  /** Of one kind that anybody may ask for, such as links for a new password, within `requestWindowMs`. */
  readonly requestsPerAddress: number;
  readonly requestWindowMs: number;
  readonly windowMs: number;
}

/** Room for a company's first day; hopeless for filling somebody's mailbox. */
export const DEFAULT_MAIL_LIMITS: MailLimits = {
  perOrganization: 10_000,
  perInviter: 6_000,
  perAddress: 10,
  perDomain: 20_000,
  noticesPerAddress: 50,
  requestsPerAddress: 10,
  requestWindowMs: hours(1),
  windowMs: hours(24),
};

/** Mails of so long are counted together, and forgotten together a window later. */
const SLOT_MS = minutes(15);

export interface InvitationMailing {
  readonly organizationId: string;
  /** Who invites, by a name of theirs that stays the same. */
  readonly inviter: string;
  readonly emailKey: string;
}

interface Counting {
  readonly limits: Pick<MailLimits, 'windowMs'>;
  readonly now: number;
}

type Limited = readonly (readonly [key: string, limit: number])[];

/**
 * Counts the mail of an invitation inside the caller's transaction. Throws `too_many_requests` with
 * `context.retryAfterSeconds`; a refused one is not counted.
 */
export async function countInvitationMail(
  tx: Pick<Repositories, 'mailCounts'>,
  { limits, now }: Counting & { readonly limits: MailLimits },
  { organizationId, inviter, emailKey }: InvitationMailing,
): Promise<void> {
  const domain = emailKey.slice(emailKey.lastIndexOf('@') + 1);
  const waitMs = await count(tx, { limits, now }, [
    [`organization ${organizationId}`, limits.perOrganization],
    [`inviter ${organizationId} ${inviter}`, limits.perInviter],
    [`address ${mailboxHash(emailKey)}`, limits.perAddress],
    [`domain ${domain}`, limits.perDomain],
  ]);
  if (waitMs > 0) throw tooMany(waitMs);
}

/** Counts a notice to this mailbox inside the caller's transaction; false: it has had enough, and nothing is to be sent. */
export const countNotice = async (
  tx: Pick<Repositories, 'mailCounts'>,
  now: number,
  emailKey: string,
): Promise<boolean> => {
  const limits = DEFAULT_MAIL_LIMITS;
  const key = `notice ${mailboxHash(emailKey)}`;
  return (await count(tx, { limits, now }, [[key, limits.noticesPerAddress]])) === 0;
};

/** A mail that anybody may ask for: a link for a new password, the proof of an address on the way in or for signing in, a link that connects. */
export type RequestedMail = 'reset' | 'joining' | 'sign_in_address' | 'connecting';

/**
 * Counts a mail that somebody asked for inside the caller's transaction. 0 when it was counted; else the milliseconds until
 * there is room for one of its kind to this mailbox, and it is not to be sent. No limits: always 0.
 */
export async function countRequestedMail(
  tx: Pick<Repositories, 'mailCounts'>,
  { limits, now }: { readonly limits: MailLimits | undefined; readonly now: number },
  { kind, emailKey }: { readonly kind: RequestedMail; readonly emailKey: string },
): Promise<number> {
  if (limits === undefined) return 0;
  const { requestsPerAddress, requestWindowMs: windowMs } = limits;
  const key = `${kind} ${mailboxHash(emailKey)}`;
  return count(tx, { limits: { windowMs }, now }, [[key, requestsPerAddress]]);
}

/** The same where whoever asks may be told: throws `too_many_requests`. */
export async function assertRequestedMail(...asked: Parameters<typeof countRequestedMail>): Promise<void> {
  const waitMs = await countRequestedMail(...asked);
  if (waitMs > 0) throw tooManyTries(waitMs);
}

const KEYS_OF_MAILBOX = ['address', 'notice', 'reset', 'joining', 'sign_in_address', 'connecting'] as const;

/** Forgets how many mails this mailbox had: what is hashed can be found by trying. */
export async function forgetMailCounts(
  tx: Pick<Repositories, 'mailCounts'>,
  emailKey: string,
): Promise<void> {
  for (const kind of KEYS_OF_MAILBOX) await tx.mailCounts.remove(`${kind} ${mailboxHash(emailKey)}`);
}

/** Forgets what no limit looks at any more; answers how many rows went. */
export const removeOldMailCounts = (tx: Pick<Repositories, 'mailCounts'>, now: number): Promise<number> =>
  tx.mailCounts.removeExpired(now - DEFAULT_MAIL_LIMITS.windowMs);

/** 0 when it was counted; else the milliseconds until there is room, and nothing was. */
async function count(
  { mailCounts }: Pick<Repositories, 'mailCounts'>,
  { limits: { windowMs }, now }: Counting,
  limited: Limited,
): Promise<number> {
  let waitMs = 0;
  for (const [key, limit] of limited)
    waitMs = Math.max(waitMs, waitOf(await mailCounts.list(key, now - windowMs), { limit, windowMs, now }));
  if (waitMs > 0) return waitMs;
  const slotAt = now - (now % SLOT_MS);
  for (const [key] of limited) await mailCounts.claim(key, slotAt);
  return 0;
}

/** Pure: how long until one more fits; `slots` are those of the window, oldest first. 0: now. */
function waitOf(
  slots: readonly Pick<MailCount, 'slotAt' | 'count'>[],
  { limit, windowMs, now }: { readonly limit: number; readonly windowMs: number; readonly now: number },
): number {
  // A slot that lies ahead is of a clock that was set back since: it must shut nobody out for longer than promised.
  const counted = slots.filter(({ slotAt }) => slotAt <= now);
  let left = counted.reduce((sum, slot) => sum + slot.count, 0);
  for (const slot of counted) {
    if (left < limit) return 0;
    left -= slot.count;
    if (left < limit) return slot.slotAt + windowMs - now;
  }
  return left < limit ? 0 : windowMs;
}

/** Nobody's address is kept in plain. */
const mailboxHash = (emailKey: string): string =>
  createHash('sha256').update(mailboxKey(emailKey)).digest('base64url');

/** One text for all limits: how much mail others sent to an address is nobody's business. */
function tooMany(waitMs: number): GatehouseError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new GatehouseError(
    'too_many_requests',
    'Too many invitations were mailed. Wait as long as Retry-After says, or invite with delivery "link" and hand the link over yourself.',
    {
      context: { retryAfterSeconds },
      whatToDo: 'Wait as long as Retry-After says, or invite with delivery "link".',
    },
  );
}
