/** The ledger of grants in SQLite: one row for each reason for a role. */

import type { Grant, GrantScope } from '../../core/access/roles.ts';
import type { TracedGrant } from '../../core/entities/history.ts';
import type { GrantRepository } from '../../core/ports/people.ts';
import { insertRow, integer, json, ownedBy, text, toJson, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

/** What `Grant` holds; who began it is read only where a person asks why. */
const COLUMNS =
  'id, organization_id, membership_id, scope_kind, team_id, resource_type, resource_id, role, source, rank, created_at';
const LIST = `SELECT ${COLUMNS} FROM grants WHERE organization_id = ? AND membership_id = ? ORDER BY id`;
const RERANK = 'UPDATE grants SET rank = ? WHERE organization_id = ? AND membership_id = ? AND id = ?';
const REMOVE = 'DELETE FROM grants WHERE organization_id = ? AND membership_id = ? AND id = ?';
const REMOVE_BY_MEMBERSHIP = 'DELETE FROM grants WHERE organization_id = ? AND membership_id = ?';
const KEEP = `INSERT INTO ended_grants (${COLUMNS}, begun_by, ended_at, ended_by)
  SELECT ${COLUMNS}, begun_by, ?, ? FROM grants`;
const KEEP_ONE = `${KEEP} WHERE organization_id = ? AND membership_id = ? AND id = ?`;
const KEEP_BY_MEMBERSHIP = `${KEEP} WHERE organization_id = ? AND membership_id = ?`;
const LIST_AS_OF = `
  SELECT ${COLUMNS}, begun_by, NULL AS ended_at, NULL AS ended_by FROM grants
  WHERE organization_id = ? AND membership_id = ? AND created_at <= ?
  UNION ALL
  SELECT ${COLUMNS}, begun_by, ended_at, ended_by FROM ended_grants
  WHERE organization_id = ? AND membership_id = ? AND ended_at > ? AND created_at <= ?
  ORDER BY id`;
const PRUNE = `
  DELETE FROM ended_grants WHERE (organization_id, membership_id, ended_at, id) IN (
    SELECT organization_id, membership_id, ended_at, id FROM ended_grants
    WHERE organization_id = ? AND ended_at < ? ORDER BY ended_at LIMIT ?)`;

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

const tracedFromRow = (row: Row): TracedGrant => ({
  grant: fromRow(row),
  begunBy: row.begun_by === null ? null : json(row, 'begun_by'),
  ended: row.ended_at === null ? null : { endedAt: integer(row, 'ended_at'), endedBy: json(row, 'ended_by') },
});

/** Grants over one connection; the promises are those of the port. */
export function grantRepository(sql: Sql): GrantRepository {
  return {
    insert: async (organizationId, grant, begunBy) =>
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
        begun_by: begunBy === undefined ? null : toJson(begunBy),
      }),
    listByMembership: async (organizationId, membershipId) =>
      sql.all(LIST, organizationId, membershipId).map(fromRow),
    end: async (organizationId, { membershipId, id }, { endedAt, endedBy }) => {
      sql.run(KEEP_ONE, endedAt, toJson(endedBy), organizationId, membershipId, id);
      return sql.run(REMOVE, organizationId, membershipId, id) > 0;
    },
    rerank: async (organizationId, { membershipId, id }, rank) =>
      sql.run(RERANK, rank, organizationId, membershipId, id) > 0,
    endByMembership: async (organizationId, membershipId, { endedAt, endedBy }) => {
      sql.run(KEEP_BY_MEMBERSHIP, endedAt, toJson(endedBy), organizationId, membershipId);
      sql.run(REMOVE_BY_MEMBERSHIP, organizationId, membershipId);
    },
    listAsOf: async (organizationId, membershipId, at) => {
      const whose = [organizationId, membershipId] as const;
      return sql.all(LIST_AS_OF, ...whose, at, ...whose, at, at).map(tracedFromRow);
    },
    prune: async (organizationId, before, limit) => sql.run(PRUNE, organizationId, before, limit),
  };
}
