/** What webhooks are sent: every event of their own, in order, signed, again when it is not taken; and what one that fails does to the others. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createWebhookWorker } from '../../../src/jobs/deliver-webhooks.ts';
import { days, hours, minutes, seconds } from '../../../src/kernel/clock.ts';
import { inTime, until } from '../../support/in-time.ts';
import { isSignedWith, startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';
import { type ApiWorld, PASSWORD, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let worker: ReturnType<typeof createWebhookWorker>;
const receivers: WebhookReceiver[] = [];
let organization: Organization;

beforeAll(async () => {
  world = await startApiWorld();
});
beforeEach(async () => {
  worker = createWebhookWorker(world.gateway.deps);
  organization = await world.newOrganization();
});
// Whatever a test leaves hanging does not hang the next one.
afterEach(async () => {
  for (const receiver of receivers) {
    receiver.answer = 204;
    receiver.release();
  }
  await worker.settled();
});
afterAll(async () => {
  for (const receiver of receivers) await receiver.close();
  await world.close();
});

/** Rounds of the worker until nothing is left that is due. */
async function deliver(rounds = 3): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await worker.run();
    await worker.settled();
  }
}

interface Hook {
  readonly receiver: WebhookReceiver;
  readonly id: string;
  readonly secret: string;
  readonly path: string;
}

/** A webhook with a receiver of its own, pinged; null: the operator's. */
async function hook(of: Organization | null = organization, input: object = {}): Promise<Hook> {
  const receiver = await startWebhookReceiver(world.gateway.clock.now);
  receivers.push(receiver);
  const body = { url: receiver.url, organization: of?.id ?? null, ...input };
  const made = await world.send(world.operator, 'post /webhooks', body);
  expect([made.status, made.body.status]).toEqual([201, 'active']);
  receiver.received.length = 0;
  const { id, secret } = made.body;
  return { receiver, id, secret, path: `/webhooks/${id}` };
}

const bodies = ({ receiver }: Hook) => receiver.received.map(({ body }) => JSON.parse(body));
const types = (one: Hook): readonly string[] => bodies(one).map(({ type }) => type);
const fares = async ({ path }: Hook) => (await world.send(world.operator, `get ${path}`)).body;
const eventsOf = async (of: Organization = organization) =>
  (await world.send(world.operator, `get /events?organization=${of.id}&limit=200`)).body.items;
const addTeam = (name: string, of: Organization = organization) =>
  world.send(world.operator, `post /organizations/${of.id}/teams`, { name });
const NEW = ['webhook.updated'];

test('R28: each event once, in order, signed, its body exactly what GET /events shows', async () => {
  const mine = await hook();
  await addTeam('Red');
  await world.newPerson(organization);
  await deliver();
  const known = (await eventsOf()).map(({ id }: { id: string }) => id);
  const from = known.indexOf(bodies(mine)[0].id);
  expect(bodies(mine)).toEqual((await eventsOf()).slice(from));
  expect(types(mine).slice(0, 3)).toEqual([...NEW, 'team.created', 'invitation.created']);
  for (const one of mine.receiver.received) {
    expect(isSignedWith(mine.secret, one)).toBe(true);
    expect(one.headers['webhook-id']).toBe(JSON.parse(one.body).id);
    expect(one.headers['content-type']).toBe('application/json');
  }
  await deliver();
  expect(bodies(mine)).toHaveLength(known.length - from);
});

test('S199: an organization’s webhook gets its own events only; the operator’s those of all', async () => {
  const other = await world.newOrganization();
  const [mine, theirs, all] = [await hook(), await hook(other), await hook(null, { types: ['team.*'] })];
  await addTeam('Red');
  await addTeam('Blue', other);
  await deliver();
  const seen = (one: Hook) => new Set(bodies(one).map(({ organizationId }) => organizationId));
  expect([seen(mine), seen(theirs)]).toEqual([new Set([organization.id]), new Set([other.id])]);
  expect(bodies(all).map(({ organizationId, type }) => [organizationId, type])).toEqual([
    [organization.id, 'team.created'],
    [other.id, 'team.created'],
  ]);
});

test('S199: no secret that anybody was given is in what is sent', async () => {
  const all = await hook(null);
  const person = await world.newPerson(organization);
  const base = `/organizations/${organization.id}`;
  const invited = await world.send(world.operator, `post ${base}/invitations`, { email: 'x@example.com' });
  const key = { name: 'A', kind: 'team', scopes: ['members.read'] };
  const made = await world.send(world.operator, `post ${base}/api-keys`, key);
  const client = { name: 'A', redirectUris: ['https://app.example/'] };
  const application = await world.send(world.operator, 'post /applications', client);
  const { token } = await world.gateway.createDirectory(await world.newOrganization());
  await hook();
  await deliver();
  expect(types(all)).toEqual(
    expect.arrayContaining(['api_key.created', 'application.created', 'webhook.created']),
  );
  const text = all.receiver.received.map(({ body }) => body).join('\n');
  const secrets = [token, person.token, PASSWORD, invited.body.url, made.body.token, all.secret.slice(6)];
  for (const secret of [...secrets, application.body.clientSecret, world.gateway.operatorKey]) {
    expect(typeof secret).toBe('string');
    expect(text).not.toContain(String(secret).split('/').at(-1));
  }
});

