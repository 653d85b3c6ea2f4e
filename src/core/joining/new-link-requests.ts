/** Asking for a new invitation or link when the one at hand works no more: whoever made it is told once, and the asker learns nothing. */
import type { MembershipId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { Actor, Cause } from '../entities/journal.ts';
import { shareableLinkStatus } from '../entities/shareable-link.ts';
import { record } from '../journal/audit.ts';
import { enqueueMail } from '../journal/outbox.ts';
import { layOut } from '../mail/mail-layout.ts';
import { countNotice } from '../mail/mail-limit.ts';
import type { Asked } from '../mail/member-mails.ts';
import { newLinkWantedMail } from '../mail/member-mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { findByLink } from './invitation-links.ts';

type RequestDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'afterwards'>;

interface Request {
  /** The last part of the address that did not work. */
  readonly token: string;
  readonly cause: Cause;
}

/**
 * Tells whoever invited, once for each invitation or link, that its holder would like a new one. Resolves at once and alike
 * whatever the token is worth: what follows happens after the answer. Nobody is told for an invitation that still works or was
 * accepted, nor in a directory-managed organization (law 11).
 */
export const askForNewLink = async (deps: RequestDeps, request: Request): Promise<void> =>
  deps.afterwards(async () => {
    await askAboutInvitation(deps, request);
    await askAboutLink(deps, request);
  });

async function askAboutInvitation(deps: RequestDeps, { token, cause }: Request): Promise<void> {
  const found = (await findByLink(deps.storage, deps.hashToken, token))?.invitation;
  if (found === undefined) return;
  const { organizationId, id } = found;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const invitation = await tx.invitations.find(organizationId, id);
    if (invitation === undefined || invitation.askedAt !== null) return;
    const status = invitationStatus(invitation, context.now);
    if (status === 'pending' || status === 'accepted') return;
    const { email, invitedBy } = invitation;
    const wanted = {
      kind: 'invitation',
      id,
      maker: invitedBy,
      asked: { kind: 'invitation', email },
    } as const;
    if (!(await tell(tx, context, wanted))) return;
    await tx.invitations.update(organizationId, { ...invitation, askedAt: context.now }, invitation.version);
  });
}

async function askAboutLink(deps: RequestDeps, { token, cause }: Request): Promise<void> {
  const found = await deps.storage.shareableLinks.findByTokenHash(deps.hashToken(token));
  if (found === undefined) return;
  const { organizationId, id } = found;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const link = await tx.shareableLinks.find(organizationId, id);
    if (link === undefined || link.askedAt !== null) return;
    if (shareableLinkStatus(link, context.now) === 'open') return;
    const { createdAt, createdBy } = link;
    const asked = { kind: 'link', createdAt } as const;
    const wanted = { kind: 'invitation_link', id, maker: createdBy, asked } as const;
    if (!(await tell(tx, context, wanted))) return;
    await tx.shareableLinks.update(organizationId, { ...link, askedAt: context.now }, link.version);
  });
}

interface Telling {
  readonly kind: 'invitation' | 'invitation_link';
  readonly id: string;
  readonly maker: Actor;
  readonly asked: Asked;
}

/** One mail to the member who made it, while they are one; to the owners for anybody else's. False: the door is shut. */
async function tell(tx: Repositories, context: ChangeContext, telling: Telling): Promise<boolean> {
  const { kind, id, maker, asked } = telling;
  const organization = await getOrganization(tx, context.organizationId);
  if (organization.provisioning === 'directory') return false;
  const content = newLinkWantedMail({ organization, asked });
  const to = await addressOfMaker(tx, context, maker);
  if (to === undefined) await mailOwners(tx, context, () => content);
  else if (await countNotice(tx, context.now, foldKey(to)))
    await enqueueMail(tx, context, layOut(to, content, organization.branding));
  await record(tx, context, { type: `${kind}.asked_for`, target: { kind, id } });
  return true;
}

async function addressOfMaker(
  tx: Repositories,
  { organizationId }: ChangeContext,
  maker: Actor,
): Promise<string | undefined> {
  if (maker.kind !== 'member') return undefined;
  const member = await tx.memberships.find(organizationId, maker.membershipId as MembershipId);
  return member?.status === 'active' ? (member.email ?? undefined) : undefined;
}
