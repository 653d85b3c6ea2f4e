/** What follows from a change of the rules, in its transaction: at once for as many people as a request can wait for, else by long work. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { assertMayTouch } from '../access/access.ts';
import { refreshRoles } from '../access/grants.ts';
import { concernsMoreThan, membersConcerned, reprojectMapping } from '../access/role-projection.ts';
import { factsIn, loadRoles } from '../access/role-table.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { GroupMapping, MappingMatch } from '../entities/directory.ts';
import { loadRuleSet, projectMember } from '../members/member-projection.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { reprojectClaimRule } from './claim-grants.ts';
import { assertMappingTestsPass } from './mapping-test-run.ts';
import { startReprojection } from './reprojection.ts';

/** So many people are projected within a request: about a tenth of a second of the writer's time. */
const MOST_AT_ONCE = 500;

export type ProjectionDeps = Pick<Deps, 'mostProjectedAtOnce'>;

/** So many people are projected within a request; a change that concerns more is left to a job. */
export const mostAtOnce = ({ mostProjectedAtOnce = MOST_AT_ONCE }: ProjectionDeps): number =>
  mostProjectedAtOnce;

/** Whether the organization has more members than `limit`, of any status. */
export async function hasMoreMembersThan(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  limit: number,
): Promise<boolean> {
  const page = await from.memberships.list(organizationId, {}, { limit: limit + 1 });
  return page.length > limit;
}

/** A rule as it was and as it is; absent: there was none, or there is none any more. */
interface RuleChange {
  readonly caller: Caller;
  readonly before?: GroupMapping | undefined;
  readonly after?: GroupMapping | undefined;
}

/**
 * Runs the mapping tests, then projects everybody that the rule concerned or concerns. Throws `mapping_test_failed`, or
 * `forbidden`, and nothing has changed, when that would move the org role of somebody the caller may not touch, or to a
 * role of somebody they may not touch: under `ranked` and `refuse` a new rule can also take away, and a lesser one lift.
 */
export async function carryOutRule(
  deps: ProjectionDeps,
  tx: Repositories,
  work: { readonly context: ChangeContext; readonly change: RuleChange },
): Promise<void> {
  const { context, change } = work;
  const { organizationId } = context;
  const { caller, before, after } = change;
  await assertMappingTestsPass(tx, organizationId, before === undefined ? [] : [before]);
  const matches = [before?.match, after?.match].filter((match) => match !== undefined);
  if (await isTooLarge(tx, organizationId, { before, matches, limit: mostAtOnce(deps) })) {
    assertMayMoveMany(caller);
    await startReprojection(tx, context);
    return;
  }
  const concerned = await membersConcerned(tx, organizationId, matches);
  await reprojectMapping(tx, context, matches);
  const roles = await loadRoles(tx);
  for (const { id, orgRole } of concerned) {
    const now = await tx.memberships.find(organizationId, id);
    if (now === undefined || now.orgRole === orgRole) continue;
    for (const role of [orgRole, now.orgRole]) assertMayTouch(caller, factsIn(roles, role));
  }
  if (before !== undefined)
    await reprojectClaimRule(tx, context, { before, ...(after === undefined ? {} : { after }) });
}

async function isTooLarge(
  tx: Repositories,
  organizationId: OrganizationId,
  change: {
    readonly before: GroupMapping | undefined;
    readonly matches: readonly MappingMatch[];
    readonly limit: number;
  },
): Promise<boolean> {
  const { before, matches, limit } = change;
  // Who holds a role through a claim is found by going through everybody.
  if (before?.match.kind === 'claim' && (await hasMoreMembersThan(tx, organizationId, limit))) return true;
  return concernsMoreThan(tx, organizationId, { matches, limit });
}

/** Nobody can look at so many people within a request; the plan of a draft does, and shows whom it moves. */
function assertMayMoveMany(caller: Caller): void {
  if (caller.kind === 'operator' || caller.role.key === 'owner') return;
  const detail =
    'This concerns very many people: make a mapping draft and look at its plan, or ask an owner.';
  throw new GatehouseError('forbidden', detail, {
    whatToDo: 'Make a mapping draft, look at its plan and apply it; or ask an owner.',
  });
}

/** Likewise after a change of many rules: projects everybody. Throws as `carryOutRule` does. */
export async function carryOutRules(
  deps: ProjectionDeps,
  tx: Repositories,
  { context, caller }: { readonly context: ChangeContext; readonly caller: Caller },
): Promise<void> {
  const { organizationId } = context;
  const limit = mostAtOnce(deps);
  await assertMappingTestsPass(tx, organizationId);
  if (await hasMoreMembersThan(tx, organizationId, limit)) {
    assertMayMoveMany(caller);
    await startReprojection(tx, context);
    return;
  }
  const rules = await loadRuleSet(tx, organizationId);
  const roles = await loadRoles(tx);
  for (const membership of await tx.memberships.list(organizationId, {}, { limit })) {
    const { orgRole } = await projectMember(tx, context, { membership, rules });
    if (orgRole === membership.orgRole) continue;
    for (const role of [orgRole, membership.orgRole]) assertMayTouch(caller, factsIn(roles, role));
  }
}

/** After a change of the conflict policy: settles everybody's ledger anew. */
export async function carryOutPolicy(
  deps: ProjectionDeps,
  tx: Repositories,
  context: ChangeContext,
): Promise<void> {
  const { organizationId } = context;
  const limit = mostAtOnce(deps);
  if (await hasMoreMembersThan(tx, organizationId, limit)) {
    await startReprojection(tx, context);
    return;
  }
  const rules = await getOrganization(tx, organizationId);
  for (const membership of await tx.memberships.list(organizationId, {}, { limit }))
    await refreshRoles(tx, context, { membership, rules });
}
