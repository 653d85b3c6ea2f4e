/** The table of org roles: what each allows at this moment. Read where it is needed and kept nowhere, so that an edit counts at once on every node. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { StoredOrgRole } from '../entities/org-role.ts';
import type { OrgRoleRepository } from '../ports/org-roles.ts';
import type { AppPermission, BuiltInRole, Grant, OrgRole, PermissionKey, RankOf } from './roles.ts';
import { ORG_ROLE_RANKS, ORG_ROLES, ROLE_PERMISSIONS } from './roles.ts';

/** What an org role is worth. */
export interface RoleFacts {
  readonly key: OrgRole;
  readonly name: string;
  readonly rank: number;
  readonly permissions: readonly PermissionKey[];
}

export type RoleTable = ReadonlyMap<OrgRole, RoleFacts>;

interface Reader {
  readonly orgRoles: Pick<OrgRoleRepository, 'list'>;
}

/** Whether the role is one of ours; custom roles are the operator's. */
export const isBuiltInRole = (role: OrgRole): role is BuiltInRole =>
  ORG_ROLES.some((builtIn) => builtIn === role);

/** Whether the key is one of the product's own. */
export const isOfApp = (key: PermissionKey): key is AppPermission => key.startsWith('app:');

const byRank = (a: { readonly rank: number }, b: { readonly rank: number }) => b.rank - a.rank;

/**
 * Pure: the whole table, the most powerful role first. A built-in role has the product's keys of those below it too, and an
 * owner every key there is; a custom role has exactly its own.
 */
export function roleTable(stored: readonly StoredOrgRole[]): RoleTable {
  const rows = new Map(stored.map((row) => [row.key, row]));
  const everyKey = stored.flatMap(({ permissions }) => permissions.filter(isOfApp));
  const builtIn = ORG_ROLES.map((key, index): RoleFacts => {
    const below = ORG_ROLES.slice(0, index + 1).flatMap((role) => rows.get(role)?.permissions ?? []);
    const added = key === 'owner' ? everyKey : below;
    const permissions = [...new Set([...ROLE_PERMISSIONS[key], ...added])];
    return { key, name: rows.get(key)?.name ?? roleWord(key), rank: ORG_ROLE_RANKS[key], permissions };
  });
  const custom = stored.filter(({ key }) => !isBuiltInRole(key));
  const facts = [
    ...builtIn,
    ...custom.map(({ key, name, rank, permissions }) => ({ key, name, rank, permissions })),
  ];
  return new Map(facts.toSorted(byRank).map((role) => [role.key, role]));
}

/** What people read for a role that has no name of its own: roles in teams, on resources, and the built-in ones. */
export const roleWord = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

/** The table as it is now; in a transaction, as that sees it. */
export const loadRoles = async (from: Reader): Promise<RoleTable> => roleTable(await from.orgRoles.list());

/** What a stored key is worth: nothing at all when there is no such role. */
export const factsIn = (table: RoleTable, key: OrgRole): RoleFacts =>
  table.get(key) ?? { key, name: key, rank: -1, permissions: [] };

/** What a role that somebody holds is worth now. */
export const roleHeld = async (from: Reader, key: OrgRole): Promise<RoleFacts> =>
  factsIn(await loadRoles(from), key);

/** What people read for an org role, wherever one is told: mails and pages. */
export const roleName = async (from: Reader, key: OrgRole): Promise<string> =>
  (await roleHeld(from, key)).name;

/** The role that a request names in `field`. Throws `invalid` when there is none of this key. */
export async function roleNamed(from: Reader, key: OrgRole, field = 'role'): Promise<RoleFacts> {
  const table = await loadRoles(from);
  const role = table.get(key);
  if (role !== undefined) return role;
  throw new GatehouseError('invalid', `No such role; there are ${[...table.keys()].join(', ')}.`, { field });
}

/** The ranks of a whole table. */
export const rankIn =
  (table: RoleTable): RankOf =>
  (role) =>
    table.get(role)?.rank;

const builtInRank: RankOf = (role) => (isBuiltInRole(role) ? ORG_ROLE_RANKS[role] : undefined);

/** The ranks of these roles. Asks storage only when one of them is not built in: a push costs nothing more. */
export async function ranksOf(from: Reader, roles: Iterable<OrgRole>): Promise<RankOf> {
  if ([...roles].every(isBuiltInRole)) return builtInRank;
  return rankIn(await loadRoles(from));
}

/** The ranks of the org roles in these grants. */
export const ranksOfGrants = (from: Reader, grants: readonly Pick<Grant, 'scope'>[]): Promise<RankOf> =>
  ranksOf(
    from,
    grants.flatMap(({ scope }) => (scope.kind === 'org' ? [scope.role] : [])),
  );
