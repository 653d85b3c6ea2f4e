/** The queue of doubtful matches over the management API: who waits, for whom they may be, and the decision. */

import { z } from 'zod';
import {
  CONFLICT_ACTIONS,
  type ConflictView,
  getConflict,
  resolveConflict,
  viewConflict,
} from '../../core/directory/adoption-conflicts.ts';
import { getDirectory } from '../../core/directory/directories.ts';
import { CONFLICT_REASONS, CONFLICT_STATUSES } from '../../core/entities/adoption.ts';
import type { Membership } from '../../core/entities/people.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';
import { orgRoleShape, timeShape } from './shapes.ts';

const tag = 'directories';
const guard = { kind: 'organization', permission: 'members.update' } as const;

const memberSide = z.object({
  id: z.string(),
  userId: z.string(),
  email: z.string().nullable(),
  name: z.string(),
  status: z.enum(['active', 'suspended']),
  orgRole: orgRoleShape,
});

const conflictShape = z.object({
  id: z.string(),
  status: z.enum(CONFLICT_STATUSES),
  reason: z
    .enum(CONFLICT_REASONS)
    .describe(
      'Whether the domain of the address was proved when they met; own_account: it was, but the member signs in with an address outside the proved domains.',
    ),
  pushed: z
    .object({
      directoryUserId: z.string().describe('The SCIM id.'),
      userName: z.string(),
      externalId: z.string().nullable(),
      isActive: z.boolean().describe('As the directory says; while the conflict waits nobody comes in.'),
      member: memberSide.nullable(),
    })
    .nullable(),
  candidateId: z.string(),
  candidate: memberSide.nullable().describe('The member with the same address; null when gone.'),
  createdAt: timeShape,
  settledAt: timeShape.nullable(),
});

const presentMember = (membership: Membership | undefined): z.infer<typeof memberSide> | null =>
  membership === undefined
    ? null
    : {
        id: membership.id,
        userId: membership.userId,
        email: membership.email,
        name: membership.name,
        status: membership.status,
        orgRole: membership.orgRole,
      };

const presentConflict = ({
  conflict,
  user,
  membership,
  candidate,
}: ConflictView): z.infer<typeof conflictShape> => ({
  id: conflict.id,
  status: conflict.status,
  reason: conflict.reason,
  pushed:
    user === undefined
      ? null
      : {
          directoryUserId: user.id,
          userName: user.userName,
          externalId: user.externalId,
          isActive: user.isActive,
          member: presentMember(membership),
        },
  candidateId: conflict.candidateMembershipId,
  candidate: presentMember(candidate),
  createdAt: isoTime(conflict.createdAt),
  settledAt: isoTimeOrNull(conflict.settledAt),
});

/** The directory first: a conflict of a directory that is not there is told from no other. */
async function placeOf(
  { deps, organization }: OrganizationContext,
  params: Readonly<Record<string, string>>,
) {
  const { id } = await getDirectory(deps.storage, organization.id, pathId('dir', params, 'directory'));
  return { organizationId: organization.id, directoryId: id };
}

/** All routes of this resource. */
export const adoptionConflictRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/directories/:directory/conflicts',
    operationId: 'listAdoptionConflicts',
    summary: 'Lists pushed people who may be members already, oldest first; status picks those of one kind.',
    tag,
    guard,
    query: z.strictObject({ status: queryField(z.enum(CONFLICT_STATUSES)), ...pageFields }),
    status: 200,
    response: pageOf(conflictShape),
    errors: [],
    handle: async (context, { params, query }) => {
      const { storage } = context.deps;
      const { organizationId, directoryId } = await placeOf(context, params);
      const { rows, nextCursor } = await readPage(
        query,
        (page) => storage.adoptionConflicts.list(organizationId, { directoryId, status: query.status }, page),
        ({ id }) => id,
      );
      const views = await Promise.all(rows.map((row) => viewConflict(storage, row)));
      return { items: views.map(presentConflict), nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/directories/:directory/conflicts/:conflict',
    operationId: 'getAdoptionConflict',
    summary: 'Answers one conflict with both sides as they are now.',
    tag,
    guard,
    status: 200,
    response: conflictShape,
    errors: [],
    handle: async (context, { params }) => {
      const { storage } = context.deps;
      const place = await placeOf(context, params);
      const conflict = await getConflict(storage, place, pathId('acf', params, 'conflict'));
      return presentConflict(await viewConflict(storage, conflict));
    },
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/directories/:directory/conflicts/:conflict/resolve',
    operationId: 'resolveAdoptionConflict',
    summary:
      'Decides: adopt (the same person), separate (two people) or reject (stays outside, may be decided anew).',
    tag,
    guard,
    body: z.strictObject({ action: z.enum(CONFLICT_ACTIONS) }),
    status: 200,
    response: conflictShape,
    errors: ['already_exists', 'last_owner', 'seats_exhausted', 'version_conflict'],
    handle: async (context, { params, body }) => {
      const { deps, caller, cause } = context;
      const place = await placeOf(context, params);
      const id = pathId('acf', params, 'conflict');
      return presentConflict(
        await resolveConflict(deps, { ...place, id, action: body.action, caller, cause }),
      );
    },
  }),
];
