/** Members over the management API: who is here, with which roles and why. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { holdsPermission } from '../../core/access/access.ts';
import { roleNamed } from '../../core/access/role-table.ts';
import type { OrgRole } from '../../core/access/roles.ts';
import { settleMemberById } from '../../core/mapping/reprojection.ts';
import { connectedness, listInSteps } from '../../core/members/connected-members.ts';
import { changeMember, getMember, listMembers, removeMember, withTeams } from '../../core/members/members.ts';
import type { PageRequest } from '../../core/ports/paging.ts';
import type { Connectedness, MemberFilter } from '../../core/ports/people.ts';
import { assertFresh } from '../../core/sign-in/step-up.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { foldText } from '../../kernel/text.ts';
import { changesSomething, lineOf, NOTHING_TO_CHANGE } from './fields.ts';
import { departmentField } from './invitation-fields.ts';
import { memberExplanationRoute } from './member-explanation.ts';
import { exportMembers } from './member-export.ts';
import { answerSearch, fitsCursor, memberCursorField } from './member-search.ts';
import { pageFields, pageOf, queryField, readPage, UNKNOWN_CURSOR } from './paging.ts';
import { pathId, pathMember } from './path-ids.ts';
import { presentMember } from './present.ts';
import { orgRoleField } from './role-fields.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';
import { memberShape } from './shapes.ts';

const tag = 'members';
const read = { kind: 'organization', permission: 'members.read' } as const;
const readFiltered = { ...read, filtersByTeam: true } as const;

const filterFields = {
  role: queryField(orgRoleField),
  team: queryField(
    z.string().transform((text, context) => {
      const id = parseId('team', text);
      if (id !== undefined) return id;
      context.addIssue({ code: 'custom', message: 'Give the id of a team.' });
      return z.NEVER;
    }),
  ),
  status: queryField(z.enum(['active', 'suspended'])),
  source: queryField(z.enum(['manual', 'invitation', 'directory', 'sso'])),
  q: queryField(lineOf(200)),
};
const listQuery = z
  .strictObject({
    ...filterFields,
    connected: queryField(z.enum(['true', 'false'])).describe(
      'Who is, or is not, connected to single sign-on; with false and status=active: who would be cut off if it were required. Needs sso.manage.',
    ),
    ...pageFields,
    cursor: queryField(memberCursorField),
  })
  .refine(fitsCursor, { message: UNKNOWN_CURSOR, path: ['cursor'] });
const exportQuery = z.strictObject(filterFields);

/** Throws `invalid` for a role that is not there: an empty list would say that nobody holds it. */
async function filterOf(
  { deps }: OrganizationContext,
  { role, team, status, source, q }: z.output<typeof exportQuery>,
): Promise<MemberFilter> {
  if (role !== undefined) await roleNamed(deps.storage, role);
  return { role, teamId: team, status, source, text: q === undefined ? undefined : foldText(q) };
}

/** Who still comes by password is for whoever decides about single sign-on, and nobody else. Throws `forbidden`. */
function connectedFilter(
  { caller, organization }: OrganizationContext,
  { connected }: { readonly connected?: 'true' | 'false' | undefined },
): Connectedness | undefined {
  if (connected === undefined) return undefined;
  if (!holdsPermission(caller, organization.id, 'sso.manage'))
    throw new GatehouseError(
      'forbidden',
      'Who is connected to single sign-on is told to those who manage it.',
      {
        field: 'connected',
        whatToDo: 'Leave `connected` out, or ask an owner.',
      },
    );
  return connectedness(organization, connected === 'true');
}

