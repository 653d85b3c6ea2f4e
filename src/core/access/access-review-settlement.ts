/** The frame of every decision in a review: load, guard, apply, note; and what it comes to where a directory holds the role. */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { AccessReviewId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { ReviewedRight, ReviewItem, RightDecision, RightOutcome } from '../entities/access-review.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import type { Caller } from './access.ts';
import { assertMayTouch } from './access.ts';
import { assertOpen, getAccessReview, getReviewItem } from './access-reviews.ts';
import { rightKey, rightsOf } from './reviewed-rights.ts';
import { roleHeld } from './role-table.ts';

export interface DecidedItem {
  readonly membershipId: MembershipId;
  readonly decision: 'confirm' | 'revoke';
  readonly note?: string | undefined;
}

export interface ReviewRequest<Item extends DecidedItem = DecidedItem> {
  readonly organizationId: OrganizationId;
  readonly reviewId: AccessReviewId;
  readonly caller: Caller;
  readonly cause: Cause;
  readonly item: Item;
}

/** A decision as it is written down; a confirmation has no outcome. */
export type Decided<Outcome> = Omit<RightDecision, 'of' | 'outcome'> & {
  readonly outcome: Outcome | RightOutcome | null;
};

/** What differs between a decision about a person and one about a right of theirs. */
export interface DecisionRule<Outcome> {
  /** The right it is about; absent: the person. */
  readonly of?: ReviewedRight;
  /** Takes away, in the transaction of the decision. */
  readonly revoke: (tx: Repositories, context: ChangeContext) => Promise<Outcome>;
  /** Which group to change where the directory holds what would go, in words. */
  readonly whatToChangeThere: () => Promise<string>;
  /** The line of the review with the decision in it. */
  readonly written: (before: ReviewItem, said: Decided<Outcome>) => ReviewItem;
}

/**
 * Decides by one rule: a revocation takes effect at once; where a directory holds the role nothing changes here and the outcome says
 * what to change there. Throws `not_found`, `review_not_open`, `forbidden` (oneself, and whom the caller may not touch), `invalid`
 * (field `of`: not in the review; field `decision`: nobody there to confirm), `version_conflict`, and what `revoke` throws; then
 * nothing has changed.
 */
export async function decideInReview<Outcome>(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: ReviewRequest,
  rule: DecisionRule<Outcome>,
): Promise<ReviewItem> {
  const settled = (apply: Settlement<Outcome>['apply']) =>
    deps.storage.transact((tx) => settle(tx, { ...request, ...rule, apply, now: deps.clock() }));
  if (request.item.decision === 'confirm') return settled(async () => null);
  try {
    return await settled(rule.revoke);
  } catch (error) {
    if (!isGatehouseError(error, 'role_from_directory')) throw error;
    const text = await rule.whatToChangeThere();
    return settled(async () => ({ kind: 'at_directory', text }));
  }
}

interface Settlement<Outcome> extends ReviewRequest, Pick<DecisionRule<Outcome>, 'of' | 'written'> {
  readonly apply: (tx: Repositories, context: ChangeContext) => Promise<Outcome | RightOutcome | null>;
  readonly now: number;
}

async function settle<Outcome>(tx: Repositories, request: Settlement<Outcome>): Promise<ReviewItem> {
  const { organizationId, reviewId, cause, item, now, of, apply, written } = request;
  const context: ChangeContext = { organizationId, cause, now };
  const review = await getAccessReview(tx, organizationId, reviewId);
  assertOpen(review);
  const before = await getReviewItem(tx, review, item.membershipId);
  if (of !== undefined) assertReviewed(before, of);
  await assertMayDecide(tx, request);
  const said: Decided<Outcome> = {
    ...{ decision: item.decision === 'confirm' ? 'confirmed' : 'revoked', note: item.note ?? null },
    ...{ outcome: await apply(tx, context), decidedBy: cause.actor, decidedAt: now },
  };
  const after = written(before, said);
  await tx.reviewItems.update(organizationId, after, before.version);
  const { decision, note, outcome } = said;
  await record(tx, context, {
    type: 'access_review.decided',
    target: { kind: 'access_review', id: reviewId },
    details: { membershipId: before.membershipId, ...(of && { of }), decision, note, outcome },
  });
  return { ...after, version: before.version + 1 };
}

function assertReviewed({ access }: ReviewItem, of: ReviewedRight): void {
  if (rightsOf(access).some((right) => rightKey(right) === rightKey(of))) return;
  throw new GatehouseError('invalid', 'This person had no such role when the review looked.', {
    field: 'of',
  });
}

/** Nobody reviews themselves, nor whom they may not touch: a confirmation counts as much as a revocation. */
async function assertMayDecide(
  tx: Repositories,
  { organizationId, caller, item }: ReviewRequest,
): Promise<void> {
  if (caller.kind !== 'operator' && caller.membershipId === item.membershipId)
    throw new GatehouseError('forbidden', 'Somebody else reviews your own access.', {
      whatToDo: 'Leave this line to another reviewer.',
    });
  const member = await tx.memberships.find(organizationId, item.membershipId);
  if (member === undefined) {
    if (item.decision === 'revoke') return;
    throw new GatehouseError('invalid', 'This person is a member no more.', { field: 'decision' });
  }
  assertMayTouch(caller, await roleHeld(tx, member.orgRole));
}
