/** The ledger of grants in SQLite: one row for each reason for a role. */
import type { GrantRepository } from '../../core/ports/people.ts';
import type { Grant, GrantScope } from '../../core/roles.ts';
import { insertRow, integer, json, ownedBy, text, toJson, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const LIST = 'SELECT * FROM grants WHERE organization_id = ? AND membership_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM grants WHERE organization_id = ? AND id = ?';
const REMOVE_BY_MEMBERSHIP = 'DELETE FROM grants WHERE organization_id = ? AND membership_id = ?';

function scopeOf(row: Row): GrantScope {
  switch (word(row, 'scope_kind')) {
    case 'org':
      return { kind: 'org', role: word(row, 'role') };
    case 'team':
      return { kind: 'team', teamId: word(row, 'team_id'), role: word(row, 'role') };
    default: {
      const resource = { type: text(row, 'resource_type'), id: text(row, 'resource_id') };
      return { kind: 'resource', resource, role: word(row, 'role') };
    }
  }
}

const fromRow = (row: Row): Grant => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  membershipId: word(row, 'membership_id'),
  scope: scopeOf(row),
  source: json(row, 'source'),
  rank: integer(row, 'rank'),
  createdAt: integer(row, 'created_at'),
});

/** Grants over one connection; the promises are those of the port. */
export function grantRepository(sql: Sql): GrantRepository {
  return {
    insert: async (organizationId, grant) =>
      insertRow(sql, 'grants', {
        organization_id: ownedBy(organizationId, grant),
        id: grant.id,
        membership_id: grant.membershipId,
        scope_kind: grant.scope.kind,
        team_id: grant.scope.kind === 'team' ? grant.scope.teamId : null,
        resource_type: grant.scope.kind === 'resource' ? grant.scope.resource.type : null,
        resource_id: grant.scope.kind === 'resource' ? grant.scope.resource.id : null,
        role: grant.scope.role,
        source: toJson(grant.source),
        rank: grant.rank,
        created_at: grant.createdAt,
      }),
    listByMembership: async (organizationId, membershipId) =>
      sql.all(LIST, organizationId, membershipId).map(fromRow),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    removeByMembership: async (organizationId, membershipId) => {
      sql.run(REMOVE_BY_MEMBERSHIP, organizationId, membershipId);
    },
  };
}
