/** What admins do with members: list them, change a role, suspend, bring back, remove. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { assertMayGrant, assertMayTouch, nameOfCaller } from '../access/access.ts';
import { syncGrants } from '../access/grants.ts';
import { roleHeld, roleNamed } from '../access/role-table.ts';
import type { Grant, OrgRole } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { isHeld } from '../directory/adoption-conflicts.ts';
import { findHeld, releasePerson } from '../directory/directory-hold.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership, MembershipStatus, TeamMember } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { PageRequest } from '../ports/paging.ts';
import type { MemberFilter } from '../ports/people.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { noticeRemoval, noticeRoleChange } from './member-notices.ts';
import { endMembership, getMembership, setMembershipStatus, updateMembership } from './memberships.ts';

/** A member with the team roles that go with it. */
export interface Member {
  readonly membership: Membership;
  readonly teams: readonly TeamMember[];
}

/** A page of members with their teams, oldest first. */
export async function listMembers(
  deps: Pick<Deps, 'storage'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly filter: MemberFilter;
    readonly page: PageRequest;
  },
): Promise<readonly Member[]> {
  const { organizationId, filter, page } = input;
  const memberships = await deps.storage.memberships.list(organizationId, filter, page);
  return withTeams(deps.storage, organizationId, memberships);
}

/** The members with their team roles, in their order. */
export async function withTeams(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  memberships: readonly Membership[],
): Promise<readonly Member[]> {
  const rows = await from.teamMembers.listByMemberships(
    organizationId,
    memberships.map(({ id }) => id),
  );
  const byMembership = Map.groupBy(rows, (row) => row.membershipId);
  return memberships.map((membership) => ({ membership, teams: byMembership.get(membership.id) ?? [] }));
}

/** One member with teams, or `not_found`. */
export async function getMember(
  deps: Pick<Deps, 'storage'>,
  input: { readonly organizationId: OrganizationId; readonly id: MembershipId },
): Promise<Member> {
  const membership = await getMembership(deps.storage, input.organizationId, input.id);
  const [member] = await withTeams(deps.storage, input.organizationId, [membership]);
  return member ?? { membership, teams: [] };
}

interface MemberRequest {
  readonly organizationId: OrganizationId;
  readonly id: MembershipId;
  readonly caller: Caller;
  readonly cause: Cause;
}

/**
 * Changes org role or status by hand. Throws `forbidden`, `last_owner`, `seats_exhausted`, `not_found`, and
 * `role_from_directory` when a directory group keeps the role, or the person, as they are.
 */
export async function changeMember(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: MemberRequest & {
    readonly change: {
      readonly orgRole?: OrgRole | undefined;
      readonly status?: MembershipStatus | undefined;
      /** Null takes it away; the teams stay as they are. */
      readonly department?: string | null | undefined;
    };
  },
): Promise<Member> {
  const { organizationId, id, caller, cause, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getMembership(tx, organizationId, id);
    assertMayTouch(caller, await roleHeld(tx, before.orgRole));
    let membership = before;
    if (change.orgRole !== undefined)
      membership = await giveOrgRole(tx, context, { membership, role: change.orgRole, caller });
    if (change.status !== undefined)
      membership = await giveStatus(tx, context, { membership, status: change.status });
    if (change.department !== undefined)
      membership = await moveTo(tx, context, { membership, department: change.department });
    const [member] = await withTeams(tx, organizationId, [membership]);
    return member ?? { membership, teams: [] };
  });
}

async function moveTo(
  tx: Repositories,
  context: ChangeContext,
  { membership, department }: Pick<Membership, 'department'> & { readonly membership: Membership },
): Promise<Membership> {
  if (department === membership.department) return membership;
  const after = { ...membership, department, updatedAt: context.now };
  const next = await updateMembership(tx, context, { before: membership, after });
  await record(tx, context, {
    type: 'member.updated',
    target: { kind: 'membership', id: membership.id },
    details: { before: { department: membership.department }, after: { department } },
  });
  return next;
}

const isGivenByPeople = (grant: Grant): boolean =>
  grant.scope.kind === 'org' && (grant.source.kind === 'manual' || grant.source.kind === 'invitation');

/** Puts one role given by hand in place of those given before. Throws `forbidden`, `last_owner`, `role_from_directory`. */
export async function giveOrgRole(
  tx: Repositories,
  context: ChangeContext,
  change: { readonly membership: Membership; readonly role: OrgRole; readonly caller: Caller },
): Promise<Membership> {
  const { membership, role, caller } = change;
  assertMayGrant(caller, await roleNamed(tx, role, 'orgRole'), 'orgRole');
  const next = await syncGrants(tx, context, {
    membership,
    owns: isGivenByPeople,
    wanted: [
      { scope: { kind: 'org', role }, source: { kind: 'manual', actor: nameOfCaller(caller) }, rank: 0 },
    ],
    rules: await getOrganization(tx, context.organizationId),
  });
  if (next.orgRole !== role) {
    throw new GatehouseError(
      'role_from_directory',
      `A directory group gives this person the role ${next.orgRole}. Change the group or its mapping instead.`,
      { field: 'orgRole' },
    );
  }
  await noticeRoleChange(tx, context, { membership: next, before: membership.orgRole });
  return next;
}

async function giveStatus(
  tx: Repositories,
  context: ChangeContext,
  change: { readonly membership: Membership; readonly status: MembershipStatus },
): Promise<Membership> {
  const { membership, status } = change;
  if (status === 'active') {
    const pushed = await findHeld(tx, membership);
    if (pushed !== undefined && !pushed.isActive) {
      throw new GatehouseError(
        'role_from_directory',
        'The directory has deactivated this person. Activate them there.',
        { field: 'status', whatToDo: 'Activate this person in the identity provider.' },
      );
    }
    if (pushed !== undefined && (await isHeld(tx, context.organizationId, pushed.id))) {
      throw new GatehouseError(
        'role_from_directory',
        "This person waits in the directory's queue of conflicts. Settle that first.",
        {
          field: 'status',
          whatToDo: 'Decide the conflict of this person in the queue of the directory first.',
        },
      );
    }
  }
  return setMembershipStatus(tx, context, { membership, status });
}

/** Ends a membership; everything the person held here is gone when this answers (law 6). Throws `forbidden`, `last_owner`, `not_found`, `role_from_directory`. */
export async function removeMember(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: MemberRequest,
): Promise<void> {
  const { organizationId, id, caller, cause } = input;
  await deps.storage.transact((tx) =>
    removeMemberWithin(tx, { organizationId, cause, now: deps.clock() }, { id, caller }),
  );
}

/** The same inside a transaction that does more. */
export async function removeMemberWithin(
  tx: Repositories,
  context: ChangeContext,
  { id, caller }: Pick<MemberRequest, 'id' | 'caller'>,
): Promise<void> {
  const membership = await getMembership(tx, context.organizationId, id);
  assertMayTouch(caller, await roleHeld(tx, membership.orgRole));
  const sentence = 'A directory manages this person: it would put them back.';
  const whatToDo = 'Remove or deactivate them in the identity provider; until then, suspend them here.';
  await releasePerson(tx, context, { membership, sentence, whatToDo });
  await endMembership(tx, context, { membership });
  await noticeRemoval(tx, context, membership);
}
