/** Access reviews over the management API: who holds what, should they, and what came of it. */
import { z } from 'zod';
import { changesSince } from '../../core/access/access-review-changes.ts';
import { type DecisionInput, decideReviewItem } from '../../core/access/access-review-decisions.ts';
import { decideReviewRight } from '../../core/access/access-review-rights.ts';
import {
  completeAccessReview,
  createAccessReview,
  getAccessReview,
  getReviewItem,
} from '../../core/access/access-reviews.ts';
import type { AccessReview, ReviewedRight, ReviewItem } from '../../core/entities/access-review.ts';
import { assertFresh } from '../../core/sign-in/step-up.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import type { AccessReviewId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { exportReview } from './access-review-export.ts';
import { createBody, decisionBody, decisionsBody } from './access-review-fields.ts';
import { presentReview, presentReviewItem, reviewItemShape, reviewShape } from './access-review-shapes.ts';
import { pageFields, pageOf, pageQuery, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'access reviews';
const reading = { kind: 'organization', permission: 'audit.read' } as const;
const deciding = { ...reading, permission: 'members.update', alsoNeeds: 'audit.read' } as const;

const decidedShape = z.object({
  items: z.array(
    z.object({
      member: z.string(),
      ok: z.boolean(),
      item: reviewItemShape.nullable(),
      problem: z.object({ code: z.string(), detail: z.string(), field: z.string().nullable() }).nullable(),
    }),
  ),
});

const reviewOf = ({ deps, organization }: OrganizationContext, params: Readonly<Record<string, string>>) =>
  getAccessReview(deps.storage, organization.id, pathId('arv', params, 'review'));

async function shown(deps: HttpDeps, review: AccessReview) {
  const counts = await deps.storage.reviewItems.count(review.organizationId, review.id);
  return presentReview(review, { counts, now: deps.clock() });
}

const shownItem = async (deps: HttpDeps, item: ReviewItem) =>
  presentReviewItem(item, await changesSince(deps.storage, item));

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/access-reviews',
    operationId: 'listAccessReviews',
    summary: 'Lists access reviews, newest first.',
    tag,
    guard: reading,
    query: pageQuery,
    status: 200,
    response: pageOf(reviewShape),
    errors: [],
    handle: async ({ deps, organization }, { query }) => {
      const list = (page: Parameters<typeof deps.storage.accessReviews.list>[1]) =>
        deps.storage.accessReviews.list(organization.id, page);
      const { rows, nextCursor } = await readPage(query, list, ({ id }) => id);
      const items = [];
      for (const review of rows) items.push(await shown(deps, review));
      return { items, nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/access-reviews/:review',
    operationId: 'getAccessReview',
    summary: 'Answers one review with how many are decided.',
    tag,
    guard: reading,
    status: 200,
    response: reviewShape,
    errors: [],
    handle: async (context, { params }) => shown(context.deps, await reviewOf(context, params)),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/access-reviews/:review/items',
    operationId: 'listReviewItems',
    summary:
      'Lists the people of a review, oldest member first: what they held and why, hints, and what has changed since.',
    tag,
    guard: reading,
    query: z.strictObject({
      decision: queryField(z.enum(['pending', 'confirmed', 'revoked'])),
      ...pageFields,
    }),
    status: 200,
    response: pageOf(reviewItemShape),
    errors: [],
    handle: async (context, { params, query }) => {
      const { deps, organization } = context;
      const { id: reviewId } = await reviewOf(context, params);
      const ask = { reviewId, decision: query.decision };
      const list = (page: Parameters<typeof deps.storage.reviewItems.list>[2]) =>
        deps.storage.reviewItems.list(organization.id, ask, page);
      const { rows, nextCursor } = await readPage(query, list, ({ membershipId }) => membershipId);
      const items = [];
      for (const item of rows) items.push(await shownItem(deps, item));
      return { items, nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/access-reviews/:review/items/:member',
    operationId: 'getReviewItem',
    summary: 'Answers one person of a review, by the id of the member.',
    tag,
    guard: reading,
    status: 200,
    response: reviewItemShape,
    errors: [],
    handle: async (context, { params }) => {
      const review = await reviewOf(context, params);
      const { storage } = context.deps;
      return shownItem(context.deps, await getReviewItem(storage, review, pathId('mem', params, 'member')));
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/access-reviews/:review/export',
    operationId: 'exportAccessReview',
    summary: 'The whole review as CSV.',
    tag,
    guard: reading,
    status: 200,
    file: ['text/csv'],
    errors: [],
    handle: async (context, { params }) => {
      const review = await reviewOf(context, params);
      const day = new Date(review.createdAt).toISOString().slice(0, 10);
      const fileName = `${context.organization.slug}-access-review-${day}.csv`;
      return exportReview(context.deps, { review, fileName });
    },
  }),
];

type Decision = DecisionInput & { readonly of?: ReviewedRight | undefined };

/** Whoever takes something from an owner has signed in minutes ago, as by hand (S192). */
async function decide(
  context: OrganizationContext,
  reviewId: AccessReviewId,
  item: Decision,
): Promise<ReviewItem> {
  const { deps, caller, cause, organization, signedIn } = context;
  if (item.decision === 'revoke' && caller.kind === 'member' && signedIn !== undefined) {
    const member = await deps.storage.memberships.find(organization.id, item.membershipId);
    if (member?.orgRole === 'owner') assertFresh(deps, signedIn.session);
  }
  const request = { organizationId: organization.id, reviewId, caller, cause };
  const { of } = item;
  return of === undefined
    ? decideReviewItem(deps, { ...request, item })
    : decideReviewRight(deps, { ...request, item: { ...item, of } });
}

/** One of several: what is refused is told beside what was done. */
async function decideOne(context: OrganizationContext, reviewId: AccessReviewId, item: Decision) {
  const member: string = item.membershipId;
  try {
    const decided = await decide(context, reviewId, item);
    return { member, ok: true, item: await shownItem(context.deps, decided), problem: null };
  } catch (error) {
    if (!isGatehouseError(error) || error.code === 'internal' || error.code === 'storage_unavailable')
      throw error;
    const { code, detail, field } = error;
    return { member, ok: false, item: null, problem: { code, detail, field: field ?? null } };
  }
}

/** All routes of this resource. */
export const accessReviewRoutes: readonly ApiRoute[] = [
  ...readRoutes,
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/access-reviews',
    operationId: 'createAccessReview',
    summary: 'Writes down who holds what and why, for somebody to confirm or revoke.',
    tag,
    guard: deciding,
    body: createBody,
    status: 201,
    response: reviewShape,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }, { body }) => {
      const { name, dueAt } = body;
      const { orgRoles = null, teams = null, memberIds = null } = body.scope;
      const scope = { orgRoles, teamIds: teams, memberIds };
      const review = { name, dueAt, scope };
      return shown(deps, await createAccessReview(deps, { organizationId: organization.id, cause, review }));
    },
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/access-reviews/:review/items/:member',
    operationId: 'decideReviewItem',
    summary:
      'Confirms what a person holds, or revokes it through the same guards as by hand; at once. With `of`, one team role or role on a resource.',
    tag,
    guard: deciding,
    body: decisionBody,
    status: 200,
    response: reviewItemShape,
    errors: ['review_not_open', 'last_owner', 'version_conflict', 'step_up_required'],
    handle: async (context, { params, body }) => {
      const { id } = await reviewOf(context, params);
      const membershipId = pathId('mem', params, 'member');
      return shownItem(context.deps, await decide(context, id, { membershipId, ...body }));
    },
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/access-reviews/:review/items',
    operationId: 'decideReviewItems',
    summary: 'Decides about several people, each by itself: what is refused is told beside what was done.',
    tag,
    guard: deciding,
    body: decisionsBody,
    status: 200,
    response: decidedShape,
    errors: [],
    handle: async (context, { params, body }) => {
      const { id } = await reviewOf(context, params);
      const items = [];
      for (const { member: membershipId, ...rest } of body.decisions)
        items.push(await decideOne(context, id, { membershipId, ...rest }));
      return { items };
    },
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/access-reviews/:review/complete',
    operationId: 'completeAccessReview',
    summary: 'Completes a review; whoever is undecided stays so, and is counted.',
    tag,
    guard: deciding,
    status: 200,
    response: reviewShape,
    errors: ['review_not_open', 'version_conflict'],
    handle: async (context, { params }) => {
      const { deps, cause, organization } = context;
      const { id } = await reviewOf(context, params);
      return shown(deps, await completeAccessReview(deps, { organizationId: organization.id, cause, id }));
    },
  }),
];
