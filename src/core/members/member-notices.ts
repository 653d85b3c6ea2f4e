/** Mails to members about their membership, queued in the transaction of the change, where the organization wants them. */
import type { MembershipId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import { listResourceRoles } from '../access/resource-grants.ts';
import { roleName, roleWord } from '../access/role-table.ts';
import type { OrgRole } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { Notifications, Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import { enqueueMail } from '../journal/outbox.ts';
import { layOut, type MailContent } from '../mail/mail-layout.ts';
import { countNotice } from '../mail/mail-limit.ts';
import type { Welcomed } from '../mail/member-mails.ts';
import { removedMail, roleChangedMail, welcomeMail } from '../mail/member-mails.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';

/**
 * Tells a member of another org role given by hand. Roles that follow from a directory, a rule or a policy are told to
 * nobody: one change there may move thousands. Whoever did it to themselves knows.
 */
export async function noticeRoleChange(
  tx: Repositories,
  context: ChangeContext,
  { membership, before }: { readonly membership: Membership; readonly before: OrgRole },
): Promise<void> {
  const after = membership.orgRole;
  if (before === after || isOwnDoing(context, membership.id)) return;
  await notice(tx, context, {
    membership,
    setting: 'roleChanged',
    write: async (organization) =>
      roleChangedMail({
        organization,
        before: await roleName(tx, before),
        after: await roleName(tx, after),
      }),
  });
}

/** Tells somebody who was removed by hand; somebody who left, or whom a directory took out, hears nothing. */
export async function noticeRemoval(
  tx: Repositories,
  context: ChangeContext,
  membership: Membership,
): Promise<void> {
  if (isOwnDoing(context, membership.id)) return;
  const write = async (organization: Organization) => removedMail({ organization });
  await notice(tx, context, { membership, setting: 'removed', write });
}

/** Greets somebody who came by an invitation or a first sign-in, with what they may do from now on. */
export async function welcome(
  tx: Repositories,
  context: ChangeContext,
  { membership, baseUrl }: { readonly membership: Membership; readonly baseUrl: string },
): Promise<void> {
  await notice(tx, context, {
    membership,
    setting: 'welcome',
    write: async (organization) =>
      welcomeMail({
        organization,
        welcomed: await welcomedOf(tx, membership),
        url: `${baseUrl}/sign-in/${organization.slug}`,
      }),
  });
}

const isOwnDoing = ({ cause }: ChangeContext, id: MembershipId): boolean =>
  cause.actor.kind === 'member' && cause.actor.membershipId === id;

async function notice(
  tx: Repositories,
  context: ChangeContext,
  wanted: {
    readonly membership: Membership;
    readonly setting: keyof Notifications;
    readonly write: (organization: Organization) => Promise<MailContent>;
  },
): Promise<void> {
  const { membership, setting, write } = wanted;
  const organization = await getOrganization(tx, context.organizationId);
  if (!organization.notifications[setting] || membership.email === null) return;
  if (!(await countNotice(tx, context.now, foldKey(membership.email)))) return;
  await enqueueMail(tx, context, layOut(membership.email, await write(organization), organization.branding));
}

async function welcomedOf(tx: Repositories, membership: Membership): Promise<Welcomed> {
  const { organizationId, id, name, orgRole } = membership;
  const teams: string[] = [];
  for (const { teamId } of await tx.teamMembers.listByMemberships(organizationId, [id])) {
    const team = await tx.teams.find(organizationId, teamId);
    if (team !== undefined) teams.push(team.name);
  }
  const held = await listResourceRoles(tx, organizationId, id);
  const resources = held.map(({ resource, role }) => `${resource.type} ${resource.id} (${roleWord(role)})`);
  return { name, role: await roleName(tx, orgRole), teams, resources };
}
