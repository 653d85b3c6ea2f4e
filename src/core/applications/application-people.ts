/** Whom an application is told about: the person as the ledger has them at this moment (S96, S146). */

import { roleHeld } from '../access/role-table.ts';
import type { OrgRole, PermissionKey, TeamRole } from '../access/roles.ts';
import type { Deps } from '../deps.ts';
import type { ApplicationGrant } from '../entities/application.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, User } from '../entities/people.ts';
import { settleMember } from '../mapping/reprojection.ts';

/** A person in one organization, with what they may do there. */
export interface ApplicationPerson {
  readonly user: User;
  readonly membership: Membership;
  readonly organization: Organization;
  readonly email: string | null;
  readonly orgRole: OrgRole;
  readonly teams: readonly { readonly id: string; readonly name: string; readonly role: TeamRole }[];
  readonly permissions: readonly PermissionKey[];
}

/** The person behind a grant; undefined when they are suspended, removed, or their organization is gone (S94). */
export async function findApplicationPerson(
  deps: Pick<Deps, 'storage' | 'clock'>,
  grant: Pick<ApplicationGrant, 'organizationId' | 'membershipId' | 'userId'>,
): Promise<ApplicationPerson | undefined> {
  const { organizationId, membershipId, userId } = grant;
  const { storage } = deps;
  const stored = await storage.memberships.find(organizationId, membershipId);
  if (stored?.status !== 'active') return undefined;
  const user = await storage.users.find(userId);
  const organization = await storage.organizations.find(organizationId);
  if (user === undefined || organization === undefined) return undefined;
  const membership = await settleMember(deps, organization, stored);
  const roles = await storage.teamMembers.listByMemberships(organizationId, [membershipId]);
  const names = new Map(
    roles.length === 0 ? [] : (await storage.teams.list(organizationId)).map(({ id, name }) => [id, name]),
  );
  return {
    ...{ user, membership, organization, orgRole: membership.orgRole },
    // What the organization knows: a directory's people have no address of their own here.
    email: membership.email ?? user.email,
    teams: roles.map(({ teamId, role }) => ({ id: teamId, name: names.get(teamId) ?? '', role })),
    permissions: (await roleHeld(storage, membership.orgRole)).permissions,
  };
}
