/** The way back for somebody who has lost phone and recovery codes: an admin of their organization, or the operator, takes the second factors away. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { assertMayTouch } from '../access/access.ts';
import { roleHeld } from '../access/role-table.ts';
import { passwordAllowedFor } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership, User } from '../entities/people.ts';
import { getMembership } from '../members/memberships.ts';
import { dropUnderWay, recordForPerson } from '../members/person-records.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessionsOfUser } from '../sign-in/session-endings.ts';
import { notifyPerson } from './credential-notices.ts';

/**
 * Takes the authenticator app, the recovery codes and the passkeys of a member away, ends their sessions everywhere and tells
 * them by mail, in one transaction. The password goes as well where a new one is had by mail: it may be too short to stand
 * alone (S176), and whoever talked an admin into this has to hold the mailbox too. Throws `not_found` (no such member, or
 * nothing to take away) and `forbidden`: oneself, a role the caller stands below, a program, and, for everybody but the operator,
 * a person who is in other organizations as well (law 3).
 */
export async function resetSecondFactors(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly id: MembershipId;
    readonly caller: Caller;
    readonly cause: Cause;
  },
): Promise<void> {
  const { organizationId, id, caller, cause } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const membership = await getMembership(tx, organizationId, id);
    await assertMayReset(tx, caller, membership);
    const user = await tx.users.find(membership.userId);
    if (user === undefined || !(await takeAway(tx, user.id)))
      throw new GatehouseError('not_found', 'This member has no second factor and no passkey.');
    const organization = await getOrganization(tx, organizationId);
    if (user.passwordHash !== null && passwordAllowedFor(organization, 'obtain'))
      await tx.users.update({ ...user, passwordHash: null, updatedAt: context.now }, user.version);
    await dropUnderWay(tx, user.id);
    await endSessionsOfUser(tx, context, { userId: user.id, reason: 'credentials_changed' });
    await recordForPerson(tx, context, { userId: user.id, type: 'second_factor.reset' });
    await notifyPerson(tx, deps, { user, cause, what: 'second_factors_reset' });
  });
}

async function assertMayReset(tx: Repositories, caller: Caller, membership: Membership): Promise<void> {
  if (caller.kind === 'operator') return;
  const { id, userId, orgRole } = membership;
  if (caller.kind === 'api_key')
    throw new GatehouseError('forbidden', 'A person has to do this: no key may.');
  // Whoever still has a second factor removes it with a code; without one this would be the way around it.
  if (caller.membershipId === id)
    throw new GatehouseError('forbidden', 'Your own second factor is removed on your account page.');
  assertMayTouch(caller, await roleHeld(tx, orgRole));
  const elsewhere = (await tx.memberships.listByUser(userId)).some((one) => one.id !== id);
  // Their account is not this organization's alone: what is done to it here would open the others (law 3).
  if (elsewhere)
    throw new GatehouseError(
      'forbidden',
      'This person has an account beyond this organization. Ask the operator.',
    );
}

/** Whether there was anything. */
async function takeAway(tx: Repositories, userId: User['id']): Promise<boolean> {
  const factor = await tx.secondFactors.find(userId);
  const passkeys = await tx.passkeys.listByUser(userId);
  if (factor !== undefined) await tx.secondFactors.remove(userId);
  for (const { id } of passkeys) await tx.passkeys.remove(userId, id);
  return factor !== undefined || passkeys.length > 0;
}
