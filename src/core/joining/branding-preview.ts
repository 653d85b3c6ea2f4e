/** Shows how a mail would look before anybody gets it: with made-up people, and with a branding that need not be stored. */
import { days } from '../../kernel/clock.ts';
import { factsIn, loadRoles } from '../access/role-table.ts';
import type { Deps } from '../deps.ts';
import type { Organization } from '../entities/organization.ts';
import { layOut, type MailContent } from '../mail/mail-layout.ts';
import { invitationMail, removedMail, roleChangedMail, welcomeMail } from '../mail/member-mails.ts';
import { type BrandingChange, withBranding } from '../organization/organization-settings.ts';
import type { Mail } from '../ports/mailer.ts';

/** The mails an organization's branding shapes. */
export const PREVIEWED_MAILS = ['invitation', 'welcome', 'role_changed', 'removed'] as const;
export type PreviewedMail = (typeof PREVIEWED_MAILS)[number];

const WHO = 'ada@example.com';

/** Sends nothing and stores nothing. Throws `invalid` for a variable that does not exist. */
export async function previewMail(
  deps: Pick<Deps, 'storage' | 'clock'> & { readonly baseUrl: string },
  input: {
    readonly organization: Organization;
    readonly mail: PreviewedMail;
    /** On top of what is stored; absent: as stored. */
    readonly branding?: BrandingChange | undefined;
  },
): Promise<Pick<Mail, 'subject' | 'text' | 'html'>> {
  const branding = withBranding(input.organization.branding, input.branding);
  const table = await loadRoles(deps.storage);
  const roles = { member: factsIn(table, 'member').name, admin: factsIn(table, 'admin').name };
  const organization: Organization = { ...input.organization, branding };
  const { subject, text, html } = layOut(
    WHO,
    contentOf({ ...deps, roles }, { ...input, organization }),
    branding,
  );
  return { subject, text, html };
}

function contentOf(
  {
    baseUrl,
    clock,
    roles,
  }: Pick<Deps, 'clock'> & {
    readonly baseUrl: string;
    /** Their names. */
    readonly roles: Readonly<Record<'member' | 'admin', string>>;
  },
  { organization, mail }: { readonly organization: Organization; readonly mail: PreviewedMail },
): MailContent {
  switch (mail) {
    case 'invitation': {
      const message = 'Come and have a look.';
      const invitation = { email: WHO, message, expiresAt: clock() + days(7) } as const;
      const inviter = 'Grace Example (grace@example.com)';
      const url = `${baseUrl}/invitations/example`;
      return invitationMail({
        organization,
        invitation,
        role: roles.member,
        inviter,
        teams: ['Everyone'],
        url,
      });
    }
    case 'welcome': {
      const resources = ['chatbot support (Editor)'];
      const welcomed = { name: 'Ada Example', role: roles.member, teams: ['Everyone'], resources };
      return welcomeMail({ organization, welcomed, url: `${baseUrl}/sign-in/${organization.slug}` });
    }
    case 'role_changed':
      return roleChangedMail({ organization, before: roles.member, after: roles.admin });
    case 'removed':
      return removedMail({ organization });
  }
}
