/** What becomes of the mails of invitations: limits, addresses that get none, a mail server that says no, and what admins see of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { countInvitationMail, DEFAULT_MAIL_LIMITS } from '../../../src/core/mail/mail-limit.ts';
import { createSmtpMailer } from '../../../src/outbound/smtp-mailer.ts';
import { type SmtpSink, startSmtpSink } from '../../support/smtp-sink.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let sink: SmtpSink;
let organization: Organization;
let owner: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld({ rateLimits: true });
  sink = await startSmtpSink();
  // Over real SMTP from here on.
  const mailer = createSmtpMailer({ url: sink.url, from: 'gatehouse@gate.example.com' });
  Object.assign(world.gateway.deps, { mailer });
});
afterAll(async () => {
  await world.close();
  await sink.close();
});
beforeEach(async () => {
  organization = await world.newOrganization({ name: 'Acme' });
  base = `/organizations/${organization.id}`;
  owner = await world.newPerson(organization, 'owner');
  await world.gateway.deliverMails();
});

const DAY = 24 * 3600 * 1000;
const invite = (email: string, more: object = {}) =>
  world.send(owner, `post ${base}/invitations`, { email, ...more });
const stateOf = async (id: string) =>
  (await world.send(owner, `get ${base}/invitations/${id}`)).body.delivery;

describe('S171: limits', () => {
  test('one address over all organizations, resends and plus tags too; the refused one changes nothing', async () => {
    const { body } = await invite('victim@bombed.example');
    for (let sent = 1; sent < 10; sent += 1) {
      const other = await world.newOrganization();
      const at = `/organizations/${other.id}`;
      const email = `Victim+${sent}@bombed.example`;
      const inviter = await world.newPerson(other, 'owner');
      expect((await world.send(inviter, `post ${at}/invitations`, { email })).status).toBe(201);
    }
    const eventsBefore = (await world.send(owner, `get ${base}/audit-events`)).body.items.length;
    const resent = await world.send(owner, `post ${base}/invitations/${body.id}/resend`, {});
    expect([resent.status, resent.body.code]).toEqual([429, 'too_many_requests']);
    expect(Number(resent.headers['retry-after'])).toBe(DAY / 1000);
    const refused = await invite('victim+more@bombed.example');
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_requests']);
    expect((await world.send(owner, `get ${base}/invitations?status=pending`)).body.items).toHaveLength(1);
    expect((await world.send(owner, `get ${base}/audit-events`)).body.items).toHaveLength(eventsBefore);
    expect(sink.messages.filter(({ to }) => to[0]?.endsWith('@bombed.example'))).toHaveLength(10);
    expect((await invite('victim+link@bombed.example', { delivery: 'link' })).status).toBe(201);
    world.gateway.clock.advance(DAY);
    owner = await world.newPerson(organization, 'owner');
    expect((await invite('victim+more@bombed.example')).status).toBe(201);
  });

  test('an invitation taken back, and one sent again, counts as any', async () => {
    const statuses: number[] = [];
    for (let sent = 0; sent < 6; sent += 1) {
      const { status, body } = await invite(`pelted+${sent}@bombed.example`);
      const again = await world.send(owner, `post ${base}/invitations/${body.id}/resend`, {});
      await world.send(owner, `delete ${base}/invitations/${body.id}`);
      statuses.push(status, again.status);
    }
    expect(statuses.slice(0, 11)).toEqual([201, 200, 201, 200, 201, 200, 201, 200, 201, 200, 429]);
    expect(sink.messages.filter(({ to }) => to[0]?.startsWith('pelted'))).toHaveLength(10);
  });

  test.each([
    ['organization', { organizationId: 'a' }, { organizationId: 'b' }],
    ['inviter', { inviter: 'a' }, { inviter: 'b' }],
    ['address', { emailKey: 'a@x.example' }, { emailKey: 'b@x.example' }],
    ['domain', { emailKey: 'a@x.example' }, { emailKey: 'a@y.example' }],
  ])('each %s has a count of its own, which the window empties', async (kind, first, other) => {
    let now = (30_000 + 10 * kind.length) * DAY;
    let count = 0;
    const wide = { perOrganization: 99, perInviter: 99, perAddress: 99, perDomain: 99 };
    const name = `per${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
    const limits = { ...DEFAULT_MAIL_LIMITS, ...wide, [name]: 2 };
    const send = (part: object) => {
      count += 1;
      const unlike = {
        organizationId: `o${count}`,
        inviter: `i${count}`,
        emailKey: `m${count}@d${count}.example`,
      };
      // An inviter is one of an organization.
      const place = kind === 'inviter' ? { ...unlike, organizationId: 'o' } : unlike;
      const mailing = { ...place, ...part };
      return world.gateway.storage.transact((tx) => countInvitationMail(tx, { limits, now }, mailing));
    };
    await send(first);
    await send(first);
    await expect(send(first)).rejects.toThrow('too_many_requests');
    await send(other);
    now += DAY;
    await send(first);
  });

  test('S171: notices to one mailbox are counted too: a role moved to and fro fills nobody’s mailbox', async () => {
    const member = await world.newPerson(organization, 'member', 'moved@bombed.example');
    const path = `patch ${base}/members/${member.membership.id}`;
    for (let move = 0; move < 60; move += 1)
      await world.send(owner, path, { orgRole: move % 2 === 0 ? 'viewer' : 'member' });
    const told = world.gateway.mails.filter(({ to }) => to === 'moved@bombed.example');
    const queued = await world.gateway.storage.outbox.listDue('mail', Number.MAX_SAFE_INTEGER, 1000);
    expect(
      told.length + queued.filter(({ payload }) => payload.includes('moved@')).length,
    ).toBeLessThanOrEqual(52);
  });
});

describe('S171: addresses that get no mail', () => {
  test('201, and no mail of anybody leaves until it is allowed again', async () => {
    const stop = await world.send(world.operator, 'post /mail-suppressions', {
      address: 'Gone@Bounced.example',
      reason: 'bounce',
    });
    const shown = { id: expect.stringMatching(/^sup_/), address: 'Gone@bounced.example', reason: 'bounce' };
    expect([stop.status, stop.body]).toEqual([201, { ...shown, createdAt: expect.any(String) }]);
    const again = await world.send(world.operator, 'post /mail-suppressions', {
      address: 'gone@bounced.example',
    });
    expect(again.body).toEqual(stop.body);
    const { status, body } = await invite('gone@bounced.example');
    expect([status, body.status, body.delivery]).toEqual([
      201,
      'pending',
      {
        channel: 'email',
        status: 'suppressed',
        detail: expect.stringContaining('came back'),
        advice: expect.stringContaining('hand it over'),
      },
    ]);
    expect(await stateOf(body.id)).toEqual(body.delivery);
    expect(await world.gateway.deliverMails()).toBe(0);
    expect(sink.messages.filter(({ to }) => to.includes('gone@bounced.example'))).toEqual([]);

    expect((await world.send(world.operator, 'get /mail-suppressions')).body.items).toEqual([stop.body]);
    const path = `delete /mail-suppressions/${stop.body.id}`;
    expect((await world.send(world.operator, path)).status).toBe(204);
    expect((await world.send(world.operator, path)).status).toBe(404);
    const resent = await world.send(owner, `post ${base}/invitations/${body.id}/resend`, {});
    expect(resent.body.delivery.status).toBe('sent');
  });

  test.each([
    {},
    { address: 'x' },
    { address: 'a@x.example, b@x.example' },
    { address: 'a@x.example', reason: 'no' },
  ])('422: %j', async (sent) => {
    expect((await world.send(world.operator, 'post /mail-suppressions', sent)).status).toBe(422);
  });
});

describe('what admins see', () => {
  test('sent over SMTP, with what to do when it does not arrive', async () => {
    const { body } = await invite('ada@fine.example');
    expect(body.delivery).toEqual({
      channel: 'email',
      status: 'sent',
      advice: expect.stringContaining('spam'),
    });
    expect(await stateOf(body.id)).toEqual(body.delivery);
    const mail = await sink.waitFor('ada@fine.example');
    expect([mail.subject, mail.html?.includes('Accept the invitation')]).toEqual([
      'You are invited to Acme',
      true,
    ]);
  });

  test('it names who invites, into what and until when, in both its forms; resent, who sent it again', async () => {
    const { body: team } = await world.send(owner, `post ${base}/teams`, { name: 'R&D <lab>' });
    const more = {
      ...{ role: 'viewer', expiresIn: '24h', teams: [{ team: team.id, role: 'admin' }] },
      resources: [{ type: 'chatbot', id: '7', role: 'editor' }],
    };
    const { status, body } = await invite('told@fine.example', more);
    expect([status, body.detail]).toEqual([201, undefined]);
    const { name, email } = owner.membership;
    const said = [
      'You have been invited to join Acme as Viewer.',
      `Invited by: ${name} (${email})`,
      'Teams:      R&D <lab> (Admin)',
      'Access to:  chatbot 7 (Editor)',
      `until ${new Date(body.expiresAt).toUTCString()}.`,
    ];
    const mail = await sink.waitFor('told@fine.example');
    for (const line of said) expect(mail.text).toContain(line);
    expect(mail.html).toContain('R&amp;D &lt;lab&gt; (Admin)');
    expect(mail.html).toContain(`${name} (${email})`);
    const byOperator = await world.send(world.operator, `post ${base}/invitations`, {
      email: 'plain@fine.example',
    });
    expect((await sink.waitFor('plain@fine.example')).text).not.toContain('Invited by');
    const again = `post ${base}/invitations/${byOperator.body.id}/resend`;
    await world.send(owner, again, {});
    const told = sink.messages.filter(({ to }) => to[0] === 'plain@fine.example');
    expect(told.at(-1)?.text).toContain(`Invited by: ${name} (${email})`);
  });

  test('refused for good: failed at once, never tried again, and the link still works', async () => {
    sink.refuse('nobody.example', { code: 550, text: '5.1.1 no such user' });
    const { body } = await invite('typo@nobody.example');
    expect(body.delivery).toMatchObject({
      status: 'failed',
      detail: 'The mail server of this address refused it (550 5.1.1).',
      advice: expect.stringContaining('typing errors'),
    });
    world.gateway.clock.advance(DAY);
    expect(await world.gateway.deliverMails()).toBe(0);
    const shown = await world.gateway.request().get(new URL(body.url).pathname);
    expect(shown.status).toBe(200);
  });

  test('refused for now: queued, tried again with longer and longer waits, then sent', async () => {
    sink.refuse('busy.example', { code: 451, text: '4.7.1 greylisted' });
    const { body } = await invite('bo@busy.example');
    expect(body.delivery).toMatchObject({ status: 'queued', detail: expect.stringContaining('tried again') });
    expect(JSON.stringify(await stateOf(body.id))).not.toContain('greylisted');
    expect(await world.gateway.deliverMails()).toBe(0);
    world.gateway.clock.advance(30_000);
    expect(await world.gateway.deliverMails()).toBe(1);
    world.gateway.clock.advance(30_000);
    expect(await world.gateway.deliverMails()).toBe(0);
    sink.refuse('busy.example', null);
    world.gateway.clock.advance(30_000);
    expect(await world.gateway.deliverMails()).toBe(1);
    expect((await stateOf(body.id)).status).toBe('sent');
  });

  test('given up after twelve tries: failed, and sending again starts anew', async () => {
    sink.refuse('down.example', { code: 421, text: 'try later' });
    const { body } = await invite('cy@down.example', { expiresIn: '30d' });
    for (let tries = 0; tries < 20; tries += 1) {
      world.gateway.clock.advance(6 * 3600 * 1000);
      await world.gateway.deliverMails();
    }
    owner = await world.newPerson(organization, 'owner');
    expect((await stateOf(body.id)).status).toBe('failed');
    sink.refuse('down.example', null);
    const resent = await world.send(owner, `post ${base}/invitations/${body.id}/resend`, {});
    expect(resent.body.delivery.status).toBe('sent');
    expect((await stateOf(body.id)).status).toBe('sent');
  });

  test('a link to hand over has no mail', async () => {
    const { body } = await invite('li@fine.example', { delivery: 'link' });
    expect([body.delivery, await stateOf(body.id)]).toEqual([{ channel: 'link' }, { channel: 'link' }]);
  });
});
