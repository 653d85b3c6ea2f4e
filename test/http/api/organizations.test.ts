/** /organizations: made and listed by the operator, read, changed and removed by whom the role allows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

describe('POST /organizations', () => {
  test('201: without a plan it is enterprise, manual, and has a slug made from its name', async () => {
    const { status, body } = await world.send(world.operator, 'post /organizations', {
      name: ' Ünited Cärs ',
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^org_/),
      slug: 'u-nited-ca-rs',
      name: 'Ünited Cärs',
      provisioning: 'manual',
      plan: { preset: 'enterprise', seats: null, invitations: true, teams: 'many', sso: true, scim: true },
      defaultRole: 'member',
      ssoPolicy: 'optional',
      conflictPolicy: 'highest',
      strictClaims: false,
      requireSecondFactor: false,
      reprojection: null,
      invitationExpiresIn: '7d',
      linksRequireDomains: false,
      branding: {
        productName: null,
        color: null,
        logoUrl: null,
        supportContact: null,
        welcomeText: null,
      },
      notifications: { roleChanged: true, removed: true, welcome: false },
      auditRetentionDays: null,
      seatsUsed: 0,
      createdAt: '2026-03-01T12:00:00.000Z',
      updatedAt: '2026-03-01T12:00:00.000Z',
    });
  });

  test.each([
    ['a preset by name', 'team', { preset: 'team', seats: null, teams: 'one', sso: false }],
    [
      'a preset with seats',
      { preset: 'business', seats: 5 },
      { preset: 'business', seats: 5, teams: 'many' },
    ],
    ['a preset without a limit', { preset: 'free', seats: null }, { preset: 'free', seats: null }],
  ])('201: plan as %s', async (_what, plan, expected) => {
    const { status, body } = await world.send(world.operator, 'post /organizations', {
      name: 'Planned',
      plan,
    });
    expect(status).toBe(201);
    expect(body.plan).toMatchObject(expected);
  });

  test.each([
    ['no body', undefined, undefined],
    ['a body that is no object', [], undefined],
    ['no name', {}, 'name'],
    ['an empty name', { name: '  ' }, 'name'],
    ['a name of 201 characters', { name: 'x'.repeat(201) }, 'name'],
    ['a name with a line end (S204)', { name: 'A\r\nBcc: b' }, 'name'],
    ['a name that turns the text around (S209)', { name: 'A\u202eB' }, 'name'],
    ['a name that is a number', { name: 7 }, 'name'],
    ['a slug in capitals', { name: 'A', slug: 'Acme' }, 'slug'],
    ['a slug with two hyphens', { name: 'A', slug: 'a--b' }, 'slug'],
    ['a slug that looks like an id', { name: 'A', slug: 'org_1' }, 'slug'],
    ['a slug of 61 characters', { name: 'A', slug: 'x'.repeat(61) }, 'slug'],
    ['a plan nobody knows', { name: 'A', plan: 'gold' }, 'plan'],
    ['a plan by a name from the prototype', { name: 'A', plan: 'toString' }, 'plan'],
    ['no seats at all', { name: 'A', plan: { preset: 'team', seats: 0 } }, 'plan.seats'],
    ['half a seat', { name: 'A', plan: { preset: 'team', seats: 1.5 } }, 'plan'],
    ['a key nobody knows', { name: 'A', owner: 'me' }, 'owner'],
  ])('422 invalid, naming the field: %s', async (_what, sent, field) => {
    const { status, body } = await world.send(world.operator, 'post /organizations', sent);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('409: a slug is taken once', async () => {
    const input = { name: 'Acme', slug: 'taken' };
    expect((await world.send(world.operator, 'post /organizations', input)).status).toBe(201);
    const { status, body } = await world.send(world.operator, 'post /organizations', input);
    expect([status, body.code, body.field]).toEqual([409, 'already_exists', 'slug']);
  });

  test('400, 413, 415: a body that is no JSON, too large, of another type; nothing comes of it', async () => {
    const json = { headers: { ...world.operator.headers, 'content-type': 'application/json' } };
    const text = { headers: { ...world.operator.headers, 'content-type': 'text/plain' } };
    const huge = JSON.stringify({ name: 'x'.repeat(1_100_000) });
    const rows = [
      [json, '{"name":', 400],
      [json, '{"name":"a","name":"b"}', 400],
      [json, '{"name":"a","__proto__":{}}', 400],
      [json, huge, 413],
      [text, '{"name":"a"}', 415],
    ] as const;
    const before = await world.gateway.storage.organizations.list({ limit: 200 });
    for (const [sender, body, status] of rows) {
      expect((await world.send(sender, 'post /organizations', body)).status).toBe(status);
    }
    expect(await world.gateway.storage.organizations.list({ limit: 200 })).toEqual(before);
  });

  test('403: a member makes no organizations, and lists none', async () => {
    const owner = await world.newPerson(await world.newOrganization(), 'owner');
    for (const request of ['post /organizations', 'get /organizations']) {
      const { status, body } = await world.send(owner, request, request.startsWith('post') ? {} : undefined);
      expect([status, body.code]).toEqual([403, 'forbidden']);
    }
  });
});

describe('GET /organizations', () => {
  test('200: pages of the asked size, each organization once, until the cursor is null', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await world.send(world.operator, `get /organizations?limit=3&cursor=${cursor}`);
      expect(page.body.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.body.items.map((item: { id: string }) => item.id));
      cursor = page.body.nextCursor ?? '';
    } while (cursor !== '');
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(
      (await world.gateway.storage.organizations.list({ limit: 500 })).map(({ id }) => id),
    );
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=abc', 'cursor'],
    [`cursor=${Buffer.from('org_1').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from(`org_${'0'.repeat(26)}`).toString('base64')}%3D`, 'cursor'],
    ['offset=1', 'offset'],
    ['__proto__=1', '__proto__'],
  ])('422 invalid: ?%s', async (query, field) => {
    const { status, body } = await world.send(world.operator, `get /organizations?${query}`);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });
});

describe('GET, PATCH and DELETE /organizations/{org}', () => {
  test('200: by id, by slug, and by slug in capitals', async () => {
    const organization = await world.newOrganization();
    for (const reference of [organization.id, organization.slug, organization.slug.toUpperCase()]) {
      const { status, body } = await world.send(world.operator, `get /organizations/${reference}`);
      expect([status, body.id]).toEqual([200, organization.id]);
    }
  });

  test('200: an admin changes name, slug and default role', async () => {
    const organization = await world.newOrganization();
    const admin = await world.newPerson(organization, 'admin');
    const change = { name: 'New', slug: 'brand-new', defaultRole: 'viewer' };
    const { status, body } = await world.send(admin, `patch /organizations/${organization.id}`, change);
    expect(status).toBe(200);
    expect(body).toMatchObject(change);
  });

  test.each([{ defaultRole: 'admin' }, { conflictPolicy: 'ranked' }])(
    'S147 403 for an admin, 200 for an owner: %j decides about admins',
    async (change) => {
      const organization = await world.newOrganization();
      const request = `patch /organizations/${organization.id}`;
      const refused = await world.send(await world.newPerson(organization, 'admin'), request, change);
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
      const changed = await world.send(await world.newPerson(organization, 'owner'), request, change);
      expect([changed.status, changed.body]).toEqual([200, expect.objectContaining(change)]);
    },
  );

  test('403 naming the plan: only the operator changes it, and members see it unchanged', async () => {
    const organization = await world.newOrganization({ plan: { preset: 'team' } });
    const owner = await world.newPerson(organization, 'owner');
    const request = `patch /organizations/${organization.id}`;
    const refused = await world.send(owner, request, { name: 'Rich', plan: 'enterprise' });
    expect([refused.status, refused.body.code, refused.body.field]).toEqual([403, 'forbidden', 'plan']);
    expect((await world.send(owner, `get /organizations/${organization.id}`)).body).toMatchObject({
      name: organization.name,
      plan: { preset: 'team' },
    });
    expect((await world.send(world.operator, request, { plan: 'enterprise' })).body.plan.sso).toBe(true);
  });

  test('409 seats_exhausted: a plan is never smaller than the people in it', async () => {
    const organization = await world.newOrganization();
    await world.newPerson(organization);
    await world.newPerson(organization);
    const plan = { preset: 'team', seats: 1 };
    const { status, body } = await world.send(world.operator, `patch /organizations/${organization.id}`, {
      plan,
    });
    expect([status, body.code, body.field]).toEqual([409, 'seats_exhausted', 'plan']);
  });

  test.each([
    ['nothing to change', {}, undefined],
    ['owner as default role', { defaultRole: 'owner' }, 'defaultRole'],
    ['an unknown policy', { conflictPolicy: 'lowest' }, 'conflictPolicy'],
    ['what is not settable', { provisioning: 'manual' }, 'provisioning'],
    ['null as name', { name: null }, 'name'],
  ])('422 invalid: %s', async (_what, change, field) => {
    const { id } = await world.newOrganization();
    const { status, body } = await world.send(world.operator, `patch /organizations/${id}`, change);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('409: a slug of another organization', async () => {
    const [one, other] = [await world.newOrganization(), await world.newOrganization()];
    const { status, body } = await world.send(world.operator, `patch /organizations/${one.id}`, {
      slug: other.slug,
    });
    expect([status, body.code]).toEqual([409, 'already_exists']);
  });

  test('204: an owner removes it; then it is unknown, and its sessions are none', async () => {
    const organization = await world.newOrganization();
    const owner = await world.newPerson(organization, 'owner');
    const admin = await world.newPerson(organization, 'admin');
    const request = `delete /organizations/${organization.id}`;
    expect((await world.send(admin, request)).status).toBe(403);
    expect((await world.send(owner, request)).status).toBe(204);
    expect((await world.send(world.operator, request)).status).toBe(404);
    expect((await world.send(admin, 'get /session')).status).toBe(401);
  });
});
