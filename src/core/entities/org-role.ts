/** An org role as stored: one of the operator's own, or what the operator added to a built-in one. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { OrgRole, PermissionKey } from '../access/roles.ts';

export interface StoredOrgRole {
  readonly key: OrgRole;
  readonly version: number;
  /** As people read it. */
  readonly name: string;
  /** See `ORG_ROLE_RANKS`; unique. */
  readonly rank: number;
  /** Of a built-in role: the product's own keys that the operator added to it. */
  readonly permissions: readonly PermissionKey[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Something of an organization that names a role, and how often. */
export interface OrgRoleUse {
  readonly organizationId: OrganizationId;
  readonly kind:
    | 'members'
    | 'invitations'
    | 'invitation links'
    | 'group mappings'
    | 'mapping tests'
    | 'default role'
    | 'API keys';
  readonly count: number;
}
