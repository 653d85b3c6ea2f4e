/** API keys over the management API: for programs of one person, or of the organization. */
import { z } from 'zod';
import { PERMISSIONS } from '../../core/access/roles.ts';
import { createApiKey, listApiKeys, removeApiKey } from '../../core/applications/api-keys.ts';
import type { ApiKey } from '../../core/entities/api-key.ts';
import { assertFresh } from '../../core/sign-in/step-up.ts';
import { parseId } from '../../kernel/ids.ts';
import { nameField, timeField } from './fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';
import { timeShape } from './shapes.ts';

const tag = 'api-keys';
// Whoever may read members may have a key of their own; what else a key needs is asked where it is made.
const guard = { kind: 'organization', permission: 'members.read' } as const;
const scopesField = z.array(z.enum(PERMISSIONS)).min(1).max(PERMISSIONS.length);

const teamField = z
  .string()
  .transform((text, context) => {
    const id = parseId('team', text);
    if (id !== undefined) return id;
    context.addIssue({ code: 'custom', message: 'No team of this organization has this id.' });
    return z.NEVER;
  })
  .describe('The key acts in this team only.');

const apiKeyShape = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['personal', 'team']),
  memberId: z.string().nullable().describe('Whose key it is; null for team keys.'),
  teamId: z.string().nullable().describe('The one team it acts in; null: not bound to one.'),
  createdBy: z.string(),
  scopes: z.array(z.enum(PERMISSIONS)),
  createdAt: timeShape,
  expiresAt: timeShape.nullable(),
  lastUsedAt: timeShape.nullable().describe('To the minute.'),
});
const createdApiKeyShape = apiKeyShape.extend({
  token: z.string().describe('Shown this once. Send it as a bearer token.'),
});

const presentApiKey = (key: ApiKey): z.infer<typeof apiKeyShape> => ({
  id: key.id,
  name: key.name,
  kind: key.kind,
  memberId: key.membershipId,
  teamId: key.teamId,
  createdBy: key.createdBy,
  scopes: [...key.scopes],
  createdAt: isoTime(key.createdAt),
  expiresAt: isoTimeOrNull(key.expiresAt),
  lastUsedAt: isoTimeOrNull(key.lastUsedAt),
});

/** All routes of this resource. */
export const apiKeyRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/api-keys',
    operationId: 'createApiKey',
    summary:
      'Makes a key for this API, with scopes the maker holds. A personal key ends with the membership, and with a way of signing in that the organization stops allowing; a team key outlives its maker and needs roles.manage, or, with teamId, whoever decides who is in that team.',
    tag,
    guard,
    body: z.strictObject({
      name: nameField,
      kind: z.enum(['personal', 'team']),
      teamId: teamField.optional(),
      scopes: scopesField,
      expiresAt: timeField.nullable().optional(),
    }),
    status: 201,
    response: createdApiKeyShape,
    errors: ['step_up_required'],
    handle: async ({ deps, caller, cause, organization, signedIn }, { body }) => {
      if (signedIn !== undefined) assertFresh(deps, signedIn.session);
      const { key, token } = await createApiKey(deps, {
        ...{ organizationId: organization.id, caller, cause },
        ...{ ...body, expiresAt: body.expiresAt ?? null },
        session: signedIn?.session,
      });
      return { ...presentApiKey(key), token };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/api-keys',
    operationId: 'listApiKeys',
    summary:
      'Lists one’s own keys and those of teams one owns, or all of them for those who manage roles; never their values.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(apiKeyShape),
    errors: [],
    handle: async ({ deps, caller, organization }) =>
      wholeList(await listApiKeys(deps, { organizationId: organization.id, caller }), presentApiKey),
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/api-keys/:apiKey',
    operationId: 'removeApiKey',
    summary: 'Takes a key back: the next request with it is refused.',
    tag,
    guard,
    status: 204,
    errors: [],
    handle: async ({ deps, caller, cause, organization }, { params }) =>
      removeApiKey(deps, {
        ...{ organizationId: organization.id, caller, cause },
        id: pathId('apk', params, 'apiKey'),
      }),
  }),
];
