/** Deciding about one person in a review: confirmed, or revoked through the same guards as by hand. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { ReviewItem, ReviewOutcome, RightDecision } from '../entities/access-review.ts';
import type { Membership } from '../entities/people.ts';
import { giveOrgRole, removeMemberWithin } from '../members/members.ts';
import type { Repositories } from '../ports/storage.ts';
import { assertHolds } from './access.ts';
import type { Decided, DecidedItem, ReviewRequest } from './access-review-settlement.ts';
import { decideInReview } from './access-review-settlement.ts';
import { explainMember } from './explain.ts';
import { rightKey, rightsOf, withDecisions } from './reviewed-rights.ts';
import { loadRoles, rankIn } from './role-table.ts';
import type { OrgRole } from './roles.ts';

export interface DecisionInput extends DecidedItem {
  /** Of a revocation: the person stays, with this lower org role. Absent: the membership ends. */
  readonly becomes?: OrgRole | undefined;
}

type DecisionRequest = ReviewRequest<DecisionInput>;

/**
 * Decides about one person. A revocation takes effect at once; where a directory holds the person or the role it changes
 * nothing here, and the outcome says which group to change there. Throws `not_found`, `review_not_open`, `forbidden` (oneself,
 * and whom the caller may not touch), `last_owner`, `invalid`, `version_conflict`; then nothing has changed.
 */
export async function decideReviewItem(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: DecisionRequest,
): Promise<ReviewItem> {
  return decideInReview<ReviewOutcome>(deps, request, {
    revoke: (tx, context) => revoke(tx, context, request),
    whatToChangeThere: () => whatToChangeThere(deps, request),
    written: (before, said) => ({ ...before, ...said, rights: rightsSettled(before, said) }),
  });
}

/**
 * Whoever confirms a person confirms all they hold that nobody has decided about, and whoever goes loses it; a lower org role,
 * or one that a directory keeps, says nothing about the rest.
 */
function rightsSettled(
  { access, rights }: ReviewItem,
  said: Decided<ReviewOutcome>,
): readonly RightDecision[] {
  const { outcome } = said;
  if (outcome !== null && outcome.kind !== 'removed') return rights;
  const decided = new Set(rights.map(({ of }) => rightKey(of)));
  const open = rightsOf(access).filter((right) => !decided.has(rightKey(right)));
  return withDecisions(rights, ...open.map((of) => ({ ...said, of, outcome })));
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
