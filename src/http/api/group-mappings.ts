/** Group mappings over the management API: rules from directory groups and sign-in claims to roles, with a look ahead. */
import { z } from 'zod';
import type { GroupMappingInput } from '../../core/mapping/group-mappings.ts';
import {
  createGroupMapping,
  getGroupMapping,
  orderGroupMappings,
  removeGroupMapping,
  updateGroupMapping,
} from '../../core/mapping/group-mappings.ts';
import { previewGroupMapping } from '../../core/mapping/mapping-preview.ts';
import { groupMappingShape } from './directory-shapes.ts';
import { changesSomething, NOTHING_TO_CHANGE } from './fields.ts';
import { grantsField, idField, matchField, rankField } from './group-mapping-fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentGroupMapping } from './present-directory.ts';
import { presentPreview } from './present-role-changes.ts';
import { acceptedShape, answerWithJob } from './reprojections.ts';
import { previewShape } from './role-change-shapes.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'group mappings';
const guard = { kind: 'organization', permission: 'roles.manage' } as const;

const createBody = z.strictObject({ match: matchField, grants: grantsField, rank: rankField.optional() });

const changeBody = z
  .strictObject({
    match: matchField.optional(),
    grants: grantsField.optional(),
    rank: rankField.optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

const previewBody = z
  .strictObject({
    match: matchField.optional(),
    grants: grantsField.optional(),
    rank: rankField.optional(),
    replaces: z.string().max(100).optional().describe('The rule this one would take the place of.'),
  })
  .refine(
    ({ match, grants, replaces }) =>
      (match === undefined) === (grants === undefined) && (match ?? replaces) !== undefined,
    'Give match and grants together, or replaces alone to see what happens without that rule.',
  );

/** Only the keys that were given. */
function changeOf({ match, grants, rank }: z.output<typeof changeBody>): Partial<GroupMappingInput> {
  return {
    ...(match === undefined ? {} : { match }),
    ...(grants === undefined ? {} : { grants }),
    ...(rank === undefined ? {} : { rank }),
  };
}

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/group-mappings',
    operationId: 'listGroupMappings',
    summary: 'Lists all group mappings, oldest first.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(groupMappingShape),
    errors: [],
    handle: async ({ deps, organization }) =>
      wholeList(await deps.storage.groupMappings.list(organization.id), presentGroupMapping),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/group-mappings/:mapping',
    operationId: 'getGroupMapping',
    summary: 'Answers one group mapping.',
    tag,
    guard,
    status: 200,
    response: groupMappingShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentGroupMapping(
        await getGroupMapping(deps.storage, organization.id, pathId('map', params, 'mapping')),
      ),
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/group-mappings/preview',
    operationId: 'previewGroupMapping',
    summary: 'Says who would gain and who would lose what; stores nothing.',
    tag,
    guard,
    body: previewBody,
    status: 200,
    response: previewShape,
    errors: [],
    handle: async ({ deps, organization }, { body }) => {
      const { match, grants, rank, replaces } = body;
      const mapping = match === undefined || grants === undefined ? undefined : { match, grants, rank };
      const request = {
        organizationId: organization.id,
        mapping,
        replaces: replaces === undefined ? undefined : pathId('map', { replaces }, 'replaces'),
      };
      return presentPreview(await previewGroupMapping(deps, request));
    },
  }),
];

const accepted = acceptedShape(groupMappingShape);

const orderRoute = organizationRoute({
  method: 'put',
  path: '/organizations/:org/group-mappings/order',
  operationId: 'orderGroupMappings',
  summary: 'Puts all rules into an order, for the policy ranked: the first that speaks of somebody wins.',
  tag,
  guard,
  body: z.strictObject({
    mappings: z.array(idField('map', 'No rule has this id.')).max(10_000).describe('Every rule, once.'),
  }),
  status: 200,
  response: wholeListOf(groupMappingShape),
  accepted: acceptedShape(wholeListOf(groupMappingShape)),
  errors: ['version_conflict', 'mapping_test_failed'],
  handle: async (context, { body }) => {
    const { deps, caller, cause, organization } = context;
    const request = { organizationId: organization.id, caller, cause, ids: body.mappings };
    return answerWithJob(context, wholeList(await orderGroupMappings(deps, request), presentGroupMapping));
  },
});

/** All routes of this resource. */
export const groupMappingRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  orderRoute,
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/group-mappings',
    operationId: 'createGroupMapping',
    summary:
      'Adds a rule; everybody it concerns has the roles when this answers. 202: very many, a job carries it over.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: groupMappingShape,
    accepted,
    errors: ['version_conflict', 'mapping_test_failed'],
    handle: async (context, { body }) => {
      const { deps, caller, cause, organization } = context;
      const request = { organizationId: organization.id, caller, cause, mapping: body };
      return answerWithJob(context, presentGroupMapping(await createGroupMapping(deps, request)));
    },
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/group-mappings/:mapping',
    operationId: 'updateGroupMapping',
    summary: 'Changes a rule; roles follow at once.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: groupMappingShape,
    accepted,
    errors: ['version_conflict', 'mapping_test_failed'],
    handle: async (context, { params, body }) => {
      const { deps, caller, cause, organization } = context;
      const id = pathId('map', params, 'mapping');
      const request = { organizationId: organization.id, caller, cause, id, change: changeOf(body) };
      return answerWithJob(context, presentGroupMapping(await updateGroupMapping(deps, request)));
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/group-mappings/:mapping',
    operationId: 'removeGroupMapping',
    summary: 'Removes a rule and the roles it gave.',
    tag,
    guard,
    status: 204,
    accepted,
    errors: ['version_conflict', 'mapping_test_failed'],
    handle: async (context, { params }) => {
      const { deps, caller, cause, organization } = context;
      const id = pathId('map', params, 'mapping');
      await removeGroupMapping(deps, { organizationId: organization.id, caller, cause, id });
      return answerWithJob(context, undefined);
    },
  }),
];
