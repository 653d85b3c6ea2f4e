/** The mails that joining asks for: plain, short, one link each that starts with the configured address. */
import type { Organization } from './entities/organization.ts';
import { oneLine, withoutLinks } from './mails.ts';
import type { Mail } from './ports/mailer.ts';

/** Carries the link that proves an address to whoever wants to join with it. */
export function addressProofMail(input: {
  readonly to: string;
  readonly organization: Organization;
  readonly url: string;
}): Mail {
  const name = withoutLinks(oneLine(input.organization.name));
  return {
    to: input.to,
    subject: `Confirm your address to join ${name}`,
    text: [
      `Somebody, probably you, wants to join ${name} with this e-mail address.`,
      'Open this link to go on:',
      input.url,
      '',
      'It works once, for one hour. If you did not ask for this, ignore this mail; nothing happens.',
      '',
    ].join('\n'),
  };
}
