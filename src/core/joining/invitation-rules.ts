/** Who may invite whom with what: the refusals that every way of inviting shares (law 8, law 11, S162). */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Caller } from '../access/access.ts';
import { assertMayGrant, holdsPermission } from '../access/access.ts';
import type { RoleFacts } from '../access/role-table.ts';
import { roleHeld, roleNamed } from '../access/role-table.ts';
import type { OrgRole } from '../access/roles.ts';
import { ORG_ROLE_RANKS } from '../access/roles.ts';
import { mayPromise } from '../access/team-access.ts';
import { assertInvitationsOpen } from '../directory/provisioning.ts';
import type { Invitation, InvitationResource, InvitationTeam } from '../entities/invitation.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** Somebody who wants to invite somebody. */
interface Attempt {
  readonly organization: Organization;
  readonly caller: Caller;
  readonly invitation: Pick<Invitation, 'email' | 'role' | 'teams'> & {
    readonly resources?: Invitation['resources'] | undefined;
  };
}

/** Refuses in the order a person would want to hear it: the door, the plan, the role, the address, the seats. */
export async function assertMayInvite(
  tx: Repositories,
  attempt: Attempt & { readonly now: number },
): Promise<void> {
  const { organization, caller, invitation, now } = attempt;
  await assertMayInviteAnew(tx, attempt);
  await assertMayPromiseTeams(tx, { organizationId: organization.id, caller, teams: invitation.teams });
  const waiting = await tx.invitations.findPendingByEmail(organization.id, foldKey(invitation.email));
  if (waiting !== undefined && invitationStatus(waiting, now) === 'pending')
    throw alreadyInvited(invitation.email);
}

/** One open invitation for each address. */
export const alreadyInvited = (email: string, cause?: unknown) =>
  new GatehouseError('already_invited', `${email} already has a pending invitation.`, {
    field: 'email',
    cause,
  });

/** What must still hold when an invitation is sent once more. Teams that have gone since are left out at acceptance. */
export async function assertMayInviteAnew(tx: Repositories, attempt: Attempt): Promise<void> {
  const { organization, caller, invitation } = attempt;
  await assertInvitationsOpen(tx, organization);
  assertPlanInvites(organization);
  assertMayGiveByInvitation(caller, await roleNamed(tx, invitation.role));
  assertMayGiveResources(caller, organization.id, invitation.resources);
  const members = await tx.memberships.listByEmail(organization.id, foldKey(invitation.email));
  if (members.length > 0) throw memberThere(organization, invitation.email, members);
}

/** Somebody suspended is still a member: they are brought back, not invited. */
function memberThere({ name }: Organization, email: string, members: readonly Membership[]): GatehouseError {
  if (members.some(({ status }) => status === 'active'))
    return new GatehouseError('already_member', `${email} is already a member of ${name}.`, {
      field: 'email',
    });
  return new GatehouseError('already_member', `${email} is a suspended member of ${name}.`, {
    field: 'email',
    whatToDo: 'Reactivate the member instead of inviting them.',
  });
}

/** Throws `forbidden` for a role that the caller may not give, and for owner (S162). */
export function assertMayGiveByInvitation(caller: Caller, role: RoleFacts): void {
  assertMayGrant(caller, role);
  if (role.key !== 'owner') return;
  throw new GatehouseError(
    'forbidden',
    'Nobody becomes owner by invitation. Invite as admin, then make the member an owner.',
    { field: 'role', whatToDo: 'Invite with another role; an owner makes the member an owner afterwards.' },
  );
}

/** Throws `forbidden` for roles on resources by a caller who may not give them to members either (S162). */
export function assertMayGiveResources(
  caller: Caller,
  organizationId: OrganizationId,
  resources: readonly InvitationResource[] = [],
): void {
  if (resources.length === 0 || holdsPermission(caller, organizationId, 'roles.manage')) return;
  throw new GatehouseError('forbidden', 'Roles on resources need the permission roles.manage.', {
    field: 'resources',
  });
}

