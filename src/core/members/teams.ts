/** Teams inside an organization, and who is in them by an admin's word. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { nameOfCaller } from '../access/access.ts';
import { syncGrants } from '../access/grants.ts';
import { keepPast } from '../access/history.ts';
import { sweepLedger } from '../access/ledger-sweep.ts';
import type { Grant, TeamRole } from '../access/roles.ts';
import { assertMayMove } from '../access/team-access.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Team } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { getMembership } from './memberships.ts';

interface TeamRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/** The team, or `not_found`. */
export async function getTeam(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: TeamId,
): Promise<Team> {
  const team = await from.teams.find(organizationId, id);
  if (team === undefined) throw new GatehouseError('not_found', 'No such team.');
  return team;
}

export async function insertTeam(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly name: string; readonly isDefault: boolean },
): Promise<Team> {
  const { organizationId, now } = context;
  const team: Team = {
    id: newId('team', now),
    version: 1,
    organizationId,
    ...input,
    wasOwned: false,
    createdAt: now,
    updatedAt: now,
  };
  await tx.teams.insert(organizationId, team);
  await record(tx, context, {
    type: 'team.created',
    target: { kind: 'team', id: team.id },
    details: { name: team.name },
  });
  return team;
}

/** Adds a team. Throws `plan_lacks` where the plan has none or only the one made with the organization. */
export async function createTeam(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: TeamRequest & { readonly name: string },
): Promise<Team> {
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = {
      organizationId: input.organizationId,
      cause: input.cause,
      now: deps.clock(),
    };
    const { plan } = await getOrganization(tx, input.organizationId);
    if (plan.teams !== 'many') {
      const has = plan.teams === 'one' ? 'one team only' : 'no teams';
      throw new GatehouseError(
        'plan_lacks',
        `The plan ${plan.preset} has ${has}. A plan with several teams is needed.`,
      );
    }
    return insertTeam(tx, context, { name: input.name, isDefault: false });
  });
}

/** Renames a team. Throws `not_found`. */
export async function renameTeam(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: TeamRequest & { readonly id: TeamId; readonly name: string },
): Promise<Team> {
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = {
      organizationId: input.organizationId,
      cause: input.cause,
      now: deps.clock(),
    };
    const before = await getTeam(tx, input.organizationId, input.id);
    const after: Team = { ...before, name: input.name, updatedAt: context.now };
    await tx.teams.update(input.organizationId, after, before.version);
    await keepPast(tx, context, { kind: 'name', id: before.id, value: before.name });
    await record(tx, context, {
      type: 'team.updated',
      target: { kind: 'team', id: before.id },
      details: { before: before.name, after: after.name },
    });
    return { ...after, version: before.version + 1 };
  });
}

/** Removes a team, its grants and its place in group mappings. Throws `not_found`, and `forbidden` for the default team. */
export async function removeTeam(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: TeamRequest & { readonly id: TeamId },
): Promise<void> {
  const { organizationId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const team = await getTeam(tx, organizationId, id);
    if (team.isDefault)
      throw new GatehouseError('forbidden', 'The default team stays; rename it instead.', {
        whatToDo: 'Give it another name: it is there for everybody.',
      });
    await forgetInMappings(tx, context, id);
    // Through the whole ledger, not the team's list: a conflict may keep a grant silent that speaks again later.
    await sweepLedger(tx, context, { owns: (grant) => isOfTeam(grant, id) });
    await tx.teams.remove(organizationId, id);
    await keepPast(tx, context, { kind: 'name', id, value: team.name });
    await record(tx, context, {
      type: 'team.removed',
      target: { kind: 'team', id },
      details: { name: team.name },
    });
  });
}

