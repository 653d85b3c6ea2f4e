/** The sealed way in: a code made ahead of time lets one owner past a required single sign-on, once, and everybody hears of it. */
import { days, hours } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { EmergencyCodeId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { limitAttempt } from '../attempt-limit.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import type { Membership } from '../entities/people.ts';
import type { EmergencyCode } from '../entities/sso-policy.ts';
import { record } from '../journal/audit.ts';
import { emergencyCodeMail, emergencyUseMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { Repositories } from '../ports/storage.ts';
import { newSessionToken, startSession } from '../sign-in/sessions.ts';
import { newEmergencyCode } from './emergency-code-text.ts';
import type { Entered } from './local-entry.ts';

/** How long a code works unless said otherwise; at most `LONGEST_MS`. */
const USUAL_MS = days(90);
const LONGEST_MS = days(366);
/** How long the session lasts that a code opens: enough to mend the sign-on. */
const EMERGENCY_SESSION_MS = hours(1);

interface EmergencyRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/**
 * Makes a code for one active owner: for themselves when an owner asks; the operator names whom. The code is in the answer
 * and nowhere else. All owners get a mail. Throws `invalid` (fields `member`, `expiresAt`), `forbidden`, `not_found`.
 */
export async function createEmergencyCode(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: EmergencyRequest & {
    readonly caller: Caller;
    /** The operator names the owner; an owner none, or themselves. */
    readonly membershipId?: MembershipId | undefined;
    /** Epoch ms; 90 days from now if absent. */
    readonly expiresAt?: number | undefined;
  },
): Promise<{ readonly row: EmergencyCode; readonly code: string }> {
  const { organizationId, cause, caller } = input;
  const code = newEmergencyCode();
  const row = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const owner = await ownerFor(tx, organizationId, { caller, membershipId: input.membershipId });
    const made: EmergencyCode = {
      id: newId('emc', context.now),
      version: 1,
      organizationId,
      membershipId: owner.id,
      codeHash: deps.hashToken(code),
      createdBy: cause.actor,
      createdAt: context.now,
      expiresAt: expiryOf(input.expiresAt, context.now),
      usedAt: null,
      revokedAt: null,
    };
    await tx.emergencyCodes.insert(organizationId, made);
    await tell(tx, context, { type: 'emergency_code.created', code: made });
    await mailOwners(tx, context, (organization) =>
      emergencyCodeMail({ organization, owner: owner.name, expiresAt: made.expiresAt }),
    );
    return made;
  });
  return { row, code };
}

function expiryOf(wished: number | undefined, now: number): number {
  if (wished === undefined) return now + USUAL_MS;
  if (wished > now && wished <= now + LONGEST_MS) return wished;
  throw new GatehouseError('invalid', 'A code ends in the future, at most 366 days from now.', {
    field: 'expiresAt',
  });
}

async function ownerFor(
  tx: Repositories,
  organizationId: OrganizationId,
  asked: { readonly caller: Caller; readonly membershipId: MembershipId | undefined },
): Promise<Membership> {
  const { caller } = asked;
  if (caller.kind === 'api_key')
    throw new GatehouseError('forbidden', 'A way in for an owner is not made by a program.', {
      whatToDo: 'An owner makes it, signed in.',
    });
  if (caller.kind === 'member' && (asked.membershipId ?? caller.membershipId) !== caller.membershipId)
    throw new GatehouseError('forbidden', 'An owner makes a code for themselves only.', {
      field: 'member',
      whatToDo: 'Leave member out, or let that owner make their own.',
    });
  const id = caller.kind === 'member' ? caller.membershipId : asked.membershipId;
  if (id === undefined) throw new GatehouseError('invalid', 'Name the owner it is for.', { field: 'member' });
  const membership = await tx.memberships.find(organizationId, id);
  if (membership === undefined) throw new GatehouseError('not_found', 'No such member.');
  if (isOwner(membership)) return membership;
  throw new GatehouseError('invalid', 'A code lets an active owner in, and nobody else.', {
    field: 'member',
  });
}

const isOwner = ({ status, orgRole }: Membership): boolean => status === 'active' && orgRole === 'owner';

function tell(
  tx: Repositories,
  context: ChangeContext,
  told: {
    readonly type: Extract<AuditType, `emergency_code.${string}`>;
    readonly code: EmergencyCode;
    readonly reason?: EmergencyRefusal;
  },
): Promise<void> {
  const { type, code, ...why } = told;
  const { id, membershipId, expiresAt } = code;
  const target = { kind: 'emergency_code', id };
  return record(tx, context, { type, target, details: { membershipId, expiresAt, ...why } });
}

