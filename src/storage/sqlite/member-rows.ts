/** What becomes of the rows of groups when the users and groups that they name, or that hold them, change or go. */
import type { OrganizationId } from '../../kernel/ids.ts';
import { removeGradually } from './gradual-removal.ts';
import type { Sql } from './sql.ts';

/** A table of very many rows, as `removeGradually` takes it. */
export const MEMBER_ROWS = { table: 'group_members', key: ['organization_id', 'group_id', 'member_id'] };

const RENAME = `
  UPDATE group_members SET member_name = ?
  WHERE organization_id = ? AND member_id = ? AND member_name IS NOT ?`;
const LEAVE_GROUPS = 'DELETE FROM group_members WHERE organization_id = ? AND member_id = ?';

/** Carries the name of a user or group to the groups it is in; what it is called there already is not written again. */
export function renameMember(
  sql: Sql,
  organizationId: OrganizationId,
  member: { readonly id: string; readonly name: string },
): void {
  sql.run(RENAME, member.name, organizationId, member.id, member.name);
}

/** Takes a user or group that has gone out of every group. */
export function leaveGroups(sql: Sql, organizationId: OrganizationId, memberId: string): void {
  sql.run(LEAVE_GROUPS, organizationId, memberId);
}

/** Takes everybody out of a group, some at a time. */
export const emptyGroup = (sql: Sql, organizationId: OrganizationId, groupId: string): Promise<void> =>
  removeGradually(sql, MEMBER_ROWS, [organizationId, groupId]);
