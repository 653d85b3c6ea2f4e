/** /organizations/{org}/invitation-links: links to pass on are made, listed and taken back, by who may invite. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { days, hours } from '../../../src/kernel/clock.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

async function newPlace(plan?: { preset: string; seats?: number | null }) {
  const organization = await world.newOrganization(plan === undefined ? {} : { plan });
  return { organization, list: `/organizations/${organization.id}/invitation-links` };
}
const at = (ms: number) => new Date(ms).toISOString();

describe('making one', () => {
  test('201: for a member, once, unless more is said; the address is shown this time only', async () => {
    const { organization, list } = await newPlace();
    const { status, body } = await world.send(world.operator, `post ${list}`, { expiresIn: '24h' });
    const now = world.gateway.clock.now();
    expect([status, body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^lnk_/),
        url: expect.stringMatching(/\/links\/ghl_[\w-]{22}$/),
        status: 'open',
        ...{ role: 'member', teams: [], domains: [], maxUses: 1, uses: 0 },
        createdBy: { kind: 'operator' },
        createdAt: at(now),
        expiresAt: at(now + hours(24)),
        ...{ revokedAt: null, askedAt: null },
      },
    ]);
    const { url, ...rest } = body;
    const single = await world.send(world.operator, `get ${list}/${body.id}`);
    expect([single.status, single.body]).toEqual([200, rest]);
    const row = await world.gateway.storage.shareableLinks.find(organization.id, body.id);
    expect(JSON.stringify(row)).not.toContain(url.split('/').at(-1));
  });

  test.each([
    ['1h', hours(1)],
    ['24h', hours(24)],
    ['48h', hours(48)],
    ['7d', days(7)],
  ])('201: %s; role, uses, domains in their one form, and teams as said', async (expiresIn, ms) => {
    const { organization, list } = await newPlace();
    const team = await world.send(world.operator, `post /organizations/${organization.id}/teams`, {
      name: 'R',
    });
    const { status, body } = await world.send(world.operator, `post ${list}`, {
      ...{ role: 'viewer', expiresIn, maxUses: 10, domains: ['Example.COM', 'bücher.example'] },
      teams: [{ team: team.body.id, role: 'admin' }],
    });
    expect([status, body]).toMatchObject([
      201,
      {
        ...{ role: 'viewer', maxUses: 10, domains: ['example.com', 'xn--bcher-kva.example'] },
        teams: [{ id: team.body.id, role: 'admin' }],
        expiresAt: at(world.gateway.clock.now() + ms),
      },
    ]);
  });

  test.each([
    ['expiresIn', {}],
    ['expiresIn', { expiresIn: '2h' }],
    ['expiresIn', { expiresIn: 'toString' }],
    ['maxUses', { expiresIn: '1h', maxUses: 0 }],
    ['maxUses', { expiresIn: '1h', maxUses: 501 }],
    ['maxUses', { expiresIn: '1h', maxUses: 1.5 }],
    ['maxUses', { expiresIn: '1h', maxUses: '3' }],
    ['role', { expiresIn: '1h', role: 'king' }],
    ['domains[0]', { expiresIn: '1h', domains: ['not a domain'] }],
    ['domains', { expiresIn: '1h', domains: ['a.example', 'A.example'] }],
    ['teams[0]', { expiresIn: '1h', teams: ['team_00000000000000000000000000'] }],
    ['email', { expiresIn: '1h', email: 'a@example.com' }],
  ])('422 invalid, field %s: %j', async (field, input) => {
    const { list } = await newPlace();
    const { status, body } = await world.send(world.operator, `post ${list}`, input);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('S162: 403 owner for anybody, admin for an admin, anything for a member; 201 admin for an owner', async () => {
    const { organization, list } = await newPlace();
    const make = async (role: 'owner' | 'admin' | 'member', wanted: string) => {
      const person = await world.newPerson(organization, role);
      return (await world.send(person, `post ${list}`, { role: wanted, expiresIn: '1h' })).status;
    };
    const operator = await world.send(world.operator, `post ${list}`, { role: 'owner', expiresIn: '1h' });
    expect(operator.status).toBe(403);
    expect(await make('owner', 'owner')).toBe(403);
    expect(await make('owner', 'admin')).toBe(201);
    expect(await make('admin', 'admin')).toBe(403);
    expect(await make('admin', 'member')).toBe(201);
    expect(await make('member', 'viewer')).toBe(403);
  });

  test('403 plan_lacks on the free plan; 409 seats_exhausted when nobody could join', async () => {
    const free = await newPlace({ preset: 'free' });
    const refused = await world.send(world.operator, `post ${free.list}`, { expiresIn: '1h' });
    expect([refused.status, refused.body.code]).toEqual([403, 'plan_lacks']);
    const full = await newPlace({ preset: 'business', seats: 1 });
    await world.newPerson(full.organization);
    const { status, body } = await world.send(world.operator, `post ${full.list}`, { expiresIn: '1h' });
    expect([status, body.code]).toEqual([409, 'seats_exhausted']);
  });
});

test('S163: 403 sso_required where only the single sign-on leads in', async () => {
  const { organization, list } = await newPlace();
  const { storage } = world.gateway;
  await storage.transact(async (tx) => {
    const row = await tx.organizations.find(organization.id);
    if (row !== undefined)
      await tx.organizations.update(organization.id, { ...row, ssoPolicy: 'required' }, row.version);
  });
  const { status, body } = await world.send(world.operator, `post ${list}`, { expiresIn: '1h' });
  expect([status, body.code]).toEqual([403, 'sso_required']);
});

describe('those that are there', () => {
  test('200: newest first, page by page, with what became of them', async () => {
    const { list } = await newPlace();
    const make = async () =>
      (await world.send(world.operator, `post ${list}`, { expiresIn: '1h' })).body.id as string;
    const over = await make();
    world.gateway.clock.advance(hours(1));
    const [revoked, open] = [await make(), await make()];
    expect((await world.send(world.operator, `delete ${list}/${revoked}`)).status).toBe(204);
    const seen: [string, string][] = [];
    for (let next = `${list}?limit=2`; next !== ''; ) {
      const { body } = await world.send(world.operator, `get ${next}`);
      seen.push(...body.items.map((item: { id: string; status: string }) => [item.id, item.status]));
      next = body.nextCursor === null ? '' : `${list}?limit=2&cursor=${body.nextCursor}`;
    }
    const [youngest, ...older] = seen;
    expect(older.at(-1)).toEqual([over, 'expired']);
    expect([youngest, older[0]].toSorted()).toEqual(
      [
        [revoked, 'revoked'],
        [open, 'open'],
      ].toSorted(),
    );
  });

  test('204, 204: revoked twice, told once; nobody has used it', async () => {
    const { organization, list } = await newPlace();
    const { body } = await world.send(world.operator, `post ${list}`, { expiresIn: '1h' });
    for (const _ of [1, 2])
      expect((await world.send(world.operator, `delete ${list}/${body.id}`)).status).toBe(204);
    const { storage } = world.gateway;
    const told = await storage.auditEvents.list(
      organization.id,
      { type: 'invitation_link.revoked' },
      { limit: 9 },
    );
    expect(told.map(({ target }) => target.id)).toEqual([body.id]);
    const uses = await world.send(world.operator, `get ${list}/${body.id}/uses`);
    expect([uses.status, uses.body]).toEqual([200, { items: [], nextCursor: null }]);
  });

  test('S163: the switch to a directory takes every open link with it, and the audit says why', async () => {
    const { organization, list } = await newPlace();
    const make = () => world.send(world.operator, `post ${list}`, { expiresIn: '7d', maxUses: 5 });
    const [first, second] = [(await make()).body, (await make()).body];
    await world.gateway.createDirectory(organization);
    const { shareableLinks, auditEvents } = world.gateway.storage;
    for (const { id } of [first, second])
      expect((await shareableLinks.find(organization.id, id))?.revokedAt).toEqual(expect.any(Number));
    const told = await auditEvents.list(organization.id, { type: 'invitation_link.voided' }, { limit: 9 });
    expect(told.map(({ target }) => target.id).sort()).toEqual([first.id, second.id].sort());
    expect(told.map(({ details }) => details.reason)).toEqual(['directory_managed', 'directory_managed']);
  });
});

test('1h: many uses are kept to the proved domains; with none, or with [], the answer warns; the setting refuses', async () => {
  const organization = await world.newOrganization();
  const owner = await world.newPerson(organization, 'owner');
  const base = `/organizations/${organization.id}`;
  const make = (input: object) =>
    world.send(owner, `post ${base}/invitation-links`, { role: 'member', expiresIn: '24h', ...input });
  const none = await make({ maxUses: 10 });
  expect([none.status, none.body.domains]).toEqual([201, []]);
  expect(none.body.warning).toContain('up to 10 people');
  const single = await make({});
  expect([single.body.domains, single.body.warning]).toEqual([[], undefined]);
  await world.send(world.operator, `post ${base}/domains`, { domain: 'acme-links.example', verified: true });
  const bound = await make({ maxUses: 10 });
  expect([bound.body.domains, bound.body.warning]).toEqual([['acme-links.example'], undefined]);
  expect((await make({ maxUses: 10, domains: [] })).body.warning).toBeDefined();
  const admin = await world.newPerson(organization, 'admin');
  const wanted = { linksRequireDomains: true };
  expect((await world.send(admin, `patch ${base}`, wanted)).status).toBe(403);
  expect((await world.send(owner, `patch ${base}`, wanted)).body.linksRequireDomains).toBe(true);
  const refused = await make({ maxUses: 10, domains: [] });
  expect([refused.status, refused.body.code, refused.body.field]).toEqual([422, 'invalid', 'domains']);
  expect((await make({ maxUses: 10 })).status).toBe(201);
  expect((await make({ domains: [] })).status).toBe(201);
});
