/** Mapping tests over the management API: given groups and claims, these roles are expected; run on every change of a rule. */
import { z } from 'zod';
import { RESOURCE_ROLES, resourceKey, TEAM_ROLES } from '../../core/access/roles.ts';
import type { GivenGroup, MappingTestExpect, MappingTestGiven } from '../../core/entities/mapping-test.ts';
import { runMappingTests } from '../../core/mapping/mapping-test-run.ts';
import type { MappingTestInput } from '../../core/mapping/mapping-tests.ts';
import {
  createMappingTest,
  getMappingTest,
  removeMappingTest,
  updateMappingTest,
} from '../../core/mapping/mapping-tests.ts';
import { parseId } from '../../kernel/ids.ts';
import {
  changesSomething,
  lineOf,
  NOTHING_TO_CHANGE,
  nameField,
  resourceIdField,
  resourceTypeField,
} from './fields.ts';
import { mappingTestRunShape, mappingTestShape, mappingTestWithResultShape } from './mapping-test-shapes.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import {
  presentMappingTest,
  presentMappingTestRun,
  presentMappingTestWithResult,
} from './present-mapping-tests.ts';
import { lesserRoleField } from './role-fields.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'mapping tests';
const guard = { kind: 'organization', permission: 'roles.manage' } as const;

const givenField = z
  .strictObject({
    groups: z
      .array(lineOf(1000))
      .max(100, 'At most 100 groups.')
      .default([])
      .describe('Ids of directory groups, or names; the groups around them count too.'),
    claims: z
      .record(lineOf(256), z.array(lineOf(1000)).max(100, 'At most 100 values.'))
      .refine((claims) => Object.keys(claims).length <= 50, 'At most 50 claims.')
      .default({})
      .describe('What the identity provider says at sign-in.'),
  })
  .transform(
    ({ groups, claims }): MappingTestGiven => ({
      groups: groups.map(readGroup),
      claims: Object.entries(claims).map(([claim, values]) => ({ claim, values })),
    }),
  );

/** What has the shape of an id is one; everything else is a name. */
function readGroup(text: string): GivenGroup {
  const groupId = parseId('dg', text);
  return groupId === undefined ? { kind: 'name', groupName: text } : { kind: 'id', groupId };
}

const isUnique = (keys: readonly string[]): boolean => new Set(keys).size === keys.length;

const teamField = z.string().transform((text, context) => {
  const id = parseId('team', text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'No team of this organization has this id.' });
  return z.NEVER;
});

const teamsField = z
  .array(z.strictObject({ team: teamField, role: z.enum(TEAM_ROLES) }))
  .max(50, 'At most 50 teams.')
  .refine((teams) => isUnique(teams.map(({ team }) => team)), 'Name each team once.');

const resourcesField = z
  .array(
    z.strictObject({
      resource: z.strictObject({ type: resourceTypeField, id: resourceIdField }),
      role: z.enum(RESOURCE_ROLES),
    }),
  )
  .max(50, 'At most 50 resources.')
  .refine((list) => isUnique(list.map(({ resource }) => resourceKey(resource))), 'Name each resource once.');

const expectField = z
  .strictObject({
    orgRole: lesserRoleField('A group mapping never makes owners.').optional(),
    teams: teamsField.optional().describe('All teams; [] for none.'),
    resources: resourcesField.optional().describe('All roles on resources; [] for none.'),
  })
  .refine(changesSomething, 'Expect an orgRole, teams or resources.')
  .transform(
    ({ orgRole, teams, resources }): MappingTestExpect => ({
      ...(orgRole === undefined ? {} : { orgRole }),
      ...(teams === undefined ? {} : { teams: teams.map(({ team, role }) => ({ teamId: team, role })) }),
      ...(resources === undefined ? {} : { resources }),
    }),
  );

const createBody = z.strictObject({ name: nameField, given: givenField, expect: expectField });

const changeBody = z
  .strictObject({
    name: nameField.optional(),
    given: givenField.optional(),
    expect: expectField.optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

/** Only the keys that were given. */
const changeOf = ({ name, given, expect }: z.output<typeof changeBody>): Partial<MappingTestInput> => ({
  ...(name === undefined ? {} : { name }),
  ...(given === undefined ? {} : { given }),
  ...(expect === undefined ? {} : { expect }),
});

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/mapping-tests',
    operationId: 'listMappingTests',
    summary: 'Lists all mapping tests, oldest first.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(mappingTestShape),
    errors: [],
    handle: async ({ deps, organization }) =>
      wholeList(await deps.storage.mappingTests.list(organization.id), presentMappingTest),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/mapping-tests/:mappingTest',
    operationId: 'getMappingTest',
    summary: 'Answers one mapping test.',
    tag,
    guard,
    status: 200,
    response: mappingTestShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentMappingTest(
        await getMappingTest(deps.storage, organization.id, pathId('mpt', params, 'mappingTest')),
      ),
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/mapping-tests/run',
    operationId: 'runMappingTests',
    summary: 'Runs every mapping test against the rules as they are; stores nothing.',
    tag,
    guard,
    status: 200,
    response: mappingTestRunShape,
    errors: [],
    handle: async ({ deps, organization }) =>
      presentMappingTestRun(await runMappingTests(deps.storage, organization.id)),
  }),
];

/** All routes of this resource. */
export const mappingTestRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/mapping-tests',
    operationId: 'createMappingTest',
    summary:
      'Keeps a mapping test, and says whether it passes now; from now on a change of the rules that it fails is refused.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: mappingTestWithResultShape,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }, { body }) => {
      const request = { organizationId: organization.id, cause, test: body };
      return presentMappingTestWithResult(await createMappingTest(deps, request));
    },
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/mapping-tests/:mappingTest',
    operationId: 'updateMappingTest',
    summary: 'Changes a mapping test; what is given and what is expected are replaced whole.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: mappingTestShape,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }, { params, body }) => {
      const id = pathId('mpt', params, 'mappingTest');
      const request = { organizationId: organization.id, cause, id, change: changeOf(body) };
      return presentMappingTest(await updateMappingTest(deps, request));
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/mapping-tests/:mappingTest',
    operationId: 'removeMappingTest',
    summary: 'Removes a mapping test.',
    tag,
    guard,
    status: 204,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }, { params }) =>
      removeMappingTest(deps, {
        organizationId: organization.id,
        cause,
        id: pathId('mpt', params, 'mappingTest'),
      }),
  }),
];
