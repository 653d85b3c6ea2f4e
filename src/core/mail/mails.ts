/** What mails to the owners of an organization say: about its domains, its single sign-on and its emergency codes. */
import type { Organization } from '../entities/organization.ts';
import type { DisabledBecause } from '../entities/webhook.ts';
import type { MailContent } from './mail-layout.ts';
import { exact, facts, line, text } from './mail-layout.ts';

/** Tells owners that a domain's record is gone, or cannot be looked for: what stops, when, and what brings it back. */
export function domainProofMail(input: {
  readonly organization: Organization;
  readonly domain: string;
  readonly name: string;
  readonly value: string;
  /** Epoch ms. */
  readonly lapsesAt: number;
  readonly hasLapsed: boolean;
  /** Nobody answers; otherwise the answer is that it is not there. */
  readonly isUnanswered: boolean;
}): MailContent {
  const { organization, domain, name, value, lapsesAt, hasLapsed, isUnanswered } = input;
  const until = new Date(lapsesAt).toUTCString();
  return {
    subject: hasLapsed
      ? line`${exact(domain)} is no longer proved`
      : isUnanswered
        ? line`The name servers of ${exact(domain)} do not answer`
        : line`The DNS record of ${exact(domain)} is missing`,
    blocks: [
      text(
        isUnanswered
          ? line`We look for the TXT record that proves ${exact(domain)} for ${organization.name} every few hours, and for days nobody has answered, or only with an error. Whoever runs your DNS can find out why.`
          : line`The TXT record that proves ${exact(domain)} for ${organization.name} could not be found.`,
        hasLapsed
          ? 'Addresses of this domain are no longer led to your sign-in, and nobody new joins through it.'
          : line`Unless it is found by ${until}, addresses of this domain are no longer led to your sign-in.`,
        'People who are members already can sign in as before.',
      ),
      text('The record:'),
      facts(['name', exact(name)], ['type', 'TXT'], ['value', exact(value)]),
      text('It is looked for by itself every few hours.'),
    ],
  };
}

/** Tells owners what a sign-in connection believes from now on, and who said so (S62). */
export function connectionChangedMail(input: {
  readonly organization: Organization;
  readonly name: string;
  readonly changes: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly by: string;
}): MailContent {
  const { organization, name, changes, by } = input;
  return {
    subject: line`Single sign-on of ${organization.name} was changed`,
    blocks: [
      text(
        line`The connection "${name}" of ${organization.name} was changed by ${by}.`,
        'It decides whose word is taken for who signs in:',
      ),
      ...changes.flatMap((change) => [
        text(change.name),
        facts(['before', exact(change.before)], ['now', exact(change.after)]),
      ]),
      text('If nobody you know did this, disable the connection and look into the audit.'),
    ],
  };
}

/** Tells owners that an identity provider's metadata says something new, which counts only once they agree (S64). */
export function stagedMetadataMail(input: {
  readonly organization: Organization;
  readonly name: string;
  readonly url: string;
}): MailContent {
  const { organization, name, url } = input;
  return {
    subject: line`New metadata for "${name}" is waiting`,
    blocks: [
      text(
        line`The metadata of the connection "${name}" of ${organization.name} has changed at`,
        line`  ${exact(url)}`,
        'Usually that is a new certificate. Compare it with what your identity provider shows, then apply it to the connection.',
        'Until then people sign in with what is pinned.',
      ),
    ],
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
}): MailContent {
  const { organization, name, use, fingerprint, expiresAt, thresholdDays } = input;
  const isOver = thresholdDays === 0;
  const until = new Date(expiresAt).toUTCString();
  return {
    subject: isOver
      ? line`A certificate of "${name}" has expired`
      : line`A certificate of "${name}" expires soon`,
    blocks: [
      text(
        line`A certificate of the connection "${name}" of ${organization.name}`,
        `${isOver ? 'has expired' : 'expires'} on ${until}.`,
      ),
      facts(['SHA-256', fingerprint]),
      text(
        use === 'idp'
          ? 'It is your identity provider’s. Add the new one to the connection; both may be there at the same time.'
          : 'It is ours. Make the next one, give it to your identity provider, then rotate.',
      ),
    ],
  };
}

const WHY_DISABLED: Readonly<Record<DisabledBecause, string>> = {
  by_hand: 'Somebody has switched it off.',
  gone: 'The address answered that it is gone for good (410).',
  failing: 'It took no event for three days, however often they were sent.',
  unreadable: 'The secret that its events are signed with is damaged where it is stored.',
};

/** Tells owners that a webhook gets nothing any more, why, and what brings it back. */
export function webhookDisabledMail(input: {
  readonly organization: Organization;
  readonly host: string;
  readonly because: DisabledBecause;
}): MailContent {
  const { organization, host, because } = input;
  return {
    subject: line`The webhook to ${exact(host)} is switched off`,
    blocks: [
      text(
        line`Events of ${organization.name} are not sent to ${exact(host)} any more.`,
        WHY_DISABLED[because],
      ),
      text(
        because === 'unreadable'
          ? 'Make a new secret for it, give that to the receiver, and make the webhook active.'
          : 'Once it works again, make the webhook active and have it pinged.',
        'It then gets what it missed, as far as events are kept: 90 days.',
      ),
    ],
  };
}

/** Tells owners that one event was never taken by a webhook that takes the others. */
export function webhookEventFailedMail(input: {
  readonly organization: Organization;
  readonly host: string;
  readonly id: string;
  readonly type: string;
}): MailContent {
  const { organization, host, id, type } = input;
  return {
    subject: line`An event was not taken by ${exact(host)}`,
    blocks: [
      text(
        line`The webhook of ${organization.name} to ${exact(host)} takes events, but not this one, for three days.`,
        'It is not sent any more.',
      ),
      facts(['event', exact(id)], ['type', exact(type)]),
      text('Look into what answers there, then ask for the event with GET /events, or replay from it.'),
    ],
  };
}

/** Tells owners that a sealed way in has been made: whoever did not expect it takes it back. */
export function emergencyCodeMail(input: {
  readonly organization: Organization;
  readonly owner: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}): MailContent {
  const { organization, owner, expiresAt } = input;
  return {
    subject: line`An emergency code was made for ${organization.name}`,
    blocks: [
      text(
        line`An emergency code was made that lets ${owner} into ${organization.name} once, past its single sign-on,`,
        `until ${new Date(expiresAt).toUTCString()}.`,
      ),
      text('If none of you expected this, take it back now: an owner or the operator can revoke it.'),
    ],
  };
}

/** Tells owners that somebody came in past the single sign-on. */
export function emergencyUseMail(input: {
  readonly organization: Organization;
  readonly owner: string;
  /** Epoch ms. */
  readonly at: number;
  readonly ip: string | null;
}): MailContent {
  const { organization, owner, at, ip } = input;
  const time = new Date(at).toUTCString();
  return {
    subject: line`An emergency code was used at ${organization.name}`,
    blocks: [
      text(
        line`${owner} came into ${organization.name} with an emergency code, past its single sign-on,`,
        ip === null ? `at ${time}.` : line`at ${time} from ${ip}.`,
      ),
      text(
        'The session lasts one hour and the code is spent. If none of you expected this, suspend that person at once.',
      ),
    ],
  };
}
