/** Why a member holds a role, now or on a past day, over the management API. */
import { z } from 'zod';
import { holdsPermission } from '../../core/access/access.ts';
import type { ExplainedGrant, ExplainedMoment, Explanation } from '../../core/access/explain.ts';
import { explainMember } from '../../core/access/explain.ts';
import { settleMemberById } from '../../core/mapping/reprojection.ts';
import { timeField } from './fields.ts';
import { queryField } from './paging.ts';
import { pathMember } from './path-ids.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';
import { orgRoleShape, resourceRoleShape, resourceShape, teamRoleShape, timeShape } from './shapes.ts';

const momentShape = z.object({
  at: timeShape,
  by: z.looseObject({ kind: z.string() }).nullable().describe('Null for what happened before this was kept.'),
  who: z.string().nullable().describe('The same in words.'),
  requestId: z.string().nullable().describe('Found again in the audit, and in the recorder for SCIM.'),
});

const explainedGrantShape = z.object({
  id: z.string(),
  scope: z.enum(['org', 'team', 'resource']),
  team: z.object({ id: z.string(), name: z.string() }).optional(),
  resource: resourceShape.optional(),
  role: z.string(),
  source: z.looseObject({
    kind: z.enum(['default', 'manual', 'invitation', 'directory_group', 'sso_claim']),
  }),
  sentence: z.string().describe('Why, in words for a person, with the names things had then.'),
  decides: z.boolean().describe('False when a stronger grant outranks this one.'),
  at: timeShape,
  begun: momentShape,
  ended: momentShape.nullable().describe('Null while it stands.'),
});

const explanationShape = z.object({
  memberId: z.string(),
  at: timeShape.nullable().describe('Null: as things are now.'),
  historySince: timeShape.describe(
    'From then on every end is known; of earlier days, what had ended is missing.',
  ),
  status: z.enum(['active', 'suspended', 'none']).describe('none: not a member then.'),
  orgRole: z.object({
    role: orgRoleShape
      .nullable()
      .describe('Null on a past day on which the person was suspended, or no member.'),
    because: z.array(explainedGrantShape),
  }),
  teams: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      role: teamRoleShape,
      because: z.array(explainedGrantShape),
    }),
  ),
  resources: z.array(
    z.object({ resource: resourceShape, role: resourceRoleShape, because: z.array(explainedGrantShape) }),
  ),
  grants: z.array(explainedGrantShape),
});

const presentMoment = ({ at, by, who }: ExplainedMoment): z.infer<typeof momentShape> => ({
  at: isoTime(at),
  by: by === null ? null : { ...by.actor },
  who,
  requestId: by?.requestId ?? null,
});

const presentGrant = ({ at, begun, ended, ...grant }: ExplainedGrant) => ({
  ...grant,
  at: isoTime(at),
  begun: presentMoment(begun),
  ended: ended === null ? null : presentMoment(ended),
});

const presentExplanation = (told: Explanation): z.infer<typeof explanationShape> => ({
  memberId: told.id,
  at: isoTimeOrNull(told.at),
  historySince: isoTime(told.historySince),
  status: told.status,
  orgRole: { role: told.orgRole.role, because: told.orgRole.because.map(presentGrant) },
  teams: told.teams.map((team) => ({ ...team, because: team.because.map(presentGrant) })),
  resources: told.resources.map((one) => ({ ...one, because: one.because.map(presentGrant) })),
  grants: told.grants.map(presentGrant),
});

/** The route of this resource. */
export const memberExplanationRoute: ApiRoute = organizationRoute({
  method: 'get',
  path: '/organizations/:org/members/:member/explain',
  operationId: 'explainMember',
  summary:
    'Says of each role which grants it comes from, and where they came from; with at, as it was at that time, for who reads the audit also of people who have left. Everybody may ask about themselves (`me`).',
  tag: 'members',
  guard: { kind: 'organization', permission: 'members.read', orOneself: true },
  query: z.strictObject({ at: queryField(timeField) }),
  status: 200,
  response: explanationShape,
  errors: [],
  handle: async ({ deps, organization, caller }, { params, query }) => {
    const id = pathMember(params, caller);
    if (query.at === undefined) await settleMemberById(deps, organization, id);
    const explanation = await explainMember(deps, {
      organizationId: organization.id,
      id,
      at: query.at,
      mayReadRemoved: query.at !== undefined && holdsPermission(caller, organization.id, 'audit.read'),
    });
    return presentExplanation(explanation);
  },
});
