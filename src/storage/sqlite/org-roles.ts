/** Org roles in SQLite. */
import type { OrgRoleUse, StoredOrgRole } from '../../core/entities/org-role.ts';
import type { OrgRoleRepository } from '../../core/ports/org-roles.ts';
import { type Columns, insertRow, integer, json, text, toJson, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const LIST = 'SELECT * FROM org_roles ORDER BY rank';
const REMOVE = 'DELETE FROM org_roles WHERE key = ?';

// The terms of the partial indexes, word for word.
const CUSTOM = "NOT IN ('viewer', 'member', 'admin', 'owner')";

/** Rules, tests and the like are read through: few, and asked only when the operator removes a role or moves its rank. */
const LIST_USES = `
  SELECT organization_id, kind, COUNT(*) AS count FROM (
    SELECT organization_id, 'members' AS kind, membership_id AS id FROM grants
      WHERE role = ? AND scope_kind = 'org' AND role ${CUSTOM}
    UNION SELECT organization_id, 'members', id FROM memberships WHERE org_role = ? AND org_role ${CUSTOM}
    UNION ALL SELECT organization_id, 'invitations', id FROM invitations
      WHERE role = ? AND status = 'pending' AND role ${CUSTOM} AND expires_at > ?
    UNION ALL SELECT organization_id, 'invitation links', id FROM shareable_links
      WHERE role = ? AND revoked_at IS NULL AND uses < max_uses AND expires_at > ?
    UNION ALL SELECT organization_id, 'group mappings', id FROM group_mappings WHERE EXISTS (
      SELECT 1 FROM json_each(grants) WHERE value ->> 'scope' = 'org' AND value ->> 'role' = ?)
    UNION ALL SELECT organization_id, 'mapping tests', id FROM mapping_tests WHERE expect ->> 'orgRole' = ?
    UNION ALL SELECT id, 'default role', id FROM organizations WHERE default_role = ?
    UNION ALL SELECT organization_id, 'API keys', id FROM api_keys WHERE org_role = ?
  ) GROUP BY organization_id, kind ORDER BY organization_id, kind LIMIT ?`;

const columnsOf = (role: StoredOrgRole): Columns => ({
  name: role.name,
  rank: role.rank,
  permissions: toJson(role.permissions),
  created_at: role.createdAt,
  updated_at: role.updatedAt,
});

const fromRow = (row: Row): StoredOrgRole => ({
  key: word(row, 'key'),
  version: integer(row, 'version'),
  name: text(row, 'name'),
  rank: integer(row, 'rank'),
  permissions: json(row, 'permissions'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

const useFromRow = (row: Row): OrgRoleUse => ({
  organizationId: word(row, 'organization_id'),
  kind: word(row, 'kind'),
  count: integer(row, 'count'),
});

/** Org roles over one connection; the promises are those of the port. */
export function orgRoleRepository(sql: Sql): OrgRoleRepository {
  return {
    insert: async (role) =>
      insertRow(sql, 'org_roles', { key: role.key, version: role.version, ...columnsOf(role) }),
    list: async () => sql.all(LIST).map(fromRow),
    update: async (next, version) =>
      updateRow(sql, 'org_roles', { key: { key: next.key }, columns: columnsOf(next), version }),
    remove: async (key) => sql.run(REMOVE, key) > 0,
    listUses: async (key, { now, limit }) =>
      sql.all(LIST_USES, key, key, key, now, key, now, key, key, key, key, limit).map(useFromRow),
  };
}
