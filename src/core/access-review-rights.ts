/** Deciding about one team role or one role on a resource in a review: confirmed, or taken away as by hand. */
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import type { AccessReviewId, MembershipId, OrganizationId } from '../kernel/ids.ts';
import type { Caller } from './access.ts';
import { assertHolds } from './access.ts';
import { assertMayDecide } from './access-review-decisions.ts';
import { assertOpen, getAccessReview, getReviewItem } from './access-reviews.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { ReviewedRight, ReviewItem, RightDecision, RightOutcome } from './entities/access-review.ts';
import type { Cause } from './entities/journal.ts';
import { explainMember } from './explain.ts';
import type { Repositories } from './ports/storage.ts';
import { setResourceRoleWithin } from './resource-grants.ts';
import { rightKey, rightsOf, withDecisions } from './reviewed-rights.ts';
import { resourceKey } from './roles.ts';
import { setTeamMemberWithin } from './teams.ts';

export interface RightRequest {
  readonly organizationId: OrganizationId;
  readonly reviewId: AccessReviewId;
  readonly caller: Caller;
  readonly cause: Cause;
  readonly item: {
    readonly membershipId: MembershipId;
    readonly of: ReviewedRight;
    readonly decision: 'confirm' | 'revoke';
    readonly note?: string | undefined;
  };
}

/**
 * Decides about one right of one person. A revocation takes it away at once; where a rule gives it nothing changes here, and the
 * outcome says which group to change. Throws `not_found`, `review_not_open`, `forbidden` (oneself, whom the caller may not
 * touch, and what they may not take by hand), `invalid` (field `of`: not in the review), `version_conflict`; then nothing has changed.
 */
export async function decideReviewRight(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: RightRequest,
): Promise<ReviewItem> {
  const { item } = request;
  if (item.decision === 'confirm') return settle(deps, request, async () => null);
  try {
    return await settle(deps, request, (tx, context) => takeAway(tx, context, request));
  } catch (error) {
    if (!isGatehouseError(error, 'role_from_directory')) throw error;
    const text = await whatToChangeThere(deps, request);
    return settle(deps, request, async () => ({ kind: 'at_directory', text }));
  }
}

async function settle(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: RightRequest,
  apply: (tx: Repositories, context: ChangeContext) => Promise<RightOutcome | null>,
): Promise<ReviewItem> {
  const { organizationId, reviewId, cause, item } = request;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const review = await getAccessReview(tx, organizationId, reviewId);
    assertOpen(review);
    const before = await getReviewItem(tx, review, item.membershipId);
    if (!rightsOf(before.access).some((right) => rightKey(right) === rightKey(item.of)))
      throw new GatehouseError('invalid', 'This person had no such role when the review looked.', {
        field: 'of',
      });
    await assertMayDecide(tx, request);
    const decided: RightDecision = {
      ...{ of: item.of, decision: item.decision === 'confirm' ? 'confirmed' : 'revoked' },
      ...{ note: item.note ?? null, outcome: await apply(tx, context) },
      ...{ decidedBy: cause.actor, decidedAt: context.now },
    };
    const after = { ...before, rights: withDecisions(before.rights, decided) };
    await tx.reviewItems.update(organizationId, after, before.version);
    const { of, decision, note, outcome } = decided;
    await record(tx, context, {
      type: 'access_review.decided',
      target: { kind: 'access_review', id: reviewId },
      details: { membershipId: before.membershipId, of, decision, note, outcome },
    });
    return { ...after, version: before.version + 1 };
  });
}

async function takeAway(
  tx: Repositories,
  context: ChangeContext,
  { organizationId, caller, item }: RightRequest,
): Promise<RightOutcome> {
  const { membershipId: id, of } = item;
  if ((await tx.memberships.find(organizationId, id)) === undefined) return { kind: 'removed' };
  if (of.kind === 'resource') {
    assertHolds(caller, organizationId, 'roles.manage');
    await setResourceRoleWithin(tx, context, { id, caller, resource: of.resource, role: null });
  } else if ((await tx.teams.find(organizationId, of.teamId)) !== undefined)
    await setTeamMemberWithin(tx, context, { teamId: of.teamId, memberId: id, caller, role: null });
  return { kind: 'removed' };
}

/** Which group to change at the identity provider, in words. */
async function whatToChangeThere(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, item }: RightRequest,
): Promise<string> {
  const { membershipId: id, of } = item;
  const told = await explainMember(deps, { organizationId, id });
  const team = of.kind === 'team' ? told.teams.find((one) => one.id === of.teamId) : undefined;
  const held =
    team ??
    told.resources.find(
      (one) => of.kind === 'resource' && resourceKey(one.resource) === resourceKey(of.resource),
    );
  const where = team === undefined ? 'on this resource' : `in team "${team.name}"`;
  const why = (held?.because ?? []).map(({ sentence }) => sentence).join(' ');
  return `Nothing has changed here. The role ${held?.role ?? ''} ${where} comes from elsewhere: ${why} Take the person out of the group there, or change the group mapping.`;
}
