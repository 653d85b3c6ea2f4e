/** The kinds of value that requests carry: names, addresses, links, times, each with the one rule it keeps everywhere. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { days, hours } from '../../kernel/clock.ts';

/** Control, line and direction characters that a line of text has no use for, and headers and mails must never see (S204, S209). */
const NOT_IN_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** A message may have lines of its own. */
const NOT_IN_A_TEXT = /[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u;

/** One line of at most `length` characters, outer white space taken off; never empty. */
export const lineOf = (length: number) =>
  z
    .string()
    .trim()
    .min(1, 'Must not be empty.')
    .max(length, `At most ${length} characters.`)
    .refine((text) => !NOT_IN_A_LINE.test(text), 'Must be one line without control characters.');

/** What people call a thing: 1 to 200 characters on one line. */
export const nameField = lineOf(200);

/** Some lines of text, at most `length` characters; line ends become LF. */
export const messageOf = (length: number) =>
  z
    .string()
    .overwrite((text) => text.replace(/\r\n?/g, '\n').trim())
    .max(length, `At most ${length} characters.`)
    .refine((text) => !NOT_IN_A_TEXT.test(text), 'Must not hold control characters.');

/** What somebody adds to an invitation. */
export const messageField = messageOf(1000);

/** A slug: lower-case letters, digits, single hyphens. It never holds an underscore, so it is never taken for an id. */
export const slugField = z
  .string()
  .max(60, 'At most 60 characters.')
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Lower-case letters and digits, with single hyphens between them.');

const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
/** The conversion to A-labels reads a host as in a URL: what stands behind a slash or a question mark would be dropped unseen. */
const UNICODE_DOMAIN = /^[\p{L}\p{M}\p{N}\-.\u3002\uff0e\uff61]+$/u;
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/**
 * One plain address in its one form: `local@domain`, the domain lower case in A-labels (S172). Undefined for anything a
 * mail program could read as another address or as several: quotes, commas, comments, groups, line ends.
 */
export function canonicalEmail(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const written = text.slice(at + 1).toLowerCase();
  const domain = UNICODE_DOMAIN.test(written) ? domainToASCII(written) : '';
  const email = `${local}@${domain}`;
  const isPlain = local.length <= 64 && email.length <= 254 && LOCAL_PART.test(local) && DOMAIN.test(domain);
  return isPlain ? email : undefined;
}

/** An e-mail address, answered in its one form. */
export const emailField = z
  .string()
  .trim()
  .max(320, 'At most 254 characters.')
  .refine(
    (text) => canonicalEmail(text) !== undefined,
    'Give one plain e-mail address, such as ada@example.com.',
  )
  .overwrite((text) => canonicalEmail(text) ?? text)
  .meta({ format: 'email' });

/** The domain of e-mail addresses, answered in the form that every address of ours has it in. */
export const mailDomainField = z
  .string()
  .trim()
  .max(320, 'A domain looks like example.com.')
  .refine((text) => canonicalEmail(`x@${text}`) !== undefined, 'A domain looks like example.com.')
  .overwrite((text) => canonicalEmail(`x@${text}`)?.slice(2) ?? text);

/** A domain as people write it; core brings it into its one form. */
export const domainField = z
  .string()
  .trim()
  .max(320, 'A domain looks like example.com.')
  .regex(UNICODE_DOMAIN, 'A domain looks like example.com.');

/** A picture's address: https, without user, password or fragment. Answered in its one form. */
export const pictureField = z
  .string()
  .trim()
  .max(500, 'At most 500 characters.')
  .refine((text) => pictureAddress(text) !== undefined, 'Give the https address of a picture.')
  .overwrite((text) => pictureAddress(text) ?? text);

/**
 * The address of a picture in its one form; undefined for anything but https, for one that carries a user or password, and for a host
 * that no public name says: applications that load pictures would be sent inside their own network.
 */
export function pictureAddress(text: string): string | undefined {
  if (!URL.canParse(text) || NOT_IN_A_LINE.test(text) || text.includes('\\')) return undefined;
  const url = new URL(text);
  const isPlain = url.protocol === 'https:' && url.username === '' && url.password === '';
  return isPlain && isPublicName(url.hostname) && url.href.length <= 500 ? url.href : undefined;
}

/** Names of one machine or one network (RFC 6761, 6762, 8375; .internal by ICANN). */
const INNER_NAME = /(^|\.)(localhost|localdomain|local|internal|home\.arpa)$/;

/** Of a host as the URL parser writes it: small letters, numbers as four decimals, IPv6 in brackets. */
function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  return isIP(name) === 0 && !name.startsWith('[') && name.includes('.') && !INNER_NAME.test(name);
}

/** An absolute time, ISO 8601 with an offset; answered as epoch milliseconds. */
export const timeField = z.iso
  .datetime({ offset: true, error: 'Give a time as ISO 8601, such as 2027-01-31T12:00:00Z.' })
  .transform((text) => Date.parse(text));

/** `1h` to `30d`, answered in milliseconds. */
export const durationField = z
  .string()
  .regex(/^[1-9]\d{0,2}[hd]$/, 'Give hours or days, from 1h to 30d.')
  .refine((text) => durationMs(text) <= days(30), 'At most 30 days.')
  .transform(durationMs);

function durationMs(text: string): number {
  const count = Number.parseInt(text, 10);
  return text.endsWith('h') ? hours(count) : days(count);
}

/** A kind of thing of the product, such as `chatbot`. */
export const resourceTypeField = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'A lower-case letter, then letters, digits, _ and -; at most 63.');

/** The product's own id of a thing: kept as given, compared exactly. */
export const resourceIdField = z
  .string()
  .regex(/^[A-Za-z0-9._~-]{1,128}$/, 'Letters, digits, . _ ~ and -; at most 128.');

/** True when at least one key is given: a PATCH that changes nothing is a mistake of whoever sent it. */
export const changesSomething = (change: object): boolean =>
  Object.values(change).some((value) => value !== undefined);

/** What an empty PATCH is told. */
export const NOTHING_TO_CHANGE = 'Name at least one thing to change.';
