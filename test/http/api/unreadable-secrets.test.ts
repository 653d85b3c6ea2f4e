/** A stored secret that does not open any more stops what needs it, says so, and holds up nothing beside it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { attendConnections } from '../../../src/core/connections/connection-attendance.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createWebhookWorker } from '../../../src/jobs/deliver-webhooks.ts';
import { days } from '../../../src/kernel/clock.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { isSignedWith, startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let worker: ReturnType<typeof createWebhookWorker>;
let organization: Organization;
const receivers: WebhookReceiver[] = [];

beforeAll(async () => {
  world = await startApiWorld();
  worker = createWebhookWorker(world.gateway.deps);
  organization = await world.newOrganization();
});
afterAll(async () => {
  for (const receiver of receivers) await receiver.close();
  await world.close();
});

/** Writes past the gateway, as a disk that lies does. */
function damage(statement: string, ...values: readonly string[]): void {
  const database = new Database(world.gateway.path);
  expect(database.prepare(statement).run(...values).changes).toBe(1);
  database.close();
}

async function hook() {
  const receiver = await startWebhookReceiver(world.gateway.clock.now);
  receivers.push(receiver);
  const body = { url: receiver.url, organization: organization.id, types: ['team.*'] };
  const { id, secret } = (await world.send(world.operator, 'post /webhooks', body)).body;
  receiver.received.length = 0;
  return { receiver, id, secret, path: `/webhooks/${id}` };
}

async function deliver(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await worker.run();
    await worker.settled();
  }
}

const told = (message: string) =>
  world.gateway.logLines.filter((line) => line.message === message && line.level === 'error');

/** Refused until it has a new secret; then it goes on where it was. */
async function expectMended(broken: Awaited<ReturnType<typeof hook>>, team: string): Promise<void> {
  const ping = await world.send(world.operator, `post ${broken.path}/ping`);
  expect([ping.status, ping.body.code]).toEqual([422, 'invalid']);
  const again = await world.send(world.operator, `patch ${broken.path}`, { status: 'active' });
  expect([again.status, again.body.code]).toEqual([422, 'invalid']);
  const { body: renewed } = await world.send(world.operator, `post ${broken.path}/secret`);
  expect(renewed.previousSecretEndsAt).toBeNull();
  await world.send(world.operator, `patch ${broken.path}`, { status: 'active' });
  broken.receiver.received.length = 0;
  await deliver();
  const [sent] = broken.receiver.received;
  expect(JSON.parse(sent?.body ?? '{}').data.target.id).toBe(team);
  expect(sent !== undefined && isSignedWith(renewed.secret, sent)).toBe(true);
}

test('a webhook whose secret does not open is disabled and its owners told; the others get theirs; a new secret mends it', async () => {
  await world.newPerson(organization, 'owner', 'owner-of-damage@example.com');
  const [broken, fine] = [await hook(), await hook()];
  damage("UPDATE webhooks SET secret = 'v1.AAAA.AAAA.AAAA' WHERE id = ?", broken.id);
  const { body: team } = await world.send(world.operator, `post /organizations/${organization.id}/teams`, {
    name: 'Red',
  });
  await deliver();
  expect([broken, fine].map(({ receiver }) => receiver.received.length)).toEqual([0, 1]);
  const shown = (await world.send(world.operator, `get ${broken.path}`)).body;
  expect(shown).toMatchObject({ status: 'disabled', disabledBecause: 'unreadable', failures: 0 });
  expect((await world.send(world.operator, 'get /webhooks')).body.items).toHaveLength(2);
  const events = (await world.send(world.operator, `get /events?organization=${organization.id}&limit=200`))
    .body;
  expect(events.items.at(-1)).toMatchObject({
    type: 'webhook.disabled',
    data: { details: { because: 'unreadable' } },
  });
  expect(told('a stored secret does not open')[0]?.fields).toMatchObject({
    field: 'webhook.secret',
    id: broken.id,
  });
  await world.gateway.deliverMails();
  const mails = world.gateway.mails.filter(({ to }) => to === 'owner-of-damage@example.com');
  expect(
    mails.some(({ text }) => text.includes('The secret that its events are signed with is damaged')),
  ).toBe(true);

  await expectMended(broken, team.id);
});

