/** Handing an organization to somebody else, and going: what people do with their own membership. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import type { OrgRole } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { releasePerson } from '../directory/directory-hold.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { giveOrgRole } from './members.ts';
import { endMembership, getMembership } from './memberships.ts';

/** What the former owner is afterwards. */
export type FormerOwnerRole = Exclude<OrgRole, 'owner'>;

/**
 * Makes another active member an owner and the caller, an owner, something less: in one transaction, so that there is never a
 * moment with none or with one too many. Throws `forbidden` for anybody but an owner in person, `invalid` (field `member`)
 * for oneself or somebody suspended, `not_found`, and `role_from_directory` when a group keeps the caller's role higher.
 */
export async function transferOwnership(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly id: MembershipId;
    readonly caller: Caller;
    readonly cause: Cause;
    readonly becomes: FormerOwnerRole;
  },
): Promise<Membership> {
  const { organizationId, id, caller, cause, becomes } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const heir = await getMembership(tx, organizationId, id);
    if (caller.kind !== 'member') throw notInPerson();
    const giver = await getMembership(tx, organizationId, caller.membershipId);
    if (giver.orgRole !== 'owner' || giver.status !== 'active') throw notInPerson();
    if (heir.id === giver.id) throw unfit('You are an owner already: name somebody else.');
    if (heir.status !== 'active') throw unfit('This member is suspended. Bring them back first.');
    const made = await giveOrgRole(tx, context, { membership: heir, role: 'owner', caller });
    await giveOrgRole(tx, context, { membership: giver, role: becomes, caller });
    await record(tx, context, {
      type: 'organization.ownership_transferred',
      target: { kind: 'membership', id: heir.id },
      details: { from: giver.id, to: heir.id, before: heir.orgRole, becomes },
    });
    return made;
  });
}

const notInPerson = () =>
  new GatehouseError('forbidden', 'Only an owner, signed in, hands an organization to somebody else.', {
    whatToDo: 'Ask an owner to do it.',
  });

const unfit = (sentence: string) => new GatehouseError('invalid', sentence, { field: 'member' });

/**
 * Ends the caller's own membership, sessions and all. Throws `last_owner`, and `role_from_directory` when a directory
 * put the person here: it would put them back.
 */
export async function leaveOrganization(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly membershipId: MembershipId;
    readonly cause: Cause;
  },
): Promise<void> {
  const { organizationId, membershipId, cause } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const membership = await getMembership(tx, organizationId, membershipId);
    const sentence = 'Your company directory put you here, and would put you back.';
    const whatToDo = 'Ask the people who run the directory of your company to take you out.';
    await releasePerson(tx, context, { membership, sentence, whatToDo });
    await endMembership(tx, context, { membership, reason: 'left' });
  });
}
