/** The texts of mails: plain, short, and nothing in them that a stranger could turn into a link or a header. */
import type { Invitation } from './entities/invitation.ts';
import type { Organization } from './entities/organization.ts';
import type { Mail } from './ports/mailer.ts';

/** One line without control characters: safe in a subject, and no way to add lines of one's own. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** Whatever people typed is broken up so that mail programs do not make links of it (S174). */
export const withoutLinks = (text: string): string =>
  text.replace(/:\/\//g, ': //').replace(/\bwww\./gi, 'www .');

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

/** Tells owners what a sign-in connection believes from now on, and who said so (S62). */
export function connectionChangedMail(input: {
  readonly organization: Organization;
  readonly name: string;
  readonly changes: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly by: string;
}): Omit<Mail, 'to'> {
  const plain = (text: string) => withoutLinks(oneLine(text));
  const { organization, name, changes, by } = input;
  return {
    subject: `Single sign-on of ${plain(organization.name)} was changed`,
    text: [
      `The connection "${plain(name)}" of ${plain(organization.name)} was changed by ${plain(by)}.`,
      'It decides whose word is taken for who signs in:',
      '',
      ...changes.flatMap((change) => [
        `  ${change.name}`,
        `    before: ${plain(change.before)}`,
        `    now:    ${plain(change.after)}`,
      ]),
      '',
      'If nobody you know did this, disable the connection and look into the audit.',
      '',
    ].join('\n'),
  };
}

/** Tells owners that an identity provider's metadata says something new, which counts only once they agree (S64). */
export function stagedMetadataMail(input: {
  readonly organization: Organization;
  readonly name: string;
  readonly url: string;
}): Omit<Mail, 'to'> {
  const name = withoutLinks(oneLine(input.name));
  return {
    subject: `New metadata for "${name}" is waiting`,
    text: [
      `The metadata of the connection "${name}" of ${withoutLinks(oneLine(input.organization.name))} has changed at`,
      `  ${withoutLinks(oneLine(input.url))}`,
      'Usually that is a new certificate. Compare it with what your identity provider shows, then apply it to the connection.',
      'Until then people sign in with what is pinned.',
      '',
    ].join('\n'),
  };
}

/** Tells owners that a certificate of a connection comes to its end, or has come to it. */
export function certificateMail(input: {
  readonly organization: Organization;
  readonly name: string;
  readonly use: 'idp' | 'sp';
  readonly fingerprint: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly thresholdDays: number;
}): Omit<Mail, 'to'> {
  const { use, fingerprint, expiresAt, thresholdDays } = input;
  const name = withoutLinks(oneLine(input.name));
  const isOver = thresholdDays === 0;
  return {
    subject: isOver ? `A certificate of "${name}" has expired` : `A certificate of "${name}" expires soon`,
    text: [
      `A certificate of the connection "${name}" of ${withoutLinks(oneLine(input.organization.name))}`,
      `${isOver ? 'has expired' : 'expires'} on ${new Date(expiresAt).toUTCString()}.`,
      `  SHA-256: ${fingerprint}`,
      use === 'idp'
        ? 'It is your identity provider’s. Add the new one to the connection; both may be there at the same time.'
        : 'It is ours. Make the next one, give it to your identity provider, then rotate.',
      '',
    ].join('\n'),
  };
}

/** Tells owners that a sealed way in has been made: whoever did not expect it takes it back. */
export function emergencyCodeMail(input: {
  readonly organization: Organization;
  readonly owner: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}): Omit<Mail, 'to'> {
  const { organization, owner, expiresAt } = input;
  const name = withoutLinks(oneLine(organization.name));
  return {
    subject: `An emergency code was made for ${name}`,
    text: [
      `An emergency code was made that lets ${withoutLinks(oneLine(owner))} into ${name} once, past its single sign-on,`,
      `until ${new Date(expiresAt).toUTCString()}.`,
      '',
      'If none of you expected this, take it back now: an owner or the operator can revoke it.',
      '',
    ].join('\n'),
  };
}

/** Tells owners that somebody came in past the single sign-on. */
export function emergencyUseMail(input: {
  readonly organization: Organization;
  readonly owner: string;
  /** Epoch ms. */
  readonly at: number;
  readonly ip: string | null;
}): Omit<Mail, 'to'> {
  const { organization, owner, at, ip } = input;
  const name = withoutLinks(oneLine(organization.name));
  return {
    subject: `An emergency code was used at ${name}`,
    text: [
      `${withoutLinks(oneLine(owner))} came into ${name} with an emergency code, past its single sign-on,`,
      `at ${new Date(at).toUTCString()}${ip === null ? '' : ` from ${oneLine(ip)}`}.`,
      '',
      'The session lasts one hour and the code is spent. If none of you expected this, suspend that person at once.',
      '',
    ].join('\n'),
  };
}
