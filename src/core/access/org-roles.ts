/** Roles of the operator's own, and what the operator adds to the built-in ones; the same in every organization. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { OrgRoleUse, StoredOrgRole } from '../entities/org-role.ts';
import type { ChangeRecord } from '../journal/audit.ts';
import { INSTALLATION, record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import type { RoleFacts } from './role-table.ts';
import { factsIn, isBuiltInRole, isOfApp, loadRoles } from './role-table.ts';
import type { OrgRole, PermissionKey } from './roles.ts';
import { ORG_ROLE_RANKS, ROLE_PERMISSIONS } from './roles.ts';

/** They are read as one list. */
const MOST_ROLES = 100;
const USES_TOLD = 5;

interface RoleRequest {
  readonly cause: Cause;
}

export interface OrgRoleInput {
  readonly key: OrgRole;
  readonly name: string;
  readonly rank: number;
  readonly permissions: readonly PermissionKey[];
}

/** Absent: as it is. */
export interface OrgRoleChange {
  readonly name?: string | undefined;
  readonly rank?: number | undefined;
  readonly permissions?: readonly PermissionKey[] | undefined;
}

const invalid = (field: string, detail: string) => new GatehouseError('invalid', detail, { field });

/** What only owners have: whoever holds one of these can come to act as anybody in the organization (S62, S147). */
const OWNERS_PERMISSIONS: ReadonlySet<PermissionKey> = new Set<PermissionKey>(
  ROLE_PERMISSIONS.owner.filter((key) => !ROLE_PERMISSIONS.admin.includes(key)),
);

/** Throws `invalid` unless the rank lies between those of viewer and owner, on no built-in role, and carries the keys. */
function assertRoleSound({ rank, permissions }: Pick<OrgRoleInput, 'rank' | 'permissions'>): void {
  const { viewer, owner, admin } = ORG_ROLE_RANKS;
  if (rank <= viewer || rank >= owner || Object.values(ORG_ROLE_RANKS).includes(rank)) {
    const told = Object.entries(ORG_ROLE_RANKS).map(([key, at]) => `${key} ${at}`);
    throw invalid('rank', `Between viewer and owner, and on none of the built-in ranks: ${told.join(', ')}.`);
  }
  const reserved = permissions.find((key) => OWNERS_PERMISSIONS.has(key));
  if (reserved === undefined || rank > admin) return;
  const detail = `${reserved} lets its holder act as anybody: only a role above admin, which owners alone give, carries it.`;
  throw invalid('permissions', detail);
}

/** Makes a role. Throws `already_exists` (field `key` or `rank`), `invalid`. */
export async function createOrgRole(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { cause, role }: RoleRequest & { readonly role: OrgRoleInput },
): Promise<RoleFacts> {
  assertRoleSound(role);
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    if ((await loadRoles(tx)).size >= MOST_ROLES)
      throw invalid('key', `There are ${MOST_ROLES} roles already. Remove one first.`);
    if (isBuiltInRole(role.key))
      throw new GatehouseError('already_exists', `${role.key} is built in.`, {
        field: 'key',
        whatToDo: 'Choose another key.',
      });
    await tx.orgRoles.insert({ ...role, version: 1, createdAt: now, updatedAt: now });
    await tell(tx, { cause, now }, { type: 'org_role.created', ...about(role.key), details: { ...role } });
    return factsIn(await loadRoles(tx), role.key);
  });
}

/**
 * Changes a role; the next request and the next token of everybody who holds it go by what it is then. Of a built-in role
 * the name and the product's own keys. Throws `not_found`, `invalid`, `already_exists` (field `rank`), and `role_in_use`
 * for another rank while anything names the role: that would raise or lower people over others unseen.
 */
