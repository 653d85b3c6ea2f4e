/** Connections over the management API: the SAML and OIDC identity providers of an organization. */
import {
  createConnection,
  getConnection,
  removeConnection,
  updateConnection,
} from '../../core/connections/connections.ts';
import { withSpKeys } from '../../core/connections/sp-keys.ts';
import type { Connection } from '../../core/entities/connection.ts';
import type { HttpDeps } from '../deps.ts';
import { connectionChangeFrom, connectionFrom } from './connection-changes.ts';
import { checkConnection } from './connection-check.ts';
import { changeBody, createBody } from './connection-inputs.ts';
import { connectionCheckShape, connectionShape } from './directory-shapes.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentConnection } from './present-directory.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'connections';
const guard = { kind: 'organization', permission: 'sso.manage' } as const;

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/connections',
    operationId: 'listConnections',
    summary: 'Lists all connections, oldest first.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(connectionShape),
    errors: [],
    handle: async ({ deps, organization }) =>
      wholeList(await deps.storage.connections.list(organization.id), (row) => presentConnection(row, deps)),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/connections/:connection',
    operationId: 'getConnection',
    summary: 'Answers one connection, never its secret.',
    tag,
    guard,
    status: 200,
    response: connectionShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentConnection(
        await getConnection(deps.storage, organization.id, pathId('con', params, 'connection')),
        deps,
      ),
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections/:connection/check',
    operationId: 'checkConnection',
    summary:
      'Asks the identity provider (OIDC), or looks at its certificates (SAML), and says what it found.',
    tag,
    guard,
    status: 200,
    response: connectionCheckShape,
    errors: [],
    handle: async ({ deps, cause, organization }, { params }) => {
      const id = pathId('con', params, 'connection');
      return checkConnection(deps, await getConnection(deps.storage, organization.id, id), cause);
    },
  }),
];

/** Threads for the responses of the first SAML identity provider start with it, and not where there is none. */
function expectResponses({ samlValidator }: HttpDeps, { status, settings }: Connection): void {
  if (status === 'active' && settings.protocol === 'saml') samlValidator.warm();
}

/** All routes of this resource. */
export const connectionRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections',
    operationId: 'createConnection',
    summary: 'Adds a connection and answers everything its identity provider must be told.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: connectionShape,
    errors: ['plan_lacks', 'egress_refused', 'upstream_unreachable'],
    handle: async ({ deps, cause, organization }, { body }) => {
      const connection = await connectionFrom(deps, body);
      const created = await createConnection(deps, { organizationId: organization.id, cause, connection });
      expectResponses(deps, created);
      return presentConnection(await withSpKeys(deps, created), deps);
    },
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/connections/:connection',
    operationId: 'updateConnection',
    summary: 'Changes a connection; its protocol stays. Another issuer needs its own secret.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: connectionShape,
    errors: ['egress_refused', 'last_connection', 'plan_lacks', 'upstream_unreachable', 'version_conflict'],
    handle: async ({ deps, cause, organization }, { params, body }) => {
      const id = pathId('con', params, 'connection');
      const { settings } = await getConnection(deps.storage, organization.id, id);
      const change = await connectionChangeFrom(deps, settings.protocol, body);
      const request = { organizationId: organization.id, cause, id, change };
      const updated = await updateConnection(deps, request);
      expectResponses(deps, updated);
      return presentConnection(updated, deps);
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/connections/:connection',
    operationId: 'removeConnection',
    summary: 'Removes a connection with the identities and sessions that came through it.',
    tag,
    guard,
    status: 204,
    errors: ['last_connection'],
    handle: async ({ deps, cause, organization }, { params }) => {
      const id = pathId('con', params, 'connection');
      await removeConnection(deps, { organizationId: organization.id, cause, id });
    },
  }),
];
