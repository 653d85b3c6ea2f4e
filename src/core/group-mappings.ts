/** Group mappings: which directory group or sign-in claim gives which roles, as rules an admin can see and preview. */
import { GatehouseError } from '../kernel/errors.ts';
import type { GroupMappingId, OrganizationId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import type { Caller } from './access.ts';
import { assertMayGrant } from './access.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { GroupMapping, MappingGrant, MappingMatch } from './entities/directory.ts';
import type { Cause } from './entities/journal.ts';
import { keepPast } from './history.ts';
import type { Queries, Repositories } from './ports/storage.ts';
import { givesByName } from './role-projection.ts';
import type { RoleTable } from './role-table.ts';
import { factsIn, loadRoles, rankIn, roleNamed } from './role-table.ts';
import type { RankOf } from './roles.ts';
import type { ProjectionDeps } from './rule-consequences.ts';
import { carryOutRule } from './rule-consequences.ts';

export interface GroupMappingInput {
  readonly match: MappingMatch;
  readonly grants: readonly MappingGrant[];
  readonly rank?: number | undefined;
}

/** Throws `invalid`, naming the field, when a rule names something this organization does not have, or gives what its match may not (S137). */
export async function assertMappingFits(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  input: GroupMappingInput,
): Promise<void> {
  if (input.match.kind === 'group_id') {
    const group = await from.directoryGroups.findInOrganization(organizationId, input.match.groupId);
    if (group === undefined)
      throw new GatehouseError('invalid', 'No directory group has this id.', { field: 'match.groupId' });
  }
  const rankOf = rankIn(await loadRoles(from));
  for (const [index, grant] of input.grants.entries()) {
    if (grant.scope === 'org') await roleNamed(from, grant.role, `grants[${index}].role`);
    assertMayName(input.match, grant, { rankOf, field: `grants[${index}].role` });
    if (grant.scope !== 'team') continue;
    const team = await from.teams.find(organizationId, grant.teamId);
    if (team === undefined) {
      throw new GatehouseError('invalid', 'No team of this organization has this id.', {
        field: `grants[${index}].team`,
      });
    }
  }
}

/** Whoever names groups at the customer would choose who becomes an admin: a name or a pattern cannot say that (S137). */
function assertMayName(
  match: MappingMatch,
  grant: MappingGrant,
  { rankOf, field }: { readonly rankOf: RankOf; readonly field: string },
): void {
  if (givesByName(match, grant, rankOf)) return;
  const what = match.kind === 'group_pattern' ? 'A pattern' : 'A name';
  const detail = `${what} gives at most member. Name the group by its id instead.`;
  throw new GatehouseError('invalid', detail, { field });
}

function assertMayMap(caller: Caller, roles: RoleTable, grants: readonly MappingGrant[]): void {
  for (const grant of grants) if (grant.scope === 'org') assertMayGrant(caller, factsIn(roles, grant.role));
}

/** The rule, or `not_found`. */
export async function getGroupMapping(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: GroupMappingId,
): Promise<GroupMapping> {
  const mapping = await from.groupMappings.find(organizationId, id);
  if (mapping === undefined) throw new GatehouseError('not_found', 'No such group mapping.');
  return mapping;
}

type RuleDeps = Pick<Deps, 'storage' | 'clock'> & ProjectionDeps;

interface MappingRequest {
  readonly organizationId: OrganizationId;
  readonly caller: Caller;
  readonly cause: Cause;
}

/** Adds a rule and projects it on everybody it concerns: at once, or by a job where these are very many. Throws `invalid`, `forbidden`, `mapping_test_failed`. */
export async function createGroupMapping(
  deps: RuleDeps,
  input: MappingRequest & { readonly mapping: GroupMappingInput },
): Promise<GroupMapping> {
  const { organizationId, caller, cause, mapping } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    assertMayMap(caller, await loadRoles(tx), mapping.grants);
    await assertMappingFits(tx, organizationId, mapping);
    const existing = await tx.groupMappings.list(organizationId);
    const row: GroupMapping = {
      id: newId('map', context.now),
      version: 1,
      organizationId,
      match: mapping.match,
      grants: mapping.grants,
      rank: mapping.rank ?? Math.max(0, ...existing.map((other) => other.rank)) + 1,
      createdAt: context.now,
      updatedAt: context.now,
    };
    await tx.groupMappings.insert(organizationId, row);
    await record(tx, context, {
      type: 'group_mapping.created',
      target: { kind: 'group_mapping', id: row.id },
      details: { match: row.match, grants: row.grants },
    });
    await carryOutRule(deps, tx, { context, change: { caller, after: row } });
    return row;
  });
}

/** Changes a rule; everybody the old or the new form concerns is re-projected likewise. Throws `not_found`, `invalid`, `forbidden`, `mapping_test_failed`. */
export async function updateGroupMapping(
  deps: RuleDeps,
  input: MappingRequest & { readonly id: GroupMappingId; readonly change: Partial<GroupMappingInput> },
): Promise<GroupMapping> {
  const { organizationId, caller, cause, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getGroupMapping(tx, organizationId, input.id);
    const after: GroupMapping = {
      ...before,
      match: change.match ?? before.match,
      grants: change.grants ?? before.grants,
      rank: change.rank ?? before.rank,
      updatedAt: context.now,
    };
    assertMayMap(caller, await loadRoles(tx), [...before.grants, ...after.grants]);
    await assertMappingFits(tx, organizationId, after);
    await tx.groupMappings.update(organizationId, after, before.version);
    const said = { match: before.match, grants: before.grants };
    await keepPast(tx, context, { kind: 'mapping', id: before.id, value: said });
    await record(tx, context, {
      type: 'group_mapping.updated',
      target: { kind: 'group_mapping', id: before.id },
      details: {
        before: said,
        after: { match: after.match, grants: after.grants },
      },
    });
    await carryOutRule(deps, tx, { context, change: { caller, before, after } });
    return { ...after, version: before.version + 1 };
  });
}

/** Removes a rule and the grants it made, likewise. Throws `not_found`, `forbidden`, `mapping_test_failed`. */
export async function removeGroupMapping(
  deps: RuleDeps,
  input: MappingRequest & { readonly id: GroupMappingId },
): Promise<void> {
  const { organizationId, caller, cause } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getGroupMapping(tx, organizationId, input.id);
    assertMayMap(caller, await loadRoles(tx), before.grants);
    await tx.groupMappings.remove(organizationId, before.id);
    const said = { match: before.match, grants: before.grants };
    await keepPast(tx, context, { kind: 'mapping', id: before.id, value: said });
    await record(tx, context, {
      type: 'group_mapping.removed',
      target: { kind: 'group_mapping', id: before.id },
      details: said,
    });
    await carryOutRule(deps, tx, { context, change: { caller, before } });
  });
}
