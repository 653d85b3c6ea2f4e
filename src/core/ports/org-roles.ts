/** What core asks of storage about org roles. */

import type { OrgRole } from '../access/roles.ts';
import type { OrgRoleUse, StoredOrgRole } from '../entities/org-role.ts';

/** GLOBAL by nature: org roles are the same in every organization of an installation. */
export interface OrgRoleRepository {
  /** Unique: `key`, `already_exists` with field `key`, and `rank`, with field `rank`. */
  insert(role: StoredOrgRole): Promise<void>;
  /** All of them, the lowest rank first: a handful. */
  list(): Promise<readonly StoredOrgRole[]>;
  update(next: StoredOrgRole, expectedVersion: number): Promise<void>;
  remove(key: OrgRole): Promise<boolean>;
  /**
   * Where a role is named, with how often, ordered by organization, then kind; at most `limit` entries: grants of members,
   * invitations and links that are open at `now`, group mappings, mapping tests, default roles, API keys. Exact for custom roles; says nothing of built-in ones.
   */
  listUses(
    key: OrgRole,
    ask: { readonly now: number; readonly limit: number },
  ): Promise<readonly OrgRoleUse[]>;
}
