/** The cut-over of a directory over the management API: the report, person by person, before anything is switched. */
import { z } from 'zod';
import { reportCutover } from '../../core/cutover.ts';
import { CUTOVER_RULES } from '../../core/cutover-matching.ts';
import { MEMBER_FATES } from '../../core/cutover-outcome.ts';
import { cutoverMemberShape, cutoverPersonShape, cutoverReportShape, voidedShape } from './cutover-shapes.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentCutoverMember, presentPerson, presentReport, presentVoids } from './present-cutover.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'cut-over';
const guard = { kind: 'organization', permission: 'scim.manage' } as const;
const path = '/organizations/:org/directories/:directory/cutover';

const reportOf = ({ deps, organization }: OrganizationContext, params: Readonly<Record<string, string>>) =>
  reportCutover(deps, {
    organizationId: organization.id,
    directoryId: pathId('dir', params, 'directory'),
  });

/** A page of what was computed as a whole; rows are ordered by id. */
const pageFrom = <Item>(items: readonly Item[], idOf: (item: Item) => string) => ({
  list: async ({ after, limit }: { readonly after?: string | undefined; readonly limit: number }) => {
    const start = after === undefined ? 0 : items.findIndex((item) => idOf(item) === after) + 1;
    return items.slice(start, start + limit);
  },
  idOf,
});

/** All routes of this resource. */
export const cutoverRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path,
    operationId: 'getCutover',
    summary:
      'Answers what switching this shadow directory on would do, in numbers, and what stands in the way.',
    tag,
    guard,
    status: 200,
    response: cutoverReportShape,
    errors: [],
    handle: async (context, { params }) => presentReport(await reportOf(context, params)),
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
      return { items: rows.map(presentPerson), nextCursor };
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
