/** Webhooks over the management API: who may have one, what is called, when it counts, what is never told. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { pingWebhook } from '../../../src/core/journal/webhook-delivery.ts';
import { hours, minutes } from '../../../src/kernel/clock.ts';
import { testCause } from '../../support/gateway.ts';
import { isSignedWith, startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let receiver: WebhookReceiver;
let organization: Organization;
let owner: Person;
/** Where the webhooks of the organization are. */
let own = '';
beforeAll(async () => {
  world = await startApiWorld();
  receiver = await startWebhookReceiver(world.gateway.clock.now);
});
afterAll(async () => {
  await receiver.close();
  await world.close();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  own = `/organizations/${organization.id}/webhooks`;
  receiver.answer = 204;
  receiver.received.length = 0;
});

const make = async (input: object = {}, path = '/webhooks') => {
  const { status, body } = await world.send(world.operator, `post ${path}`, { url: receiver.url, ...input });
  expect(status).toBe(201);
  return body;
};

test('POST /webhooks: pinged, active, and its secret shown this once', async () => {
  const made = await make({ types: ['member.*'] });
  expect(made).toMatchObject({
    ...{ url: receiver.url, organization: null, types: ['member.*'], status: 'active' },
    secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    lastResult: { outcome: 'accepted' },
  });
  const [ping] = receiver.received;
  expect(JSON.parse(ping?.body ?? '')).toMatchObject({
    ...{ type: 'ping', id: ping?.headers['webhook-id'], data: { webhookId: made.id } },
  });
  expect(ping && isSignedWith(made.secret, ping)).toBe(true);
  const { secret, ...shown } = made;
  expect((await world.send(world.operator, `get /webhooks/${made.id}`)).body).toEqual(shown);
  const { body } = await world.send(world.operator, 'get /webhooks?limit=200');
  expect(body.items).toContainEqual(shown);
  expect(JSON.stringify(body)).not.toContain('whsec_');
});

test('POST /webhooks {organization}: that of an organization, by id or slug, which its owner sees; another owner sees none', async () => {
  const made = await make({ organization: organization.slug });
  expect(made.organization).toBe(organization.id);
  const stranger = await world.newPerson(await world.newOrganization(), 'owner');
  expect((await world.send(owner, `get ${own}`)).body.items.map(({ id }: { id: string }) => id)).toEqual([
    made.id,
  ]);
  const theirs = `/organizations/${stranger.membership.organizationId}/webhooks`;
  for (const request of [
    `get ${theirs}/${made.id}`,
    `post ${theirs}/${made.id}/ping`,
    `delete ${theirs}/${made.id}`,
  ])
    expect((await world.send(stranger, request)).status).toBe(404);
  const narrowed = await world.send(world.operator, `get /webhooks?organization=${organization.id}`);
  expect(narrowed.body.items).toHaveLength(1);
  expect((await world.send(world.operator, 'get /webhooks?organization=nobody')).status).toBe(422);
  expect((await world.send(owner, `get ${own}/${(await make()).id}`)).status).toBe(404);
});

