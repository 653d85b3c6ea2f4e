/** Access reviews: started over people in scope, decided person by person, completed. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { AccessReviewId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { AccessReview, ReviewItem, ReviewScope } from '../entities/access-review.ts';
import type { Cause } from '../entities/journal.ts';
import { startJob } from '../jobs.ts';
import { record } from '../journal/audit.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { SNAPSHOT_STEP, type SnapshotProgress, snapshotPage } from './access-review-snapshot.ts';
import { loadRoles } from './role-table.ts';

interface ReviewRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

export interface AccessReviewInput {
  readonly name?: string | undefined;
  readonly scope: ReviewScope;
  readonly dueAt?: number | undefined;
}

/**
 * Starts a review. Up to 200 people are written down at once and it is open in the answer; more are a job, and it is
 * `preparing` until that has ended. Throws `invalid` for a scope that names what is not here, or a due time that has passed.
 */
export async function createAccessReview(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ReviewRequest & { readonly review: AccessReviewInput },
): Promise<AccessReview> {
  const { organizationId, cause, review } = input;
  const now = deps.clock();
  await assertScope(deps.storage, organizationId, review.scope);
  if (review.dueAt !== undefined && review.dueAt <= now)
    throw new GatehouseError('invalid', 'The due time lies in the past.', { field: 'dueAt' });
  const id = newId('arv', now);
  const { items, next } = await snapshotPage(deps, { organizationId, id, scope: review.scope }, undefined);
  const isWhole = next === undefined;
  const row: AccessReview = {
    ...{ id, version: 1, organizationId, scope: review.scope },
    name: review.name ?? `Review of ${new Date(now).toISOString().slice(0, 10)}`,
    state: isWhole ? 'open' : 'preparing',
    createdBy: cause.actor,
    dueAt: review.dueAt ?? null,
    ...{ completedBy: null, completedAt: null, createdAt: now, updatedAt: now },
  };
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now };
    await tx.accessReviews.insert(organizationId, row);
    await tx.reviewItems.append(organizationId, items);
    await record(tx, context, {
      type: 'access_review.created',
      target: { kind: 'access_review', id },
      details: { name: row.name, scope: row.scope, dueAt: row.dueAt },
    });
    if (isWhole) return;
    const progress: SnapshotProgress = { reviewId: id, after: next };
    const { seatsUsed } = await getOrganization(tx, organizationId);
    const totalCount = row.scope.orgRoles === null && row.scope.teamIds === null ? seatsUsed : undefined;
    await startJob(tx, context, {
      ...{ kind: 'access_review', progress },
      ...(totalCount === undefined ? {} : { totalCount }),
    });
  });
  return row;
}

async function assertScope(from: Queries, organizationId: OrganizationId, scope: ReviewScope): Promise<void> {
  const roles = await loadRoles(from);
  for (const [index, role] of (scope.orgRoles ?? []).entries())
    if (!roles.has(role)) throw notHere(`orgRoles[${index}]`, 'There is no such role.');
  for (const [index, id] of (scope.teamIds ?? []).entries())
    if ((await from.teams.find(organizationId, id)) === undefined)
      throw notHere(`teams[${index}]`, 'No team of this organization has this id.');
  for (const [index, id] of (scope.memberIds ?? []).entries())
    if ((await from.memberships.find(organizationId, id)) === undefined)
      throw notHere(`memberIds[${index}]`, 'No member of this organization has this id.');
}

const notHere = (place: string, sentence: string) =>
  new GatehouseError('invalid', sentence, { field: `scope.${place}` });

/** As many as `scope.memberIds` may name: one step writes them down. */
export const MOST_NAMED = SNAPSHOT_STEP - 1;

/** The review, or `not_found`. */
export async function getAccessReview(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: AccessReviewId,
): Promise<AccessReview> {
  const review = await from.accessReviews.find(organizationId, id);
  if (review === undefined) throw new GatehouseError('not_found', 'No such access review.');
  return review;
}

/** The person in the review, or `not_found`. */
export async function getReviewItem(
  from: Queries | Repositories,
  review: Pick<AccessReview, 'organizationId' | 'id'>,
  membershipId: MembershipId,
): Promise<ReviewItem> {
  const item = await from.reviewItems.find(review.organizationId, review.id, membershipId);
  if (item === undefined) throw new GatehouseError('not_found', 'No such member.');
  return item;
}

/** Throws `review_not_open` unless decisions may be taken. */
export function assertOpen({ state }: AccessReview): void {
  if (state === 'open') return;
  const why =
    state === 'preparing' ? 'People are still being written down.' : 'This review has been completed.';
  throw new GatehouseError('review_not_open', why);
}

/** Completes a review; who is still undecided stays so, and is counted. Throws `not_found`, `review_not_open`. */
export async function completeAccessReview(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ReviewRequest & { readonly id: AccessReviewId },
): Promise<AccessReview> {
  const { organizationId, cause, id } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getAccessReview(tx, organizationId, id);
    assertOpen(before);
    const after: AccessReview = {
      ...before,
      ...{ state: 'completed', completedBy: cause.actor, completedAt: context.now, updatedAt: context.now },
    };
    await tx.accessReviews.update(organizationId, after, before.version);
    await record(tx, context, {
      type: 'access_review.completed',
      target: { kind: 'access_review', id },
      details: { name: before.name, counts: await tx.reviewItems.count(organizationId, id) },
    });
    return { ...after, version: before.version + 1 };
  });
}
