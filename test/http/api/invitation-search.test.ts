/** GET /organizations/{org}/invitations?q=: one among thousands, page by page, and what an invitation gives that names no role. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listInvitations } from '../../../src/core/joining/invitation-list.ts';
import { anInvitation } from '../../support/builders.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const HAYSTACK = 5_100;

/** An organization with thousands of invitations that wait, and five of the needle's domain strewn among them. */
async function crowded() {
  const organization = await world.newOrganization();
  const { clock, storage } = world.gateway;
  await storage.transact(async (tx) => {
    for (let row = 0; row < HAYSTACK; row += 1) {
      const domain = row % 1_000 === 7 ? 'needle_%.example' : 'hay.example';
      const email = `p${row}@${domain}`;
      const expiresAt = clock.now() + (row === 7 ? -1 : 60_000);
      const status = row === 1_007 ? 'revoked' : 'pending';
      const who = { email, emailKey: email, status, expiresAt } as const;
      await tx.invitations.insert(organization.id, anInvitation(organization.id, who));
    }
  });
  return organization;
}

describe('q', () => {
  test('200: by address or a piece of it, in any case, newest first, with the status a person sees, page by page', async () => {
    const organization = await crowded();
    const find = async (query: string) =>
      (await world.send(world.operator, `get /organizations/${organization.id}/invitations?${query}`)).body;
    const rows = (page: { items: readonly { email: string }[] }) =>
      page.items.map(({ email }) => email.slice(1, email.indexOf('@')));
    expect(rows(await find('q=p4321@hay.example'))).toEqual(['4321']);
    expect(rows(await find('q=P4321'))).toEqual(['4321']);
    const piece = 'q=edle_%25.EX';
    const whole = await find(piece);
    expect([rows(whole), whole.nextCursor]).toEqual([['5007', '4007', '3007', '2007', '1007', '7'], null]);
    expect(rows(await find(`${piece}&status=pending`))).toEqual(['5007', '4007', '3007', '2007']);
    expect(rows(await find(`${piece}&status=expired`))).toEqual(['7']);
    expect(rows(await find(`${piece}&status=revoked`))).toEqual(['1007']);
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await find(`${piece}&limit=2${cursor}`);
      seen.push(...rows(page));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual(rows(whole));
    expect(rows(await find('q=nobody-there'))).toEqual([]);
    const { id: organizationId } = organization;
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    const found = await listInvitations(
      world.gateway.deps,
      { organizationId, text: 'p7@', pause, stepSize: 1_000 },
      { limit: 5 },
    );
    expect([found.map(({ email }) => email), pauses]).toEqual([['p7@needle_%.example'], 5]);
    const elsewhere = await world.newOrganization();
    const theirs = await world.send(world.operator, `get /organizations/${elsewhere.id}/invitations?q=p`);
    expect(theirs.body.items).toEqual([]);
  });

  test('422: longer than any address', async () => {
    const { id } = await world.newOrganization();
    const answer = await world.send(
      world.operator,
      `get /organizations/${id}/invitations?q=${'x'.repeat(201)}`,
    );
    expect([answer.status, answer.body.field]).toEqual([422, 'q']);
  });
});

test.each([
  ['viewer', 'viewer'],
  ['member', 'member'],
])(
  'where the default role is %s, an invitation, a batch, a file or a link without a role gives %s',
  async (defaultRole, role) => {
    const { id } = await world.newOrganization();
    const base = `/organizations/${id}`;
    const send = (request: string, body: unknown) =>
      world.send(world.operator, request.replace(' ', ` ${base}`), body);
    expect((await send('patch ', { defaultRole })).status).toBe(200);
    expect((await send('post /invitations', { email: 'one@example.com' })).body.role).toBe(role);
    expect((await send('post /invitation-links', { expiresIn: '1h' })).body.role).toBe(role);
    await send('post /invitations/batch', { invitations: [{ email: 'two@example.com' }] });
    await send('post /invitations/import', 'email\nthree@example.com');
    await send('post /invitations/import', 'email,role\nfour@example.com,member');
    const { items } = (await send('get /invitations', undefined)).body;
    const roles = items.map(({ email, ...one }: { email: string; role: string }) => [email, one.role]);
    expect(new Map(roles)).toEqual(
      new Map([
        ['one@example.com', role],
        ['two@example.com', role],
        ['three@example.com', role],
        ['four@example.com', 'member'],
      ]),
    );
  },
);

test('a link made where every seat is promised is made, and its maker warned', async () => {
  const organization = await world.newOrganization({ plan: { preset: 'team', seats: 2 } });
  const base = `/organizations/${organization.id}`;
  const owner = await world.newPerson(organization, 'owner');
  const link = () => world.send(owner, `post ${base}/invitation-links`, { expiresIn: '1h' });
  expect((await link()).body.warning).toBeUndefined();
  await world.send(owner, `post ${base}/invitations`, { email: 'one@example.com' });
  const { status, body } = await link();
  expect([status, body.warning]).toEqual([201, expect.stringContaining('No seat is free')]);
});
