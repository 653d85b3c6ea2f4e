/** Our key pairs at a SAML connection over the management API: make the next one, start to use it, take one away. */
import { addNextSpKey, removeSpKey, rotateSpKeys } from '../../core/connections/sp-keys.ts';
import { parseId } from '../../kernel/ids.ts';
import { connectionShape } from './directory-shapes.ts';
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
export const connectionKeyRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections/:connection/sp-keys',
    operationId: 'addNextSpKey',
    summary:
      'Makes the next key pair of ours; metadata shows its certificate beside the current one from now on.',
    tag,
    guard,
    status: 201,
    response: connectionShape,
    errors: ['already_exists', 'version_conflict'],
    handle: async (context, { params }) =>
      presentConnection(await addNextSpKey(context.deps, requestOf(context, params)), context.deps),
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections/:connection/sp-keys/rotate',
    operationId: 'rotateSpKeys',
    summary:
      'Starts to sign with the next key pair; the one before only opens what is still encrypted with it.',
    tag,
    guard,
    status: 200,
    response: connectionShape,
    errors: ['invalid', 'version_conflict'],
    handle: async (context, { params }) =>
      presentConnection(await rotateSpKeys(context.deps, requestOf(context, params)), context.deps),
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/connections/:connection/sp-keys/:key',
    operationId: 'removeSpKey',
    summary: 'Removes a next or previous key pair; the current one stays until it is rotated.',
    tag,
    guard,
    status: 204,
    errors: ['invalid', 'version_conflict'],
    handle: async (context, { params }) => {
      // The connection is looked for first, also when the key's id is malformed: both answer alike (S106).
      const keyId = parseId('spk', params.key ?? '');
      await removeSpKey(context.deps, { ...requestOf(context, params), keyId });
    },
  }),
];