describe('S199: a change of where events go', () => {
  test.each(['viewer', 'member', 'admin'] as const)('%s: 403, also to look', async (role) => {
    const made = await make({}, own);
    const person = await world.newPerson(organization, role);
    for (const request of [`get ${own}`, `get ${own}/${made.id}`, `post ${own}/${made.id}/secret`])
      expect([request, (await world.send(person, request)).status]).toEqual([request, 403]);
    expect((await world.send(person, `post ${own}`, { url: receiver.url })).status).toBe(403);
    expect((await world.send(owner, 'get /webhooks')).status).toBe(403);
  });

  test('S199: an owner who signed in eleven minutes ago proves anew who they are', async () => {
    const made = await make({}, own);
    const one = `${own}/${made.id}`;
    const changes: readonly [string, object?][] = [
      [`post ${own}`, { url: receiver.url }],
      [`patch ${one}`, { url: receiver.url }],
      [`post ${one}/secret`],
      [`post ${one}/ping`],
      [`post ${one}/replay`, { from: `evt_${'0'.repeat(26)}` }],
      [`delete ${one}`],
    ];
    world.gateway.clock.advance(minutes(11));
    for (const [request, body] of changes) {
      const answer = await world.send(owner, request, body);
      expect([request, answer.status, answer.body.code]).toEqual([request, 403, 'step_up_required']);
    }
    expect((await world.send(owner, `get ${one}`)).status).toBe(200);
    const fresh = await world.newPerson(organization, 'owner');
    expect((await world.send(fresh, `post ${own}`, { url: receiver.url })).status).toBe(201);
  });

  test('S199: a new address is pending until a ping to it is answered, whatever the one before did', async () => {
    const made = await make({}, own);
    receiver.answer = 401;
    const moved = await world.send(owner, `patch ${own}/${made.id}`, { url: `${receiver.url}&moved` });
    expect(moved.body).toMatchObject({
      status: 'pending',
      lastResult: { outcome: 'rejected' },
      nextTryAt: null,
    });
    const failed = await world.send(owner, `post ${own}/${made.id}/ping`);
    expect(failed.body).toEqual({ outcome: 'rejected', status: 'pending' });
    receiver.answer = 200;
    const pinged = await world.send(owner, `post ${own}/${made.id}/ping`);
    expect(pinged.body).toEqual({ outcome: 'accepted', status: 'active' });
  });

  test('S199: a ping that was on its way to the address before proves nothing of the new one', async () => {
    const made = await make({}, own);
    receiver.answer = 401;
    await world.send(owner, `patch ${own}/${made.id}`, { url: `${receiver.url}&second` });
    receiver.answer = 'hang';
    const ping = world.send(owner, `post ${own}/${made.id}/ping`);
    while (receiver.received.length < 3) await new Promise(setImmediate);
    receiver.answer = 401;
    await world.send(owner, `patch ${own}/${made.id}`, { url: `${receiver.url}&third` });
    receiver.release();
    expect((await ping).body).toEqual({ outcome: 'accepted', status: 'pending' });
    // When it was made active, and one for each address since: nothing is told of what changed nothing.
    const told = await world.send(
      owner,
      `get ${own.replace('webhooks', 'audit-events')}?type=webhook.updated`,
    );
    expect(
      told.body.items.filter(({ target }: { target: { id: string } }) => target.id === made.id),
    ).toHaveLength(3);
  });

  test('S199: nor does one whose answer was there, when the address changes before it is noted', async () => {
    const made = await make({}, own);
    receiver.answer = 401;
    await world.send(owner, `patch ${own}/${made.id}`, { url: `${receiver.url}&second` });
    receiver.answer = 204;
    const { deps } = world.gateway;
    let writes = 0;
    const transact: typeof deps.storage.transact = async (work, durability) => {
      writes += 1;
      if (writes === 2) {
        receiver.answer = 401;
        await world.send(owner, `patch ${own}/${made.id}`, { url: `${receiver.url}&third` });
      }
      return deps.storage.transact(work, durability);
    };
    const { webhook } = await pingWebhook(
      { ...deps, storage: { ...deps.storage, transact } },
      { organizationId: organization.id, id: made.id, cause: testCause },
    );
    expect(writes).toBe(2);
    expect(webhook).toMatchObject({ url: `${receiver.url}&third`, status: 'pending' });
    const { body } = await world.send(owner, `get ${own}/${made.id}`);
    expect(body).toMatchObject({ url: `${receiver.url}&third`, status: 'pending' });
  });

  test('S199: types change without a ping; a disabled one rests until it is active again, by a ping', async () => {
    const made = await make({}, own);
    const change = (body: object) => world.send(owner, `patch ${own}/${made.id}`, body);
    expect((await change({ types: ['team.*'] })).body).toMatchObject({ types: ['team.*'], status: 'active' });
    expect((await change({ status: 'disabled' })).body).toMatchObject({ disabledBecause: 'by_hand' });
    expect((await change({ types: null })).body).toMatchObject({ status: 'disabled', types: null });
    expect((await world.send(owner, `post ${own}/${made.id}/ping`)).body.status).toBe('disabled');
    expect((await change({ status: 'active' })).body).toMatchObject({
      status: 'active',
      disabledBecause: null,
    });
    expect(receiver.received).toHaveLength(3);
  });
});

test('S198: a new secret; the one before signs along for 24 hours', async () => {
  const made = await make({}, own);
  const rotated = await world.send(owner, `post ${own}/${made.id}/secret`);
  expect(rotated.body.secret).not.toBe(made.secret);
  const ping = async () => {
    await world.send(world.operator, `post /webhooks/${made.id}/ping`);
    const last = receiver.received.at(-1);
    return [made, rotated.body].map(({ secret }) => last && isSignedWith(secret, last));
  };
  expect(await ping()).toEqual([true, true]);
  world.gateway.clock.advance(hours(24));
  expect(await ping()).toEqual([false, true]);
});

