/** An identity provider's metadata over the management API: sent as a file, read now at its address, and said yes to when new. */
import { z } from 'zod';
import { getConnection, updateConnection } from '../../core/connections/connections.ts';
import { applyStagedMetadata, refreshMetadata } from '../../core/connections/metadata-watch.ts';
import { connectionChangeFrom } from './connection-changes.ts';
import { invalid } from './connection-settings.ts';
import { connectionShape } from './directory-shapes.ts';
import { lineOf } from './fields.ts';
import { pathId } from './path-ids.ts';
import { presentConnection } from './present-directory.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'connections';
const guard = { kind: 'organization', permission: 'sso.manage' } as const;

const requestOf = (
  { organization, cause }: OrganizationContext,
  params: Readonly<Record<string, string>>,
) => ({ organizationId: organization.id, cause, connectionId: pathId('con', params, 'connection') });

/** The file itself as the body, as every identity provider lets admins download it. */
const importRoute = (method: 'post' | 'put', operationId: string): ApiRoute =>
  organizationRoute({
    method,
    path: '/organizations/:org/connections/:connection/metadata',
    operationId,
    summary:
      "Pins what the identity provider's metadata file says: entity, addresses, certificates. A metadataUrl is read no more.",
    tag,
    guard,
    bodyType: 'application/samlmetadata+xml',
    body: z.string('Send the file as application/samlmetadata+xml, application/xml or text/xml.').min(1),
    status: 200,
    response: connectionShape,
    errors: ['egress_refused', 'version_conflict'],
    handle: async (context, { params, body: metadataXml }) => {
      const { deps } = context;
      const { connectionId: id, ...request } = requestOf(context, params);
      const { settings } = await getConnection(deps.storage, request.organizationId, id);
      const change = await connectionChangeFrom(deps, settings.protocol, { metadataXml });
      return presentConnection(await updateConnection(deps, { ...request, id, change }), deps);
    },
  });

/** All routes of this resource. */
export const connectionMetadataRoutes: readonly ApiRoute[] = [
  importRoute('put', 'replaceConnectionMetadata'),
  importRoute('post', 'importConnectionMetadata'),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections/:connection/metadata/refresh',
    operationId: 'refreshConnectionMetadata',
    summary: "Reads the identity provider's metadata at its address now; what is new is staged, not trusted.",
    tag,
    guard,
    status: 200,
    response: connectionShape,
    errors: ['invalid', 'version_conflict'],
    handle: async (context, { params }) => {
      const connection = await refreshMetadata(context.deps, requestOf(context, params));
      if (connection.settings.metadata === null)
        throw invalid(
          'metadataUrl',
          'This connection has no metadataUrl to read. Set one, or send the file to its /metadata.',
        );
      return presentConnection(connection, context.deps);
    },
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections/:connection/metadata/apply',
    operationId: 'applyConnectionMetadata',
    summary: 'Pins the staged metadata; id names what was looked at, so that nothing else is agreed to.',
    tag,
    guard,
    body: z.strictObject({ id: lineOf(64) }),
    status: 200,
    response: connectionShape,
    errors: ['version_conflict'],
    handle: async (context, { params, body }) =>
      presentConnection(
        await applyStagedMetadata(context.deps, { ...requestOf(context, params), id: body.id }),
        context.deps,
      ),
  }),
];
