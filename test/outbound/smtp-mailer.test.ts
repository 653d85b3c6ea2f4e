/** Mails over real SMTP: one recipient, both parts, and whatever people are called stays where text belongs. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Organization } from '../../src/core/entities/organization.ts';
import { PLAIN_BRANDING } from '../../src/core/entities/organization.ts';
import { layOut } from '../../src/core/mail/mail-layout.ts';
import {
  invitationMail,
  removedMail,
  roleChangedMail,
  welcomeMail,
} from '../../src/core/mail/member-mails.ts';
import { createSmtpMailer } from '../../src/outbound/smtp-mailer.ts';
import { anInvitation, anOrganization } from '../support/builders.ts';
import { type ReceivedMail, type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts';

let sink: SmtpSink;
beforeAll(async () => {
  sink = await startSmtpSink();
});
afterAll(() => sink.close());

const URL_OF_OURS = 'https://gate.example.com/invitations/ghi_x';

const KINDS = {
  invitation: (organization: Organization, words: string) => {
    const invitation = anInvitation(organization.id, { email: 'g@x.example', message: words });
    const said = { role: words, inviter: words, teams: [words], resources: [words] };
    return invitationMail({ organization, invitation, ...said, url: URL_OF_OURS });
  },
  welcome: (organization: Organization, words: string) =>
    welcomeMail({
      organization,
      welcomed: { name: words, role: words, teams: [words], resources: [words] },
      url: URL_OF_OURS,
    }),
  roleChanged: (organization: Organization) =>
    roleChangedMail({ organization, before: 'Member', after: 'Admin' }),
  removed: (organization: Organization) => removedMail({ organization }),
};

let count = 0;

/** Sends one mail in which `words` stand wherever words of people may stand. */
async function sent(kind: keyof typeof KINDS, words: string): Promise<ReceivedMail> {
  count += 1;
  const to = `person${count}@x.example`;
  const branding = {
    ...PLAIN_BRANDING,
    productName: words,
    supportContact: words,
    welcomeText: `Hello {name},\n\n${words.replace(/[{}]/g, '')} of {team}`,
  };
  const organization = anOrganization({ name: words, branding });
  const mailer = createSmtpMailer({ url: sink.url, from: 'gatehouse@gate.example.com' });
  await mailer.send(layOut(to, KINDS[kind](organization, words), branding));
  return sink.waitFor(to);
}

const headersOf = ({ raw }: ReceivedMail): readonly string[] =>
  (raw.split(/\r?\n\r?\n/, 1)[0] ?? '').split(/\r?\n(?![ \t])/);
const namesOf = (mail: ReceivedMail) => headersOf(mail).map((header) => header.split(':', 1)[0] ?? '');

test('one recipient, our address with the product’s name, text and HTML beside each other', async () => {
  const mail = await sent('invitation', 'Acme');
  expect([mail.from, mail.to]).toEqual(['gatehouse@gate.example.com', [`person${count}@x.example`]]);
  expect(headersOf(mail)).toContain('From: Acme via Gatehouse <gatehouse@gate.example.com>');
  expect(headersOf(mail)).toContain('Auto-Submitted: auto-generated');
  expect(mail.raw).toMatch(/^Content-Type: multipart\/alternative;/m);
  expect(mail.subject).toBe('You are invited to Acme');
  expect(mail.text).toContain(`Open this link to accept:\n${URL_OF_OURS}\n`);
  expect(mail.html).toContain(`<a href="${URL_OF_OURS}"`);
});

test('a server that talks without end is left before anybody else may try the mail', async () => {
  const talking = createServer((socket) => {
    const line = setInterval(() => socket.write('220-still here\r\n'), 10);
    socket.on('error', () => {}).on('close', () => clearInterval(line));
  });
  await new Promise<void>((resolve) => talking.listen(0, '127.0.0.1', resolve));
  const { port } = talking.address() as AddressInfo;
  const connected = once(talking, 'connection');
  // The time is up when the server has begun to talk, however long that takes.
  const time = new AbortController();
  const limit = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(time.signal);
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'g@x.example', deadlineMs: 50 });
  const refused = expect(mailer.send({ to: 'a@x.example', subject: 'Hi', text: 'x' })).rejects.toThrow(
    /abort/i,
  );
  const [socket] = await connected;
  expect(limit.mock.calls).toEqual([[50]]);
  limit.mockRestore();
  const left = once(socket, 'close');
  time.abort();
  await refused;
  await left;
  talking.close();
});

const HOSTILE: readonly (readonly [string, string])[] = [
  ['a script', '<script>alert(1)</script>'],
  ['an image that reports who reads', '<img src=x onerror=alert(1)>'],
  ['an attribute', '" onmouseover="alert(1)'],
  ['an end of everything', '</p></div></body></html><h1>'],
  ['a style', '<style>*{display:none}</style>'],
  ['an entity', '&lt;script&gt;'],
  ['a link', '<a href="https://evil.example">x</a>'],
  ['a comment', '<!-- x -->'],
  ['a line end', 'Acme\r\nBcc: victim@x.example'],
  ['a bare carriage return', 'Acme\rBcc: victim@x.example'],
  ['an end of headers', 'Acme\r\n\r\n<h1>owned</h1>'],
  ['an end of the mail', 'Acme\r\n.\r\nMAIL FROM:<x@y>'],
  ['a Unicode line separator', 'Acme\u2028Bcc: victim@x.example'],
  ['an encoded word', '=?utf-8?q?=0d=0aBcc:_v@x?='],
  ['another address', 'Acme" <boss@bank.example>, "x'],
  ['an address in brackets', 'Acme <boss@bank.example>'],
  ['a direction override', 'Acme\u202egro.live'],
];

/** What our own mails say, by name of header; nothing of what people typed adds to it. */
const HEADERS = [
  'From',
  'To',
  'Subject',
  'Message-ID',
  'Date',
  'MIME-Version',
  'Auto-Submitted',
  'Content-Type',
];

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])('%s', (kind) => {
  test.each(HOSTILE)('S203 S204: with %s everywhere it is text, and nothing else', async (_what, words) => {
    const mail = await sent(kind, words);
    expect(mail.to).toEqual([`person${count}@x.example`]);
    expect(namesOf(mail).sort()).toEqual([...HEADERS].sort());
    expect(mail.subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const html = mail.html ?? '';
    const tags = [...html.matchAll(/<\/?([a-z0-9!-]+)/gi)].map(([, name = '']) => name.toLowerCase());
    const ours = ['!doctype', 'html', 'head', 'meta', 'title', 'body', 'div', 'p', 'a', 'br', 'blockquote'];
    expect(tags.filter((name) => ![...ours, 'table', 'tr', 'td'].includes(name))).toEqual([]);
    const insides = [...html.matchAll(/<[^>]*>/g)].join('');
    expect(insides).not.toMatch(/\son\w+=|src=|url\(|@import/i);
    const targets = [...html.matchAll(/href="([^"]*)"/g)].map(([, target]) => target);
    expect(targets.every((target) => target === URL_OF_OURS)).toBe(true);
    for (const part of [mail.text, html])
      expect(part.replaceAll(URL_OF_OURS, '')).not.toMatch(/[a-z]:\/\/|\bwww\./i);
  });
});
