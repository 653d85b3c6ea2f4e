/** Invitations over the management API; in a directory-managed organization every route answers `invitations_disabled` (law 11). */
import { z } from 'zod';
import type { Invitation, InvitationStatus } from '../../core/entities/invitation.ts';
import { invitationStatus } from '../../core/entities/invitation.ts';
import { deliveryOf } from '../../core/invitation-deliveries.ts';
import { createInvitation, getInvitation, revokeInvitation } from '../../core/invitations.ts';
import type { PageRequest } from '../../core/ports/paging.ts';
import { adviseRole } from '../../core/role-fit-facts.ts';
import type { HttpDeps } from '../deps.ts';
import { newInvitation, newInvitationField } from './invitation-fields.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentCreatedInvitation, presentInvitation } from './present.ts';
import { hintShape, presentHint } from './role-fit.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';
import { createdInvitationShape, invitationShape } from './shapes.ts';

const tag = 'invitations';
const guard = { kind: 'organization', permission: 'members.invite', invites: true } as const;
const STATUSES = ['pending', 'accepted', 'revoked', 'expired'] as const satisfies InvitationStatus[];

const listQuery = z.strictObject({ status: queryField(z.enum(STATUSES)), ...pageFields });

/**
 * Invitations of one status as a person sees it. `expired` is stored as `pending`: rows are read on until the page is
 * full, so that a page is never short while there are more.
 */
async function listByStatus(
  { deps, organization }: OrganizationContext,
  status: InvitationStatus | undefined,
  { after, limit }: PageRequest,
): Promise<readonly Invitation[]> {
  const stored = status === 'expired' ? 'pending' : status;
  const now = deps.clock();
  const found: Invitation[] = [];
  for (let last = after; ; ) {
    const rows = await deps.storage.invitations.list(
      organization.id,
      { status: stored },
      { after: last, limit },
    );
    found.push(...rows.filter((row) => status === undefined || invitationStatus(row, now) === status));
    if (rows.length < limit || found.length >= limit) return found.slice(0, limit);
    last = rows.at(-1)?.id;
  }
}

const shown = async (deps: HttpDeps, invitation: Invitation) =>
  presentInvitation(invitation, await deliveryOf(deps.storage, invitation), deps.clock());

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/invitations',
    operationId: 'listInvitations',
    summary: 'Lists invitations, newest first.',
    tag,
    guard,
    query: listQuery,
    status: 200,
    response: pageOf(invitationShape),
    errors: ['invitations_disabled'],
    handle: async (context, { query }) => {
      const { deps } = context;
      const { rows, nextCursor } = await readPage(
        query,
        (page) => listByStatus(context, query.status, page),
        ({ id }) => id,
      );
      const items: z.infer<typeof invitationShape>[] = [];
      for (const row of rows) items.push(await shown(deps, row));
      return { items, nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/invitations/:invitation',
    operationId: 'getInvitation',
    summary: 'Answers one invitation, never its link.',
    tag,
    guard,
    status: 200,
    response: invitationShape,
    errors: ['invitations_disabled'],
    handle: async ({ deps, organization }, { params }) => {
      const id = pathId('inv', params, 'invitation');
      return shown(deps, await getInvitation(deps, { organizationId: organization.id, id }));
    },
  }),
];

/** All routes of this resource; accepting is in `invitation-acceptance.ts`. */
export const invitationRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/invitations',
    operationId: 'createInvitation',
    summary: 'Invites one address, by mail or by a link to pass on, and says what really happened.',
    tag,
    guard,
    body: newInvitationField,
    status: 201,
    response: createdInvitationShape.extend({
      hints: z.array(hintShape).optional().describe('What speaks against the role; absent: nothing does.'),
    }),
    errors: [
      'too_many_requests',
      'invitations_disabled',
      'plan_lacks',
      'already_member',
      'already_invited',
      'seats_exhausted',
      'version_conflict',
    ],
    handle: async ({ deps, caller, cause, organization }, { body }) => {
      const created = await createInvitation(deps, {
        organizationId: organization.id,
        caller,
        cause,
        invitation: newInvitation(body),
      });
      const { role, email, teams } = created.invitation;
      const teamIds = teams.map(({ teamId }) => teamId);
      const { hints } = await adviseRole(deps, { organization, role, email, teamIds });
      const shown = presentCreatedInvitation(created, deps.clock());
      return hints.length === 0 ? shown : { ...shown, hints: hints.map(presentHint) };
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/invitations/:invitation',
    operationId: 'revokeInvitation',
    summary: 'Withdraws a pending invitation: its link is dead when this answers.',
    tag,
    guard,
    status: 204,
    errors: ['invitations_disabled', 'invitation_used', 'version_conflict'],
    handle: async ({ deps, caller, cause, organization }, { params }) => {
      const id = pathId('inv', params, 'invitation');
      await revokeInvitation(deps, { organizationId: organization.id, caller, cause, id });
    },
  }),
];
