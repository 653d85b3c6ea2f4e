/** What accepting an invitation does to a membership: the claim that can succeed once, and the grants it brings. */
import { GatehouseError } from '../kernel/errors.ts';
import type { MembershipId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import type { ChangeContext } from './deps.ts';
import type { Invitation } from './entities/invitation.ts';
import { invitationStatus } from './entities/invitation.ts';
import type { Membership } from './entities/people.ts';
import type { WantedGrant } from './grants.ts';
import { syncGrants } from './grants.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Repositories } from './ports/storage.ts';
import type { OrgRole } from './roles.ts';
import { orgRoleRank } from './roles.ts';

/** Throws the code that says why this invitation can no longer be accepted; passes when it can. */
export function assertAcceptable(invitation: Invitation, now: number): void {
  const status = invitationStatus(invitation, now);
  if (status === 'accepted') throw new GatehouseError('invitation_used', 'This invitation has been used.');
  if (status === 'revoked')
    throw new GatehouseError('invitation_revoked', 'This invitation was withdrawn. Ask for a new one.');
  if (status === 'expired')
    throw new GatehouseError('invitation_expired', 'This invitation has expired. Ask for a new one.');
}

/** Consumes the invitation for this membership (law 5) and gives what it promised. Throws `invitation_used` to all but one. */
export async function settleInvitation(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly invitation: Invitation; readonly membership: Membership },
): Promise<Membership> {
  const { invitation, membership } = input;
  const { organizationId, now } = context;
  assertAcceptable(invitation, now);
  const isWinner = await tx.invitations.claim(organizationId, invitation.id, {
    membershipId: membership.id,
    now,
  });
  if (!isWinner) throw new GatehouseError('invitation_used', 'This invitation has been used.');
  const role = await roleStillGrantable(tx, invitation);
  const source = { kind: 'invitation' as const, invitationId: invitation.id };
  const wanted: WantedGrant[] = [{ scope: { kind: 'org', role }, source, rank: 0 }];
  for (const team of invitation.teams) {
    const exists = (await tx.teams.find(organizationId, team.teamId)) !== undefined;
    if (exists)
      wanted.push({ scope: { kind: 'team', teamId: team.teamId, role: team.role }, source, rank: 0 });
  }
  const next = await syncGrants(tx, context, {
    membership,
    owns: (grant) => grant.source.kind === 'invitation' && grant.source.invitationId === invitation.id,
    wanted,
    rules: await getOrganization(tx, organizationId),
  });
  await record(tx, context, {
    type: 'invitation.accepted',
    target: { kind: 'invitation', id: invitation.id },
    details: { membershipId: membership.id, role, promisedRole: invitation.role },
  });
  return next;
}

/** S162: the inviter's rights count now, not then; whoever may no longer invite gives no more than `member`. */
async function roleStillGrantable(tx: Repositories, invitation: Invitation): Promise<OrgRole> {
  const { invitedBy, role } = invitation;
  if (invitedBy.kind === 'operator') return role;
  const fallback: OrgRole = orgRoleRank(role) <= orgRoleRank('member') ? role : 'member';
  if (invitedBy.kind !== 'member') return fallback;
  const inviter = await tx.memberships.find(
    invitation.organizationId,
    invitedBy.membershipId as MembershipId,
  );
  return inviter?.status === 'active' && inviter.orgRole === 'owner' ? role : fallback;
}