describe('S197: what a receiver does is told in one of five words', () => {
  test.each([
    [204, 'accepted'],
    [302, 'rejected'],
    [401, 'rejected'],
    [410, 'gone'],
    [500, 'rejected'],
  ] as const)('%s: %s', async (answer, outcome) => {
    receiver.answer = answer === 302 ? { location: receiver.url } : answer;
    const { id, status } = await make();
    expect(status).toBe(answer === 204 ? 'active' : 'pending');
    const { body } = await world.send(world.operator, `post /webhooks/${id}/ping`);
    expect(body).toEqual({ outcome, status });
    // Of the two pings no redirect was followed.
    expect(receiver.received).toHaveLength(2);
  });

  test('nobody there: unreachable, and the webhook is made all the same', async () => {
    const made = await make({ url: 'http://127.0.0.1:1/' });
    expect(made).toMatchObject({ status: 'pending', lastResult: { outcome: 'unreachable' } });
  });
});

describe('refused', () => {
  test.each([
    [{ url: 'https://10.0.0.1/' }, 'egress_refused', 'url'],
    [{ url: 'https://169.254.169.254/latest' }, 'egress_refused', 'url'],
    [{ url: 'https://[::1]/' }, 'egress_refused', 'url'],
    [{ url: 'ftp://product.example/' }, 'invalid', 'url'],
    [{ url: 'https://a:b@product.example/' }, 'invalid', 'url'],
    [{ url: 'hooks' }, 'invalid', 'url'],
    [{}, 'invalid', 'url'],
    [{ url: 'https://product.example/', types: [] }, 'invalid', 'types'],
    [{ url: 'https://product.example/', types: ['*'] }, 'invalid', 'types[0]'],
    [{ url: 'https://product.example/', types: ['member.removed\r\nx: y'] }, 'invalid', 'types[0]'],
    [{ url: 'https://product.example/', secret: 'whsec_a' }, 'invalid', 'secret'],
    [{ url: 'https://product.example/', organization: 'nobody' }, 'invalid', 'organization'],
  ])('422: %j', async (body, code, field) => {
    const answer = await world.send(world.operator, 'post /webhooks', body);
    expect([answer.status, answer.body]).toMatchObject([422, { code, field }]);
  });

  test('422: a change of address to where nobody may call, an event that is none, the twenty-first', async () => {
    const made = await make({}, own);
    const change = await world.send(owner, `patch ${own}/${made.id}`, {
      url: 'https://127.1.1.1.evil.localhost/',
    });
    expect([change.status, change.body.code]).toEqual([422, 'egress_refused']);
    const elsewhere = await world.newOrganization();
    const { body } = await world.send(world.operator, `get /events?organization=${elsewhere.id}`);
    for (const from of [`evt_${'0'.repeat(26)}`, 'evt_1', body.items[0].id]) {
      const answer = await world.send(owner, `post ${own}/${made.id}/replay`, { from });
      expect([answer.status, answer.body]).toMatchObject([422, { code: 'invalid', field: 'from' }]);
    }
    for (let count = 1; count < 20; count += 1) await make({}, own);
    expect((await world.send(owner, `post ${own}`, { url: receiver.url })).status).toBe(422);
  });
});

test('S199: audit and events hold host, types and state of a webhook, never its secret or the rest of its address', async () => {
  const made = await make({}, own);
  const rotated = await world.send(owner, `post ${own}/${made.id}/secret`);
  await world.send(owner, `patch ${own}/${made.id}`, { url: `${receiver.url}&other` });
  await world.send(owner, `delete ${own}/${made.id}`);
  const { body } = await world.send(world.operator, `get /events?organization=${organization.id}`);
  const told = body.items.filter(({ type }: { type: string }) => type.startsWith('webhook.'));
  expect(told.map(({ type }: { type: string }) => type)).toEqual([
    'webhook.created',
    'webhook.updated',
    'webhook.secret_rotated',
    'webhook.updated',
    'webhook.updated',
    'webhook.removed',
  ]);
  const text = JSON.stringify(body);
  expect(text).toContain(new URL(receiver.url).host);
  for (const kept of ['whsec', made.secret.slice(6), rotated.body.secret.slice(6), 'of-the-receiver'])
    expect([kept, text.includes(kept)]).toEqual([kept, false]);
  expect((await world.send(owner, `get ${own}/${made.id}`)).status).toBe(404);
});