/** Takes a code back; one that is used, expired or taken back already stays as it is. Throws `not_found`. */
export async function revokeEmergencyCode(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: EmergencyRequest & { readonly id: EmergencyCodeId },
): Promise<void> {
  const { organizationId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const code = await tx.emergencyCodes.find(organizationId, id);
    if (code === undefined) throw new GatehouseError('not_found', 'No such emergency code.');
    if (code.usedAt !== null || code.revokedAt !== null) return;
    await tx.emergencyCodes.update(organizationId, { ...code, revokedAt: context.now }, code.version);
    await tell(tx, context, { type: 'emergency_code.revoked', code });
  });
}

/**
 * Lets its owner in for an hour, whatever the organization requires, and tells all owners. Exactly one of any number of
 * parallel calls succeeds (law 5). Throws one `unauthenticated` for everything that is wrong: unknown, used, taken back,
 * expired, not an owner any more (an `EmergencyRefusal` in its context, and in the audit of the organization, but for an unknown
 * one); of too many from one network the next is `too_many_requests`, right or wrong (S178).
 */
export const enterWithEmergencyCode = (
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'keyAttempts' | 'afterwards'>,
  input: CodeUse,
): Promise<EmergencyEntry> =>
  limitAttempt(
    deps.keyAttempts,
    { emailKey: 'emergency', ip: input.cause.ip, refusal: 'unauthenticated' },
    () => useCode(deps, input),
  );

interface CodeUse {
  readonly code: string;
  readonly cause: Cause;
}

/** What a code opened. */
type EmergencyEntry = Pick<Entered, 'sessionToken' | 'entry'>;

async function useCode(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'afterwards'>,
  input: CodeUse,
): Promise<EmergencyEntry> {
  const found = await deps.storage.emergencyCodes.findByHash(deps.hashToken(input.code));
  if (found === undefined) throw refused();
  return enterBy(deps, found, input.cause).catch(async (error: unknown) => {
    const reason = isGatehouseError(error, 'unauthenticated') ? error.context.reason : undefined;
    if (isRefusal(reason))
      await deps.afterwards(() => tellRefused(deps, { code: found, reason, cause: input.cause }));
    throw error;
  });
}

const REFUSALS = [
  'emergency.used_before',
  'emergency.taken_back',
  'emergency.expired',
  'emergency.no_owner',
] as const;
/** Why a code that there is opens nothing. */
type EmergencyRefusal = (typeof REFUSALS)[number];
const isRefusal = (reason: unknown): reason is EmergencyRefusal => REFUSALS.some((one) => one === reason);

/** Why the claim of a code failed; it is read in the transaction of that claim. */
function whyClosed(code: EmergencyCode | undefined): EmergencyRefusal {
  if (code?.revokedAt != null) return 'emergency.taken_back';
  return code?.usedAt == null ? 'emergency.expired' : 'emergency.used_before';
}

/** A code that there is and opened nothing is told: somebody has what was sealed. */
async function tellRefused(
  deps: Pick<Deps, 'storage' | 'clock'>,
  told: { readonly code: EmergencyCode; readonly reason: EmergencyRefusal; readonly cause: Cause },
): Promise<void> {
  const { code, reason, cause } = told;
  const context: ChangeContext = { organizationId: code.organizationId, cause, now: deps.clock() };
  await deps.storage.transact((tx) => tell(tx, context, { type: 'emergency_code.rejected', code, reason }));
}

async function enterBy(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  found: EmergencyCode,
  cause: Cause,
): Promise<EmergencyEntry> {
  const sessionToken = newSessionToken();
  const { organizationId, id, membershipId } = found;
  const amr = ['otp'];
  await deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const membership = await tx.memberships.find(organizationId, membershipId);
    if (membership === undefined || !isOwner(membership)) throw refused('emergency.no_owner');
    if (!(await tx.emergencyCodes.claim(organizationId, id, now)))
      throw refused(whyClosed(await tx.emergencyCodes.find(organizationId, id)));
    const { userId, email } = membership;
    const actor = { kind: 'member', userId, membershipId, email } as const;
    const context: ChangeContext = { organizationId, cause: { ...cause, actor }, now };
    const notOnOrAfter = now + EMERGENCY_SESSION_MS;
    await startSession(tx, context, {
      membership,
      tokenHash: deps.hashToken(sessionToken),
      authentication: { connectionId: null, amr, emergency: true, notOnOrAfter },
    });
    await tell(tx, context, { type: 'emergency_code.used', code: found });
    const ip = cause.ip ?? null;
    await mailOwners(tx, context, (organization) =>
      emergencyUseMail({ organization, owner: membership.name, at: now, ip }),
    );
  });
  return { sessionToken, entry: { organizationId, membershipId, amr } };
}

/** One text for every reason. */
const refused = (reason?: EmergencyRefusal) =>
  new GatehouseError('unauthenticated', 'This code does not work.', {
    ...(reason === undefined ? {} : { context: { reason } }),
    whatToDo: 'Check the code; it works once. An owner or the operator makes another.',
  });