async function listPage(
  { deps, organization }: OrganizationContext,
  filter: MemberFilter,
  page: PageRequest,
) {
  const organizationId = organization.id;
  if (filter.connected === undefined) return listMembers(deps, { organizationId, filter, page });
  const reading = { storage: deps.storage, pause: () => setImmediate() };
  return withTeams(
    deps.storage,
    organizationId,
    await listInSteps(reading, organizationId, { filter, page }),
  );
}

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/members',
    operationId: 'listMembers',
    summary:
      'Lists members, oldest first; q looks into names and e-mail addresses, those first whose address starts with it.',
    tag,
    guard: readFiltered,
    query: listQuery,
    status: 200,
    response: pageOf(memberShape),
    errors: [],
    handle: async (context, { query }) => {
      const { deps, organization } = context;
      const filter = { ...(await filterOf(context, query)), connected: connectedFilter(context, query) };
      const { cursor, limit } = query;
      const { text } = filter;
      if (text !== undefined)
        return answerSearch(deps, {
          organizationId: organization.id,
          filter: { ...filter, text },
          cursor,
          limit,
        });
      const list = readPage(
        { limit, cursor: typeof cursor === 'string' ? cursor : undefined },
        (page) => listPage(context, filter, page),
        ({ membership }) => membership.id,
      );
      const { rows, nextCursor } = await list;
      return { items: rows.map(presentMember), nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/members/export',
    operationId: 'exportMembers',
    summary: 'Every member as CSV, oldest first, with the filters of the list.',
    tag,
    guard: readFiltered,
    query: exportQuery,
    status: 200,
    file: ['text/csv'],
    errors: [],
    handle: async (context, { query }) => {
      const { deps, organization } = context;
      const ask = { organizationId: organization.id, filter: await filterOf(context, query) };
      return exportMembers(deps, { ...ask, fileName: `${organization.slug}-members.csv` });
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/members/:member',
    operationId: 'getMember',
    summary: 'Answers one member; `me` is whoever asks, and everybody may ask about themselves.',
    tag,
    guard: { ...read, orOneself: true },
    status: 200,
    response: memberShape,
    errors: [],
    handle: async ({ deps, organization, caller }, { params }) => {
      const id = pathMember(params, caller);
      await settleMemberById(deps, organization, id);
      return presentMember(await getMember(deps, { organizationId: organization.id, id }));
    },
  }),
  memberExplanationRoute,
];

/** Making an owner, or touching one, is a sensitive act (S192). */
async function assertFreshForOwners(
  { deps, caller, signedIn, organization }: OrganizationContext,
  { id, becomes }: { readonly id: MembershipId; readonly becomes?: OrgRole | undefined },
): Promise<void> {
  if (caller.kind !== 'member' || signedIn === undefined) return;
  const target = await deps.storage.memberships.find(organization.id, id);
  if (becomes === 'owner' || target?.orgRole === 'owner') assertFresh(deps, signedIn.session);
}

/** All routes of this resource. */
export const memberRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/members/:member',
    operationId: 'updateMember',
    summary:
      'Gives another org role or department, suspends or brings back. A suspension ends every session at once.',
    tag,
    guard: { kind: 'organization', permission: 'members.update' },
    body: z
      .strictObject({
        orgRole: orgRoleField.optional(),
        status: z.enum(['active', 'suspended']).optional(),
        department: departmentField.nullable().optional(),
      })
      .refine(changesSomething, NOTHING_TO_CHANGE),
    status: 200,
    response: memberShape,
    errors: ['last_owner', 'role_from_directory', 'seats_exhausted', 'version_conflict', 'step_up_required'],
    handle: async (context, { params, body }) => {
      const { deps, caller, cause, organization } = context;
      const id = pathId('mem', params, 'member');
      await assertFreshForOwners(context, { id, becomes: body.orgRole });
      return presentMember(
        await changeMember(deps, { organizationId: organization.id, id, caller, cause, change: body }),
      );
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/members/:member',
    operationId: 'removeMember',
    summary: 'Ends a membership with its sessions, roles and sign-in identities.',
    tag,
    guard: { kind: 'organization', permission: 'members.remove' },
    status: 204,
    errors: ['last_owner', 'role_from_directory', 'version_conflict', 'step_up_required'],
    handle: async (context, { params }) => {
      const { deps, caller, cause, organization } = context;
      const id = pathId('mem', params, 'member');
      await assertFreshForOwners(context, { id });
      return removeMember(deps, { organizationId: organization.id, id, caller, cause });
    },
  }),
];
