/** Roles of members on single things of the product (`resource:TYPE:ID`) over the management API. */
import { z } from 'zod';
import { getResourceRole, listResourceRoles, setResourceRole } from '../../core/access/resource-grants.ts';
import type { Resource } from '../../core/access/roles.ts';
import { RESOURCE_ROLES } from '../../core/access/roles.ts';
import { settleMemberById } from '../../core/mapping/reprojection.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { resourceIdField, resourceTypeField } from './fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId, pathMember } from './path-ids.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';
import { resourceRoleShape, resourceShape } from './shapes.ts';

const tag = 'members';
const read = { kind: 'organization', permission: 'members.read' } as const;
const manage = { kind: 'organization', permission: 'roles.manage' } as const;
const path = '/organizations/:org/members/:member/resources/:resourceType/:resource';
const holdingShape = z.object({ resource: resourceShape, role: resourceRoleShape });

type Params = Readonly<Record<string, string>>;

const memberId = (params: Params) => pathId('mem', params, 'member');

/** A name no resource can have names none. */
function resourceOf(params: Params): Resource {
  const type = resourceTypeField.safeParse(params.resourceType);
  const id = resourceIdField.safeParse(params.resource);
  if (type.success && id.success) return { type: type.data, id: id.data };
  throw new GatehouseError('not_found', 'No resource can be called this.');
}

const targetOf = ({ caller, cause, organization }: OrganizationContext, params: Params) => ({
  ...{ organizationId: organization.id, caller, cause, id: memberId(params), resource: resourceOf(params) },
});

/** All routes of this resource. */
export const memberResourceRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/members/:member/resources',
    operationId: 'listMemberResources',
    summary:
      'Lists every role the member has on single things of the product. Everybody may ask about themselves (`me`).',
    tag,
    guard: { ...read, orOneself: true },
    status: 200,
    response: wholeListOf(holdingShape),
    errors: [],
    handle: async ({ deps, organization, caller }, { params }) => {
      const id = pathMember(params, caller);
      await settleMemberById(deps, organization, id);
      const held = await listResourceRoles(deps.storage, organization.id, id);
      return wholeList(held, (one) => one);
    },
  }),
  organizationRoute({
    method: 'get',
    path,
    operationId: 'getMemberResource',
    summary: 'Answers the role the member has on one thing of the product.',
    tag,
    guard: read,
    status: 200,
    response: holdingShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) => {
      const [id, resource] = [memberId(params), resourceOf(params)];
      await settleMemberById(deps, organization, id);
      return getResourceRole(deps.storage, organization.id, { id, resource });
    },
  }),
  organizationRoute({
    method: 'put',
    path,
    operationId: 'setMemberResource',
    summary: 'Gives the member a role on one thing of the product, in place of one given by hand before.',
    tag,
    guard: manage,
    body: z.strictObject({ role: z.enum(RESOURCE_ROLES) }),
    status: 200,
    response: holdingShape,
    errors: ['role_from_directory', 'version_conflict'],
    handle: async (context, { params, body }) => {
      const target = targetOf(context, params);
      await setResourceRole(context.deps, { ...target, role: body.role });
      return { resource: target.resource, role: body.role };
    },
  }),
  organizationRoute({
    method: 'delete',
    path,
    operationId: 'removeMemberResource',
    summary: 'Takes away the role on one thing of the product that people gave.',
    tag,
    guard: manage,
    status: 204,
    errors: ['role_from_directory', 'version_conflict'],
    handle: async (context, { params }) =>
      setResourceRole(context.deps, { ...targetOf(context, params), role: null }),
  }),
];
