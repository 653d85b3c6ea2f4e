/** Teams and their members in SQLite. */
import type { Team, TeamMember } from '../../core/entities/people.ts';
import type { TeamMemberRepository, TeamRepository } from '../../core/ports/people.ts';
import {
  type Columns,
  flag,
  insertRow,
  integer,
  ownedBy,
  text,
  toFlag,
  toJson,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM teams WHERE organization_id = ? AND id = ?';
const LIST = 'SELECT * FROM teams WHERE organization_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM teams WHERE organization_id = ? AND id = ?';
const LIST_BY_MEMBERSHIPS = `
  SELECT * FROM team_members
  WHERE organization_id = ? AND membership_id IN (SELECT value FROM json_each(?))
  ORDER BY membership_id, team_id`;
const LIST_BY_TEAM = `
  SELECT * FROM team_members WHERE organization_id = ? AND team_id = ? AND membership_id > ?
  ORDER BY membership_id LIMIT ?`;
const LEAVE_ALL = 'DELETE FROM team_members WHERE organization_id = ? AND membership_id = ?';

const columnsOf = (team: Team): Columns => ({
  name: team.name,
  is_default: toFlag(team.isDefault),
  was_owned: toFlag(team.wasOwned),
  created_at: team.createdAt,
  updated_at: team.updatedAt,
});

const fromRow = (row: Row): Team => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  name: text(row, 'name'),
  isDefault: flag(row, 'is_default'),
  wasOwned: flag(row, 'was_owned'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Teams over one connection; the promises are those of the port. */
export function teamRepository(sql: Sql): TeamRepository {
  return {
    insert: async (organizationId, team) =>
      insertRow(sql, 'teams', {
        organization_id: ownedBy(organizationId, team),
        id: team.id,
        version: team.version,
        ...columnsOf(team),
      }),
    find: async (organizationId, id) => {
      const row = sql.get(FIND, organizationId, id);
      return row && fromRow(row);
    },
    list: async (organizationId) => sql.all(LIST, organizationId).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'teams', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
  };
}

const memberFromRow = (row: Row): TeamMember => ({
  teamId: word(row, 'team_id'),
  membershipId: word(row, 'membership_id'),
  role: word(row, 'role'),
});

/** Team members over one connection; the promises are those of the port. */
export function teamMemberRepository(sql: Sql): TeamMemberRepository {
  return {
    listByMemberships: async (organizationId, ids) =>
      sql.all(LIST_BY_MEMBERSHIPS, organizationId, toJson(ids)).map(memberFromRow),
    listByTeam: async (organizationId, teamId, page) =>
      sql.all(LIST_BY_TEAM, organizationId, teamId, page.after ?? '', page.limit).map(memberFromRow),
    replace: async (organizationId, membershipId, teams) => {
      sql.run(LEAVE_ALL, organizationId, membershipId);
      for (const { teamId, role } of teams) {
        insertRow(sql, 'team_members', {
          organization_id: organizationId,
          team_id: teamId,
          membership_id: membershipId,
          role,
        });
      }
    },
  };
}
