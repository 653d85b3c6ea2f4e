/** Accepting an invitation: by a new person with name and password, or by somebody who is signed in. */
import { GatehouseError } from '../kernel/errors.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Invitation } from './entities/invitation.ts';
import { invitationStatus } from './entities/invitation.ts';
import type { Cause } from './entities/journal.ts';
import type { Organization } from './entities/organization.ts';
import type { Membership } from './entities/people.ts';
import { findByLink } from './invitation-links.ts';
import { assertAcceptable, settleInvitation } from './invitation-settlement.ts';
import type { Acceptor, Joined, JoiningDeps } from './joining.ts';
import { admit, credentialsOf, isTakenBack } from './joining.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Repositories } from './ports/storage.ts';
import { assertInvitationsOpen } from './provisioning.ts';

/** What the page may show to the holder of the link; reading consumes nothing (S164). Undefined for anything but a pending one. */
export async function previewInvitation(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<
  | { readonly invitation: Invitation; readonly organization: Organization; readonly hasAccount: boolean }
  | undefined
> {
  const opened = await findByLink(deps.storage, deps.hashToken, token);
  if (opened === undefined || invitationStatus(opened.invitation, deps.clock()) !== 'pending')
    return undefined;
  const { invitation, link } = opened;
  const organization = await deps.storage.organizations.find(invitation.organizationId);
  if (organization === undefined || organization.provisioning === 'directory') return undefined;
  const holder = await deps.storage.users.findByEmail(invitation.emailKey);
  const hasAccount = holder !== undefined && !isTakenBack(holder, link);
  return { invitation, organization, hasAccount };
}

/**
 * Accepts an invitation and opens a session in the organization. Exactly one of any number of parallel calls succeeds
 * (law 5). Throws `not_found`, `invitation_used`, `invitation_revoked`, `invitation_expired`, `invitations_disabled`,
 * `forbidden` (signed in as another address), `already_exists` (the address has an account, with another password:
 * sign in first), `second_factor_required` (field `code`), `too_many_requests` (wrong passwords of that account, S178), `already_member`, `seats_exhausted`,
 * `invalid`. A failed call leaves the invitation usable.
 */
export async function acceptInvitation(
  deps: JoiningDeps,
  input: { readonly token: string; readonly acceptor: Acceptor; readonly cause: Cause },
): Promise<Joined> {
  const { acceptor } = input;
  const opened = await findByLink(deps.storage, deps.hashToken, input.token);
  if (opened === undefined) throw new GatehouseError('not_found', 'No such invitation.');
  const { invitation: found, link } = opened;
  assertAcceptable(found, deps.clock());
  const { organizationId, email, emailKey } = found;
  const address = { organizationId, email, emailKey, provesAddress: link.provesAddress };
  const credentials = await credentialsOf(deps, { address, acceptor, cause: input.cause });
  return deps.storage.transact(async (tx) => {
    const cause: Cause = { ...input.cause, actor: { kind: 'invitee', invitationId: found.id } };
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const invitation = await unchangedLink(tx, found);
    assertAcceptable(invitation, context.now);
    const organization = await getOrganization(tx, organizationId);
    await assertInvitationsOpen(tx, organization);
    const settle = (membership: Membership) => settleInvitation(tx, context, { invitation, membership });
    return admit(tx, deps, { context, organization, address, acceptor, credentials, settle });
  });
}

/** S165: sent again in the meantime, the invitation has another link, and this one opens nothing. Throws `not_found`. */
async function unchangedLink(tx: Repositories, found: Invitation): Promise<Invitation> {
  const invitation = await tx.invitations.find(found.organizationId, found.id);
  if (invitation?.tokenHash !== found.tokenHash) throw new GatehouseError('not_found', 'No such invitation.');
  return invitation;
}
