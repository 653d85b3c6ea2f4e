/** The cut-over of a directory over the management API: the report, person by person, the switch, and the way back. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { reportCutover, rollBackCutover, switchCutover, viewCutover } from '../../core/directory/cutover.ts';
import { decideCutover } from '../../core/directory/cutover-decisions.ts';
import { CUTOVER_RULES } from '../../core/directory/cutover-matching.ts';
import { MEMBER_FATES } from '../../core/directory/cutover-outcome.ts';
import { UNMATCHED_CHOICES } from '../../core/entities/cutover.ts';
import {
  cutoverMemberShape,
  cutoverPersonShape,
  cutoverShape,
  cutoverViewShape,
  decidedPersonShape,
  voidedShape,
} from './cutover-shapes.ts';
import { idField } from './group-mapping-fields.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import {
  presentCutover,
  presentCutoverMember,
  presentCutoverPerson,
  presentDecided,
  presentView,
  presentVoids,
} from './present-cutover.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'cut-over';
const guard = { kind: 'organization', permission: 'scim.manage' } as const;
const path = '/organizations/:org/directories/:directory/cutover';

const withPause = ({ deps: { storage, clock } }: OrganizationContext) => ({
  ...{ storage, clock },
  pause: () => setImmediate(),
});

const placeOf = ({ organization }: OrganizationContext, params: Readonly<Record<string, string>>) => ({
  organizationId: organization.id,
  directoryId: pathId('dir', params, 'directory'),
});

const reportOf = (context: OrganizationContext, params: Readonly<Record<string, string>>) =>
  reportCutover(withPause(context), placeOf(context, params));

/** A page of what was computed as a whole; rows are ordered by id. */
const pageFrom = <Item>(items: readonly Item[], idOf: (item: Item) => string) => ({
  list: async ({ after, limit }: { readonly after?: string | undefined; readonly limit: number }) => {
    const start = after === undefined ? 0 : items.findIndex((item) => idOf(item) === after) + 1;
    return items.slice(start, start + limit);
  },
  idOf,
});

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path,
    operationId: 'getCutover',
    summary:
      'Answers what switching this shadow directory on would do, in numbers, and what stands in the way.',
    tag,
    guard,
    status: 200,
    response: cutoverViewShape,
    errors: [],
    handle: async (context, { params }) => {
      const { plan, cutover } = await viewCutover(withPause(context), placeOf(context, params));
      return presentView(plan, cutover);
    },
  }),
  organizationRoute({
    method: 'get',
    path: `${path}/people`,
    operationId: 'listCutoverPeople',
    summary:
      'Lists the people of the directory: which member each is, by what rule, and the roles they gain and lose.',
    tag,
    guard,
    query: z.strictObject({ rule: queryField(z.enum(CUTOVER_RULES)), ...pageFields }),
    status: 200,
    response: pageOf(cutoverPersonShape),
    errors: [],
    handle: async (context, { params, query }) => {
      const { people } = await reportOf(context, params);
      const asked = people.filter(({ rule }) => query.rule === undefined || rule === query.rule);
      const source = pageFrom(asked, ({ person }) => person.user.id);
      const { rows, nextCursor } = await readPage(query, source.list, source.idOf);
      return { items: rows.map(presentCutoverPerson), nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: `${path}/members`,
    operationId: 'listCutoverMembers',
    summary: 'Lists the members: who is matched, who waits for a decision, who is not in the directory.',
    tag,
    guard,
    query: z.strictObject({ fate: queryField(z.enum(MEMBER_FATES)), ...pageFields }),
    status: 200,
    response: pageOf(cutoverMemberShape),
    errors: [],
    handle: async (context, { params, query }) => {
      const { members } = await reportOf(context, params);
      const asked = members.filter(({ fate }) => query.fate === undefined || fate === query.fate);
      const source = pageFrom(asked, ({ membership }) => membership.id);
      const { rows, nextCursor } = await readPage(query, source.list, source.idOf);
      return { items: rows.map(presentCutoverMember), nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: `${path}/voids`,
    operationId: 'listCutoverVoids',
    summary: 'Lists the pending invitations and open links that die in the moment of the switch.',
    tag,
    guard,
    query: z.strictObject(pageFields),
    status: 200,
    response: pageOf(voidedShape),
    errors: [],
    handle: async (context, { params, query }) => {
      const source = pageFrom(presentVoids((await reportOf(context, params)).facts), ({ id }) => id);
      const { rows, nextCursor } = await readPage(query, source.list, source.idOf);
      return { items: [...rows], nextCursor };
    },
  }),
];

const writeRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'put',
    path: `${path}/people/:person/decision`,
    operationId: 'decideCutoverPerson',
    summary:
      'Decides before the switch who a person of the directory is: a member (adopt), somebody new (separate), or as the rules say (later).',
    tag,
    guard,
    body: z.discriminatedUnion('decision', [
      z.strictObject({ decision: z.literal('adopt'), member: idField('mem', 'No member has this id.') }),
      z.strictObject({ decision: z.enum(['separate', 'later']) }),
    ]),
    status: 200,
    response: decidedPersonShape,
    errors: ['already_exists', 'version_conflict'],
    handle: async (context, { params, body }) => {
      const { deps, caller, cause } = context;
      const person = pathId('du', params, 'person');
      const decision =
        body.decision === 'adopt'
          ? { kind: body.decision, membershipId: body.member }
          : { kind: body.decision };
      const input = { ...placeOf(context, params), person, decision, caller, cause };
      return presentDecided(await decideCutover(deps, input));
    },
  }),
  organizationRoute({
    method: 'post',
    path,
    operationId: 'switchCutover',
    summary:
      'Switches the directory on, exactly as the report of this hash says; large organizations by a job.',
    tag,
    guard,
    body: z.strictObject({
      reportHash: z.string().max(100).describe('The hash of the report that was agreed to.'),
      unmatched: z
        .enum(UNMATCHED_CHOICES)
        .describe('keep: members who are not in the directory stay, by hand; suspend: they are suspended.'),
    }),
    status: 200,
    response: cutoverShape,
    errors: ['cutover_moved', 'cutover_blocked', 'last_owner', 'seats_exhausted', 'version_conflict'],
    handle: async (context, { params, body }) => {
      const input = { ...placeOf(context, params), ...body, cause: context.cause };
      return presentCutover(await switchCutover(withPause(context), input));
    },
  }),
  organizationRoute({
    method: 'post',
    path: `${path}/rollback`,
    operationId: 'rollBackCutover',
    summary:
      'Takes the switch back within seven days: members as before, people of the directory shadows again.',
    tag,
    guard,
    status: 200,
    response: cutoverShape,
    errors: ['rollback_over', 'last_owner', 'seats_exhausted', 'version_conflict'],
    handle: async (context, { params }) => {
      const { deps, cause } = context;
      return presentCutover(await rollBackCutover(deps, { ...placeOf(context, params), cause }));
    },
  }),
];

/** All routes of this resource. */
export const cutoverRoutes: readonly ApiRoute[] = [...readRoutes, ...writeRoutes];
