/** Directories over the management API: SCIM endpoints, switched on and off, and their tokens. */
import { z } from 'zod';
import {
  createDirectory,
  createDirectoryToken,
  getDirectory,
  removeDirectory,
  removeDirectoryToken,
  updateDirectory,
} from '../../core/directory/directories.ts';
import { ADOPTION_POLICIES, DIRECTORY_KINDS } from '../../core/entities/directory.ts';
import { createdDirectoryTokenShape, directoryShape, directoryTokenShape } from './directory-shapes.ts';
import { changesSomething, NOTHING_TO_CHANGE, nameField, timeField } from './fields.ts';
import { queryField, wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentDirectory, presentDirectoryToken } from './present-directory.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'directories';
const guard = { kind: 'organization', permission: 'scim.manage' } as const;

const adoptionField = z.enum(ADOPTION_POLICIES);

const createBody = z.strictObject({
  kind: z.enum(DIRECTORY_KINDS),
  name: nameField.optional(),
  status: z.enum(['draft', 'active']).optional(),
  adoption: adoptionField.optional(),
  shadow: z.boolean().optional(),
});

const changeBody = z
  .strictObject({
    name: nameField.optional(),
    status: z.enum(['draft', 'active', 'disabled']).optional(),
    adoption: adoptionField.optional(),
    shadow: z.boolean().optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/directories',
    operationId: 'listDirectories',
    summary: 'Lists all directories, oldest first.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(directoryShape),
    errors: [],
    handle: async ({ deps, organization }) =>
      wholeList(await deps.storage.directories.list(organization.id), (row) =>
        presentDirectory(row, deps.baseUrl),
      ),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/directories/:directory',
    operationId: 'getDirectory',
    summary: 'Answers one directory.',
    tag,
    guard,
    status: 200,
    response: directoryShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentDirectory(
        await getDirectory(deps.storage, organization.id, pathId('dir', params, 'directory')),
        deps.baseUrl,
      ),
  }),
];

const writeRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/directories',
    operationId: 'createDirectory',
    summary:
      'Adds a directory; the first active one shuts every invitation door and voids pending invitations.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: directoryShape,
    errors: ['plan_lacks', 'version_conflict'],
    handle: async ({ deps, cause, organization }, { body }) =>
      presentDirectory(
        await createDirectory(deps, { organizationId: organization.id, cause, ...body }),
        deps.baseUrl,
      ),
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/directories/:directory',
    operationId: 'updateDirectory',
    summary: 'Changes name, status, adoption policy or shadow; the organization follows the status.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: directoryShape,
    errors: ['cutover_required', 'last_owner', 'plan_lacks', 'version_conflict'],
    handle: async ({ deps, cause, organization }, { params, body }) => {
      const id = pathId('dir', params, 'directory');
      const change = { organizationId: organization.id, cause, id, change: body };
      return presentDirectory(await updateDirectory(deps, change), deps.baseUrl);
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/directories/:directory',
    operationId: 'removeDirectory',
    summary: 'Removes a directory; its people stay, its roles become manual (keep) or go (drop).',
    tag,
    guard,
    query: z.strictObject({ grants: queryField(z.enum(['keep', 'drop'])) }),
    status: 204,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }, { params, query }) => {
      const id = pathId('dir', params, 'directory');
      const grants = query.grants ?? 'keep';
      await removeDirectory(deps, { organizationId: organization.id, cause, id, grants });
    },
  }),
];

const tokenRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/directories/:directory/tokens',
    operationId: 'createDirectoryToken',
    summary: 'Issues a bearer token for the identity provider; this answer is the only place it is shown.',
    tag,
    guard,
    body: z.strictObject({ name: nameField, expiresAt: timeField.nullable().optional() }),
    status: 201,
    response: createdDirectoryTokenShape,
    errors: [],
    handle: async ({ deps, cause, organization }, { params, body }) => {
      const { row, token } = await createDirectoryToken(deps, {
        organizationId: organization.id,
        cause,
        directoryId: pathId('dir', params, 'directory'),
        name: body.name,
        expiresAt: body.expiresAt ?? undefined,
      });
      return { ...presentDirectoryToken(row), token };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/directories/:directory/tokens',
    operationId: 'listDirectoryTokens',
    summary: 'Lists the tokens of a directory, never their values.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(directoryTokenShape),
    errors: [],
    handle: async ({ deps, organization }, { params }) => {
      const { id } = await getDirectory(deps.storage, organization.id, pathId('dir', params, 'directory'));
      return wholeList(await deps.storage.directoryTokens.list(organization.id, id), presentDirectoryToken);
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/directories/:directory/tokens/:token',
    operationId: 'removeDirectoryToken',
    summary: 'Revokes a token: the next request with it is refused.',
    tag,
    guard,
    status: 204,
    errors: [],
    handle: async ({ deps, cause, organization }, { params }) => {
      const { id: directoryId } = await getDirectory(
        deps.storage,
        organization.id,
        pathId('dir', params, 'directory'),
      );
      const id = pathId('dtk', params, 'token');
      await removeDirectoryToken(deps, { organizationId: organization.id, cause, directoryId, id });
    },
  }),
];

/** All routes of this resource. */
export const directoryRoutes: readonly ApiRoute[] = [...readRoutes, ...writeRoutes, ...tokenRoutes];