test('a mail that does not open is given up visibly; the others go out', async () => {
  const base = `/organizations/${organization.id}/invitations`;
  const { mailer } = world.gateway.deps;
  const send = mailer.send;
  Reflect.set(mailer, 'send', () => Promise.reject(new Error('down')));
  const made = [];
  for (const email of ['lost@x.example', 'kept@x.example'])
    made.push((await world.send(world.operator, `post ${base}`, { email, role: 'member' })).body);
  Reflect.set(mailer, 'send', send);
  const [lost, kept] = made;
  const { mailId } = (await world.gateway.storage.invitations.find(organization.id, lost.id)) ?? {};
  damage("UPDATE outbox SET payload = 'v1.AAAA.AAAA.AAAA' WHERE id = ?", mailId ?? '');
  world.gateway.clock.advance(60_000);
  await world.gateway.deliverMails();
  expect(world.gateway.mails.at(-1)?.to).toBe('kept@x.example');
  const stateOf = async ({ id }: { id: string }) =>
    (await world.send(world.operator, `get ${base}/${id}`)).body.delivery;
  expect([await stateOf(lost), await stateOf(kept)]).toMatchObject([
    { status: 'failed', detail: expect.stringContaining('cannot be read') },
    { status: 'sent' },
  ]);
  expect(told('a stored secret does not open').at(-1)?.fields).toMatchObject({
    field: 'outbox.payload',
    id: mailId,
  });
  const events = (await world.send(world.operator, `get /events?organization=${organization.id}&limit=200`))
    .body;
  expect(events.items.at(-1)).toMatchObject({
    type: 'mail.unreadable',
    data: { target: { kind: 'mail', id: mailId } },
  });
  const before = world.gateway.mails.length;
  world.gateway.clock.advance(24 * 3_600_000);
  await world.gateway.deliverMails();
  expect(world.gateway.mails).toHaveLength(before);
});

test('a connection whose private key does not open is left alone and told of; the others are looked after', async () => {
  const [broken, fine] = [await world.newOrganization(), await world.newOrganization()];
  for (const { id } of [broken, fine]) {
    const body = {
      ...{ protocol: 'saml', name: 'Company', entityId: 'https://idp.example.com/entity' },
      ...{ ssoUrl: 'https://idp.example.com/sso', certificates: [testCertificate('idp')] },
    };
    expect((await world.send(world.operator, `post /organizations/${id}/connections`, body)).status).toBe(
      201,
    );
  }
  const key = JSON.stringify([
    { use: 'current', privateKey: 'v1.A.A.A', certificate: testCertificate('idp') },
  ]);
  const change =
    "UPDATE connections SET settings = json_set(settings, '$.spKeys', json(?)) WHERE organization_id = ?";
  damage(change, key, broken.id);
  world.gateway.clock.advance(days(365 * 200));
  await attendConnections(world.gateway.deps);
  const rows = ({ id }: Organization) =>
    countOfType(world.gateway.storage, id, 'connection.certificate_expired');
  expect([await rows(broken), (await rows(fine)) > 0]).toEqual([0, true]);
  const [line] = told('a stored secret does not open').slice(-1);
  expect(line?.fields).toMatchObject({ field: 'connection', organizationId: broken.id });
});

test('where only the secret before does not open, the present one signs alone and is kept', async () => {
  const mine = await hook();
  const { body: renewed } = await world.send(world.operator, `post ${mine.path}/secret`);
  damage(
    "UPDATE webhooks SET previous_secret = json_set(previous_secret, '$.value', 'v1.AAAA.AAAA.AAAA') WHERE id = ?",
    mine.id,
  );
  for (const name of ['Amber', 'Teal']) {
    await world.send(world.operator, `post /organizations/${organization.id}/teams`, { name });
    await deliver();
  }
  expect(mine.receiver.received.map((sent) => isSignedWith(renewed.secret, sent))).toEqual([true, true]);
  expect((await world.send(world.operator, `get ${mine.path}`)).body.status).toBe('active');
  await world.send(world.operator, `delete ${mine.path}`);
});
