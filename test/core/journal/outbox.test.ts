/** Mails: they wait where the change was written, go out once, survive a dead server, and carry nothing a stranger planted. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { deliverMail, enqueueMail, eraseFromMails } from '../../../src/core/journal/outbox.ts';
import { layOut } from '../../../src/core/mail/mail-layout.ts';
import { invitationMail } from '../../../src/core/mail/member-mails.ts';
import type { MailReceipt } from '../../../src/core/ports/mailer.ts';
import { deliverDueMails } from '../../../src/jobs/deliver-mails.ts';
import type { OrganizationId, OutboxEventId } from '../../../src/kernel/ids.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { anInvitation, anOrganization } from '../../support/builders.ts';
import { newOrganization } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { rowsIn } from '../../support/journal-rows.ts';
import { refusalOf } from '../../support/refusals.ts';

const worlds: CoreWorld[] = [];
let world: CoreWorld;
let organizationId: OrganizationId;
beforeEach(async () => {
  world = await openCoreWorld();
  worlds.push(world);
  organizationId = (await newOrganization(world)).id;
});
afterAll(() => Promise.all(worlds.map((one) => one.close())));

const MAIL = { to: 'a@x.example', subject: 'Hello', text: 'https://gate.example.com/invitations/ghi_secret' };

const enqueue = (): Promise<OutboxEventId> =>
  world.deps.storage.transact((tx) =>
    enqueueMail(tx, { organizationId, cause: OPERATOR, now: world.time.now }, MAIL),
  );
const deliver = (id: OutboxEventId) => deliverMail(world.deps, { organizationId, id });
const eventOf = (id: OutboxEventId) => world.deps.storage.outbox.find(organizationId, id);

describe('delivery', () => {
  test('a mail is handed over once and never again', async () => {
    const id = await enqueue();
    expect(await deliver(id)).toEqual({ status: 'sent' });
    expect(await deliver(id)).toMatchObject({ status: 'queued' });
    expect(await deliverDueMails(world.deps)).toBe(0);
    expect(world.sent).toEqual([MAIL]);
    expect(await eventOf(id)).toMatchObject({
      attempts: 1,
      dueAt: null,
      deliveredAt: world.time.now,
      lastError: null,
    });
  });

  test('a change that fails leaves no mail', async () => {
    const before = rowsIn(world.path, 'outbox');
    const torn = world.deps.storage.transact(async (tx) => {
      await enqueueMail(tx, { organizationId, cause: OPERATOR, now: world.time.now }, MAIL);
      throw new Error('the change failed');
    });
    await expect(torn).rejects.toThrow('the change failed');
    expect(rowsIn(world.path, 'outbox')).toBe(before);
  });

  test('twenty workers at once hand one mail over once', async () => {
    const id = await enqueue();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => deliver(id)));
    expect(outcomes.filter(({ status }) => status === 'sent')).toHaveLength(1);
    expect(world.sent).toHaveLength(1);
  });

  test('a worker that died with the mail in hand blocks it for a minute, not for ever', async () => {
    const id = await enqueue();
    await world.deps.storage.transact((tx) => tx.outbox.claim(organizationId, id, world.time.now, 60_000));
    world.time.now += 59_999;
    expect(await deliver(id)).toMatchObject({ status: 'queued' });
    world.time.now += 1;
    expect(await deliver(id)).toEqual({ status: 'sent' });
  });

  test('a server that is down loses nothing: tried again after 30 s, doubling to 6 h, given up visibly after twelve times', async () => {
    const id = await enqueue();
    world.mailServer.isDown = true;
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      expect(await deliver(id)).toMatchObject({ status: attempt < 12 ? 'queued' : 'failed' });
      const event = await eventOf(id);
      expect(event).toMatchObject({ attempts: attempt, deliveredAt: null, lastError: 'connection refused' });
      if (event?.dueAt === null || event === undefined) break;
      waits.push((event.dueAt - world.time.now) / 1000);
      world.time.now = event.dueAt - 1;
      expect(await deliverDueMails(world.deps)).toBe(0);
      world.time.now += 1;
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 21_600]);
    expect(await eventOf(id)).toMatchObject({ attempts: 12, dueAt: null, lastError: 'connection refused' });
  });

  test('when the server is back, everything that waited goes out, oldest first', async () => {
    world.mailServer.isDown = true;
    for (let count = 0; count < 3; count += 1) {
      world.time.now += 1000;
      await deliver(await enqueue());
    }
    world.mailServer.isDown = false;
    world.time.now += 60_000;
    expect(await deliverDueMails(world.deps)).toBe(3);
    expect(world.sent).toHaveLength(3);
  });

  test('an invitation whose mail cannot go out is made all the same, says so, and its mail follows', async () => {
    world.mailServer.isDown = true;
    const invitation = { email: 'g@x.example', role: 'member', teams: [], delivery: 'email' } as const;
    const { delivery, url } = await createInvitation(world.deps, {
      organizationId,
      cause: OPERATOR,
      caller: { kind: 'operator' },
      invitation,
    });
    expect(delivery).toEqual({
      channel: 'email',
      status: 'queued',
      detail: 'The mail server did not take it yet; it will be tried again.',
    });
    world.mailServer.isDown = false;
    world.time.now += 30_000;
    await deliverDueMails(world.deps);
    expect(world.sent.map(({ to }) => to)).toEqual(['g@x.example']);
    expect(world.sent[0]?.text).toContain(url);
  });

  test('an invitation by link sends no mail', async () => {
    const invitation = { email: 'g@x.example', role: 'member', teams: [], delivery: 'link' } as const;
    const work = createInvitation(world.deps, {
      organizationId,
      cause: OPERATOR,
      caller: { kind: 'operator' },
      invitation,
    });
    expect(await refusalOf(work)).toBe('done');
    expect([await deliverDueMails(world.deps), world.sent.length]).toEqual([0, 0]);
  });
});

describe('a mail held twice', () => {
  /** Tries that the server has in hand, and has said nothing about. */
  const held: PromiseWithResolvers<MailReceipt>[] = [];
  const send = () => {
    const answer = Promise.withResolvers<MailReceipt>();
    held.push(answer);
    return answer.promise;
  };
  const TAKEN = { channel: 'smtp', messageId: '<1@x>' } as const;
  const begin = async (id: OutboxEventId) => {
    held.length = 0;
    const outcome = deliverMail({ ...world.deps, mailer: { send } }, { organizationId, id });
    while (held[0] === undefined) await new Promise(setImmediate);
    return { outcome, server: held[0] };
  };
  const cancel = () =>
    eraseFromMails(world.deps, { organizationId, emailKeys: new Set([MAIL.to]), pause: async () => {} });

  test('S217: one that an erasure meets under way is over, whatever the server says afterwards', async () => {
    const id = await enqueue();
    const { outcome, server } = await begin(id);
    await cancel();
    server.reject(new Error('451 try later'));
    expect(await outcome).toMatchObject({ status: 'suppressed' });
    expect(await eventOf(id)).toMatchObject({ payload: '', dueAt: null, lastError: 'suppressed: erased' });
    world.time.now += 60_000;
    expect(await deliverDueMails(world.deps)).toBe(0);
    await cancel();
  });

  test('S217: the second answer about one that was sent changes nothing', async () => {
    const id = await enqueue();
    const first = await begin(id);
    world.time.now += 60_000;
    const second = await begin(id);
    first.server.resolve(TAKEN);
    expect(await first.outcome).toEqual({ status: 'sent' });
    second.server.reject(new Error('451 try later'));
    expect(await second.outcome).toEqual({ status: 'sent' });
    expect(await eventOf(id)).toMatchObject({ payload: '', dueAt: null, lastError: null });
    await cancel();
  });

  test('one that cannot be read is given up, and holds up no other and no erasure', async () => {
    const broken = newId('evt', world.time.now);
    const row = {
      id: broken,
      organizationId,
      kind: 'mail',
      type: 'mail',
      payload: '{',
      attempts: 0,
    } as const;
    const times = { createdAt: world.time.now, dueAt: world.time.now, deliveredAt: null, lastError: null };
    await world.deps.storage.transact((tx) => tx.outbox.append(organizationId, { ...row, ...times }));
    const id = await enqueue();
    await eraseFromMails(world.deps, { organizationId, emailKeys: new Set(), pause: async () => {} });
    expect(await deliverDueMails(world.deps)).toBe(2);
    expect([await eventOf(broken), await eventOf(id)]).toMatchObject([
      { dueAt: null, deliveredAt: null, lastError: 'its text cannot be read' },
      { dueAt: null, deliveredAt: world.time.now },
    ]);
  });

  test('what fails in one round keeps no later mail of it back', async () => {
    for (let count = 0; count < 11; count += 1) {
      await enqueue();
      world.time.now += 1;
    }
    const { storage } = world.deps;
    const mailSuppressions = {
      ...storage.mailSuppressions,
      findByAddress: failingOnce(storage.mailSuppressions),
    };
    const deps = { ...world.deps, storage: { ...storage, mailSuppressions } };
    await expect(deliverDueMails(deps)).rejects.toThrow('the store is away');
    expect(world.sent).toHaveLength(10);
  });
});

