/** The end of a link that was passed on, whoever ends it: it lets nobody in from then on. */
import { record } from './audit.ts';
import type { ChangeContext } from './deps.ts';
import type { ShareableLink } from './entities/shareable-link.ts';
import type { Repositories } from './ports/storage.ts';

/** Ends one link inside the caller's transaction; `voided` says why Gatehouse itself did it. */
export async function endShareableLink(
  tx: Repositories,
  context: ChangeContext,
  end: { readonly link: ShareableLink; readonly voided?: 'directory_managed' },
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
