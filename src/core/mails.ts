/** The texts of mails: plain, short, and nothing in them that a stranger could turn into a link or a header. */
import type { Invitation } from './entities/invitation.ts';
import type { Organization } from './entities/organization.ts';
import type { Mail } from './ports/mailer.ts';

/** One line without control characters: safe in a subject, and no way to add lines of one's own. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** Whatever people typed is broken up so that mail programs do not make links of it (S174). */
const withoutLinks = (text: string): string => text.replace(/:\/\//g, ': //').replace(/\bwww\./gi, 'www .');

/** The mail that carries an invitation's link to the invited address. */
export function invitationMail(input: {
  readonly invitation: Invitation;
  readonly organization: Organization;
  readonly url: string;
}): Mail {
  const { invitation, organization, url } = input;
  const name = withoutLinks(oneLine(organization.name));
  const until = new Date(invitation.expiresAt).toUTCString();
  const message =
    invitation.message === null
      ? []
      : [
          '',
          ...withoutLinks(invitation.message)
            .split('\n')
            .map((line) => `> ${oneLine(line)}`),
        ];
  return {
    to: invitation.email,
    subject: `You are invited to ${name}`,
    text: [
      `You have been invited to join ${name} as ${invitation.role}.`,
      ...message,
      '',
      'Open this link to accept:',
      url,
      '',
      `It works once, and only for ${invitation.email},`,
      `until ${until}.`,
      'If you did not expect this, ignore this mail; nothing happens.',
      '',
    ].join('\n'),
  };
}

/** Tells owners that a domain's record is gone: what stops, when, and what brings it back. */
export function domainMissingMail(input: {
  readonly organization: Organization;
  readonly domain: string;
  readonly name: string;
  readonly value: string;
  /** Epoch ms. */
  readonly lapsesAt: number;
  readonly hasLapsed: boolean;
}): Omit<Mail, 'to'> {
  const { organization, domain, name, value, lapsesAt, hasLapsed } = input;
  const until = new Date(lapsesAt).toUTCString();
  return {
    subject: hasLapsed ? `${domain} is no longer proved` : `The DNS record of ${domain} is missing`,
    text: [
      `The TXT record that proves ${domain} for ${withoutLinks(oneLine(organization.name))} could not be found.`,
      hasLapsed
        ? 'Addresses of this domain are no longer led to your sign-in, and nobody new joins through it.'
        : `Unless it is back by ${until}, addresses of this domain are no longer led to your sign-in.`,
      'People who are members already can sign in as before.',
      '',
      'The record:',
      `  name:  ${name}`,
      '  type:  TXT',
      `  value: ${value}`,
      '',
      'It is looked for by itself every few hours.',
      '',
    ].join('\n'),
  };
}
