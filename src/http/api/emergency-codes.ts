/** Emergency codes over the management API: made, listed, taken back. */
import { z } from 'zod';
import { createEmergencyCode, revokeEmergencyCode } from '../../core/credentials/emergency-codes.ts';
import { parseId } from '../../kernel/ids.ts';
import { timeField } from './fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { createdEmergencyCodeShape, emergencyCodeShape, presentEmergencyCode } from './policy-shapes.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'emergency codes';
const guard = { kind: 'organization', permission: 'sso.manage' } as const;
/** Of the newest. */
const SHOWN = 200;

const memberField = z.string().transform((text, context) => {
  const id = parseId('mem', text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'Give the id of a member.' });
  return z.NEVER;
});

/** All routes of this resource. */
export const emergencyCodeRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/emergency-codes',
    operationId: 'createEmergencyCode',
    summary:
      'Makes a sealed code that lets one owner in once, whatever the sign-on policy; the operator names the owner. All owners get a mail.',
    tag,
    guard,
    body: z.strictObject({ member: memberField.optional(), expiresAt: timeField.optional() }).optional(),
    status: 201,
    response: createdEmergencyCodeShape,
    errors: [],
    handle: async ({ deps, caller, cause, organization }, { body }) => {
      const { member: membershipId, expiresAt } = body ?? {};
      const request = { organizationId: organization.id, caller, cause, membershipId, expiresAt };
      const { row, code } = await createEmergencyCode(deps, request);
      const url = `${deps.baseUrl}/sign-in/emergency`;
      return { ...presentEmergencyCode(row, deps.clock()), code, url };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/emergency-codes',
    operationId: 'listEmergencyCodes',
    summary: 'Lists emergency codes, newest first, never the codes themselves.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(emergencyCodeShape),
    errors: [],
    handle: async ({ deps, organization }) => {
      const now = deps.clock();
      return wholeList(await deps.storage.emergencyCodes.list(organization.id, SHOWN), (code) =>
        presentEmergencyCode(code, now),
      );
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/emergency-codes/:code',
    operationId: 'revokeEmergencyCode',
    summary: 'Takes a code back; one that is used or expired stays as it is.',
    tag,
    guard,
    status: 204,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }, { params }) => {
      const id = pathId('emc', params, 'code');
      await revokeEmergencyCode(deps, { organizationId: organization.id, cause, id });
    },
  }),
];
