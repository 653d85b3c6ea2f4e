/** Deciding about one team role or one role on a resource in a review: confirmed, or taken away as by hand. */

import type { ChangeContext, Deps } from '../deps.ts';
import type { ReviewedRight, ReviewItem, RightOutcome } from '../entities/access-review.ts';
import { setTeamMemberWithin } from '../members/teams.ts';
import type { Repositories } from '../ports/storage.ts';
import { assertHolds } from './access.ts';
import type { DecidedItem, ReviewRequest } from './access-review-settlement.ts';
import { decideInReview } from './access-review-settlement.ts';
import { explainMember } from './explain.ts';
import { setResourceRoleWithin } from './resource-grants.ts';
import { withDecisions } from './reviewed-rights.ts';
import { resourceKey } from './roles.ts';

type RightRequest = ReviewRequest<DecidedItem & { readonly of: ReviewedRight }>;

/**
 * Decides about one right of one person. A revocation takes it away at once; where a rule gives it nothing changes here, and the
 * outcome says which group to change. Throws `not_found`, `review_not_open`, `forbidden` (oneself, whom the caller may not
 * touch, and what they may not take by hand), `invalid` (field `of`: not in the review), `version_conflict`; then nothing has changed.
 */
export async function decideReviewRight(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: RightRequest,
): Promise<ReviewItem> {
  const { of } = request.item;
  return decideInReview<RightOutcome>(deps, request, {
    of,
    revoke: (tx, context) => takeAway(tx, context, request),
    whatToChangeThere: () => whatToChangeThere(deps, request),
    written: (before, said) => ({ ...before, rights: withDecisions(before.rights, { of, ...said }) }),
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
