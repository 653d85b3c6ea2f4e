/** Handing an organization to somebody else and leaving it, over the management API. */
import { z } from 'zod';
import { getMember } from '../../core/members/members.ts';
import { leaveOrganization, transferOwnership } from '../../core/members/ownership.ts';
import { findOrganization } from '../../core/organization/organization-lookup.ts';
import { assertFresh } from '../../core/sign-in/step-up.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { pathId } from './path-ids.ts';
import { presentMember } from './present.ts';
import { lesserRoleField } from './role-fields.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute, plainRoute } from './route.ts';
import { memberShape } from './shapes.ts';

const tag = 'members';

/** All routes of this resource. */
export const ownershipRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/members/:member/transfer-ownership',
    operationId: 'transferOwnership',
    summary:
      'An owner makes another member an owner and becomes something less, at once; `becomes` is admin unless said.',
    tag,
    guard: { kind: 'organization', permission: 'members.update' },
    body: z
      .strictObject({ becomes: lesserRoleField('Somebody else becomes owner.').default('admin') })
      .default({ becomes: 'admin' }),
    status: 200,
    response: memberShape,
    errors: ['last_owner', 'role_from_directory', 'version_conflict', 'step_up_required'],
    handle: async ({ deps, caller, cause, organization, signedIn }, { params, body }) => {
      const id = pathId('mem', params, 'member');
      if (signedIn !== undefined) assertFresh(deps, signedIn.session);
      const organizationId = organization.id;
      await transferOwnership(deps, { organizationId, id, caller, cause, becomes: body.becomes });
      return presentMember(await getMember(deps, { organizationId, id }));
    },
  }),
  plainRoute({
    method: 'post',
    path: '/organizations/:org/leave',
    operationId: 'leaveOrganization',
    summary: 'Ends one’s own membership of the organization one is signed in to, with all its sessions.',
    tag,
    guard: { kind: 'session' },
    status: 204,
    errors: ['last_owner', 'role_from_directory', 'version_conflict'],
    handle: async ({ deps, signedIn, cause }, { params }) => {
      const named = await findOrganization(deps.storage, params.org ?? '');
      if (signedIn === undefined || named?.id !== signedIn.organization.id)
        throw new GatehouseError('not_found', 'No such organization.');
      await leaveOrganization(deps, {
        organizationId: named.id,
        membershipId: signedIn.membership.id,
        cause,
      });
    },
  }),
];
