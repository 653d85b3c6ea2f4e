/** One event that a webhook never takes, and an endpoint that takes none: which of them is held up, for how long, and who hears of it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createWebhookWorker } from '../../../src/jobs/deliver-webhooks.ts';
import { hours, minutes } from '../../../src/kernel/clock.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let worker: ReturnType<typeof createWebhookWorker>;
const receivers: WebhookReceiver[] = [];
beforeAll(async () => {
  world = await startApiWorld();
  worker = createWebhookWorker(world.gateway.deps);
});
afterAll(async () => {
  for (const receiver of receivers) await receiver.close();
  await world.close();
});

async function hook(of: Organization, isOperators = false) {
  const receiver = await startWebhookReceiver(world.gateway.clock.now);
  receivers.push(receiver);
  const body = { url: receiver.url, organization: isOperators ? null : of.id, types: ['team.*'] };
  const { id } = (await world.send(world.operator, 'post /webhooks', body)).body;
  receiver.received.length = 0;
  const shown = async () => (await world.send(world.operator, `get /webhooks/${id}`)).body;
  const names = () => receiver.received.map(({ body: sent }) => JSON.parse(sent).data.details.name);
  return { receiver, id, shown, names };
}

type Hook = Awaited<ReturnType<typeof hook>>;

const addTeams = async (of: Organization, ...names: readonly string[]): Promise<void> => {
  for (const name of names) await world.send(world.operator, `post /organizations/${of.id}/teams`, { name });
};

async function pass(ms: number, step = minutes(10)): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    world.gateway.clock.advance(step);
    await worker.run();
    await worker.settled();
  }
}

const logged = (message: string) => world.gateway.logLines.filter((line) => line.message === message);

/** Three days of tries of its own, beside the others; then event, log and mail, and no more tries. */
async function expectGivenUp(organization: Organization, mine: Hook, aside: string): Promise<void> {
  const before = mine.receiver.received.length;
  await addTeams(organization, 'Green');
  await pass(hours(70), hours(1));
  expect(
    mine
      .names()
      .slice(before)
      .filter((name) => name === 'Green'),
  ).toEqual(['Green']);
  expect(
    mine
      .names()
      .slice(before)
      .filter((name) => name === 'Poison').length,
  ).toBeGreaterThan(50);
  const atTheEnd = mine.receiver.received.length;
  await pass(hours(10), hours(1));
  expect(mine.receiver.received.length - atTheEnd).toBeLessThan(3);
  expect((await mine.shown()).setAside).toEqual([]);
  const { items } = (
    await world.send(world.operator, `get /events?organization=${organization.id}&limit=200`)
  ).body;
  expect(items.at(-1)).toMatchObject({
    type: 'webhook.event_failed',
    data: { target: { id: mine.id }, details: { event: aside, eventType: 'team.created' } },
  });
  expect(logged('webhook event given up').at(-1)?.fields).toMatchObject({
    webhook: mine.id,
    event: aside,
  });
  await world.gateway.deliverMails();
  const mails = world.gateway.mails.filter(({ to }) => to === 'owner-of-poison@example.com');
  expect(mails.filter(({ text }) => text.includes(aside))).toHaveLength(1);
}

test('S200: an event that is never taken holds up the others for an hour, is tried on its own for three days, and then told of', async () => {
  const organization = await world.newOrganization();
  await world.newPerson(organization, 'owner', 'owner-of-poison@example.com');
  const mine = await hook(organization);
  mine.receiver.refuses = 'Poison';
  await addTeams(organization, 'Poison', 'Red', 'Blue');
  await pass(minutes(50));
  expect(new Set(mine.names())).toEqual(new Set(['Poison']));
  await pass(hours(2));
  // Red showed that the endpoint takes events, and came again in its turn.
  expect(mine.names().filter((name) => name !== 'Poison')).toEqual(['Red', 'Red', 'Blue']);
  const [aside] = (await mine.shown()).setAside;
  expect(aside).toMatchObject({ type: 'team.created', since: expect.any(String) });
  expect(await mine.shown()).toMatchObject({
    status: 'active',
    failures: 0,
    lastResult: { outcome: 'accepted' },
  });

  await expectGivenUp(organization, mine, aside.id);
});

/** A webhook with an event aside, and nothing else to send. */
async function poisoned() {
  const organization = await world.newOrganization();
  const mine = await hook(organization);
  mine.receiver.refuses = 'Poison';
  await addTeams(organization, 'Poison', 'Red');
  await pass(hours(3));
  expect((await mine.shown()).setAside).toHaveLength(1);
  mine.receiver.received.length = 0;
  return mine;
}

test('S200: one that is aside and taken at last is aside no more, and told of to nobody', async () => {
  const mine = await poisoned();
  mine.receiver.refuses = null;
  await pass(hours(2));
  expect([mine.names(), (await mine.shown()).setAside]).toEqual([['Poison'], []]);
});

test('S200: what a webhook does not want any more is not sent to it from aside either', async () => {
  const mine = await poisoned();
  mine.receiver.refuses = null;
  await world.send(world.operator, `patch /webhooks/${mine.id}`, { types: ['member.*'] });
  await pass(hours(3));
  expect([mine.receiver.received, (await mine.shown()).setAside]).toEqual([[], []]);
});

test('S200: 410 to one that is aside disables the webhook', async () => {
  const mine = await poisoned();
  mine.receiver.refuses = null;
  mine.receiver.answer = 410;
  await pass(hours(3));
  expect([mine.receiver.received.length, await mine.shown()]).toMatchObject([
    1,
    { status: 'disabled', disabledBecause: 'gone' },
  ]);
});

test('S200: no time runs for one that is aside while the webhook rests', async () => {
  const mine = await poisoned();
  await world.send(world.operator, `patch /webhooks/${mine.id}`, { status: 'disabled' });
  await pass(hours(96), hours(12));
  await world.send(world.operator, `patch /webhooks/${mine.id}`, { status: 'active' });
  await world.send(world.operator, `post /webhooks/${mine.id}/ping`);
  await pass(hours(3));
  expect(await mine.shown()).toMatchObject({ status: 'active', setAside: [{ type: 'team.created' }] });
});

test('R29: an endpoint that takes nothing loses nothing: all come in order once it is back', async () => {
  const organization = await world.newOrganization();
  const mine = await hook(organization);
  mine.receiver.answer = 500;
  const names = ['Red', 'Blue', 'Green', 'Grey', 'Black'];
  await addTeams(organization, ...names);
  await pass(hours(48), hours(1));
  expect((await mine.shown()).setAside).toEqual([]);
  mine.receiver.answer = 204;
  mine.receiver.received.length = 0;
  await pass(hours(2));
  expect(mine.names()).toEqual(names);
});

test('the operator hears in the log that a webhook of theirs is disabled', async () => {
  const organization = await world.newOrganization();
  const mine = await hook(organization, true);
  mine.receiver.answer = 410;
  await addTeams(organization, 'Red');
  await pass(minutes(10));
  const [line] = logged('webhook disabled').filter(({ fields }) => fields.webhook === mine.id);
  expect(line).toMatchObject({ level: 'error', fields: { because: 'gone' } });
});
