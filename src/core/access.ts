/** Who may do what: pure rules over the caller's and the target's roles (law 8). */
import { GatehouseError } from '../kernel/errors.ts';
import type { ApiKeyId, MembershipId, OrganizationId, UserId } from '../kernel/ids.ts';
import type { OrgRole, Permission } from './roles.ts';
import { orgRoleRank, ROLE_PERMISSIONS } from './roles.ts';

/** A program with an API key: it may do what its scopes say, and counts as an admin at most. */
export interface KeyCaller {
  readonly kind: 'api_key';
  readonly organizationId: OrganizationId;
  readonly apiKeyId: ApiKeyId;
  readonly name: string;
  /** Whose key it is; null for keys of the organization. */
  readonly membershipId: MembershipId | null;
  readonly orgRole: OrgRole;
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
      readonly orgRole: OrgRole;
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
