/** Which permissions people have used of late, as far as the audit shows. Reads only. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { AuditEvent, AuditType } from '../entities/journal.ts';
import type { Queries } from '../ports/storage.ts';
import type { Permission } from './roles.ts';

/** Of the newest audit rows so many are looked through. */
const AUDIT_ROWS = 10_000;
const AUDIT_PAGE = 500;

const OF_ONE_TYPE: Readonly<Partial<Record<AuditType, Permission>>> = {
  'organization.updated': 'organization.update',
  'organization.ownership_transferred': 'members.update',
  'organization.reprojection_started': 'roles.manage',
  'member.updated': 'members.update',
  'member.roles_changed': 'members.update',
  'member.suspended': 'members.update',
  'member.reactivated': 'members.update',
  'member.removed': 'members.remove',
  'member.resources_changed': 'roles.manage',
  'emergency_code.created': 'sso.manage',
  'emergency_code.revoked': 'sso.manage',
};

const OF_A_KIND: Readonly<Record<string, Permission>> = {
  team: 'teams.manage',
  invitation: 'members.invite',
  invitation_link: 'members.invite',
  group_mapping: 'roles.manage',
  mapping_test: 'roles.manage',
  mapping_draft: 'roles.manage',
  access_review: 'members.update',
  directory: 'scim.manage',
  directory_token: 'scim.manage',
  directory_client: 'scim.manage',
  directory_extension: 'scim.manage',
  adoption_conflict: 'scim.manage',
  connection: 'sso.manage',
  domain: 'sso.manage',
  test_sign_in: 'sso.manage',
};

/** What somebody does with nothing but their own invitation takes no permission. */
const OWN_ACTS: ReadonlySet<AuditType> = new Set(['invitation.accepted', 'invitation_link.used']);

/** The permission that an act takes; undefined for acts that take none. */
function permissionBehind(type: AuditType): Permission | undefined {
  if (OWN_ACTS.has(type)) return undefined;
  return OF_ONE_TYPE[type] ?? OF_A_KIND[type.slice(0, type.indexOf('.'))];
}

/** The membership behind an act: its own, or that of the person whose key it was. */
const memberBehind = ({ actor }: AuditEvent): string | null =>
  actor.kind === 'member' || actor.kind === 'api_key' ? actor.membershipId : null;

/** What everybody has used since `since` (epoch ms), by membership, as far back as the newest `AUDIT_ROWS` rows reach. */
export async function listPermissionUse(
  from: Queries,
  organizationId: OrganizationId,
  since: number,
): Promise<ReadonlyMap<string, ReadonlySet<Permission>>> {
  const found = new Map<string, Set<Permission>>();
  let after: string | undefined;
  for (let read = 0; read < AUDIT_ROWS; read += AUDIT_PAGE) {
    const rows = await from.auditEvents.list(organizationId, { since }, { after, limit: AUDIT_PAGE });
    for (const row of rows) {
      const [member, permission] = [memberBehind(row), permissionBehind(row.type)];
      if (member === null || permission === undefined) continue;
      found.set(member, (found.get(member) ?? new Set()).add(permission));
    }
    if (rows.length < AUDIT_PAGE) break;
    after = rows.at(-1)?.id;
  }
  return found;
}
