/** Webhooks over the management API: the operator's and every organization's at `/webhooks`, an organization's own below it, for owners. */
import { z } from 'zod';
import { INSTALLATION } from '../../core/journal/audit.ts';
import { pingWebhook } from '../../core/journal/webhook-delivery.ts';
import type { WebhookRequest } from '../../core/journal/webhooks.ts';
import {
  createWebhook,
  getWebhook,
  removeWebhook,
  replayWebhook,
  rotateWebhookSecret,
  updateWebhook,
} from '../../core/journal/webhooks.ts';
import { findOrganization } from '../../core/organization/organization-lookup.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { checkAddress } from './connection-settings.ts';
import { changesSomething, NOTHING_TO_CHANGE } from './fields.ts';
import { idField } from './group-mapping-fields.ts';
import { pageFields, pageOf, pageQuery, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import type { ApiContext, ApiRoute, RouteInput } from './route.ts';
import { organizationRoute, plainRoute } from './route.ts';
import {
  outcomeShape,
  presentWebhook,
  presentWithSecret,
  webhookShape,
  webhookWithSecretShape,
} from './webhook-shapes.ts';

const tag = 'webhooks';
const operator = { kind: 'operator' } as const;
const owner = { kind: 'organization', permission: 'webhooks.manage' } as const;
const OPERATORS = '/webhooks';
const OWNERS = '/organizations/:org/webhooks';

const urlField = z.string().min(1, 'Must not be empty.').max(2000, 'At most 2000 characters.');
const typeField = z
  .string()
  .max(100, 'At most 100 characters.')
  .regex(
    /^[a-z_]+\.([a-z_]+|\*)$/,
    'A type of docs/events.md such as member.removed, or a family such as member.*',
  );
const typesField = z
  .array(typeField)
  .min(1, 'Name at least one type, or null for all.')
  .max(100, 'At most 100 types.')
  .nullable()
  .optional();
const createFields = { url: urlField, types: typesField };
const organizationField = z.string().min(1, 'An id or a slug.').max(200, 'An id or a slug.');

const createSummary =
  'Makes a webhook and pings it: active when the ping is answered with 2xx, else pending until a later one is. The secret is shown this once.';

/** Makes and pings; whatever the ping comes to, the webhook is made. */
async function create(
  { deps, cause }: ApiContext,
  organizationId: OrganizationId,
  { url, types = null }: { readonly url: string; readonly types?: readonly string[] | null | undefined },
) {
  const wanted = { organizationId, url: checkAddress(deps, url, 'url'), types, cause };
  const { id } = await createWebhook(deps, wanted);
  const { webhook } = await pingWebhook(deps, { organizationId, id, cause });
  return presentWithSecret(webhook);
}

async function ownerNamed({ storage }: HttpDeps, reference: string): Promise<OrganizationId> {
  const organization = await findOrganization(storage, reference);
  if (organization !== undefined) return organization.id;
  throw new GatehouseError('invalid', 'No such organization.', { field: 'organization' });
}

const collectionRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: OPERATORS,
    operationId: 'createWebhook',
    summary: createSummary,
    tag,
    guard: operator,
    body: z.strictObject({
      ...createFields,
      organization: organizationField.nullable().optional().describe('Null or absent: the events of all.'),
    }),
    status: 201,
    response: webhookWithSecretShape,
    errors: ['egress_refused', 'not_found', 'version_conflict'],
    handle: async (context, { body }) => {
      const { organization = null } = body;
      return create(
        context,
        organization === null ? INSTALLATION : await ownerNamed(context.deps, organization),
        body,
      );
    },
  }),
  plainRoute({
    method: 'get',
    path: OPERATORS,
    operationId: 'listWebhooks',
    summary: 'Lists the webhooks of everybody, or of one organization, oldest first.',
    tag,
    guard: operator,
    query: z.strictObject({ ...pageFields, organization: queryField(organizationField) }),
    status: 200,
    response: pageOf(webhookShape),
    errors: [],
    handle: async ({ deps }, { query }) => {
      const { webhooks } = deps.storage;
      const of = query.organization === undefined ? undefined : await ownerNamed(deps, query.organization);
      const list = (page: Parameters<typeof webhooks.listAll>[0]) =>
        of === undefined ? webhooks.listAll(page) : webhooks.list(of, page);
      const { rows, nextCursor } = await readPage(query, list, ({ id }) => id);
      return { items: rows.map(presentWebhook), nextCursor };
    },
  }),
  organizationRoute({
    method: 'post',
    path: OWNERS,
    operationId: 'createOrganizationWebhook',
    summary: createSummary,
    tag,
    guard: owner,
    body: z.strictObject(createFields),
    status: 201,
    response: webhookWithSecretShape,
    errors: ['egress_refused', 'version_conflict'],
    handle: async (context, { body }) => create(context, context.organization.id, body),
  }),
  organizationRoute({
    method: 'get',
    path: OWNERS,
    operationId: 'listOrganizationWebhooks',
    summary: 'Lists the webhooks of the organization, oldest first.',
    tag,
    guard: owner,
    query: pageQuery,
    status: 200,
    response: pageOf(webhookShape),
    errors: [],
    handle: async ({ deps, organization }, { query }) => {
      const list = (page: Parameters<typeof deps.storage.webhooks.listAll>[0]) =>
        deps.storage.webhooks.list(organization.id, page);
      const { rows, nextCursor } = await readPage(query, list, ({ id }) => id);
      return { items: rows.map(presentWebhook), nextCursor };
    },
  }),
];

