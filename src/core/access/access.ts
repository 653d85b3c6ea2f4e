/** Who may do what: pure rules over the caller's and the target's roles (law 8). */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ApiKeyId, MembershipId, OrganizationId, TeamId, UserId } from '../../kernel/ids.ts';
import type { RoleFacts } from './role-table.ts';
import type { Permission, PermissionKey } from './roles.ts';
import { ORG_ROLE_RANKS } from './roles.ts';

/** A program with an API key: it may do what its scopes say, and counts as an admin at most. */
export interface KeyCaller {
  readonly kind: 'api_key';
  readonly organizationId: OrganizationId;
  readonly apiKeyId: ApiKeyId;
  readonly name: string;
  /** Whose key it is; null for keys of the organization. */
  readonly membershipId: MembershipId | null;
  /** The one team it acts in, as if it were an owner of it; null: not bound to a team. */
  readonly teamId: TeamId | null;
  /** Admin at most, whoever made the key. */
  readonly role: RoleFacts;
  readonly scopes: readonly Permission[];
}

/** Whoever asks through the management API. The operator stands above every organization. */
export type Caller =
  | { readonly kind: 'operator' }
  | {
      readonly kind: 'member';
      readonly organizationId: OrganizationId;
      readonly membershipId: MembershipId;
      readonly userId: UserId;
      readonly email: string | null;
      /** As it was when the request came in. */
      readonly role: RoleFacts;
    }
  | KeyCaller;

/** The caller as the ledger and lists name it: `operator`, a membership or an API key. */
export function nameOfCaller(caller: Caller): string {
  switch (caller.kind) {
    case 'operator':
      return 'operator';
    case 'api_key':
      return caller.apiKeyId;
    case 'member':
      return caller.membershipId;
  }
}

/** True when the caller's role carries the permission in that organization. */
export function holdsPermission(
  caller: Caller,
  organizationId: OrganizationId,
  permission: Permission,
): boolean {
  if (caller.kind === 'operator') return true;
  if (caller.kind === 'api_key')
    return caller.organizationId === organizationId && caller.scopes.includes(permission);
  return caller.organizationId === organizationId && caller.role.permissions.includes(permission);
}

/** Throws `forbidden`, naming the permission, unless `holdsPermission`. */
export function assertHolds(caller: Caller, organizationId: OrganizationId, permission: Permission): void {
  if (!holdsPermission(caller, organizationId, permission)) throw lacking(caller, permission);
}

/** The refusal of whoever has no such permission: `forbidden`, naming it, and whether the role or the key is what lacks it. */
export function lacking(caller: Caller, permission: Permission): GatehouseError {
  const needs = `This needs the permission ${permission}`;
  if (caller.kind !== 'api_key' || !caller.role.permissions.includes(permission))
    return new GatehouseError('forbidden', `${needs}, which your role does not carry.`);
  return new GatehouseError('forbidden', `${needs}, which is not among the scopes of this key.`, {
    whatToDo: `Use a key made with the scope ${permission}.`,
  });
}

/** Who holds none of these changes nobody's role, whatever the rank. */
const MANAGING: ReadonlySet<PermissionKey> = new Set<Permission>([
  'members.invite',
  'members.update',
  'members.remove',
  'roles.manage',
]);

/** Pure: whether holders of `of` stand above those of `other`. Owners alone stand above admins, and above each other. */
function standsAbove(of: RoleFacts, other: RoleFacts): boolean {
  if (of.rank >= ORG_ROLE_RANKS.owner) return true;
  const isManager = of.permissions.some((key) => MANAGING.has(key));
  return isManager && other.rank < of.rank && other.rank < ORG_ROLE_RANKS.admin;
}

/** Pure: whether holders of `own` may hand out `role`: one below their own, with no permission that they lack themselves. */
export function mayGrantAs(own: RoleFacts, role: RoleFacts): boolean {
  if (own.rank >= ORG_ROLE_RANKS.owner) return true;
  return standsAbove(own, role) && role.permissions.every((key) => own.permissions.includes(key));
}

/** Pure: whether the caller may hand out `role`. */
export const mayGive = (caller: Caller, role: RoleFacts): boolean =>
  caller.kind === 'operator' || mayGrantAs(caller.role, role);

/** Throws `forbidden` unless the caller may hand out `role`: nobody grants what they do not hold, and only owners make admins and owners (law 8). */
export function assertMayGrant(caller: Caller, role: RoleFacts, field = 'role'): void {
  if (caller.kind === 'operator' || mayGrantAs(caller.role, role)) return;
  throw new GatehouseError(
    'forbidden',
    `Your role, ${caller.role.key}, may not give the role ${role.key}. Ask an owner.`,
    { field, whatToDo: 'Choose a role below your own, or have an owner give this one.' },
  );
}

/** Throws `forbidden` unless the caller may change or remove somebody who holds `target`: admins touch only the roles below admin. */
export function assertMayTouch(caller: Caller, target: RoleFacts): void {
  if (caller.kind === 'operator' || standsAbove(caller.role, target)) return;
  throw new GatehouseError('forbidden', `Only an owner may change somebody who is ${target.key}.`, {
    whatToDo: 'Ask an owner of the organization to do this.',
  });
}
