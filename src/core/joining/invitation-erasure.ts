/** Takes a former member out of what brought people in: invitations, links, proofs of addresses, counts of mails (S217). */
import type { MembershipId, OrganizationId, ShareableLinkId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { Invitation } from '../entities/invitation.ts';
import { withdrawn } from '../entities/invitation.ts';
import type { Actor } from '../entities/journal.ts';
import type { ShareableLink } from '../entities/shareable-link.ts';
import { emptied } from '../journal/audit-emptied.ts';
import { forgetMailCounts } from '../mail/mail-limit.ts';

const AT_ONCE = 500;
const ERASED = 'erased';

interface Erasure {
  readonly organizationId: OrganizationId;
  readonly member: MembershipId;
  readonly emails: readonly string[];
  readonly pause: () => Promise<unknown>;
}

/** Who is forgotten; addresses are found on the way. */
interface Known {
  readonly member: MembershipId;
  readonly emailKeys: Set<string>;
}

/**
 * An invitation of the person keeps what it gave and when, and loses address, message and department; one that waits ends. Where
 * they acted for others a bare membership id is left. Answers how many invitations and
 * links were changed, and all addresses of the person that were given or found, folded.
 */
export async function eraseWaysIn(
  deps: Pick<Deps, 'storage' | 'clock'>,
  erasure: Erasure,
): Promise<{ readonly changed: number; readonly emailKeys: ReadonlySet<string> }> {
  const { member, emails } = erasure;
  const known: Known = { member, emailKeys: new Set(emails.map(foldKey)) };
  const changed = (await eraseInvitations(deps, erasure, known)) + (await eraseLinks(deps, erasure, known));
  await deps.storage.transact(async (tx) => {
    for (const emailKey of known.emailKeys) {
      await tx.oneTimeRecords.eraseProofs(emailKey);
      await forgetMailCounts(tx, emailKey);
    }
  });
  return { changed, emailKeys: known.emailKeys };
}

async function eraseInvitations(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, pause }: Erasure,
  known: Known,
): Promise<number> {
  let changed = 0;
  for (let after: string | undefined; ; ) {
    const rows = await storage.invitations.list(organizationId, {}, { after, limit: AT_ONCE });
    for (const row of rows) {
      const next = withoutPerson(row, known, clock());
      if (next === undefined) continue;
      await storage.transact((tx) => tx.invitations.erase(organizationId, next, row.version));
      changed += 1;
    }
    if (rows.length < AT_ONCE) return changed;
    after = rows.at(-1)?.id;
    await pause();
  }
}

const isOf = (actor: Actor, { member }: Known): boolean =>
  (actor.kind === 'member' || actor.kind === 'api_key') && actor.membershipId === member;
const hidden = (actor: Actor, known: Known): Actor => (isOf(actor, known) ? emptied(actor) : actor);

/** Whether a message to somebody else has an address of theirs in it. */
const tellsOf = (message: string | null, { emailKeys }: Known): boolean =>
  message !== null && [...emailKeys].some((key) => foldKey(message).includes(key));

/** The invitation as it is to be kept; undefined when it says nothing of the person. Notes an address of theirs. */
function withoutPerson(row: Invitation, known: Known, now: number): Invitation | undefined {
  const isTheirs = row.acceptedBy === known.member || known.emailKeys.has(row.emailKey);
  const isAddressed = isTheirs && row.email !== ERASED;
  if (isAddressed) known.emailKeys.add(row.emailKey);
  const ended = isAddressed && row.status === 'pending';
  const kept = ended
    ? withdrawn(row, { kind: 'voided', why: 'erased', by: { kind: 'system' }, at: now })
    : row;
  const next: Invitation = {
    ...kept,
    ...(isAddressed ? { email: ERASED, emailKey: `${ERASED} ${row.id}`, department: null } : {}),
    message: isTheirs || isOf(row.invitedBy, known) || tellsOf(row.message, known) ? null : row.message,
    invitedBy: hidden(row.invitedBy, known),
    history: kept.history.map((step) => ({ ...step, by: hidden(step.by, known) })),
  };
  return JSON.stringify(next) === JSON.stringify(row) ? undefined : next;
}

async function eraseLinks(
  { storage }: Pick<Deps, 'storage'>,
  { organizationId, pause }: Erasure,
  known: Known,
): Promise<number> {
  let changed = 0;
  for (let after: string | undefined; ; ) {
    const rows = await storage.shareableLinks.list(organizationId, { after, limit: AT_ONCE });
    for (const row of rows) if (await eraseLink({ storage }, row, known)) changed += 1;
    if (rows.length < AT_ONCE) return changed;
    after = rows.at(-1)?.id;
    await pause();
  }
}

/** Whether anything of the person stood there. A link has at most 500 uses. */
async function eraseLink(
  { storage }: Pick<Deps, 'storage'>,
  link: ShareableLink,
  known: Known,
): Promise<boolean> {
  const { organizationId, id, version } = link;
  const createdBy = hidden(link.createdBy, known);
  const isTheirs = JSON.stringify(createdBy) !== JSON.stringify(link.createdBy);
  const uses = await usesOf({ storage }, { organizationId, id, known });
  if (!isTheirs && uses.length === 0) return false;
  await storage.transact(async (tx) => {
    if (isTheirs) await tx.shareableLinks.update(organizationId, { ...link, createdBy }, version);
    for (const membershipId of uses) await tx.shareableLinks.eraseUse(organizationId, id, membershipId);
  });
  return true;
}

async function usesOf(
  { storage }: Pick<Deps, 'storage'>,
  of: { readonly organizationId: OrganizationId; readonly id: ShareableLinkId; readonly known: Known },
): Promise<readonly MembershipId[]> {
  const { organizationId, id, known } = of;
  const uses = await storage.shareableLinks.listUses(organizationId, id, { limit: AT_ONCE });
  const theirs = uses.filter(
    ({ membershipId, email }) =>
      email !== '' && (membershipId === known.member || known.emailKeys.has(foldKey(email))),
  );
  for (const { email } of theirs) known.emailKeys.add(foldKey(email));
  return theirs.map(({ membershipId }) => membershipId);
}
