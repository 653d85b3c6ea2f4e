/** Org roles over the management API: the operator's table, and what an organization may give out of it. */
import { z } from 'zod';
import type { Caller } from '../../core/access/access.ts';
import { mayGive } from '../../core/access/access.ts';
import { createOrgRole, removeOrgRole, updateOrgRole } from '../../core/access/org-roles.ts';
import type { RoleFacts } from '../../core/access/role-table.ts';
import { factsIn, isBuiltInRole, loadRoles } from '../../core/access/role-table.ts';
import type { OrgRole, PermissionKey } from '../../core/access/roles.ts';
import { isOrgRole, isPermissionKey, PERMISSIONS } from '../../core/access/roles.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { changesSomething, lineOf, NOTHING_TO_CHANGE } from './fields.ts';
import { wholeListOf } from './paging.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute, plainRoute } from './route.ts';

const roleShape = z.object({
  key: z.string(),
  name: z.string(),
  rank: z.int(),
  builtIn: z.boolean(),
  permissions: z
    .array(z.string())
    .describe('As they count: a built-in role has the app: keys of those below it too.'),
});
const givableRoleShape = roleShape.extend({ mayGive: z.boolean() });

const tag = 'roles';
const guard = { kind: 'operator' } as const;

const keyField = z.string().transform((text, context): OrgRole => {
  if (isOrgRole(text)) return text;
  const message = 'A lower-case letter, then 1 to 39 lower-case letters, digits and hyphens.';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const permissionField = z.string().transform((text, context): PermissionKey => {
  if (isPermissionKey(text)) return text;
  const message = `One of ${PERMISSIONS.join(', ')}, or app: and a word of the product's own, such as app:reports.export.`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const permissionsField = z
  .array(permissionField)
  .max(100, 'At most 100 permissions.')
  .transform((keys) => [...new Set(keys)]);

const rankField = z
  .int()
  .describe('viewer 0, member 100, admin 200, owner 300; each role has a rank of its own.');
const nameField = lineOf(60);

const createBody = z.strictObject({
  key: keyField,
  name: nameField,
  rank: rankField,
  permissions: permissionsField.default([]),
});

const changeBody = z
  .strictObject({
    name: nameField.optional(),
    rank: rankField.optional(),
    permissions: permissionsField.optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

/** A path that cannot be a key answers what an unknown one does. */
function keyIn({ role = '' }: Readonly<Record<string, string>>): OrgRole {
  if (isOrgRole(role)) return role;
  throw new GatehouseError('not_found', 'No such role.');
}

const presentRole = ({ key, name, rank, permissions }: RoleFacts): z.infer<typeof roleShape> => ({
  ...{ key, name, rank, permissions: [...permissions] },
  builtIn: isBuiltInRole(key),
});

const presentGivable = (caller: Caller, role: RoleFacts): z.infer<typeof givableRoleShape> => ({
  ...presentRole(role),
  mayGive: mayGive(caller, role),
});

const readRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/roles',
    operationId: 'listRoles',
    summary: 'Lists every org role of this installation, the most powerful first.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(roleShape),
    errors: [],
    handle: async ({ deps }) => ({
      items: [...(await loadRoles(deps.storage)).values()].map(presentRole),
      nextCursor: null,
    }),
  }),
  plainRoute({
    method: 'get',
    path: '/roles/:role',
    operationId: 'getRole',
    summary: 'Answers one org role.',
    tag,
    guard,
    status: 200,
    response: roleShape,
    errors: ['not_found'],
    handle: async ({ deps }, { params }) => {
      const roles = await loadRoles(deps.storage);
      const key = keyIn(params);
      if (!roles.has(key)) throw new GatehouseError('not_found', 'No such role.');
      return presentRole(factsIn(roles, key));
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/roles',
    operationId: 'listOrganizationRoles',
    summary: 'Lists the org roles with what each allows, and whether whoever asks may give it.',
    tag,
    guard: { kind: 'organization', permission: 'members.read' },
    status: 200,
    response: wholeListOf(givableRoleShape),
    errors: [],
    handle: async ({ deps, caller }) => ({
      items: [...(await loadRoles(deps.storage)).values()].map((role) => presentGivable(caller, role)),
      nextCursor: null,
    }),
  }),
];

/** All routes of this resource. */
export const roleRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  plainRoute({
    method: 'post',
    path: '/roles',
    operationId: 'createRole',
    summary: 'Makes an org role of the product, between the built-in ones.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: roleShape,
    errors: ['already_exists'],
    handle: async ({ deps, cause }, { body }) =>
      presentRole(await createOrgRole(deps, { cause, role: body })),
  }),
  plainRoute({
    method: 'patch',
    path: '/roles/:role',
    operationId: 'updateRole',
    summary:
      'Changes what an org role allows: it counts from the next request on. Of a built-in one its name and its app: keys.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: roleShape,
    errors: ['not_found', 'already_exists', 'role_in_use', 'version_conflict'],
    handle: async ({ deps, cause }, { params, body }) =>
      presentRole(await updateOrgRole(deps, { cause, key: keyIn(params), change: body })),
  }),
  plainRoute({
    method: 'delete',
    path: '/roles/:role',
    operationId: 'removeRole',
    summary: 'Removes an org role that nothing names any more.',
    tag,
    guard,
    status: 204,
    errors: ['not_found', 'role_in_use'],
    handle: ({ deps, cause }, { params }) => removeOrgRole(deps, { cause, key: keyIn(params) }),
  }),
];
