/** Who may put whom into a team: its owners alone, and its admins below themselves. A rule over roles, and the few lines that look them up. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { Caller } from './access.ts';
import { holdsPermission } from './access.ts';
import type { TeamRole } from './roles.ts';

type Reader = Queries | Repositories;

/** What whoever asks is to one team. */
export interface TeamStanding {
  /** The operator and owners of the organization: no team is out of their reach. */
  readonly isAboveTeams: boolean;
  /** Holds `teams.manage` in the organization. */
  readonly managesTeams: boolean;
  /** In this very team; null outside it. */
  readonly own: TeamRole | null;
  /** Whether somebody owns the team, or has: who manages teams does not come into it by suspending or removing its owner. */
  readonly wasOwned: boolean;
}

/** One person's move in one team; null: not in it. */
export interface TeamMove {
  readonly isOwn: boolean;
  readonly before: TeamRole | null;
  readonly after: TeamRole | null;
}

const isBelowAdmin = (role: TeamRole | null): boolean => role === null || role === 'member';

/** Pure: whether all that happens in the team is for whoever has this standing to decide. */
export const decidesInTeam = ({ isAboveTeams, managesTeams, own, wasOwned }: TeamStanding): boolean =>
  isAboveTeams || own === 'owner' || (managesTeams && !wasOwned);

/**
 * Pure: whether the move may be made. A team with an owner is its owners' alone, whoever administers the organization, and
 * after them for the owners of the organization, so that none is ever stuck; one that never had an owner is looked after by
 * whoever manages teams. Anybody may go.
 */
export function mayMove(standing: TeamStanding, { isOwn, before, after }: TeamMove): boolean {
  if (decidesInTeam(standing) || (isOwn && after === null)) return true;
  return standing.own === 'admin' && isBelowAdmin(before) && isBelowAdmin(after);
}

interface TeamRequest {
  readonly organizationId: OrganizationId;
  readonly teamId: TeamId;
  readonly caller: Caller;
}

/** What the caller is to this team at this moment. A key of the team stands as its owner. */
export async function standingIn(tx: Reader, request: TeamRequest): Promise<TeamStanding> {
  const { organizationId, teamId, caller } = request;
  const isOwnersKey = caller.kind === 'api_key' && caller.teamId === teamId;
  return {
    isAboveTeams: caller.kind === 'operator' || caller.role.key === 'owner',
    managesTeams: holdsPermission(caller, organizationId, 'teams.manage'),
    own: isOwnersKey
      ? 'owner'
      : caller.kind === 'member'
        ? await roleIn(tx, request, caller.membershipId)
        : null,
    wasOwned: (await tx.teams.find(organizationId, teamId))?.wasOwned ?? false,
  };
}

/** Throws `forbidden`, saying who may, unless the caller may make this move. */
export async function assertMayMove(
  tx: Repositories,
  move: TeamRequest & { readonly memberId: MembershipId; readonly after: TeamRole | null },
): Promise<void> {
  const { memberId, caller, after } = move;
  const standing = await standingIn(tx, move);
  const isOwn = caller.kind === 'member' && caller.membershipId === memberId;
  if (mayMove(standing, { isOwn, before: await roleIn(tx, move, memberId), after })) return;
  const who = standing.wasOwned
    ? 'Its owners, and owners of the organization, decide who is in this team'
    : 'Those who manage teams decide who is in it';
  throw new GatehouseError('forbidden', `${who}; its admins, about its plain members.`, {
    field: 'role',
    whatToDo: 'Ask one of them.',
  });
}

async function roleIn(
  tx: Reader,
  { organizationId, teamId }: TeamRequest,
  id: MembershipId,
): Promise<TeamRole | null> {
  const rows = await tx.teamMembers.listByMemberships(organizationId, [id]);
  return rows.find((row) => row.teamId === teamId)?.role ?? null;
}

/** Whether the caller may promise somebody who comes this role in this team: a plain member anybody who invites, more whoever decides there. */
export async function mayPromise(
  tx: Repositories,
  promise: Omit<TeamRequest, 'teamId'> & {
    readonly team: { readonly teamId: TeamId; readonly role: TeamRole };
  },
): Promise<boolean> {
  const { team, ...request } = promise;
  return team.role === 'member' || decidesInTeam(await standingIn(tx, { ...request, teamId: team.teamId }));
}
