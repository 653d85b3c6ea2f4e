/** Teams over the management API, and who is in them by an admin's word. */
import { z } from 'zod';
import { TEAM_ROLES } from '../../core/access/roles.ts';
import { listMembers } from '../../core/members/members.ts';
import { createTeam, getTeam, removeTeam, renameTeam, setTeamMember } from '../../core/members/teams.ts';
import { nameField } from './fields.ts';
import { pageOf, pageQuery, readPage, wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentMember, presentTeam } from './present.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';
import { memberShape, teamRoleShape, teamShape } from './shapes.ts';

const tag = 'teams';
const body = z.strictObject({ name: nameField });
const manage = { kind: 'organization', permission: 'teams.manage' } as const;
// Who is in a team is its owners' and admins' to say, whatever they are in the organization: core decides.
const inTeam = { ...manage, orInTeam: true } as const;
const read = { kind: 'organization', permission: 'members.read' } as const;

const wholeTeamRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/teams',
    operationId: 'createTeam',
    summary: 'Adds a team.',
    tag,
    guard: manage,
    body,
    status: 201,
    response: teamShape,
    errors: ['plan_lacks', 'already_exists'],
    handle: async ({ deps, cause, organization }, input) =>
      presentTeam(await createTeam(deps, { organizationId: organization.id, cause, name: input.body.name })),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/teams',
    operationId: 'listTeams',
    summary: 'Lists all teams, oldest first.',
    tag,
    guard: read,
    status: 200,
    response: wholeListOf(teamShape),
    errors: [],
    handle: async ({ deps, organization }) =>
      wholeList(await deps.storage.teams.list(organization.id), presentTeam),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/teams/:team',
    operationId: 'getTeam',
    summary: 'Answers one team.',
    tag,
    guard: { ...read, orInTeam: true },
    status: 200,
    response: teamShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentTeam(await getTeam(deps.storage, organization.id, pathId('team', params, 'team'))),
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/teams/:team',
    operationId: 'updateTeam',
    summary: 'Renames a team.',
    tag,
    guard: manage,
    body,
    status: 200,
    response: teamShape,
    errors: ['already_exists', 'version_conflict'],
    handle: async ({ deps, cause, organization }, input) => {
      const id = pathId('team', input.params, 'team');
      const { name } = input.body;
      return presentTeam(await renameTeam(deps, { organizationId: organization.id, cause, id, name }));
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/teams/:team',
    operationId: 'removeTeam',
    summary: 'Removes a team with its roles and its place in group mappings; the default team stays.',
    tag,
    guard: manage,
    status: 204,
    errors: [],
    handle: async ({ deps, cause, organization }, { params }) =>
      removeTeam(deps, { organizationId: organization.id, cause, id: pathId('team', params, 'team') }),
  }),
];

/** The request as the use case wants it; malformed ids answer like unknown ones, the team first. */
const membershipOf = (
  { caller, cause, organization }: OrganizationContext,
  params: Readonly<Record<string, string>>,
) => ({
  organizationId: organization.id,
  cause,
  teamId: pathId('team', params, 'team'),
  memberId: pathId('mem', params, 'member'),
  caller,
});

/** All routes of this resource. */
export const teamRoutes: readonly ApiRoute[] = [
  ...wholeTeamRoutes,
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/teams/:team/members',
    operationId: 'listTeamMembers',
    summary:
      'Lists who is in a team, oldest first; for whoever is in it too, whatever they are in the organization.',
    tag,
    guard: { ...read, orInTeam: true },
    query: pageQuery,
    status: 200,
    response: pageOf(memberShape),
    errors: [],
    handle: async ({ deps, organization: { id } }, { params, query }) => {
      const team = await getTeam(deps.storage, id, pathId('team', params, 'team'));
      const filter = { teamId: team.id };
      const { rows, nextCursor } = await readPage(
        query,
        (page) => listMembers(deps, { organizationId: id, filter, page }),
        ({ membership }) => membership.id,
      );
      // Whoever is in a team may know who else is, not what they are in other teams.
      const inThis = rows.map(({ membership, teams }) => ({
        membership,
        teams: teams.filter(({ teamId }) => teamId === team.id),
      }));
      return { items: inThis.map(presentMember), nextCursor };
    },
  }),
  organizationRoute({
    method: 'put',
    path: '/organizations/:org/teams/:team/members/:member',
    operationId: 'setTeamMember',
    summary:
      'Puts a member into a team, or gives another team role. For the owners of the team; its admins for plain members; who manages teams where nobody owns it.',
    tag,
    guard: inTeam,
    body: z.strictObject({ role: z.enum(TEAM_ROLES) }),
    status: 200,
    response: z.object({ teamId: z.string(), memberId: z.string(), role: teamRoleShape.nullable() }),
    errors: ['role_from_directory', 'plan_lacks', 'version_conflict'],
    handle: async (context, input) =>
      setTeamMember(context.deps, { ...membershipOf(context, input.params), role: input.body.role }),
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/teams/:team/members/:member',
    operationId: 'removeTeamMember',
    summary: 'Takes a member out of a team; anybody may take out themselves.',
    tag,
    guard: inTeam,
    status: 204,
    errors: ['role_from_directory', 'plan_lacks', 'version_conflict'],
    handle: async (context, { params }) =>
      setTeamMember(context.deps, { ...membershipOf(context, params), role: null }),
  }),
];
