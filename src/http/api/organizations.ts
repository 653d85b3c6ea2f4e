/** Organizations over the management API: made and listed by the operator, read and changed by their own admins too. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { holdsPermission } from '../../core/access/access.ts';
import { countNotConnected } from '../../core/members/connected-members.ts';
import {
  createOrganization,
  removeOrganization,
  updateOrganization,
} from '../../core/organization/organizations.ts';
import { assertFresh } from '../../core/sign-in/step-up.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { brandingField, notificationsField } from './branding.ts';
import {
  changesSomething,
  durationField,
  lineOf,
  NOTHING_TO_CHANGE,
  nameField,
  slugField,
} from './fields.ts';
import { pageOf, pageQuery, readPage } from './paging.ts';
import { presentOrganization } from './present.ts';
import { lesserRoleField } from './role-fields.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute, plainRoute } from './route.ts';
import { organizationShape } from './shapes.ts';

const tag = 'organizations';

const presetField = lineOf(60);
const planField = z
  .union(
    [
      presetField,
      z.strictObject({ preset: presetField, seats: z.int().min(1).max(10_000_000).nullable().optional() }),
    ],
    'Give the name of a preset, or {preset, seats} with at least one seat, or null for no limit.',
  )
  .transform((plan) => (typeof plan === 'string' ? { preset: plan } : plan));

const notConnectedShape = z
  .object({ count: z.int().describe('1,000 at most.'), isMore: z.boolean() })
  .describe(
    'Only where this request has made single sign-on required: active members it cuts off until they connect.',
  );

const createBody = z.strictObject({
  name: nameField,
  slug: slugField.optional(),
  plan: planField.optional(),
});

const changeBody = z
  .strictObject({
    name: nameField.optional(),
    slug: slugField.optional(),
    plan: planField.optional(),
    defaultRole: lesserRoleField('Nobody is an owner from the start.').optional(),
    conflictPolicy: z.enum(['highest', 'ranked', 'refuse']).optional(),
    strictClaims: z
      .boolean()
      .optional()
      .describe('True: a claim that a sign-in does not carry ends the roles it gave. Owners decide.'),
    ssoPolicy: z.enum(['optional', 'required']).optional(),
    requireSecondFactor: z
      .boolean()
      .optional()
      .describe('True: who comes in without an identity provider shows a code or a passkey. Owners decide.'),
    invitationExpiresIn: durationField
      .optional()
      .describe('How long an invitation is open that does not say so itself: 1h to 30d.'),
    linksRequireDomains: z
      .boolean()
      .optional()
      .describe('True: new links for more than one use are for named domains only. Owners decide.'),
    branding: brandingField.optional(),
    notifications: notificationsField.optional(),
    auditRetentionDays: z.int().min(30).max(3650).nullable().optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

const operatorRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/organizations',
    operationId: 'createOrganization',
    summary:
      'Creates an organization; without a slug it is made from the name, without a plan it is enterprise.',
    tag,
    guard: { kind: 'operator' },
    body: createBody,
    status: 201,
    response: organizationShape,
    errors: ['already_exists'],
    handle: async ({ deps, cause }, { body }) =>
      presentOrganization(await createOrganization(deps, { cause, organization: body })),
  }),
  plainRoute({
    method: 'get',
    path: '/organizations',
    operationId: 'listOrganizations',
    summary: 'Lists organizations, oldest first.',
    tag,
    guard: { kind: 'operator' },
    query: pageQuery,
    status: 200,
    response: pageOf(organizationShape),
    errors: [],
    handle: async ({ deps }, { query }) => {
      const page = await readPage(
        query,
        (request) => deps.storage.organizations.list(request),
        ({ id }) => id,
      );
      return { items: page.rows.map(presentOrganization), nextCursor: page.nextCursor };
    },
  }),
];

/** Before it is required, whoever is refused for want of a test learns what requiring it would do. */
function sayingWhoIsCutOff(
  error: GatehouseError,
  { count, isMore }: { readonly count: number; readonly isMore: boolean },
): GatehouseError {
  if (count === 0) return error;
  const people = `${isMore ? 'more than ' : ''}${count} active ${count === 1 ? 'member' : 'members'}`;
  return new GatehouseError(error.code, error.detail, {
    ...(error.field === undefined ? {} : { field: error.field }),
    cause: error,
    whatToDo: `Pass a test sign-in through an active connection, then require single sign-on within 24 hours. It would cut off ${people} not connected yet: GET .../members?connected=false&status=active lists them.`,
  });
}

/** All routes of this resource. */
export const organizationRoutes: readonly ApiRoute[] = [
  ...operatorRoutes,
  organizationRoute({
    method: 'get',
    path: '/organizations/:org',
    operationId: 'getOrganization',
    summary: 'Answers one organization, by id or slug.',
    tag,
    guard: { kind: 'organization', permission: 'members.read' },
    status: 200,
    response: organizationShape,
    errors: [],
    handle: async ({ organization }) => presentOrganization(organization),
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org',
    operationId: 'updateOrganization',
    summary:
      'Changes name, slug, role policy, sign-on policy, invitation expiry, or how and which mails are sent; the plan only by the operator.',
    tag,
    guard: { kind: 'organization', permission: 'organization.update' },
    body: changeBody,
    status: 200,
    response: organizationShape.extend({ notConnected: notConnectedShape.optional() }),
    errors: [
      'already_exists',
      'plan_in_use',
      'plan_lacks',
      'seats_exhausted',
      'sso_test_required',
      'step_up_required',
      'version_conflict',
      'mapping_test_failed',
    ],
    handle: async ({ deps, caller, cause, organization, signedIn }, { body }) => {
      // How everybody signs in is as sensitive as the connections themselves (S192).
      if (signedIn !== undefined && (body.ssoPolicy ?? body.requireSecondFactor) !== undefined)
        assertFresh(deps, signedIn.session);
      if (body.plan !== undefined && caller.kind !== 'operator')
        throw new GatehouseError('forbidden', 'Only the operator changes the plan.', {
          field: 'plan',
          whatToDo: 'Ask the operator for another plan.',
        });
      const { invitationExpiresIn: invitationTtlMs, ...rest } = body;
      const change = { ...rest, invitationTtlMs };
      const session = signedIn?.session;
      const request = { organizationId: organization.id, caller, session, cause, change };
      const requiresSso = change.ssoPolicy === 'required' && organization.ssoPolicy !== 'required';
      if (!requiresSso || !holdsPermission(caller, organization.id, 'sso.manage'))
        return presentOrganization(await updateOrganization(deps, request));
      // Counted once it is judged: nobody makes us look at thousands for a change they may not make.
      const count = () => countNotConnected({ ...deps, pause: () => setImmediate() }, organization);
      const changed = await updateOrganization(deps, request).catch(async (error: unknown) => {
        throw isGatehouseError(error, 'sso_test_required') ? sayingWhoIsCutOff(error, await count()) : error;
      });
      return { ...presentOrganization(changed), notConnected: await count() };
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org',
    operationId: 'removeOrganization',
    summary: 'Removes the organization with everything in it; people stay where they are members elsewhere.',
    tag,
    guard: { kind: 'organization', permission: 'organization.remove' },
    status: 204,
    errors: [],
    handle: async ({ deps, cause, organization }) =>
      removeOrganization(deps, { organizationId: organization.id, cause }),
  }),
];