async function forgetInMappings(tx: Repositories, context: ChangeContext, id: TeamId): Promise<void> {
  const { organizationId, now } = context;
  for (const mapping of await tx.groupMappings.list(organizationId)) {
    const grants = mapping.grants.filter((grant) => grant.scope !== 'team' || grant.teamId !== id);
    if (grants.length === mapping.grants.length) continue;
    const { match } = mapping;
    await keepPast(tx, context, {
      kind: 'mapping',
      id: mapping.id,
      value: { match, grants: mapping.grants },
    });
    if (grants.length === 0) await tx.groupMappings.remove(organizationId, mapping.id);
    else
      await tx.groupMappings.update(organizationId, { ...mapping, grants, updatedAt: now }, mapping.version);
    await record(tx, context, {
      type: grants.length === 0 ? 'group_mapping.removed' : 'group_mapping.updated',
      target: { kind: 'group_mapping', id: mapping.id },
      details: { before: { match, grants: mapping.grants }, after: { match, grants }, removedTeam: id },
    });
  }
}

const isOfTeam = (grant: Grant, id: TeamId): boolean =>
  grant.scope.kind === 'team' && grant.scope.teamId === id;

const everybodyStays = ({ plan }: Pick<Organization, 'plan'>) =>
  new GatehouseError('plan_lacks', `The plan ${plan.preset} has one team, and everybody is in it.`, {
    whatToDo: 'Remove the member instead, or move to a plan with several teams.',
  });

/** A team role given by hand or by invitation; what the directory gives stays the directory's. */
const isGivenByPeople = (grant: Grant): boolean =>
  grant.source.kind === 'manual' || grant.source.kind === 'invitation';

/**
 * Puts a member into a team by hand, or takes the hand-given role away (`role: null`); roles from the directory stay.
 * Throws `not_found`, `forbidden` (see `mayMove`), and `role_from_directory` when the directory's grant keeps the member in.
 */
export async function setTeamMember(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: TeamRequest & {
    readonly teamId: TeamId;
    readonly memberId: MembershipId;
    readonly role: TeamRole | null;
    readonly caller: Caller;
  },
): Promise<TeamPlace> {
  const { organizationId, cause, ...change } = input;
  return deps.storage.transact((tx) =>
    setTeamMemberWithin(tx, { organizationId, cause, now: deps.clock() }, change),
  );
}

interface TeamPlace {
  readonly teamId: TeamId;
  readonly memberId: MembershipId;
  readonly role: TeamRole | null;
}

/** The same inside a transaction that does more. */
export async function setTeamMemberWithin(
  tx: Repositories,
  context: ChangeContext,
  change: TeamPlace & { readonly caller: Caller },
): Promise<TeamPlace> {
  const { organizationId } = context;
  const { teamId, memberId, role, caller } = change;
  await getTeam(tx, organizationId, teamId);
  const membership = await getMembership(tx, organizationId, memberId);
  await assertMayMove(tx, { organizationId, teamId, memberId, caller, after: role });
  const rules = await getOrganization(tx, organizationId);
  const source = { kind: 'manual' as const, actor: nameOfCaller(caller) };
  await syncGrants(tx, context, {
    membership,
    // In a plan with several teams a place that the plan once gave is an admin's to take.
    owns: (grant) =>
      isOfTeam(grant, teamId) &&
      (isGivenByPeople(grant) || (grant.source.kind === 'default' && rules.plan.teams === 'many')),
    wanted: role === null ? [] : [{ scope: { kind: 'team', teamId, role }, source, rank: 0 }],
    rules,
  });
  const now = await tx.teamMembers.listByMemberships(organizationId, [memberId]);
  const result = now.find((row) => row.teamId === teamId)?.role ?? null;
  if (result !== role && role === null && rules.plan.teams === 'one') throw everybodyStays(rules);
  if (result !== role) {
    throw new GatehouseError(
      'role_from_directory',
      'This team role comes from a directory group. Change the group or its mapping instead.',
    );
  }
  await record(tx, context, {
    type: role === null ? 'team.member_removed' : 'team.member_set',
    target: { kind: 'team', id: teamId },
    details: { membershipId: memberId, role },
  });
  return { teamId, memberId, role: result };
}
