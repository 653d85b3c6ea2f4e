/** What an invitation or a link does to a membership: the claim that can succeed once, and the grants it brings. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { Caller } from '../access/access.ts';
import { holdsPermission, mayGrantAs } from '../access/access.ts';
import type { WantedGrant } from '../access/grants.ts';
import { syncGrants } from '../access/grants.ts';
import { roleHeld } from '../access/role-table.ts';
import type { OrgRole, Permission } from '../access/roles.ts';
import { ORG_ROLE_RANKS } from '../access/roles.ts';
import { mayPromise } from '../access/team-access.ts';
import { callerNow } from '../callers.ts';
import type { ChangeContext } from '../deps.ts';
import type { Invitation } from '../entities/invitation.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { Membership } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { updateMembership } from '../members/memberships.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** Throws the code that says why this invitation can no longer be accepted; passes when it can. */
export function assertAcceptable(invitation: Invitation, now: number): void {
  const status = invitationStatus(invitation, now);
  if (status === 'accepted') throw new GatehouseError('invitation_used', 'This invitation has been used.');
  if (status === 'revoked')
    throw new GatehouseError('invitation_revoked', 'This invitation was withdrawn. Ask for a new one.');
  if (status === 'expired')
    throw new GatehouseError('invitation_expired', 'This invitation has expired. Ask for a new one.');
}

/**
 * The same for whoever looks after invitations, in their words: what can be changed, sent again or shown is still to be
 * accepted. Throws `invitation_used`, `invitation_revoked`, `invitation_expired`.
 */
export function assertStillOpen(invitation: Invitation, now: number): void {
  switch (invitationStatus(invitation, now)) {
    case 'accepted':
      throw new GatehouseError(
        'invitation_used',
        'This invitation has been accepted; nothing of it changes any more.',
        {
          whatToDo: 'Change the member instead: they have joined with it.',
        },
      );
    case 'revoked':
      throw new GatehouseError('invitation_revoked', 'This invitation has been withdrawn and stays so.', {
        whatToDo: 'Invite the address again: POST /invitations.',
      });
    case 'expired':
      throw new GatehouseError('invitation_expired', 'This invitation has expired.', {
        whatToDo: 'Send it again (POST .../resend), or invite the address anew.',
      });
    case 'pending':
  }
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
  const placed = await withDepartment(tx, context, input);
  const { next, role } = await giveWhatWasPromised(tx, context, { gift: invitation, membership: placed });
  await record(tx, context, {
    type: 'invitation.accepted',
    target: { kind: 'invitation', id: invitation.id },
    details: { membershipId: membership.id, role, promisedRole: invitation.role },
  });
  return next;
}

/** The department goes along; who was there before keeps theirs when the invitation names none. */
async function withDepartment(
  tx: Repositories,
  context: ChangeContext,
  { invitation, membership }: { readonly invitation: Invitation; readonly membership: Membership },
): Promise<Membership> {
  const { department } = invitation;
  if (department === null) return membership;
  const after = { ...membership, department, updatedAt: context.now };
  return updateMembership(tx, context, { before: membership, after });
}

/** What somebody was promised, and by whom. */
interface Gift extends Pick<Invitation, 'organizationId' | 'invitedBy' | 'role' | 'teams' | 'resources'> {
  /** Of the invitation or the link; grants that come of it carry it. */
  readonly id: string;
}

/** Gives what was promised, as far as whoever promised it may still give it (S162). Answers the org role that came of it. */
export async function giveWhatWasPromised(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly gift: Gift; readonly membership: Membership },
): Promise<{ readonly next: Membership; readonly role: OrgRole }> {
  const { gift, membership } = input;
  const { organizationId } = context;
  const inviter = await inviterNow(tx, gift, context.now);
  const mayStill = (permission: Permission) =>
    inviter !== undefined && holdsPermission(inviter, organizationId, permission);
  const role = await orgRoleStillGiven(tx, gift.role, inviter);
  const source = { kind: 'invitation' as const, invitationId: gift.id };
  const wanted: WantedGrant[] = [{ scope: { kind: 'org', role }, source, rank: 0 }];
  for (const team of gift.teams) {
    if ((await tx.teams.find(organizationId, team.teamId)) === undefined) continue;
    const isStillGiven =
      inviter !== undefined && (await mayPromise(tx, { organizationId, caller: inviter, team }));
    const teamRole = isStillGiven ? team.role : 'member';
    wanted.push({ scope: { kind: 'team', teamId: team.teamId, role: teamRole }, source, rank: 0 });
  }
  if (mayStill('roles.manage'))
    wanted.push(
      ...gift.resources.map((given) => ({
        scope: { kind: 'resource', ...given } as const,
        source,
        rank: 0,
      })),
    );
  const next = await syncGrants(tx, context, {
    membership,
    owns: (grant) => grant.source.kind === 'invitation' && grant.source.invitationId === gift.id,
    wanted,
    rules: await getOrganization(tx, organizationId),
  });
  return { next, role };
}

/** Whoever invited, with the rights they have now; undefined for somebody suspended or removed, and for a key that is over. */
const inviterNow = (
  from: Queries | Repositories,
  { invitedBy: actor, organizationId }: Pick<Invitation, 'invitedBy' | 'organizationId'>,
  now: number,
): Promise<Caller | undefined> => callerNow(from, { organizationId, actor, now });

/**
 * S162: the inviter's rights count now, not then. What they could no longer give becomes the nearest built-in role that
 * anybody may have: `member`, or `viewer` where less than that was promised.
 */
async function orgRoleStillGiven(
  tx: Repositories,
  promised: OrgRole,
  inviter: Caller | undefined,
): Promise<OrgRole> {
  const role = await roleHeld(tx, promised);
  const isStillGiven =
    inviter?.kind === 'operator' || (inviter !== undefined && mayGrantAs(inviter.role, role));
  if (isStillGiven || promised === 'member' || promised === 'viewer') return promised;
  return role.rank < ORG_ROLE_RANKS.member ? 'viewer' : 'member';
}

/** Law 6: whether whoever made a link might still make one: a link of somebody who may not invite any more lets nobody in. */
export async function mayStillInvite(
  from: Queries | Repositories,
  maker: Pick<Invitation, 'invitedBy' | 'organizationId'>,
  now: number,
): Promise<boolean> {
  const inviter = await inviterNow(from, maker, now);
  return inviter !== undefined && holdsPermission(inviter, maker.organizationId, 'members.invite');
}