export async function updateOrgRole(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { cause, key, change }: RoleRequest & { readonly key: OrgRole; readonly change: OrgRoleChange },
): Promise<RoleFacts> {
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const before = await findStored(tx, key);
    const after: StoredOrgRole = { ...before, ...named(before, change), updatedAt: now };
    if (isBuiltInRole(key)) assertBuiltInStays(before, after);
    else assertRoleSound(after);
    if (after.rank !== before.rank) await assertUnused(tx, { key, now });
    if (before.version === 0) await tx.orgRoles.insert({ ...after, version: 1 });
    else await tx.orgRoles.update(after, before.version);
    const details = { before: publicFacts(before), after: publicFacts(after) };
    await tell(tx, { cause, now }, { type: 'org_role.updated', ...about(key), details });
    return factsIn(await loadRoles(tx), key);
  });
}

/** Removes a role of the operator's own. Throws `not_found`, `forbidden` for a built-in one, `role_in_use`, saying where. */
export async function removeOrgRole(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { cause, key }: RoleRequest & { readonly key: OrgRole },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const before = await findStored(tx, key);
    if (isBuiltInRole(key))
      throw new GatehouseError('forbidden', 'The built-in roles stay.', {
        whatToDo: 'Leave it unused: nobody has to be given it.',
      });
    await assertUnused(tx, { key, now });
    await tx.orgRoles.remove(key);
    await tell(tx, { cause, now }, { type: 'org_role.removed', ...about(key), details: publicFacts(before) });
  });
}

/** The row; of a built-in role that has none yet, the one it would have, in version 0. */
async function findStored(tx: Repositories, key: OrgRole): Promise<StoredOrgRole> {
  const stored = (await tx.orgRoles.list()).find((role) => role.key === key);
  if (stored !== undefined) return stored;
  const role = (await loadRoles(tx)).get(key);
  if (role === undefined) throw new GatehouseError('not_found', 'No such role.');
  return { key, version: 0, name: role.name, rank: role.rank, permissions: [], createdAt: 0, updatedAt: 0 };
}

function named(
  before: StoredOrgRole,
  change: OrgRoleChange,
): Pick<StoredOrgRole, 'name' | 'rank' | 'permissions'> {
  const { name = before.name, rank = before.rank, permissions = before.permissions } = change;
  if (!isBuiltInRole(before.key)) return { name, rank, permissions };
  // What is built in may be said and is not kept a second time.
  const own: readonly PermissionKey[] = ROLE_PERMISSIONS[before.key];
  return { name, rank, permissions: permissions.filter((key) => !own.includes(key)) };
}

function assertBuiltInStays(before: StoredOrgRole, after: StoredOrgRole): void {
  if (after.rank !== before.rank) throw invalid('rank', 'A built-in role keeps its rank.');
  const foreign = after.permissions.find((key) => !isOfApp(key));
  if (foreign === undefined) return;
  throw invalid('permissions', `A built-in role takes keys of the product (app:...), not ${foreign}.`);
}

async function assertUnused(
  tx: Repositories,
  { key, now }: { readonly key: OrgRole; readonly now: number },
): Promise<void> {
  const uses = await tx.orgRoles.listUses(key, { now, limit: USES_TOLD + 1 });
  if (uses.length === 0) return;
  const told = await Promise.all(uses.slice(0, USES_TOLD).map((use) => inWords(tx, use)));
  const rest = uses.length > USES_TOLD ? ', and more' : '';
  throw new GatehouseError('role_in_use', `The role ${key} is in use: ${told.join(', ')}${rest}.`);
}

async function inWords(tx: Repositories, { organizationId, kind, count }: OrgRoleUse): Promise<string> {
  const organization = await tx.organizations.find(organizationId);
  const what = kind === 'default role' ? kind : `${kind} (${count})`;
  return `${what} of ${organization?.slug ?? organizationId}`;
}

const about = (key: OrgRole) => ({ target: { kind: 'org_role', id: key } });
const publicFacts = ({ name, rank, permissions }: StoredOrgRole) => ({ name, rank, permissions });

const tell = (
  tx: Repositories,
  context: { readonly cause: Cause; readonly now: number },
  change: ChangeRecord,
): Promise<void> => record(tx, { ...context, organizationId: INSTALLATION }, change);
