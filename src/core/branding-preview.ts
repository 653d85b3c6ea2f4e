/** Shows how a mail would look before anybody gets it: with made-up people, and with a branding that need not be stored. */
import { days } from '../kernel/clock.ts';
import type { Organization } from './entities/organization.ts';
import { layOut, type MailContent } from './mail-layout.ts';
import { invitationMail, removedMail, roleChangedMail, welcomeMail } from './member-mails.ts';
import { type BrandingChange, withBranding } from './organization-settings.ts';
import type { Mail } from './ports/mailer.ts';

/** The mails an organization's branding shapes. */
export const PREVIEWED_MAILS = ['invitation', 'welcome', 'role_changed', 'removed'] as const;
export type PreviewedMail = (typeof PREVIEWED_MAILS)[number];

const WHO = 'ada@example.com';

/** Sends nothing and stores nothing. Throws `invalid` for a variable that does not exist. */
export function previewMail(
  deps: { readonly baseUrl: string; readonly clock: () => number },
  input: {
    readonly organization: Organization;
    readonly mail: PreviewedMail;
    /** On top of what is stored; absent: as stored. */
    readonly branding?: BrandingChange | undefined;
  },
): Pick<Mail, 'subject' | 'text' | 'html'> {
  const branding = withBranding(input.organization.branding, input.branding);
  const organization: Organization = { ...input.organization, branding };
  const { subject, text, html } = layOut(WHO, contentOf(deps, { ...input, organization }), branding);
  return { subject, text, html };
}

function contentOf(
  { baseUrl, clock }: { readonly baseUrl: string; readonly clock: () => number },
  { organization, mail }: { readonly organization: Organization; readonly mail: PreviewedMail },
): MailContent {
  switch (mail) {
    case 'invitation': {
      const message = 'Come and have a look.';
      const invitation = { email: WHO, role: 'member', message, expiresAt: clock() + days(7) } as const;
      const inviter = 'Grace Example (grace@example.com)';
      const url = `${baseUrl}/invitations/example`;
      return invitationMail({ organization, invitation, inviter, teams: ['Everyone'], url });
    }
    case 'welcome': {
      const resources = ['chatbot support (editor)'];
      const welcomed = { name: 'Ada Example', role: 'member', teams: ['Everyone'], resources } as const;
      return welcomeMail({ organization, welcomed, url: `${baseUrl}/sign-in/${organization.slug}` });
    }
    case 'role_changed':
      return roleChangedMail({ organization, before: 'member', after: 'admin' });
    case 'removed':
      return removedMail({ organization });
  }
}
