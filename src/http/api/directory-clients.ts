/** Directory clients over the management API: what identity providers that insist on OAuth 2.0 are given instead of a token. */
import { z } from 'zod';
import { getDirectory } from '../../core/directory/directories.ts';
import { createDirectoryClient, removeDirectoryClient } from '../../core/directory/directory-clients.ts';
import type { DirectoryClient } from '../../core/entities/directory.ts';
import { nameField } from './fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';
import { timeShape } from './shapes.ts';

const tag = 'directories';
const guard = { kind: 'organization', permission: 'scim.manage' } as const;
const path = '/organizations/:org/directories/:directory/clients';

const clientShape = z.object({
  clientId: z.string(),
  name: z.string(),
  createdAt: timeShape,
  lastUsedAt: timeShape.nullable(),
});

const createdClientShape = clientShape.extend({
  clientSecret: z.string().describe('The only time it is shown.'),
  tokenEndpoint: z.string().describe('Where it asks for access tokens, with grant_type client_credentials.'),
});

const presentClient = (client: DirectoryClient): z.infer<typeof clientShape> => ({
  clientId: client.id,
  name: client.name,
  createdAt: isoTime(client.createdAt),
  lastUsedAt: isoTimeOrNull(client.lastUsedAt),
});

/** All routes of this resource. */
export const directoryClientRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path,
    operationId: 'createDirectoryClient',
    summary:
      'Makes a client whose short-lived access tokens open this directory alone; its secret is shown only here.',
    tag,
    guard,
    body: z.strictObject({ name: nameField }),
    status: 201,
    response: createdClientShape,
    errors: [],
    handle: async ({ deps, cause, organization }, { params, body }) => {
      const { client, secret } = await createDirectoryClient(deps, {
        organizationId: organization.id,
        cause,
        directoryId: pathId('dir', params, 'directory'),
        name: body.name,
      });
      const tokenEndpoint = `${deps.baseUrl}/oidc/token`;
      return { ...presentClient(client), clientSecret: secret, tokenEndpoint };
    },
  }),
  organizationRoute({
    method: 'get',
    path,
    operationId: 'listDirectoryClients',
    summary: 'Lists the clients of a directory, never their secrets.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(clientShape),
    errors: [],
    handle: async ({ deps, organization }, { params }) => {
      const { id } = await getDirectory(deps.storage, organization.id, pathId('dir', params, 'directory'));
      return wholeList(await deps.storage.directoryClients.list(organization.id, id), presentClient);
    },
  }),
  organizationRoute({
    method: 'delete',
    path: `${path}/:client`,
    operationId: 'removeDirectoryClient',
    summary: 'Removes a client: its access tokens are refused from the next request on.',
    tag,
    guard,
    status: 204,
    errors: [],
    handle: async ({ deps, cause, organization }, { params }) => {
      const directory = pathId('dir', params, 'directory');
      const { id: directoryId } = await getDirectory(deps.storage, organization.id, directory);
      const id = pathId('dcl', params, 'client');
      await removeDirectoryClient(deps, { organizationId: organization.id, cause, directoryId, id });
    },
  }),
];
