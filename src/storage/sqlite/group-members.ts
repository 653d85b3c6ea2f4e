/** Group members in SQLite: one row for each, so that one change costs the same in a group of any size. */
import type {
  Containment,
  GroupMemberRepository,
  MemberRef,
  NamedMember,
} from '../../core/ports/directories.ts';
import type { DirectoryGroupId, OrganizationId } from '../../kernel/ids.ts';
import { groupFromRow } from './directory-groups.ts';
import { flag, text, textOrNull, toJson, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

/** The directory of a group; members belong to the same one. */
const OWN_DIRECTORY = 'SELECT directory_id FROM directory_groups WHERE organization_id = ? AND id = ?';
const ADD_USER = `
  INSERT INTO group_members (organization_id, group_id, member_id, member_kind, member_name)
  VALUES (?, ?, ?, 'user', (
    SELECT coalesce(json_extract(attributes, '$.displayName'), user_name) FROM directory_users
    WHERE organization_id = ? AND directory_id = (${OWN_DIRECTORY}) AND id = ?
  )) ON CONFLICT DO NOTHING`;
const ADD_GROUP = `
  INSERT INTO group_members (organization_id, group_id, member_id, member_kind, member_name)
  VALUES (?, ?, ?, 'group', (
    SELECT display_name FROM directory_groups
    WHERE organization_id = ? AND directory_id = (${OWN_DIRECTORY}) AND id = ?
  )) ON CONFLICT DO NOTHING`;
const REMOVE = `
  DELETE FROM group_members WHERE organization_id = ? AND group_id = ? AND member_id = ?
  RETURNING member_id, member_kind`;
const LIST = `
  SELECT member_id, member_kind FROM group_members
  WHERE organization_id = ? AND group_id = ? AND member_id > ? ORDER BY member_id LIMIT ?`;
const LIST_NAMED = `
  SELECT member_id, member_kind, member_name FROM group_members
  WHERE organization_id = ? AND group_id = ? AND member_id > ? ORDER BY member_id LIMIT ?`;
const CONTAINING = `
  SELECT member_id, group_id, (
    SELECT display_name FROM directory_groups
    WHERE organization_id = around.organization_id AND id = around.group_id
  ) AS display_name, EXISTS (
    SELECT 1 FROM group_members
    WHERE organization_id = around.organization_id AND member_id = around.group_id
  ) AS is_contained
  FROM group_members AS around WHERE organization_id = ?`;
const LIST_CONTAINING_ONE = `${CONTAINING} AND member_id = ? ORDER BY group_id`;
const LIST_CONTAINING = `
  ${CONTAINING} AND member_id IN (SELECT value FROM json_each(?)) ORDER BY member_id, group_id`;
const LIST_GROUPS_OF = `
  SELECT directory_groups.* FROM directory_groups WHERE organization_id = ? AND id IN (
    SELECT group_id FROM group_members WHERE organization_id = ? AND member_id = ?
  ) ORDER BY id`;
const REMOVE_EVERYWHERE =
  'DELETE FROM group_members WHERE organization_id = ? AND member_id = ? RETURNING group_id';

const fromRow = (row: Row): MemberRef => ({
  memberId: word(row, 'member_id'),
  memberKind: word(row, 'member_kind'),
});

const namedFromRow = (row: Row): NamedMember => ({
  memberId: word(row, 'member_id'),
  memberKind: word(row, 'member_kind'),
  name: textOrNull(row, 'member_name'),
});

const containmentFromRow = (row: Row): Containment => ({
  memberId: text(row, 'member_id'),
  groupId: word(row, 'group_id'),
  displayName: text(row, 'display_name'),
  isContained: flag(row, 'is_contained'),
});

/** Group members over one connection; the promises are those of the port. */
export function groupMemberRepository(sql: Sql): GroupMemberRepository {
  return {
    insert: async (organizationId, groupId, members) =>
      members.filter(({ memberId, memberKind }) => {
        const place = [organizationId, groupId, memberId] as const;
        const named = [organizationId, organizationId, groupId, memberId] as const;
        return sql.run(memberKind === 'user' ? ADD_USER : ADD_GROUP, ...place, ...named) > 0;
      }),
    remove: async (organizationId, groupId, memberIds) =>
      memberIds.flatMap((memberId) => sql.all(REMOVE, organizationId, groupId, memberId).map(fromRow)),
    list: async (organizationId, groupId, page) =>
      sql.all(LIST, organizationId, groupId, page.after ?? '', page.limit).map(fromRow),
    listNamed: async (organizationId, groupId, page) =>
      sql.all(LIST_NAMED, organizationId, groupId, page.after ?? '', page.limit).map(namedFromRow),
    listContaining: async (organizationId, memberIds) => {
      const [only, ...others] = memberIds;
      // Look-ups ask about one person, and a list in JSON would cost more than the answer.
      const rows =
        only !== undefined && others.length === 0
          ? sql.all(LIST_CONTAINING_ONE, organizationId, only)
          : sql.all(LIST_CONTAINING, organizationId, toJson(memberIds));
      return rows.map(containmentFromRow);
    },
    listGroupsOf: async (organizationId, memberId) =>
      sql.all(LIST_GROUPS_OF, organizationId, organizationId, memberId).map(groupFromRow),
    removeEverywhere: async (organizationId, memberId) => leaveAll(sql, organizationId, memberId),
  };
}

function leaveAll(sql: Sql, organizationId: OrganizationId, memberId: string): readonly DirectoryGroupId[] {
  const rows = sql.all(REMOVE_EVERYWHERE, organizationId, memberId);
  return rows.map((row) => word<DirectoryGroupId>(row, 'group_id')).sort();
}
