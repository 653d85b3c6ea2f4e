/** GET /events: everything that happened, in one order, read on from where one was, and nothing secret in it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, PASSWORD, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const read = (query = '') => world.send(world.operator, `get /events${query}`);

/** Reads to the end from a cursor. */
async function readAll(cursor = '', limit = 7) {
  const items = [];
  for (let at = cursor; ; ) {
    const { status, body } = await read(`?cursor=${at}&limit=${limit}`);
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    items.push(...body.items);
    at = body.nextCursor;
    if (!body.hasMore) return { items, cursor: at };
  }
}

const baseOf = ({ id }: Organization) => `/organizations/${id}`;

test('each change once, in order, page by page; the cursor of the end goes on from there', async () => {
  const before = await readAll();
  const organization = await world.newOrganization();
  const person = await world.newPerson(organization);
  const { items, cursor } = await readAll(before.cursor, 2);
  expect(items.map(({ type }) => type).filter((type) => type !== 'member.roles_changed')).toEqual([
    'organization.created',
    'team.created',
    'invitation.created',
    'member.added',
    'invitation.accepted',
    'session.started',
  ]);
  const { body: audit } = await world.send(world.operator, `get ${baseOf(organization)}/audit-events`);
  expect(items.map(({ data }) => data.auditEventId).sort()).toEqual(
    audit.items.map(({ id }: { id: string }) => id).sort(),
  );
  expect((await read(`?cursor=${cursor}`)).body).toEqual({ items: [], nextCursor: cursor, hasMore: false });
  await world.send(world.operator, `delete ${baseOf(organization)}/members/${person.membership.id}`);
  const later = await readAll(cursor);
  expect(later.items.map(({ type }) => type)).toEqual(['session.ended', 'member.removed']);
});

test('of one organization, by id or slug, and of none that is not there', async () => {
  const organization = await world.newOrganization();
  await world.newOrganization();
  for (const name of [organization.id, organization.slug]) {
    const { body } = await read(`?organization=${name}`);
    expect(body.items.map((item: { organizationId: string }) => item.organizationId)).toEqual([
      organization.id,
      organization.id,
    ]);
  }
  expect((await read('?organization=nobody')).status).toBe(404);
});

test('what belongs to no organization says so', async () => {
  const { cursor } = await readAll();
  await world.send(world.operator, 'post /applications', {
    name: 'A',
    redirectUris: ['https://app.example/'],
  });
  const { items } = await readAll(cursor);
  expect(items.map(({ type, organizationId }) => [type, organizationId])).toEqual([
    ['application.created', null],
  ]);
});

test('member.removed hands over teams and roles on single things', async () => {
  const organization = await world.newOrganization();
  const { membership, email } = await world.newPerson(organization);
  const base = baseOf(organization);
  const { body: team } = await world.send(world.operator, `post ${base}/teams`, { name: 'Red' });
  await world.send(world.operator, `put ${base}/teams/${team.id}/members/${membership.id}`, {
    role: 'admin',
  });
  const held = `${base}/members/${membership.id}/resources/chatbot/7`;
  expect((await world.send(world.operator, `put ${held}`, { role: 'editor' })).status).toBe(200);
  const { cursor } = await readAll();
  await world.send(world.operator, `delete ${base}/members/${membership.id}`);
  const removed = (await readAll(cursor)).items.find(({ type }) => type === 'member.removed');
  expect(removed.data.target).toEqual({ kind: 'membership', id: membership.id });
  expect(removed.data.details).toMatchObject({ reason: 'removed', userId: membership.userId, email });
  expect(removed.data.details.grants).toEqual(
    expect.arrayContaining([
      { kind: 'team', teamId: team.id, role: 'admin', source: 'manual' },
      { kind: 'resource', resource: { type: 'chatbot', id: '7' }, role: 'editor', source: 'manual' },
    ]),
  );
});

test('an organization that went says its end, and a reader behind it misses nothing', async () => {
  const gone = await world.newOrganization();
  const { cursor } = await readAll();
  await world.send(world.operator, `delete ${baseOf(gone)}`);
  await world.newOrganization();
  expect((await readAll(cursor)).items.map(({ type }) => type)).toEqual([
    'organization.removed',
    'organization.created',
    'team.created',
  ]);
});

test('S210: no event holds a secret that anybody was given', async () => {
  const organization = await world.newOrganization();
  const { token } = await world.gateway.createDirectory(organization);
  const manual = await world.newOrganization();
  const person = await world.newPerson(manual);
  const base = baseOf(manual);
  const invited = await world.send(world.operator, `post ${base}/invitations`, { email: 'x@example.com' });
  const key = { name: 'A', kind: 'team', scopes: ['members.read'] };
  const made = await world.send(world.operator, `post ${base}/api-keys`, key);
  const application = { name: 'A', redirectUris: ['https://app.example/'] };
  const client = await world.send(world.operator, 'post /applications', application);
  const secrets = [token, person.token, PASSWORD, invited.body.url, made.body.token];
  const all = JSON.stringify((await readAll('', 200)).items);
  for (const secret of [...secrets, client.body.clientSecret, world.gateway.operatorKey]) {
    expect(typeof secret).toBe('string');
    expect(all).not.toContain(String(secret).split('/').at(-1));
  }
});

describe('refused', () => {
  test.each(['?cursor=x', '?cursor=ZXZlbnRzOi0x', '?limit=0', '?limit=201', '?limit=x', '?type=a'])(
    '422: %s',
    async (query) => {
      const { status, body } = await read(query);
      expect([status, body.code]).toEqual([422, 'invalid']);
    },
  );

  test('403: an owner, whose organization has its audit', async () => {
    const owner = await world.newPerson(await world.newOrganization(), 'owner');
    expect((await world.send(owner, 'get /events')).status).toBe(403);
  });
});
