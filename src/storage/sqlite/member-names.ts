/** Names that stand beside the members of groups, kept equal to those of the users and groups they name. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Sql } from './sql.ts';

const RENAME = `
  UPDATE group_members SET member_name = ?
  WHERE organization_id = ? AND member_id = ? AND member_name IS NOT ?`;

/** Carries the name of a user or group to the groups it is in; what it is called there already is not written again. */
export function renameMember(
  sql: Sql,
  organizationId: OrganizationId,
  member: { readonly id: string; readonly name: string },
): void {
  sql.run(RENAME, member.name, organizationId, member.id, member.name);
}
