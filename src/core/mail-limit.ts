/**
 * How many invitations may be mailed (S171): by organization, by inviter, to one address over all organizations, to one
 * domain. Credentials' own mails are not counted here, so that nobody's password reset is stopped by other people's invitations.
 */
import { createHash } from 'node:crypto';
import { hours } from '../kernel/clock.ts';
import { GatehouseError } from '../kernel/errors.ts';
import { mailboxKey } from '../kernel/text.ts';
import { createCounter } from './attempt-limit.ts';

export interface MailLimits {
  readonly perOrganization: number;
  readonly perInviter: number;
  /** One mailbox: what follows a plus sign does not make another. */
  readonly perAddress: number;
  readonly perDomain: number;
  readonly windowMs: number;
  /** Of each kind, so many are remembered; the one that got a mail longest ago is forgotten first. */
  readonly keysKept: number;
}

/** Room for a company's first day; hopeless for filling somebody's mailbox. */
export const DEFAULT_MAIL_LIMITS: MailLimits = {
  perOrganization: 10_000,
  perInviter: 6_000,
  perAddress: 10,
  perDomain: 20_000,
  windowMs: hours(24),
  keysKept: 20_000,
};

export interface InvitationMailing {
  readonly organizationId: string;
  /** Who invites, by a name of theirs that stays the same. */
  readonly inviter: string;
  readonly emailKey: string;
}

export interface MailLimiter {
  /** Counts a mail. Throws `too_many_requests` with `context.retryAfterSeconds`; a refused one is not counted. */
  begin(mailing: InvitationMailing): void;
}

/** Starts with nothing sent. The state is this process's own: each of several nodes counts by itself, and a restart forgets. */
export function createMailLimiter(limits: MailLimits, clock: () => number): MailLimiter {
  const counters = {
    organization: createCounter(limits.perOrganization, limits),
    inviter: createCounter(limits.perInviter, limits),
    address: createCounter(limits.perAddress, limits),
    domain: createCounter(limits.perDomain, limits),
  };
  return {
    begin: (mailing) => {
      const now = clock();
      const counted = keysOf(mailing).map(([kind, key]) => ({ counter: counters[kind], key }));
      const waitMs = Math.max(...counted.map(({ counter, key }) => counter.waitMs(key, now)));
      if (waitMs > 0) throw tooMany(waitMs);
      for (const { counter, key } of counted) counter.add(key, now);
    },
  };
}

type Kind = 'organization' | 'inviter' | 'address' | 'domain';

function keysOf({
  organizationId,
  inviter,
  emailKey,
}: InvitationMailing): readonly (readonly [Kind, string])[] {
  const domain = emailKey.slice(emailKey.lastIndexOf('@') + 1);
  return [
    ['organization', organizationId],
    ['inviter', `${organizationId} ${inviter}`],
    // Nobody's address stays in memory in plain.
    ['address', createHash('sha256').update(mailboxKey(emailKey)).digest('base64url')],
    ['domain', domain],
  ];
}

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
