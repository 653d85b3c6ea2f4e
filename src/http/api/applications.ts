/** Applications over the management API: registered, changed and removed by the operator, with secrets that overlap. */
import { z } from 'zod';
import {
  createApplication,
  getApplication,
  removeApplication,
  removeApplicationSecret,
  rotateApplicationSecret,
  SECRET_OVERLAP_MS,
  updateApplication,
} from '../../core/applications/applications.ts';
import { AUTH_METHODS, ID_TOKEN_ALGORITHMS } from '../../core/entities/application.ts';
import {
  applicationShape,
  createdApplicationShape,
  createdSecretShape,
  presentApplication,
  presentMadeApplication,
  presentMadeSecret,
} from './application-shapes.ts';
import { changesSomething, durationField, lineOf, NOTHING_TO_CHANGE, nameField } from './fields.ts';
import { pageOf, pageQuery, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';

const tag = 'applications';
const guard = { kind: 'operator' } as const;

const addressField = z.string().min(1, 'Must not be empty.').max(2000, 'At most 2000 characters.');
const addressesField = z.array(addressField).max(50, 'At most 50 addresses.');

const keysField = z
  .strictObject({
    keys: z.array(z.looseObject({ kty: z.string().max(20) })).max(10, 'At most 10 keys.'),
  })
  .transform(({ keys }) => keys);

const settings = {
  postLogoutRedirectUris: addressesField.optional(),
  backchannelLogoutUri: addressField.nullable().optional(),
  organizations: z
    .array(lineOf(60))
    .min(1, 'Name at least one organization, or null for all.')
    .max(1000, 'At most 1000 organizations.')
    .nullable()
    .optional(),
  authMethod: z.enum(AUTH_METHODS).optional(),
  jwks: keysField.optional(),
  idTokenAlgorithm: z.enum(ID_TOKEN_ALGORITHMS).optional(),
};

const redirectUrisField = addressesField.min(1, 'Give at least one address.');

const createBody = z.strictObject({ name: nameField, redirectUris: redirectUrisField, ...settings });

const changeBody = z
  .strictObject({ name: nameField.optional(), redirectUris: redirectUrisField.optional(), ...settings })
  .refine(changesSomething, NOTHING_TO_CHANGE);

const rotateBody = z.strictObject({
  overlap: z
    .union(
      [z.literal('0h'), durationField],
      'Give hours or days, from 1h to 30d; 0h ends the ones before at once.',
    )
    .optional(),
});

const readRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/applications',
    operationId: 'listApplications',
    summary: 'Lists the applications that sign people in through this gateway, oldest first.',
    tag,
    guard,
    query: pageQuery,
    status: 200,
    response: pageOf(applicationShape),
    errors: [],
    handle: async ({ deps }, { query }) => {
      const page = await readPage(
        query,
        (request) => deps.storage.applications.list(request),
        ({ id }) => id,
      );
      return { items: page.rows.map(presentApplication), nextCursor: page.nextCursor };
    },
  }),
  plainRoute({
    method: 'get',
    path: '/applications/:application',
    operationId: 'getApplication',
    summary: 'Answers one application, by its client id.',
    tag,
    guard,
    status: 200,
    response: applicationShape,
    errors: ['not_found'],
    handle: async ({ deps }, { params }) =>
      presentApplication(await getApplication(deps.storage, pathId('app', params, 'application'))),
  }),
];

const writeRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/applications',
    operationId: 'createApplication',
    summary: 'Registers an application; this answer is the only place where its secret is shown.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: createdApplicationShape,
    errors: ['egress_refused'],
    handle: async ({ deps, cause }, { body }) =>
      presentMadeApplication(await createApplication(deps, { application: body, cause })),
  }),
  plainRoute({
    method: 'patch',
    path: '/applications/:application',
    operationId: 'updateApplication',
    summary: 'Changes a registration; organizations and addresses count from the next token on.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: applicationShape,
    errors: ['not_found', 'egress_refused', 'version_conflict'],
    handle: async ({ deps, cause }, { params, body }) => {
      const id = pathId('app', params, 'application');
      return presentApplication(await updateApplication(deps, { id, change: body, cause }));
    },
  }),
  plainRoute({
    method: 'delete',
    path: '/applications/:application',
    operationId: 'removeApplication',
    summary: 'Removes an application; every code and token of it is dead with it.',
    tag,
    guard,
    status: 204,
    errors: ['not_found'],
    handle: async ({ deps, cause }, { params }) =>
      removeApplication(deps, { id: pathId('app', params, 'application'), cause }),
  }),
];

const secretRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/applications/:application/secrets',
    operationId: 'rotateApplicationSecret',
    summary: 'Makes another secret; the ones before work for the overlap, a day if none is given.',
    tag,
    guard,
    body: rotateBody,
    status: 201,
    response: createdSecretShape,
    errors: ['not_found', 'version_conflict'],
    handle: async ({ deps, cause }, { params, body }) => {
      const id = pathId('app', params, 'application');
      const overlapMs = body.overlap === '0h' ? 0 : (body.overlap ?? SECRET_OVERLAP_MS);
      const { row, secret } = await rotateApplicationSecret(deps, { id, overlapMs, cause });
      return presentMadeSecret(row, secret);
    },
  }),
  plainRoute({
    method: 'delete',
    path: '/applications/:application/secrets/:secret',
    operationId: 'removeApplicationSecret',
    summary: 'Ends a secret at once; the last one stays.',
    tag,
    guard,
    status: 204,
    errors: ['not_found', 'invalid', 'version_conflict'],
    handle: async ({ deps, cause }, { params }) => {
      const id = pathId('app', params, 'application');
      await removeApplicationSecret(deps, { id, secretId: pathId('sec', params, 'secret'), cause });
    },
  }),
];

/** All routes of this resource. */
export const applicationRoutes: readonly ApiRoute[] = [...readRoutes, ...writeRoutes, ...secretRoutes];
