/** An identity provider's metadata over the management API: read now what is at its address, and say yes to what is new. */
import { z } from 'zod';
import { applyStagedMetadata, refreshMetadata } from '../../core/metadata-watch.ts';
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

/** All routes of this resource. */
export const connectionMetadataRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections/:connection/metadata/refresh',
    operationId: 'refreshConnectionMetadata',
    summary: "Reads the identity provider's metadata at its address now; what is new is staged, not trusted.",
    tag,
    guard,
    status: 200,
    response: connectionShape,
    errors: ['version_conflict'],
    handle: async (context, { params }) =>
      presentConnection(await refreshMetadata(context.deps, requestOf(context, params)), context.deps),
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
