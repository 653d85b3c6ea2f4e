/** Org roles of an operator's own, as tests plant them. */

import { roleTable } from '../../src/core/access/role-table.ts';
import type { OrgRole } from '../../src/core/access/roles.ts';
import { isOrgRole } from '../../src/core/access/roles.ts';
import type { StoredOrgRole } from '../../src/core/entities/org-role.ts';
import { BUILT_AT } from './builders.ts';

/** The table of an installation whose operator has made none. */
export const BUILT_IN_ROLES = roleTable([]);

/** The key of a role, known or not. */
export function roleKey(text: string): OrgRole {
  if (!isOrgRole(text)) throw new Error(`${text} is no key of a role`);
  return text;
}

/** A role of this key and rank that allows nothing. */
export const anOrgRole = (
  key: string,
  rank: number,
  overrides: Partial<StoredOrgRole> = {},
): StoredOrgRole => ({
  key: roleKey(key),
  version: 1,
  name: key,
  rank,
  permissions: [],
  createdAt: BUILT_AT,
  updatedAt: BUILT_AT,
  ...overrides,
});

/** A role that clashes with no other. */
export function nextOrgRole(overrides: Partial<StoredOrgRole> = {}): StoredOrgRole {
  made += 1;
  return anOrgRole(`role-${made}`, 1000 + made, overrides);
}

let made = 0;
