/** Mapping drafts over the management API: whole sets of rules, planned before anybody's roles follow, applied as planned, undone. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { applyMappingDraft, undoMappingDraft } from '../../core/mapping/mapping-draft-application.ts';
import type { MappingDraftChange } from '../../core/mapping/mapping-drafts.ts';
import {
  createMappingDraft,
  getMappingDraft,
  removeMappingDraft,
  updateMappingDraft,
} from '../../core/mapping/mapping-drafts.ts';
import type { MappingPlan } from '../../core/mapping/mapping-plans.ts';
import { listPlannedMembers, planMappingDraft } from '../../core/mapping/mapping-plans.ts';
import { changesSomething, NOTHING_TO_CHANGE, nameField } from './fields.ts';
import { grantsField, idField, matchField, rankField } from './group-mapping-fields.ts';
import { mappingDraftShape, mappingPlanShape } from './mapping-draft-shapes.ts';
import { pageOf, pageQuery, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentMappingDraft, presentMappingPlan } from './present-mapping-drafts.ts';
import { acceptedShape, answerWithJob } from './reprojections.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'mapping drafts';
const guard = { kind: 'organization', permission: 'roles.manage' } as const;
const path = '/organizations/:org/mapping-drafts';
const one = `${path}/:draft`;
const pause = () => setImmediate();

const ruleIdField = idField('map', 'No rule in force, and none of this draft, has this id.');

const mappingsField = z
  .array(
    z.strictObject({
      id: ruleIdField.optional().describe('Of the rule it changes or keeps; absent: a new rule.'),
      match: matchField,
      grants: grantsField,
      rank: rankField.optional(),
    }),
  )
  .max(500, 'At most 500 rules.')
  .describe('The whole set; without ranks, the order of the list counts.');

const changeFields = {
  name: nameField.nullable().optional(),
  mappings: mappingsField.optional(),
  policy: z.enum(['highest', 'ranked', 'refuse']).nullable().optional(),
};
const createBody = z.strictObject(changeFields);
const changeBody = z.strictObject(changeFields).refine(changesSomething, NOTHING_TO_CHANGE);

const changeOf = ({ name, mappings, policy }: z.output<typeof createBody>): MappingDraftChange => ({
  ...{ name, policy, rules: mappings },
});

const draftId = (params: Readonly<Record<string, string>>) => pathId('mdr', params, 'draft');

const requestOf = (
  { organization, caller, cause }: OrganizationContext,
  params: Readonly<Record<string, string>>,
) => ({ organizationId: organization.id, caller, cause, id: draftId(params) });

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path,
    operationId: 'listMappingDrafts',
    summary: 'Lists mapping drafts, open and applied ones, newest first.',
    tag,
    guard,
    query: pageQuery,
    status: 200,
    response: pageOf(mappingDraftShape),
    errors: [],
    handle: async ({ deps, organization }, { query }) => {
      const { rows, nextCursor } = await readPage(
        query,
        (page) => deps.storage.mappingDrafts.list(organization.id, page),
        ({ id }) => id,
      );
      return { items: rows.map(presentMappingDraft), nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: one,
    operationId: 'getMappingDraft',
    summary: 'Answers one mapping draft.',
    tag,
    guard,
    status: 200,
    response: mappingDraftShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentMappingDraft(await getMappingDraft(deps.storage, organization.id, draftId(params))),
  }),
  organizationRoute({
    method: 'get',
    path: `${one}/plan`,
    operationId: 'planMappingDraft',
    summary:
      'Says exactly who would gain and lose what, because of which rule, and how the mapping tests would come out.',
    tag,
    guard,
    query: pageQuery,
    status: 200,
    response: mappingPlanShape,
    errors: [],
    handle: async ({ deps, caller, organization }, { params, query }) => {
      const request = { organizationId: organization.id, id: draftId(params), pause };
      const plans: MappingPlan[] = [];
      const page = await readPage(
        query,
        async ({ after, limit }) => {
          if (after !== undefined) return listPlannedMembers(deps, { ...request, after, limit });
          const plan = await planMappingDraft(deps, { ...request, caller, limit });
          plans.push(plan);
          return plan.items;
        },
        ({ membership }) => membership.id,
      );
      return presentMappingPlan(plans[0], page);
    },
  }),
];

const applyRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: `${one}/apply`,
    operationId: 'applyMappingDraft',
    summary:
      'Makes the draft the rules in force, exactly as its plan says. 202: very many people, a job carries it over.',
    tag,
    guard,
    body: z.strictObject({ planHash: z.string().max(100).describe('Of the plan you have seen.') }),
    status: 200,
    response: mappingDraftShape,
    accepted: acceptedShape(mappingDraftShape),
    errors: ['plan_outdated', 'draft_state', 'mapping_test_failed', 'version_conflict'],
    handle: async (context, { params, body }) => {
      const request = { ...requestOf(context, params), planHash: body.planHash, pause };
      const draft = await applyMappingDraft(context.deps, request);
      return answerWithJob(context, presentMappingDraft(draft));
    },
  }),
  organizationRoute({
    method: 'post',
    path: `${one}/undo`,
    operationId: 'undoMappingDraft',
    summary:
      'Begins the draft that restores what was in force before this one was applied; plan and apply it like any other.',
    tag,
    guard,
    status: 201,
    response: mappingDraftShape,
    errors: ['draft_state', 'version_conflict', 'invalid'],
    handle: async (context, { params }) =>
      presentMappingDraft(await undoMappingDraft(context.deps, requestOf(context, params))),
  }),
];

/** All routes of this resource. */
export const mappingDraftRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  ...applyRoutes,
  organizationRoute({
    method: 'post',
    path,
    operationId: 'createMappingDraft',
    summary:
      'Begins a mapping draft; without mappings from the rules in force. Nobody gains or loses anything.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: mappingDraftShape,
    errors: ['version_conflict'],
    handle: async ({ deps, caller, cause, organization }, { body }) => {
      const request = { organizationId: organization.id, caller, cause, draft: changeOf(body) };
      return presentMappingDraft(await createMappingDraft(deps, request));
    },
  }),
  organizationRoute({
    method: 'patch',
    path: one,
    operationId: 'updateMappingDraft',
    summary: 'Changes an open draft; its mappings are replaced whole.',
    tag,
    guard,
    body: changeBody,
    status: 200,
    response: mappingDraftShape,
    errors: ['draft_state', 'version_conflict'],
    handle: async (context, { params, body }) => {
      const request = { ...requestOf(context, params), change: changeOf(body) };
      return presentMappingDraft(await updateMappingDraft(context.deps, request));
    },
  }),
  organizationRoute({
    method: 'delete',
    path: one,
    operationId: 'removeMappingDraft',
    summary: 'Discards an open draft.',
    tag,
    guard,
    status: 204,
    errors: ['draft_state', 'version_conflict'],
    handle: async (context, { params }) => removeMappingDraft(context.deps, requestOf(context, params)),
  }),
];
