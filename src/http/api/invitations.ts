/** Invitations over the management API; in a directory-managed organization every route answers `invitations_disabled` (law 11). */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { adviseRole } from '../../core/access/role-fit-facts.ts';
import type { Invitation, InvitationStatus } from '../../core/entities/invitation.ts';
import { deliveryOf } from '../../core/joining/invitation-deliveries.ts';
import { listInvitations } from '../../core/joining/invitation-list.ts';
import { roleUnlessSaid } from '../../core/joining/invitation-rules.ts';
import { createInvitation, getInvitation, revokeInvitation } from '../../core/joining/invitations.ts';
import type { HttpDeps } from '../deps.ts';
import { lineOf } from './fields.ts';
import { newInvitation, newInvitationField } from './invitation-fields.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentCreatedInvitation, presentInvitation } from './present.ts';
import { hintShape, presentHint } from './role-fit.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';
import { createdInvitationShape, invitationShape } from './shapes.ts';

const tag = 'invitations';
const guard = { kind: 'organization', permission: 'members.invite', invites: true } as const;
const STATUSES = ['pending', 'accepted', 'revoked', 'expired'] as const satisfies InvitationStatus[];

const listQuery = z.strictObject({
  status: queryField(z.enum(STATUSES)),
  q: queryField(lineOf(200)),
  ...pageFields,
});

const shown = async (deps: HttpDeps, invitation: Invitation) =>
  presentInvitation(invitation, await deliveryOf(deps.storage, invitation), deps.clock());

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/invitations',
    operationId: 'listInvitations',
    summary: 'Lists invitations, newest first; q looks into addresses.',
    tag,
    guard,
    query: listQuery,
    status: 200,
    response: pageOf(invitationShape),
    errors: ['invitations_disabled'],
    handle: async ({ deps, organization }, { query }) => {
      const search = { organizationId: organization.id, status: query.status, text: query.q };
      const { rows, nextCursor } = await readPage(
        query,
        (page) => listInvitations(deps, { ...search, pause: () => setImmediate() }, page),
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
        invitation: newInvitation(body, await roleUnlessSaid(deps.storage, organization)),
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