describe('S200: an endpoint that does not take what it is sent', () => {
  test.each([500, 404, 301] as const)(
    'S200: %s: tries again later, loses nothing, keeps the order',
    async (fault) => {
      const mine = await hook();
      await deliver();
      mine.receiver.received.length = 0;
      mine.receiver.answer = fault === 301 ? { location: mine.receiver.url } : fault;
      await addTeam('Red');
      await addTeam('Blue');
      await deliver();
      expect(types(mine)).toEqual(['team.created']);
      const { failures, nextTryAt, lastResult } = await fares(mine);
      const wait = Date.parse(nextTryAt) - world.gateway.clock.now();
      expect([failures, lastResult.outcome, wait > 0, wait <= seconds(5)]).toEqual([
        1,
        'rejected',
        true,
        true,
      ]);
      world.gateway.clock.advance(seconds(5));
      await deliver();
      expect((await fares(mine)).failures).toBe(2);
      mine.receiver.answer = 200;
      world.gateway.clock.advance(seconds(10));
      await deliver();
      expect(bodies(mine).map(({ data }) => data.details.name)).toEqual(['Red', 'Red', 'Red', 'Blue']);
      const [first, , third] = mine.receiver.received;
      expect(third?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
      expect(Number(third?.headers['webhook-timestamp'])).toBe(
        Number(first?.headers['webhook-timestamp']) + 15,
      );
      expect(await fares(mine)).toMatchObject({ failures: 0, failingSince: null, nextTryAt: null });
    },
  );

  test('S200: holds up nobody else: others get theirs while it hangs, and it has one request under way', async () => {
    const [slow, fine] = [await hook(), await hook(await world.newOrganization())];
    await deliver();
    slow.receiver.received.length = 0;
    slow.receiver.answer = 'hang';
    await addTeam('Red');
    await addTeam('Blue');
    await addTeam('Red', await world.newOrganization());
    const neighbour = await hook();
    for (let round = 0; round < 5; round += 1)
      await inTime('the end of a round while an endpoint hangs', worker.run());
    await until(
      'a request to the one that hangs, and one to its neighbour',
      () => neighbour.receiver.received.length > 0 && slow.receiver.received.length > 0,
    );
    expect(slow.receiver.received).toHaveLength(1);
    expect(fine.receiver.received.length).toBeGreaterThan(0);
    slow.receiver.answer = 204;
    slow.receiver.release();
    await worker.settled();
    await deliver();
    expect(types(slow).slice(0, 2)).toEqual(['team.created', 'team.created']);
  });

  test('S200: one organization has four under way at most, however many hang', async () => {
    const hooks: Hook[] = [];
    for (let count = 0; count < 7; count += 1) hooks.push(await hook());
    const other = await world.newOrganization();
    const fine = await hook(other);
    for (const { receiver } of hooks) receiver.answer = 'hang';
    const busy = () => hooks.filter(({ receiver }) => receiver.received.length > 0);
    await inTime('the end of a round while four endpoints hang', worker.run());
    await until(
      'four requests that hang, and one to another organization',
      () => busy().length >= 4 && fine.receiver.received.length > 0,
    );
    for (let round = 0; round < 3; round += 1)
      await inTime('the end of a round while four endpoints hang', worker.run());
    expect(busy()).toHaveLength(4);
    for (const { receiver } of hooks) {
      receiver.answer = 204;
      receiver.release();
    }
    await worker.settled();
    await deliver(5);
    expect(busy()).toHaveLength(7);
  });

  test('S200: 410 ends it at once, 3 days of failing end it then; the owners hear of it once by mail', async () => {
    await world.newPerson(organization, 'owner', 'owner-of-hooks@example.com');
    await world.gateway.deliverMails();
    const [gone, failing] = [await hook(), await hook()];
    gone.receiver.answer = 410;
    failing.receiver.answer = 500;
    await deliver();
    expect(await fares(gone)).toMatchObject({ status: 'disabled', disabledBecause: 'gone' });
    for (let passed = 0; passed < 76; passed += 1) {
      world.gateway.clock.advance(hours(1));
      await deliver(1);
    }
    expect(await fares(failing)).toMatchObject({ status: 'disabled', disabledBecause: 'failing' });
    await world.gateway.deliverMails();
    const mails = world.gateway.mails.filter(({ to }) => to === 'owner-of-hooks@example.com');
    const told = mails.filter(({ subject }) => subject.includes('switched off'));
    expect(told).toHaveLength(2);
    expect(told.map(({ text }) => text.includes('of-the-receiver'))).toEqual([false, false]);
    const ends = (await eventsOf()).filter(({ type }: { type: string }) => type === 'webhook.disabled');
    expect(ends.map(({ data }: { data: { details: object } }) => data.details)).toMatchObject([
      { because: 'gone', status: 'disabled' },
      { because: 'failing', status: 'disabled' },
    ]);
    const before = failing.receiver.received.length;
    world.gateway.clock.advance(days(1));
    await deliver();
    expect(failing.receiver.received).toHaveLength(before);
  });

  test('R29: one that was down for three days gets everything afterwards, from where it was', async () => {
    const mine = await hook();
    await deliver();
    await world.send(world.operator, `patch ${mine.path}`, { status: 'disabled' });
    mine.receiver.received.length = 0;
    for (let count = 0; count < 120; count += 1) await addTeam(`Team ${count}`);
    world.gateway.clock.advance(days(3));
    await deliver();
    expect(mine.receiver.received).toEqual([]);
    await world.send(world.operator, `patch ${mine.path}`, { status: 'active' });
    await deliver(4);
    const names = bodies(mine).flatMap(({ type, data }) =>
      type === 'team.created' ? [data.details.name] : [],
    );
    expect(names).toEqual(Array.from({ length: 120 }, (_, count) => `Team ${count}`));
  });
});

describe('replay', () => {
  test('R29: sends again from an event on, and goes on behind one that is never taken', async () => {
    const mine = await hook();
    for (const name of ['Red', 'Blue', 'Green']) await addTeam(name);
    await deliver();
    const teams = (await eventsOf())
      .filter(({ type }: { type: string }) => type === 'team.created')
      .slice(-3);
    mine.receiver.received.length = 0;
    await world.send(world.operator, `post ${mine.path}/replay`, { from: teams[1].id });
    await deliver();
    expect(bodies(mine).slice(0, 2)).toEqual(teams.slice(1));
    mine.receiver.answer = 500;
    await addTeam('Poison');
    await addTeam('Fine');
    await deliver();
    mine.receiver.received.length = 0;
    mine.receiver.answer = 204;
    const fine = (await eventsOf()).find(
      ({ data }: { data: { details: { name?: string } } }) => data.details.name === 'Fine',
    );
    await world.send(world.operator, `post ${mine.path}/replay`, { from: fine.id });
    await deliver();
    expect(bodies(mine)[0]).toEqual(fine);
    expect(await fares(mine)).toMatchObject({ status: 'active', failures: 0 });
  });

  test('what somebody changes while a request is under way counts: replay, removal and a new address are not undone', async () => {
    const [replayed, removed, moved] = [await hook(), await hook(), await hook()];
    const hooks = [replayed, removed, moved];
    await deliver();
    const [first] = bodies(replayed);
    for (const { receiver } of hooks) {
      receiver.received.length = 0;
      receiver.answer = 'hang';
    }
    await addTeam('Red');
    await addTeam('Blue');
    await inTime('the end of a round while endpoints hang', worker.run());
    await until('a request to each', () => hooks.every(({ receiver }) => receiver.received.length > 0));
    await world.send(world.operator, `post ${replayed.path}/replay`, { from: first.id });
    await world.send(world.operator, `delete ${removed.path}`);
    await world.send(world.operator, `patch ${moved.path}`, { url: 'http://127.0.0.1:1/' });
    for (const { receiver } of hooks) {
      receiver.answer = 204;
      receiver.release();
    }
    await worker.settled();
    await deliver();
    expect(bodies(replayed)[1]).toEqual(first);
    expect([removed, moved].map(({ receiver }) => receiver.received.length)).toEqual([1, 1]);
    expect(await fares(moved)).toMatchObject({ status: 'pending' });
  });
});

test('R30: a worker that stopped in the middle loses nothing: after its lease another sends on', async () => {
  const mine = await hook();
  await addTeam('Red');
  const { storage } = world.gateway;
  const now = world.gateway.clock.now();
  const { id, organizationId } =
    (await storage.webhooks.listAll({ limit: 1000 })).find((one) => one.id === mine.id) ?? {};
  if (id === undefined || organizationId === undefined) throw new Error('no webhook');
  await storage.transact((tx) => tx.webhooks.claim(organizationId, id, { now, endsAt: now + seconds(30) }));
  await deliver();
  expect(mine.receiver.received).toEqual([]);
  world.gateway.clock.advance(minutes(1));
  await deliver();
  expect(types(mine)).toEqual([...NEW, 'team.created']);
});

test('a removed organization takes its webhooks along; the operator’s is told', async () => {
  const [mine, all] = [await hook(), await hook(null, { types: ['organization.removed'] })];
  await world.send(world.operator, `delete /organizations/${organization.id}`);
  await deliver();
  expect((await world.send(world.operator, `get ${mine.path}`)).status).toBe(404);
  expect(mine.receiver.received).toEqual([]);
  expect(bodies(all)).toMatchObject([{ type: 'organization.removed', organizationId: organization.id }]);
});
