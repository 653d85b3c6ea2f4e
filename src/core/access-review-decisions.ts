/** Deciding about one person in a review: confirmed, or revoked through the same guards as by hand. */
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import type { AccessReviewId, MembershipId, OrganizationId } from '../kernel/ids.ts';
import type { Caller } from './access.ts';
import { assertHolds, assertMayTouch } from './access.ts';
import { assertOpen, getAccessReview, getReviewItem } from './access-reviews.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { ReviewItem, ReviewOutcome, RightDecision } from './entities/access-review.ts';
import type { Cause } from './entities/journal.ts';
import type { Membership } from './entities/people.ts';
import { explainMember } from './explain.ts';
import { giveOrgRole, removeMemberWithin } from './members.ts';
import type { Repositories } from './ports/storage.ts';
import { rightKey, rightsOf, withDecisions } from './reviewed-rights.ts';
import { loadRoles, rankIn, roleHeld } from './role-table.ts';
import type { OrgRole } from './roles.ts';

export interface DecisionInput {
  readonly membershipId: MembershipId;
  readonly decision: 'confirm' | 'revoke';
  readonly note?: string | undefined;
  /** Of a revocation: the person stays, with this lower org role. Absent: the membership ends. */
  readonly becomes?: OrgRole | undefined;
}

export interface DecisionRequest {
  readonly organizationId: OrganizationId;
  readonly reviewId: AccessReviewId;
  readonly caller: Caller;
  readonly cause: Cause;
  readonly item: DecisionInput;
}

/**
 * Decides about one person. A revocation takes effect at once; where a directory holds the person or the role it changes
 * nothing here, and the outcome says which group to change there. Throws `not_found`, `review_not_open`, `forbidden` (oneself,
 * and whom the caller may not touch), `last_owner`, `invalid`, `version_conflict`; then nothing has changed.
 */
export async function decideReviewItem(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: DecisionRequest,
): Promise<ReviewItem> {
  const { item } = request;
  if (item.decision === 'confirm') return settle(deps, request, async () => null);
  try {
    return await settle(deps, request, (tx, context) => revoke(tx, context, request));
  } catch (error) {
    if (!isGatehouseError(error, 'role_from_directory')) throw error;
    const text = await whatToChangeThere(deps, request);
    return settle(deps, request, async () => ({ kind: 'at_directory', text }));
  }
}

/** Guards, applies and notes one decision in one transaction. */
async function settle(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: DecisionRequest,
  apply: (tx: Repositories, context: ChangeContext) => Promise<ReviewOutcome | null>,
): Promise<ReviewItem> {
  const { organizationId, reviewId, cause, item } = request;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const review = await getAccessReview(tx, organizationId, reviewId);
    assertOpen(review);
    const before = await getReviewItem(tx, review, item.membershipId);
    await assertMayDecide(tx, request);
    const outcome = await apply(tx, context);
    const said = {
      ...{ decision: item.decision === 'confirm' ? ('confirmed' as const) : ('revoked' as const) },
      ...{ note: item.note ?? null, decidedBy: cause.actor, decidedAt: context.now },
    };
    const rights = rightsSettled(before, { ...said, outcome });
    const after: ReviewItem = { ...before, ...said, outcome, rights };
    await tx.reviewItems.update(organizationId, after, before.version);
    await record(tx, context, {
      type: 'access_review.decided',
      target: { kind: 'access_review', id: reviewId },
      details: { membershipId: before.membershipId, decision: after.decision, note: after.note, outcome },
    });
    return { ...after, version: before.version + 1 };
  });
}

/**
 * Whoever confirms a person confirms all they hold that nobody has decided about, and whoever goes loses it; a lower org role,
 * or one that a directory keeps, says nothing about the rest.
 */
function rightsSettled(
  { access, rights }: ReviewItem,
  said: Omit<RightDecision, 'of' | 'outcome'> & { readonly outcome: ReviewOutcome | null },
): readonly RightDecision[] {
  const { outcome } = said;
  if (outcome !== null && outcome.kind !== 'removed') return rights;
  const decided = new Set(rights.map(({ of }) => rightKey(of)));
  const open = rightsOf(access).filter((right) => !decided.has(rightKey(right)));
  return withDecisions(rights, ...open.map((of) => ({ ...said, of, outcome })));
}

/** Nobody reviews themselves, nor whom they may not touch: a confirmation counts as much as a revocation. */
export async function assertMayDecide(
  tx: Repositories,
  {
    organizationId,
    caller,
    item,
  }: Pick<DecisionRequest, 'organizationId' | 'caller'> & {
    readonly item: Pick<DecisionInput, 'membershipId' | 'decision'>;
  },
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

async function revoke(
  tx: Repositories,
  context: ChangeContext,
  { organizationId, caller, item }: DecisionRequest,
): Promise<ReviewOutcome> {
  const { membershipId: id, becomes } = item;
  if (becomes === undefined) assertHolds(caller, organizationId, 'members.remove');
  const membership = await tx.memberships.find(organizationId, id);
  if (membership === undefined) return { kind: 'removed' };
  if (becomes === undefined) {
    await removeMemberWithin(tx, context, { id, caller });
    return { kind: 'removed' };
  }
  await assertLower(tx, membership, becomes);
  await giveOrgRole(tx, context, { membership, role: becomes, caller });
  return { kind: 'lowered', role: becomes };
}

async function assertLower(tx: Repositories, { orgRole }: Membership, becomes: OrgRole): Promise<void> {
  const rankOf = rankIn(await loadRoles(tx));
  if ((rankOf(becomes) ?? Number.POSITIVE_INFINITY) < (rankOf(orgRole) ?? 0)) return;
  throw new GatehouseError('invalid', `This person is ${orgRole}: name a lower role.`, { field: 'becomes' });
}

/** Which group to change at the identity provider, in words. */
async function whatToChangeThere(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, item }: DecisionRequest,
): Promise<string> {
  const { storage } = deps;
  const { membershipId: id } = item;
  const told = await explainMember(deps, { organizationId, id });
  const sources = told.orgRole.because.map(({ source }) => source);
  const groups = sources.flatMap(({ groupName }) =>
    typeof groupName === 'string' ? [`"${groupName}"`] : [],
  );
  const pushed = await storage.directoryUsers.findByMembership(organizationId, id);
  const directory = pushed && (await storage.directories.find(organizationId, pushed.directoryId));
  const where = directory?.name ?? 'The directory';
  const role = `the role ${told.orgRole.role ?? 'here'}`;
  const fromGroups =
    groups.length === 0 ? '' : ` In ${where}, ${role} comes from the group ${groups.join(' and ')}.`;
  if (item.becomes !== undefined)
    return `Nothing has changed here.${fromGroups} Take the person out of it there, or change the group mapping.`;
  return `Nothing has changed here: ${where} manages this person. Unassign or deactivate them there.${fromGroups}`;
}
