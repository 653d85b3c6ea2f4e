/** Takes a former member out of access reviews: that somebody was reviewed stays, and what was decided, not who it was (S217). */
import type { AccessReviewId, MembershipId, OrganizationId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { ReviewItem } from '../entities/access-review.ts';
import type { Actor } from '../entities/journal.ts';
import { emptied } from '../journal/audit-emptied.ts';

const AT_ONCE = 500;
const ERASED = 'erased';

interface Erasure {
  readonly organizationId: OrganizationId;
  readonly member: MembershipId;
  readonly emailKeys: ReadonlySet<string>;
  readonly pause: () => Promise<unknown>;
}

/** The person's own items keep roles and decisions, and lose address, name and words; where they decided, a bare membership id is left. */
export async function eraseReviews({ storage }: Pick<Deps, 'storage'>, erasure: Erasure): Promise<void> {
  const { organizationId } = erasure;
  for (let after: string | undefined; ; ) {
    const reviews = await storage.accessReviews.list(organizationId, { after, limit: AT_ONCE });
    for (const review of reviews) {
      const createdBy = hidden(review.createdBy, erasure);
      const completedBy = review.completedBy && hidden(review.completedBy, erasure);
      if (createdBy !== review.createdBy || completedBy !== review.completedBy)
        await storage.transact((tx) =>
          tx.accessReviews.update(organizationId, { ...review, createdBy, completedBy }, review.version),
        );
      await eraseItems({ storage }, review.id, erasure);
    }
    if (reviews.length < AT_ONCE) return;
    after = reviews.at(-1)?.id;
  }
}

async function eraseItems(
  { storage }: Pick<Deps, 'storage'>,
  reviewId: AccessReviewId,
  erasure: Erasure,
): Promise<void> {
  const { organizationId, pause } = erasure;
  for (let after: string | undefined; ; ) {
    const items = await storage.reviewItems.list(organizationId, { reviewId }, { after, limit: AT_ONCE });
    for (const item of items) {
      const next = withoutPerson(item, erasure);
      if (JSON.stringify(next) !== JSON.stringify(item))
        await storage.transact((tx) => tx.reviewItems.erase(organizationId, next, item.version));
    }
    if (items.length < AT_ONCE) return;
    after = items.at(-1)?.membershipId;
    await pause();
  }
}

const hidden = (actor: Actor, { member }: Erasure): Actor =>
  (actor.kind === 'member' || actor.kind === 'api_key') && actor.membershipId === member
    ? emptied(actor)
    : actor;

/** Pure: the item as it is to be kept. */
function withoutPerson(item: ReviewItem, erasure: Erasure): ReviewItem {
  const isTheirs = item.membershipId === erasure.member;
  const tells = (words: string) =>
    isTheirs || [...erasure.emailKeys].some((key) => foldKey(words).includes(key));
  const note = (words: string | null) => (words === null || tells(words) ? null : words);
  const { access } = item;
  const grants = access.grants.map((one) => (tells(one.sentence) ? { ...one, sentence: ERASED } : one));
  return {
    ...item,
    access: {
      ...access,
      ...(isTheirs ? { email: ERASED, name: ERASED, hints: [] } : {}),
      grants,
    },
    note: note(item.note),
    decidedBy: item.decidedBy && hidden(item.decidedBy, erasure),
    rights: item.rights.map((right) => ({
      ...right,
      note: note(right.note),
      decidedBy: hidden(right.decidedBy, erasure),
    })),
  };
}
