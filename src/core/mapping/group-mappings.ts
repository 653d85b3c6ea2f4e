/** Group mappings: which directory group or sign-in claim gives which roles, as rules an admin can see and preview. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { GroupMappingId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { givesByName } from '../access/role-projection.ts';
import { loadRoles, rankIn, roleNamed } from '../access/role-table.ts';
import type { RankOf } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { GroupMapping, MappingGrant, MappingMatch } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { assertMayMap } from './mapping-rights.ts';
import type { ProjectionDeps } from './rule-consequences.ts';
import { carryOutRule, carryOutRules } from './rule-consequences.ts';
import { dropRule, insertRule, replaceRule } from './rule-writes.ts';

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
    const roles = await loadRoles(tx);
    await assertMayMap(tx, { organizationId, caller, roles }, mapping.grants);
    await assertMappingFits(tx, organizationId, mapping);
    const existing = await tx.groupMappings.list(organizationId);
    const { match, grants } = mapping;
    const rank = mapping.rank ?? Math.max(0, ...existing.map((other) => other.rank)) + 1;
    const row = await insertRule(tx, context, { id: newId('map', context.now), match, grants, rank });
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
    const { match = before.match, grants = before.grants, rank = before.rank } = change;
    const next = { id: before.id, match, grants, rank };
    const roles = await loadRoles(tx);
    await assertMayMap(tx, { organizationId, caller, roles }, [...before.grants, ...grants]);
    await assertMappingFits(tx, organizationId, next);
    const after = await replaceRule(tx, context, { before, after: next });
    await carryOutRule(deps, tx, { context, change: { caller, before, after } });
    return after;
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
    const roles = await loadRoles(tx);
    await assertMayMap(tx, { organizationId, caller, roles }, before.grants);
    await dropRule(tx, context, before);
    await carryOutRule(deps, tx, { context, change: { caller, before } });
  });
}

/**
 * Puts all rules into this order: their ranks become 1, 2, 3. Throws `invalid` unless each rule is named once, and what a
 * change of each rule that moves would.
 */
export async function orderGroupMappings(
  deps: RuleDeps,
  input: MappingRequest & { readonly ids: readonly GroupMappingId[] },
): Promise<readonly GroupMapping[]> {
  const { organizationId, caller, cause, ids } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const rules = await tx.groupMappings.list(organizationId);
    const isWhole = ids.length === rules.length && rules.every(({ id }) => ids.includes(id));
    if (!isWhole) {
      const detail = `Name each of the ${rules.length} rules once.`;
      throw new GatehouseError('invalid', detail, { field: 'mappings' });
    }
    const moved = rules.filter(({ id, rank }) => ids.indexOf(id) + 1 !== rank);
    const roles = await loadRoles(tx);
    for (const before of moved) {
      await assertMayMap(tx, { organizationId, caller, roles }, before.grants);
      const { id, match, grants } = before;
      await replaceRule(tx, context, { before, after: { id, match, grants, rank: ids.indexOf(id) + 1 } });
    }
    if (moved.length > 0) await carryOutRules(deps, tx, { context, caller });
    return (await tx.groupMappings.list(organizationId)).toSorted((a, b) => a.rank - b.rank);
  });
}
