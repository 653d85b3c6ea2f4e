/** Group members in SQLite: one row for each, so that one change costs the same in a group of any size. */
import type { GroupMemberRepository, MemberRef } from '../../core/ports/directories.ts';
import type { DirectoryGroupId, OrganizationId } from '../../kernel/ids.ts';
import { groupFromRow } from './directory-groups.ts';
import { word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const ADD = `
  INSERT INTO group_members (organization_id, group_id, member_id, member_kind) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;
const REMOVE = `
  DELETE FROM group_members WHERE organization_id = ? AND group_id = ? AND member_id = ?
  RETURNING member_id, member_kind`;
const LIST = `
  SELECT member_id, member_kind FROM group_members
  WHERE organization_id = ? AND group_id = ? AND member_id > ? ORDER BY member_id LIMIT ?`;
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

/** Group members over one connection; the promises are those of the port. */
export function groupMemberRepository(sql: Sql): GroupMemberRepository {
  return {
    insert: async (organizationId, groupId, members) =>
      members.filter(
        ({ memberId, memberKind }) => sql.run(ADD, organizationId, groupId, memberId, memberKind) > 0,
      ),
    remove: async (organizationId, groupId, memberIds) =>
      memberIds.flatMap((memberId) => sql.all(REMOVE, organizationId, groupId, memberId).map(fromRow)),
    list: async (organizationId, groupId, page) =>
      sql.all(LIST, organizationId, groupId, page.after ?? '', page.limit).map(fromRow),
    listGroupsOf: async (organizationId, memberId) =>
      sql.all(LIST_GROUPS_OF, organizationId, organizationId, memberId).map(groupFromRow),
    removeEverywhere: async (organizationId, memberId) => leaveAll(sql, organizationId, memberId),
  };
}

function leaveAll(sql: Sql, organizationId: OrganizationId, memberId: string): readonly DirectoryGroupId[] {
  const rows = sql.all(REMOVE_EVERYWHERE, organizationId, memberId);
  return rows.map((row) => word<DirectoryGroupId>(row, 'group_id')).sort();
}