/**
 * Throws, naming the place in the list, `invalid` for a team of nobody here and `forbidden` for a team role that is not the
 * caller's to promise (see `mayPromise`).
 */
export async function assertMayPromiseTeams(
  tx: Repositories,
  promise: {
    readonly organizationId: OrganizationId;
    readonly caller: Caller;
    readonly teams: readonly InvitationTeam[];
  },
): Promise<void> {
  const { organizationId, caller, teams } = promise;
  for (const [index, team] of teams.entries()) {
    const field = `teams[${index}]`;
    if ((await tx.teams.find(organizationId, team.teamId)) === undefined)
      throw new GatehouseError('invalid', 'No team of this organization has this id.', { field });
    if (await mayPromise(tx, { organizationId, caller, team })) continue;
    const detail = 'Invite into this team as a plain member: more than that its owners give.';
    const whatToDo = 'Leave the role of this team out, or ask an owner of the team to give it.';
    throw new GatehouseError('forbidden', detail, { field, whatToDo });
  }
}

/** What an invitation that names no role gives: `member`, or the organization's default role where that is worth less. */
export async function roleUnlessSaid(
  from: Queries,
  { defaultRole }: Pick<Organization, 'defaultRole'>,
): Promise<OrgRole> {
  const { rank } = await roleHeld(from, defaultRole);
  return rank >= 0 && rank < ORG_ROLE_RANKS.member ? defaultRole : 'member';
}

/** Throws `plan_lacks`. */
export function assertPlanHasInvitations({ plan }: Organization): void {
  if (plan.invitations) return;
  throw new GatehouseError(
    'plan_lacks',
    `The plan ${plan.preset} is for one person. A plan with more seats lets you invite others.`,
  );
}

/** Throws `plan_lacks`, `seats_exhausted` where every seat has somebody on it. */
export function assertPlanInvites(organization: Organization): void {
  assertPlanHasInvitations(organization);
  const { plan, name, seatsUsed } = organization;
  if (plan.seats === null || seatsUsed < plan.seats) return;
  const detail = `All ${plan.seats} seats of ${name} are taken.`;
  const whatToDo = 'Suspend or remove a member, or ask for a plan with more seats.';
  throw new GatehouseError('seats_exhausted', detail, { whatToDo });
}

/**
 * Seats that nobody holds and nobody was promised: an open invitation holds one, whichever way it was made, until it is
 * accepted, revoked or expired. Infinity where the plan sets no limit.
 */
export async function freeSeats(tx: Repositories, organization: Organization, now: number): Promise<number> {
  if (organization.plan.seats === null) return Number.POSITIVE_INFINITY;
  return seatsLeft(organization, await tx.invitations.countOpen(organization.id, now));
}

/** Pure: the same, where `promised` invitations are open. */
export const seatsLeft = ({ plan, seatsUsed }: Organization, promised: number): number =>
  plan.seats === null ? Number.POSITIVE_INFINITY : plan.seats - seatsUsed - promised;

/**
 * The same for one invitation. The operator sets the seats and may invite beyond them one by one: then whoever accepts first
 * has them. Throws `seats_exhausted`.
 */
export async function assertSeatForOne(
  tx: Repositories,
  { organization, caller, now }: Pick<Attempt, 'organization' | 'caller'> & { readonly now: number },
): Promise<void> {
  if (caller.kind === 'operator') return;
  assertSeatToPromise(organization, await freeSeats(tx, organization, now));
}

/** Throws `seats_exhausted` unless one of the `free` seats can be promised. */
export function assertSeatToPromise({ plan, name }: Organization, free: number): void {
  if (free > 0) return;
  const detail = `All ${plan.seats} seats of ${name} are taken or promised to people invited already.`;
  const whatToDo =
    'Revoke an invitation that waits, suspend or remove a member, or ask for a plan with more seats.';
  throw new GatehouseError('seats_exhausted', detail, { whatToDo });
}
