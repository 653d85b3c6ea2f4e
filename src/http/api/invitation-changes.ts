/** Invitations that wait, over the management API: changed, sent again, their link shown again. */
import { z } from 'zod';
import {
  changeInvitation,
  resendInvitation,
  showInvitationLink,
} from '../../core/joining/invitation-changes.ts';
import { deliveryOf } from '../../core/joining/invitation-deliveries.ts';
import { changesSomething, durationField, messageField, NOTHING_TO_CHANGE } from './fields.ts';
import { departmentField, resourcesField, teamsField } from './invitation-fields.ts';
import { pathId } from './path-ids.ts';
import { isoTime, presentCreatedInvitation, presentInvitation } from './present.ts';
import { orgRoleField } from './role-fields.ts';
import type { ApiRoute, OrganizationContext, RouteInput } from './route.ts';
import { organizationRoute } from './route.ts';
import { createdInvitationShape, invitationShape, timeShape } from './shapes.ts';

const tag = 'invitations';
const guard = { kind: 'organization', permission: 'members.invite', invites: true } as const;

const changeBody = z
  .strictObject({
    role: orgRoleField.optional(),
    teams: teamsField.optional(),
    resources: resourcesField.optional(),
    department: departmentField.nullable().optional(),
    message: messageField.nullable().optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

const resendBody = z
  .strictObject({
    expiresIn: durationField.optional().describe('1h to 30d; absent: as long as before.'),
  })
  .optional();

function requestOf(
  { organization, caller, cause }: OrganizationContext,
  { params }: Pick<RouteInput<unknown, unknown>, 'params'>,
) {
  return { organizationId: organization.id, id: pathId('inv', params, 'invitation'), caller, cause };
}

const refusals = [
  'invitations_disabled',
  'invitation_used',
  'invitation_revoked',
  'invitation_expired',
  'version_conflict',
] as const;

/** All routes of this resource. */
export const invitationChangeRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/invitations/:invitation',
    operationId: 'updateInvitation',
    summary: 'Changes what a pending invitation gives; its link stays.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: invitationShape,
    errors: refusals,
    handle: async (context, { params, body }) => {
      const change = { ...body, message: body.message === '' ? null : body.message };
      const changed = await changeInvitation(context.deps, {
        ...requestOf(context, { params }),
        change,
      });
      const { storage, clock } = context.deps;
      return presentInvitation(changed, await deliveryOf(storage, changed), clock());
    },
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/invitations/:invitation/resend',
    operationId: 'resendInvitation',
    summary:
      'Sends an invitation again, expired or not: a new link, the clock from the start, the old links dead.',
    tag,
    guard,
    body: resendBody,
    status: 200,
    response: createdInvitationShape,
    errors: [...refusals, 'plan_lacks', 'already_member', 'seats_exhausted', 'too_many_requests'],
    handle: async (context, { params, body }) => {
      const request = { ...requestOf(context, { params }), ttlMs: body?.expiresIn };
      return presentCreatedInvitation(await resendInvitation(context.deps, request), context.deps.clock());
    },
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/invitations/:invitation/link',
    operationId: 'showInvitationLink',
    summary:
      'Shows the link of a pending invitation again, to pass on by hand. A mailed link stays good beside it.',
    tag,
    guard,
    status: 200,
    response: z.object({ url: z.string(), expiresAt: timeShape }),
    errors: refusals,
    handle: async (context, input) => {
      const { url, expiresAt } = await showInvitationLink(context.deps, requestOf(context, input));
      return { url, expiresAt: isoTime(expiresAt) };
    },
  }),
];
