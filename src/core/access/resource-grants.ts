/** Roles of members on single things of the product, given and taken by hand; what directories and claims give stays theirs. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import { getMembership } from '../members/memberships.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { Caller } from './access.ts';
import { assertMayTouch, nameOfCaller } from './access.ts';
import { syncGrants } from './grants.ts';
import { ranksOfGrants, roleHeld } from './role-table.ts';
import type { Resource, ResourceRole } from './roles.ts';
import { resolveRoles, resourceKey } from './roles.ts';

/** What one member may do with one thing, as the ledger resolves. */
export interface ResourceHolding {
  readonly resource: Resource;
  readonly role: ResourceRole;
}

/** Every role the member has on single things, ordered by their names. Throws `not_found`. */
export async function listResourceRoles(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: MembershipId,
): Promise<readonly ResourceHolding[]> {
  await getMembership(from, organizationId, id);
  const { conflictPolicy } = await getOrganization(from, organizationId);
  const grants = await from.grants.listByMembership(organizationId, id);
  const ranks = await ranksOfGrants(from, grants);
  return resolveRoles(grants, conflictPolicy, ranks).resources.map(({ resource, role }) => ({
    resource,
    role,
  }));
}

/** The role on one thing. Throws `not_found` when the member has none. */
export async function getResourceRole(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  wanted: { readonly id: MembershipId; readonly resource: Resource },
): Promise<ResourceHolding> {
  const held = await listResourceRoles(from, organizationId, wanted.id);
  const one = held.find(({ resource }) => resourceKey(resource) === resourceKey(wanted.resource));
  if (one === undefined) throw new GatehouseError('not_found', 'No role on this resource.');
  return one;
}

/**
 * Gives the role by hand, in place of whatever people gave before, or takes theirs away (`role: null`). Throws `not_found`,
 * `forbidden` (see `assertMayTouch`), and `role_from_directory` when a rule keeps another role in force.
 */
export async function setResourceRole(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly id: MembershipId;
    readonly caller: Caller;
    readonly cause: Cause;
    readonly resource: Resource;
    readonly role: ResourceRole | null;
  },
): Promise<void> {
  const { organizationId, cause, ...change } = input;
  await deps.storage.transact((tx) =>
    setResourceRoleWithin(tx, { organizationId, cause, now: deps.clock() }, change),
  );
}

/** The same inside a transaction that does more. */
export async function setResourceRoleWithin(
  tx: Repositories,
  context: ChangeContext,
  change: {
    readonly id: MembershipId;
    readonly caller: Caller;
    readonly resource: Resource;
    readonly role: ResourceRole | null;
  },
): Promise<void> {
  const { organizationId } = context;
  const { id, caller, resource, role } = change;
  const key = resourceKey(resource);
  const actor = nameOfCaller(caller);
  const membership = await getMembership(tx, organizationId, id);
  assertMayTouch(caller, await roleHeld(tx, membership.orgRole));
  await syncGrants(tx, context, {
    membership,
    owns: ({ scope, source }) =>
      (source.kind === 'manual' || source.kind === 'invitation') &&
      scope.kind === 'resource' &&
      resourceKey(scope.resource) === key,
    wanted:
      role === null
        ? []
        : [{ scope: { kind: 'resource', resource, role }, source: { kind: 'manual', actor }, rank: 0 }],
    rules: await getOrganization(tx, organizationId),
  });
  const held = await listResourceRoles(tx, organizationId, id);
  const now = held.find((one) => resourceKey(one.resource) === key)?.role ?? null;
  if (now === role) return;
  throw new GatehouseError(
    'role_from_directory',
    `A rule gives this person the role ${now ?? 'none'} on this resource. Change the group or its mapping instead.`,
  );
}
