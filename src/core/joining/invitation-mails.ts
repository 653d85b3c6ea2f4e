/** The mail of an invitation, queued with who invites and into which teams in words. */

import type { MembershipId, OrganizationId, OutboxEventId } from '../../kernel/ids.ts';
import { roleName, roleWord } from '../access/role-table.ts';
import type { ChangeContext } from '../deps.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Actor } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import { enqueueMailAs } from '../journal/outbox.ts';
import { layOut } from '../mail/mail-layout.ts';
import { invitationMail } from '../mail/member-mails.ts';
import type { Repositories } from '../ports/storage.ts';

/** Queues the mail of an invitation that goes by mail; undefined: nothing to send. `url` is the mailed link. */
export async function mailInvitation(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly invitation: Invitation; readonly organization: Organization; readonly url: string },
): Promise<OutboxEventId | undefined> {
  const { invitation, organization, url } = input;
  if (invitation.mailId === null) return undefined;
  const content = invitationMail({
    ...{ invitation, organization, url },
    role: await roleName(tx, invitation.role),
    inviter: await inviterOf(tx, organization.id, invitation.invitedBy),
    teams: await teamNamesOf(tx, organization.id, invitation),
    resources: invitation.resources.map(
      ({ resource, role }) => `${resource.type} ${resource.id} (${roleWord(role)})`,
    ),
  });
  const mail = layOut(invitation.email, content, organization.branding);
  return enqueueMailAs(tx, context, { id: invitation.mailId, mail });
}

/** The member behind an invitation, by name and address; undefined for a program or the operator, who have none to tell. */
async function inviterOf(
  tx: Repositories,
  organizationId: OrganizationId,
  actor: Actor,
): Promise<string | undefined> {
  if (actor.kind !== 'member' && actor.kind !== 'api_key') return undefined;
  if (actor.membershipId === null) return undefined;
  const member = await tx.memberships.find(organizationId, actor.membershipId as MembershipId);
  if (member === undefined) return undefined;
  const { name, email } = member;
  return email === null || email === name ? name : `${name} (${email})`;
}

async function teamNamesOf(
  tx: Repositories,
  organizationId: OrganizationId,
  { teams }: Pick<Invitation, 'teams'>,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { teamId, role } of teams) {
    const team = await tx.teams.find(organizationId, teamId);
    if (team !== undefined) names.push(role === 'member' ? team.name : `${team.name} (${roleWord(role)})`);
  }
  return names;
}
