/** The end of a link that was passed on, whoever ends it: it lets nobody in from then on. */
import type { MembershipId } from '../../kernel/ids.ts';
import type { ChangeContext } from '../deps.ts';
import type { ShareableLink } from '../entities/shareable-link.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';

/** Ends one link inside the caller's transaction; `voided` says why Gatehouse itself did it. */
export async function endShareableLink(
  tx: Repositories,
  context: ChangeContext,
  end: { readonly link: ShareableLink; readonly voided?: 'directory_managed' | 'maker_gone' },
): Promise<void> {
  const { link, voided } = end;
  const next: ShareableLink = { ...link, revokedAt: context.now };
  await tx.shareableLinks.update(context.organizationId, next, link.version);
  await record(tx, context, {
    type: voided === undefined ? 'invitation_link.revoked' : 'invitation_link.voided',
    target: { kind: 'invitation_link', id: link.id },
    details: { uses: link.uses, ...(voided === undefined ? {} : { reason: voided }) },
  });
}

/** Law 6, S144: the links of somebody who is suspended or goes end with that, and do not come back with them. */
export async function endLinksOf(
  tx: Repositories,
  context: ChangeContext,
  membershipId: MembershipId,
): Promise<void> {
  for (const link of await tx.shareableLinks.listOpen(context.organizationId, context.now)) {
    const { createdBy } = link;
    const isTheirs = 'membershipId' in createdBy && createdBy.membershipId === membershipId;
    if (isTheirs) await endShareableLink(tx, context, { link, voided: 'maker_gone' });
  }
}
