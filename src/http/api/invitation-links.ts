/** Links to pass on, over the management API; in a directory-managed organization every route answers `invitations_disabled` (law 11). */
import { z } from 'zod';
import type { ShareableLink } from '../../core/entities/shareable-link.ts';
import { shareableLinkStatus } from '../../core/entities/shareable-link.ts';
import { roleUnlessSaid } from '../../core/joining/invitation-rules.ts';
import {
  createShareableLink,
  getShareableLink,
  MAX_LINK_USES,
  revokeShareableLink,
  warningFor,
} from '../../core/joining/shareable-links.ts';
import { days, hours } from '../../kernel/clock.ts';
import { mailDomainField } from './fields.ts';
import { teamsField, USUAL_ROLE } from './invitation-fields.ts';
import { pageOf, pageQuery, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { orgRoleField } from './role-fields.ts';
import type { ApiRoute, OrganizationContext, RouteInput } from './route.ts';
import { organizationRoute } from './route.ts';
import { orgRoleShape, teamRoleShape, timeShape } from './shapes.ts';

const tag = 'invitations';
const guard = { kind: 'organization', permission: 'members.invite', invites: true } as const;

const TTL_MS = { '1h': hours(1), '24h': hours(24), '48h': hours(48), '7d': days(7) } as const;
const ttlField = z.enum(Object.keys(TTL_MS) as (keyof typeof TTL_MS)[], 'One of 1h, 24h, 48h, 7d.');

const createBody = z.strictObject({
  role: orgRoleField.optional().describe(USUAL_ROLE),
  expiresIn: ttlField,
  maxUses: z
    .int()
    .min(1, `A number from 1 to ${MAX_LINK_USES}.`)
    .max(MAX_LINK_USES, `A number from 1 to ${MAX_LINK_USES}.`)
    .default(1)
    .describe('How many people may join through it; 1 unless said otherwise.'),
  domains: z
    .array(mailDomainField)
    .max(50, 'At most 50 domains.')
    .refine((domains) => new Set(domains).size === domains.length, 'Each domain once.')
    .optional()
    .describe(
      'Only addresses of these domains may join; any address if empty. Absent, for more than one use: those the organization has proved.',
    ),
  teams: teamsField.default([]),
});

const linkShape = z.object({
  id: z.string(),
  status: z.enum(['open', 'used_up', 'revoked', 'expired']),
  role: orgRoleShape,
  teams: z.array(z.object({ id: z.string(), role: teamRoleShape })),
  domains: z.array(z.string()),
  maxUses: z.int(),
  uses: z.int().describe('How many have joined through it.'),
  createdBy: z.looseObject({ kind: z.string() }),
  createdAt: timeShape,
  expiresAt: timeShape,
  revokedAt: timeShape.nullable(),
  askedAt: timeShape.nullable().describe('When a holder asked for a new one because it worked no more.'),
});
const createdLinkShape = linkShape.extend({
  url: z.string().describe('The only time it is shown.'),
  warning: z.string().optional().describe('What its maker should know; absent: nothing.'),
});
const useShape = z.object({
  memberId: z.string(),
  email: z.string().describe('The address they proved.'),
  usedAt: timeShape,
});

const presentLink = (link: ShareableLink, now: number): z.infer<typeof linkShape> => ({
  id: link.id,
  status: shareableLinkStatus(link, now),
  role: link.role,
  teams: link.teams.map(({ teamId, role }) => ({ id: teamId, role })),
  domains: [...link.domains],
  maxUses: link.maxUses,
  uses: link.uses,
  createdBy: { ...link.createdBy },
  createdAt: isoTime(link.createdAt),
  expiresAt: isoTime(link.expiresAt),
  revokedAt: isoTimeOrNull(link.revokedAt),
  askedAt: isoTimeOrNull(link.askedAt),
});

function requestOf(
  { organization, caller, cause }: OrganizationContext,
  { params }: Pick<RouteInput<unknown, unknown>, 'params'>,
) {
  return { organizationId: organization.id, id: pathId('lnk', params, 'link'), caller, cause };
}

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/invitation-links',
    operationId: 'listInvitationLinks',
    summary: 'Lists the links that were made to pass on, newest first, whatever became of them.',
    tag,
    guard,
    query: pageQuery,
    status: 200,
    response: pageOf(linkShape),
    errors: ['invitations_disabled'],
    handle: async ({ deps, organization }, { query }) => {
      const { rows, nextCursor } = await readPage(
        query,
        (page) => deps.storage.shareableLinks.list(organization.id, page),
        ({ id }) => id,
      );
      return { items: rows.map((row) => presentLink(row, deps.clock())), nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/invitation-links/:link',
    operationId: 'getInvitationLink',
    summary: 'Answers one link, never its address.',
    tag,
    guard,
    status: 200,
    response: linkShape,
    errors: ['invitations_disabled'],
    handle: async (context, input) => {
      const link = await getShareableLink(context.deps.storage, requestOf(context, input));
      return presentLink(link, context.deps.clock());
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/invitation-links/:link/uses',
    operationId: 'listInvitationLinkUses',
    summary: 'Lists who joined through a link and when, first come first.',
    tag,
    guard,
    query: pageQuery,
    status: 200,
    response: pageOf(useShape),
    errors: ['invitations_disabled'],
    handle: async (context, input) => {
      const { deps } = context;
      const { organizationId, id } = await getShareableLink(deps.storage, requestOf(context, input));
      const { rows, nextCursor } = await readPage(
        input.query,
        (page) => deps.storage.shareableLinks.listUses(organizationId, id, page),
        ({ membershipId }) => membershipId,
      );
      const items = rows.map(({ membershipId, email, usedAt }) => {
        return { memberId: membershipId, email, usedAt: isoTime(usedAt) };
      });
      return { items, nextCursor };
    },
  }),
];

/** All routes of this resource; joining is in `link-joining.ts`. */
export const invitationLinkRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/invitation-links',
    operationId: 'createInvitationLink',
    summary:
      'Makes a link to pass on: whoever opens it joins with an address of their own, which they prove.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: createdLinkShape,
    errors: ['invitations_disabled', 'plan_lacks', 'sso_required', 'seats_exhausted', 'version_conflict'],
    handle: async ({ deps, caller, cause, organization }, { body }) => {
      const { expiresIn, role = await roleUnlessSaid(deps.storage, organization), ...chosen } = body;
      const { link, url, freeSeats } = await createShareableLink(deps, {
        ...{ organizationId: organization.id, caller, cause },
        link: { ...chosen, role, ttlMs: TTL_MS[expiresIn] },
      });
      const warning = warningFor(link, freeSeats);
      return { ...presentLink(link, deps.clock()), url, ...(warning === undefined ? {} : { warning }) };
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/invitation-links/:link',
    operationId: 'revokeInvitationLink',
    summary: 'Takes a link back: it lets nobody in once this answers. Who came through it stays.',
    tag,
    guard,
    status: 204,
    errors: ['invitations_disabled', 'version_conflict'],
    handle: async (context, input) => revokeShareableLink(context.deps, requestOf(context, input)),
  }),
];
