/** Who may do what: pure rules over the caller's and the target's roles (law 8). */
import { GatehouseError } from '../kernel/errors.ts';
import type { MembershipId, OrganizationId, UserId } from '../kernel/ids.ts';
import type { OrgRole, Permission } from './roles.ts';
import { orgRoleRank, ROLE_PERMISSIONS } from './roles.ts';

/** Whoever asks through the management API. The operator stands above every organization. */
export type Caller =
  | { readonly kind: 'operator' }
  | {
      readonly kind: 'member';
      readonly organizationId: OrganizationId;
      readonly membershipId: MembershipId;
      readonly userId: UserId;
      readonly email: string | null;
      readonly orgRole: OrgRole;
    };

/** True when the caller's role carries the permission in that organization. */
export function holdsPermission(
  caller: Caller,
  organizationId: OrganizationId,
  permission: Permission,
): boolean {
  if (caller.kind === 'operator') return true;
  return caller.organizationId === organizationId && ROLE_PERMISSIONS[caller.orgRole].includes(permission);
}

/** Throws `forbidden` unless the caller may hand out `role`: nobody grants what they do not hold, and only owners make admins and owners. */
export function assertMayGrant(caller: Caller, role: OrgRole): void {
  if (caller.kind === 'operator' || caller.orgRole === 'owner') return;
  const limit = orgRoleRank('member');
  if (caller.orgRole === 'admin' && orgRoleRank(role) <= limit) return;
  throw new GatehouseError(
    'forbidden',
    `Your role, ${caller.orgRole}, may not give the role ${role}. Ask an owner.`,
    {
      field: 'role',
    },
  );
}

/** Throws `forbidden` unless the caller may change or remove somebody who holds `targetRole`: admins touch only members and viewers. */
export function assertMayTouch(caller: Caller, targetRole: OrgRole): void {
  if (caller.kind === 'operator' || caller.orgRole === 'owner') return;
  if (caller.orgRole === 'admin' && orgRoleRank(targetRole) <= orgRoleRank('member')) return;
  throw new GatehouseError('forbidden', `Only an owner may change somebody who is ${targetRole}.`);
}
