/** /organizations/{org}/audit-events: what happened here, newest first, and nothing of anybody else (S216). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiWorld, PASSWORD, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

describe('GET audit-events', () => {
  test('200: who did what to whom, with the request that did it', async () => {
    const organization = await world.newOrganization();
    const admin = await world.newPerson(organization, 'admin');
    const base = `/organizations/${organization.id}`;
    world.gateway.clock.advance(1);
    const made = await world.send(admin, `post ${base}/teams`, { name: 'Red' });
    const { status, body } = await world.send(admin, `get ${base}/audit-events?limit=1`);
    expect(status).toBe(200);
    expect(body.items).toEqual([
      {
        id: expect.stringMatching(/^aud_/),
        type: 'team.created',
        actor: {
          kind: 'member',
          userId: admin.membership.userId,
          membershipId: admin.membership.id,
          email: admin.email,
        },
        target: { kind: 'team', id: made.body.id },
        details: { name: 'Red' },
        requestId: made.headers['x-request-id'],
        ip: '127.0.0.1',
        at: '2026-03-01T12:00:00.001Z',
      },
    ]);
  });

  test('200: one kind of event, page by page, each once', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    for (const name of ['A', 'B', 'C']) {
      world.gateway.clock.advance(1);
      await world.send(world.operator, `post ${base}/teams`, { name });
    }
    const names: string[] = [];
    let cursor = '';
    do {
      const query = `type=team.created&limit=2&cursor=${cursor}`;
      const { body } = await world.send(world.operator, `get ${base}/audit-events?${query}`);
      names.push(...body.items.map((event: { details: { name: string } }) => event.details.name));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(names).toEqual(['C', 'B', 'A', 'Everyone']);
  });

  test('200: a time among the details is ISO 8601, as in the file', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    const { body: made } = await world.send(world.operator, `post ${base}/invitations`, {
      email: 'ada@example.com',
    });
    const { body } = await world.send(world.operator, `get ${base}/audit-events?type=invitation.created`);
    expect(body.items[0].details.expiresAt).toBe(made.expiresAt);
  });

  test('S216: only this organization\u2019s rows', async () => {
    const [one, other] = [await world.newOrganization(), await world.newOrganization()];
    await world.newPerson(other);
    const { body } = await world.send(world.operator, `get /organizations/${one.id}/audit-events`);
    expect(JSON.stringify(body)).not.toContain(other.id);
    expect(body.items.map((event: { type: string }) => event.type).sort()).toEqual([
      'organization.created',
      'team.created',
    ]);
  });

  test('S210: no bearer value of anything that was made is in it', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    const { body: invited } = await world.send(world.operator, `post ${base}/invitations`, {
      email: 'a@example.com',
    });
    const { directory, token } = await world.gateway.createDirectory(organization);
    const tokens = await world.send(world.operator, `post ${base}/directories/${directory.id}/tokens`, {
      name: 'A',
    });
    const { body } = await world.send(world.operator, `get ${base}/audit-events`);
    for (const secret of [invited.url.split('/').at(-1), token, tokens.body.token])
      expect(JSON.stringify(body)).not.toContain(secret);
  });

  test.each([
    ['type=everything', 'type'],
    ['type=team.created&type=x.y', 'type'],
    ['limit=1000', 'limit'],
    ['since=1', 'since'],
  ])('422 invalid: ?%s', async (query, field) => {
    const { id } = await world.newOrganization();
    const { status, body } = await world.send(
      world.operator,
      `get /organizations/${id}/audit-events?${query}`,
    );
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });
});

test('an address that a proxy writes as IPv4 inside IPv6 is IPv4 in the audit and in the list of sessions', async () => {
  const it = await startApiWorld({ trustProxy: ['loopback'] });
  const organization = await it.newOrganization();
  const admin = await it.newPerson(organization, 'admin');
  const answer = await it.gateway
    .request()
    .post('/sign-in/password')
    .set({ 'X-Forwarded-For': '::ffff:192.0.2.7', Origin: it.gateway.baseUrl })
    .send({ email: admin.email, password: PASSWORD });
  expect(answer.status).toBe(204);
  const rows = await it.send(
    admin,
    `get /organizations/${organization.id}/audit-events?type=session.started`,
  );
  expect(rows.body.items.map(({ ip }: { readonly ip: string | null }) => ip)).toContain('192.0.2.7');
  const sessions = await it.send(admin, 'get /sessions');
  expect(sessions.body.items.map(({ ip }: { readonly ip: string | null }) => ip)).toContain('192.0.2.7');
  await it.close();
});
