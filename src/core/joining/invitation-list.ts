/** Invitations as somebody looks for them: newest first, by what a person sees of them and by a piece of the address, in bounded steps. */
import type { OrganizationId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { Invitation, InvitationStatus } from '../entities/invitation.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { PageRequest } from '../ports/paging.ts';

export interface InvitationSearch {
  readonly organizationId: OrganizationId;
  readonly status?: InvitationStatus | undefined;
  /** An address or a part of it, however it is written. */
  readonly text?: string | undefined;
  /** Lets others have their turn; awaited between two steps. */
  readonly pause: () => Promise<unknown>;
  /** How many invitations one step looks at; 5,000 if absent. */
  readonly stepSize?: number | undefined;
}

const STEP = 5_000;

/**
 * One page. `expired` is stored as `pending`: rows are read on until the page is full, so that a page is never short while
 * there are more. However many there are, nothing else waits longer than one step takes.
 */
export async function listInvitations(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, status, text, pause, stepSize = STEP }: InvitationSearch,
  { after, limit }: PageRequest,
): Promise<readonly Invitation[]> {
  const stored = status === 'expired' ? 'pending' : status;
  const key = text === undefined ? undefined : foldKey(text);
  const now = clock();
  const found: Invitation[] = [];
  for (let last = after; ; ) {
    const range = { status: stored, after: last };
    const end =
      key === undefined ? undefined : await storage.invitations.findNth(organizationId, range, stepSize);
    const filter = { status: stored, text: key, downTo: end };
    const rows = await storage.invitations.list(organizationId, filter, { after: last, limit });
    found.push(...rows.filter((row) => status === undefined || invitationStatus(row, now) === status));
    if (found.length >= limit) return found.slice(0, limit);
    if (rows.length < limit && end === undefined) return found;
    last = rows.length < limit ? end : rows.at(-1)?.id;
    await pause();
  }
}