/** What can be done with one webhook, by whoever may. */
interface Action<Body> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Behind its id. */
  readonly suffix?: string;
  /** `update` for `updateWebhook` and `updateOrganizationWebhook`. */
  readonly verb: string;
  readonly what?: string;
  readonly summary: string;
  readonly body?: z.ZodType<Body>;
  readonly status: 200 | 204;
  readonly response?: z.ZodType;
  readonly errors?: ApiRoute['errors'];
  run(deps: HttpDeps, request: WebhookRequest, body: Body): Promise<unknown>;
}

/** The route of the operator, who names it by its id alone, and that of its organization. */
function bothRoutes<Body = undefined>(action: Action<Body>): readonly ApiRoute[] {
  const { method, suffix = '', verb, what = '', summary, body, status, response, errors = [], run } = action;
  const shape = {
    ...{ method, summary, tag, status },
    ...(body === undefined ? {} : { body }),
    ...(response === undefined ? {} : { response }),
  };
  return [
    plainRoute<Body>({
      ...shape,
      path: `${OPERATORS}/:webhook${suffix}`,
      operationId: `${verb}Webhook${what}`,
      guard: operator,
      errors: ['not_found', ...errors],
      handle: async (context, input) => run(context.deps, await operatorsRequest(context, input), input.body),
    }),
    organizationRoute<Body>({
      ...shape,
      path: `${OWNERS}/:webhook${suffix}`,
      operationId: `${verb}OrganizationWebhook${what}`,
      guard: owner,
      errors,
      handle: async ({ deps, cause, organization }, { params, body: sent }) =>
        run(deps, { organizationId: organization.id, id: pathId('whk', params, 'webhook'), cause }, sent),
    }),
  ];
}

async function operatorsRequest(
  { deps, cause }: ApiContext,
  { params }: Pick<RouteInput<unknown, unknown>, 'params'>,
): Promise<WebhookRequest> {
  const id = pathId('whk', params, 'webhook');
  const found = await deps.storage.webhooks.findById(id);
  if (found === undefined) throw new GatehouseError('not_found', 'No such webhook.');
  return { organizationId: found.organizationId, id, cause };
}

const changeBody = z
  .strictObject({
    url: urlField.optional(),
    types: typesField,
    status: z.enum(['active', 'disabled']).optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

const replayBody = z.strictObject({
  from: idField('evt', 'The id of an event.').describe('The first event that is sent again.'),
});

/** All routes of this resource. */
export const webhookRoutes: readonly ApiRoute[] = [
  ...collectionRoutes,
  ...bothRoutes({
    ...{ method: 'get', verb: 'get', summary: 'One webhook and how it fares.', status: 200 },
    response: webhookShape,
    run: async ({ storage }, { organizationId, id }) =>
      presentWebhook(await getWebhook(storage, organizationId, id)),
  }),
  ...bothRoutes({
    ...{ method: 'patch', verb: 'update', body: changeBody, status: 200, response: webhookShape },
    summary:
      'Changes a webhook. Another address, and one made active again, is pinged and pending until a ping is answered with 2xx.',
    errors: ['egress_refused', 'version_conflict'],
    run: async (deps, request, change) => {
      if (change.url !== undefined) checkAddress(deps, change.url, 'url');
      const webhook = await updateWebhook(deps, { ...request, change });
      const isNew = change.url !== undefined || change.status !== undefined;
      if (webhook.status !== 'pending' || !isNew) return presentWebhook(webhook);
      return presentWebhook((await pingWebhook(deps, request)).webhook);
    },
  }),
  ...bothRoutes({
    ...{ method: 'delete', verb: 'remove', summary: 'Ends a webhook.', status: 204 },
    run: removeWebhook,
  }),
  ...bothRoutes({
    ...{ method: 'post', suffix: '/secret', verb: 'rotate', what: 'Secret', status: 200 },
    summary: 'Replaces the secret, shown this once; the one before signs along for 24 hours.',
    response: webhookWithSecretShape,
    errors: ['version_conflict'],
    run: async (deps, request) => presentWithSecret(await rotateWebhookSecret(deps, request)),
  }),
  ...bothRoutes({
    ...{ method: 'post', suffix: '/ping', verb: 'ping', status: 200 },
    summary:
      'Sends a signed ping and says what came of it. One that is answered with 2xx makes a pending webhook active.',
    response: z.object({ outcome: outcomeShape, status: webhookShape.shape.status }),
    errors: ['invalid', 'version_conflict'],
    run: async (deps, request) => {
      const { outcome, webhook } = await pingWebhook(deps, request);
      return { outcome, status: webhook.status };
    },
  }),
  ...bothRoutes({
    ...{ method: 'post', suffix: '/replay', verb: 'replay', body: replayBody, status: 200 },
    summary: 'Sends everything again from an event on, or goes on behind events that it does not take.',
    response: webhookShape,
    errors: ['version_conflict'],
    run: async (deps, request, { from }) => presentWebhook(await replayWebhook(deps, { ...request, from })),
  }),
];