/** The look-up as it is, but the first call fails. */
function failingOnce(of: CoreWorld['deps']['storage']['mailSuppressions']): typeof of.findByAddress {
  let calls = 0;
  return async (address) => {
    calls += 1;
    if (calls === 1) throw new Error('the store is away');
    return of.findByAddress(address);
  };
}

describe('the invitation mail', () => {
  const mailWith = (name: string, message: string | null = null) => {
    const organization = anOrganization({ name });
    const content = invitationMail({
      organization,
      invitation: anInvitation(organization.id, { email: 'g@x.example', message }),
      role: 'Member',
      url: 'https://gate.example.com/invitations/ghi_x',
    });
    return layOut('g@x.example', content);
  };

  const names: [title: string, name: string][] = [
    ['a line break', 'Acme\r\nBcc: victim@x.example'],
    ['a bare line feed', 'Acme\nX-Header: 1'],
    ['a NUL', 'Acme\u0000Evil'],
    ['a Unicode line separator', 'Acme\u2028Bcc: x'],
    ['a direction override', 'Acme\u202egro.live'],
    ['zero-width characters', 'Ac\u200bme'],
  ];
  test.each(names)(
    'S204 %s in the organization name stays on one line without control characters',
    (_title, name) => {
      expect(mailWith(name).subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(mailWith(name).text.split('\n')[0]).toMatch(/^You have been invited to join .* as Member\.$/);
    },
  );

  const links = [
    'https://evil.example/x',
    'HTTP://evil.example',
    'www.evil.example',
    'WWW.evil.example',
    'ftp://x',
    'https:\u200b//evil.example',
  ];
  test.each(links)('S174 %j in name or message is no link any more', (link) => {
    const { text, subject } = mailWith(`Acme ${link}`, `Look:\n${link}`);
    const own = 'https://gate.example.com/invitations/ghi_x';
    for (const part of [subject, text.replace(own, '')]) expect(part).not.toMatch(/:\/\/|www\./i);
    expect(text).toContain(`\n${own}\n`);
  });

  const domains = [
    'evil.example',
    'a.evil.co.uk/login',
    '(evil.example)',
    'EVIL.EXAMPLE',
    'böse。example',
    'e.xn--p1ai',
  ];
  test.each(domains)(
    'S174 %j in name or message is no bare domain any more; an address to ask at stays',
    (domain) => {
      const { text, subject } = mailWith(`Acme ${domain}`, `Look:\n${domain} or ask ada@acme.example`);
      const [own, address] = ['https://gate.example.com/invitations/ghi_x', 'g@x.example'];
      const rest = text.replace(own, '').replaceAll(address, '');
      expect(rest).toContain('ask ada@acme.example');
      for (const part of [subject, rest.replace('ada@acme.example', '')])
        expect(part).not.toMatch(/[\p{L}\p{N}][.。]\p{L}/u);
    },
  );

  test.each([
    ['security@paypal.example', 'security at paypal. example via Gatehouse'],
    ['Paypal\r\n<evil@x.example>', 'Paypal <evil at x. example> via Gatehouse'],
  ])('S174 the name of the sender %j is no address and no domain', (productName, fromName) => {
    const look = { productName, color: null, supportContact: null };
    expect(layOut('g@x.example', { subject: 'Hello', blocks: [] }, look).fromName).toBe(fromName);
  });

  test('S174 each line of the message is quoted, so that it cannot pretend to be ours', () => {
    const { text } = mailWith('Acme', 'Hi\n\nOpen this link to accept:\rhttp://x\u2028new line');
    const lines = text.split('\n').slice(2, 5);
    expect(lines).toEqual(['> Hi', '> ', '> Open this link to accept: http: //x new line']);
  });

  test('it goes to the invited address alone, and names role and expiry', () => {
    const mail = mailWith('Acme');
    expect(mail.to).toBe('g@x.example');
    expect(mail.text).toContain(
      'It works once, and only for g@x.example,\nuntil Thu, 08 Jan 2026 00:00:00 GMT.',
    );
  });
});
