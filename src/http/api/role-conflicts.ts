/** Where rules disagree, over the management API: a list to be worked off, by changing rules in a draft. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { MemberConflicts } from '../../core/access/role-conflicts.ts';
import { listRoleConflicts } from '../../core/access/role-conflicts.ts';
import { cursorAfter, pageOf, pageQuery, USUAL_PAGE } from './paging.ts';
import { presentOverruled, presentPerson, presentPlace, presentReason } from './present-role-changes.ts';
import { memberFields, overruledShape, placeFields, reasonShape } from './role-change-shapes.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const conflictShape = z.object({
  ...placeFields,
  status: z.enum(['settled', 'refused']),
  role: z.string().nullable().describe('What the member has there in the end, also by hand; null: none.'),
  winners: z.array(reasonShape).describe('Empty when the policy refuses.'),
  overruled: z.array(overruledShape),
});

const memberConflictsShape = z.object({ ...memberFields, conflicts: z.array(conflictShape) });

const presentConflicts = ({
  membership,
  conflicts,
}: MemberConflicts): z.infer<typeof memberConflictsShape> => ({
  ...presentPerson(membership),
  conflicts: conflicts.map(({ role, winners, overruled, ...place }) => ({
    ...presentPlace(place),
    role,
    status: winners.length === 0 ? 'refused' : 'settled',
    winners: winners.map(({ source, scope }) => presentReason({ source, role: scope.role })),
    overruled: overruled.map(({ grant, why }) =>
      presentOverruled({ source: grant.source, role: grant.scope.role, why }),
    ),
  })),
});

/** All routes of this resource. */
export const roleConflictRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/role-conflicts',
    operationId: 'listRoleConflicts',
    summary:
      'Lists members about whom rules disagree, with what wins, what is overruled, and why. A page may be short: go on until nextCursor is null.',
    tag: 'group mappings',
    guard: { kind: 'organization', permission: 'roles.manage' },
    query: pageQuery,
    status: 200,
    response: pageOf(memberConflictsShape),
    errors: [],
    handle: async ({ deps, organization }, { query }) => {
      const { items, next } = await listRoleConflicts(deps, {
        organizationId: organization.id,
        after: query.cursor,
        limit: query.limit ?? USUAL_PAGE,
        pause: () => setImmediate(),
      });
      return { items: items.map(presentConflicts), nextCursor: next === null ? null : cursorAfter(next) };
    },
  }),
];
