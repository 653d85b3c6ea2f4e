/** Group mappings over the management API: rules from directory groups and sign-in claims to roles, with a look ahead. */
import { z } from 'zod';
import type { MappingGrant, MappingMatch } from '../../core/entities/directory.ts';
import type { GroupMappingInput } from '../../core/group-mappings.ts';
import {
  createGroupMapping,
  getGroupMapping,
  removeGroupMapping,
  updateGroupMapping,
} from '../../core/group-mappings.ts';
import { previewGroupMapping } from '../../core/mapping-preview.ts';
import { namesSomething } from '../../core/name-pattern.ts';
import { RESOURCE_ROLES, TEAM_ROLES } from '../../core/roles.ts';
import { parseId } from '../../kernel/ids.ts';
import { groupMappingShape, previewShape } from './directory-shapes.ts';
import { changesSomething, lineOf, NOTHING_TO_CHANGE, resourceIdField, resourceTypeField } from './fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentGroupMapping, presentPreview } from './present-directory.ts';
import { acceptedShape, answerWithJob } from './reprojections.ts';
import { lesserRoleField } from './role-fields.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'group mappings';
const guard = { kind: 'organization', permission: 'roles.manage' } as const;

/** An id in a body: a malformed one is told what an unknown one is told. */
const idField = <Prefix extends 'dg' | 'team'>(prefix: Prefix, unknown: string) =>
  z.string().transform((text, context) => {
    const id = parseId(prefix, text);
    if (id !== undefined) return id;
    context.addIssue({ code: 'custom', message: unknown });
    return z.NEVER;
  });

const matchField = z
  .strictObject({
    groupId: idField('dg', 'No directory group has this id.').optional(),
    groupName: lineOf(1000).optional(),
    groupPattern: lineOf(200)
      .refine(namesSomething, 'Must say more than * and ?.')
      .optional()
      .describe('Over group names: * is any text, ? one character; letter case does not count.'),
    claim: lineOf(256).optional(),
    value: lineOf(1000).optional(),
  })
  .transform((match, context): MappingMatch => {
    const { groupId, groupName, groupPattern, claim, value } = match;
    const given = Object.values(match).filter((one) => one !== undefined).length;
    if (given === 1 && groupId !== undefined) return { kind: 'group_id', groupId };
    if (given === 1 && groupName !== undefined) return { kind: 'group_name', groupName };
    if (given === 1 && groupPattern !== undefined) return { kind: 'group_pattern', groupPattern };
    if (given === 2 && claim !== undefined && value !== undefined) return { kind: 'claim', claim, value };
    context.addIssue({
      code: 'custom',
      message: 'Give {groupId}, {groupName}, {groupPattern} or {claim, value}.',
    });
    return z.NEVER;
  });

const grantField = z.discriminatedUnion('scope', [
  z.strictObject({
    scope: z.literal('org'),
    role: lesserRoleField('A group mapping never makes owners.'),
  }),
  z.strictObject({
    scope: z.literal('team'),
    team: idField('team', 'No team of this organization has this id.'),
    role: z.enum(TEAM_ROLES),
  }),
  z.strictObject({
    scope: z.literal('resource'),
    resource: z.strictObject({ type: resourceTypeField, id: resourceIdField }),
    role: z.enum(RESOURCE_ROLES),
  }),
]);

const grantsField = z
  .array(grantField)
  .min(1, 'Give at least one grant.')
  .max(50, 'At most 50 grants.')
  .transform((grants): readonly MappingGrant[] =>
    grants.map((grant) =>
      grant.scope === 'team' ? { scope: grant.scope, teamId: grant.team, role: grant.role } : grant,
    ),
  );

const rankField = z.int().min(0).max(1_000_000);

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

/** All routes of this resource. */
export const groupMappingRoutes: readonly ApiRoute[] = [
  ...readRoutes,
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
