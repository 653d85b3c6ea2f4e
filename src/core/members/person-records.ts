/** What happened to a person rather than in an organization: told to every organization they are in, in its own audit. */
import type { UserId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { OneTimePurpose, OneTimeRecord } from '../entities/credentials.ts';
import type { Membership } from '../entities/people.ts';
import type { ChangeRecord } from '../journal/audit.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';

/** The context of a change of a person, before it is told to any organization. */
export type PersonContext = Pick<ChangeContext, 'cause' | 'now'>;

/** Writes one row, and one event, for each organization of the person; details never name another organization. */
export async function recordForPerson(
  tx: Repositories,
  context: PersonContext,
  change: Omit<ChangeRecord, 'target'> & { readonly userId: UserId },
): Promise<void> {
  const { userId, ...rest } = change;
  for (const { organizationId, id } of await tx.memberships.listByUser(userId)) {
    await record(tx, { ...context, organizationId }, { ...rest, target: { kind: 'membership', id } });
  }
}

/** The active membership in which the person began a session last, whatever keys and applications do since; undefined for somebody who may not come in anywhere. */
export async function lastUsedMembership(
  from:
    | Pick<Repositories, 'memberships'>
    | { readonly memberships: Pick<Repositories['memberships'], 'listByUser'> },
  userId: UserId,
  isOpen: (membership: Membership) => Promise<boolean> | boolean = () => true,
): Promise<Membership | undefined> {
  const active = (await from.memberships.listByUser(userId)).filter(({ status }) => status === 'active');
  const latestFirst = active.toSorted(
    (a, b) => (b.lastSignedInAt ?? 0) - (a.lastSignedInAt ?? 0) || (a.id < b.id ? -1 : 1),
  );
  for (const membership of latestFirst) if (await isOpen(membership)) return membership;
  return undefined;
}

const UNDER_WAY = [
  'password_reset',
  'email_change',
  'identity_connection',
  'second_step',
  'passkey_registration',
] as const;

/** Ends what a person has under way: mailed links, second steps, passkeys being made. Links that take a change back stay. */
export async function dropUnderWay(tx: Repositories, userId: UserId): Promise<void> {
  await tx.oneTimeRecords.removeByUser(userId, { purposes: UNDER_WAY });
}

/** Does so for somebody who may come in nowhere any more: a link does not wake up with them (S180). */
export async function dropUnderWayOfStranded(tx: Repositories, userId: UserId): Promise<void> {
  if ((await lastUsedMembership(tx, userId)) === undefined) await dropUnderWay(tx, userId);
}

/** Stores a one-time value of 256 bits and answers it: the only time it exists outside a mail or a cookie. */
export async function issueOneTime(
  tx: Repositories,
  deps: Pick<Deps, 'hashToken'>,
  wanted: {
    readonly purpose: OneTimePurpose;
    readonly userId: UserId;
    readonly now: number;
    readonly ttlMs: number;
    readonly data?: OneTimeRecord['data'];
    readonly tries?: number;
  },
): Promise<string> {
  const { purpose, userId, now, ttlMs, data = {}, tries = 1 } = wanted;
  const token = newToken('ghp');
  await tx.oneTimeRecords.insert({
    tokenHash: deps.hashToken(token),
    purpose,
    userId,
    bindingHash: null,
    data,
    triesLeft: tries,
    createdAt: now,
    expiresAt: now + ttlMs,
  });
  return token;
}
