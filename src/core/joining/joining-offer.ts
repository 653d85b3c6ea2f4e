/** What an invitation or a link offers, in the words of a page: for whoever decides whether to join, and for nobody without the link. */
import type { MembershipId } from '../../kernel/ids.ts';
import { roleName, roleWord } from '../access/role-table.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Queries } from '../ports/storage.ts';

/** Roles by their names. `invitedBy`: the name of the member who did, while they are one; null for anybody else. Teams that have gone are left out. */
export interface JoiningOffer {
  readonly role: string;
  readonly teams: readonly { readonly name: string; readonly role: string }[];
  readonly resources: readonly { readonly name: string; readonly role: string }[];
  readonly invitedBy: string | null;
}

/** Reads names for what is offered; whether it may still be given is asked at acceptance. */
export async function readJoiningOffer(
  from: Pick<Queries, 'teams' | 'orgRoles' | 'memberships'>,
  stored: Pick<Invitation, 'organizationId' | 'role' | 'teams' | 'resources' | 'invitedBy'>,
): Promise<JoiningOffer> {
  const { organizationId, invitedBy } = stored;
  const teams: { name: string; role: string }[] = [];
  for (const { teamId, role } of stored.teams) {
    const team = await from.teams.find(organizationId, teamId);
    if (team !== undefined) teams.push({ name: team.name, role: roleWord(role) });
  }
  const resources = stored.resources.map(({ resource: { type, id }, role }) => ({
    name: `${type} ${id}`,
    role: roleWord(role),
  }));
  const inviter =
    invitedBy.kind === 'member'
      ? await from.memberships.find(organizationId, invitedBy.membershipId as MembershipId)
      : undefined;
  return {
    role: await roleName(from, stored.role),
    teams,
    resources,
    invitedBy: inviter?.status === 'active' ? inviter.name : null,
  };
}
