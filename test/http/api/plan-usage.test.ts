/** /organizations/{org}/usage: seats and features as a person is told of them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hours } from '../../../src/kernel/clock.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const usageOf = async (id: string) =>
  (await world.send(world.operator, `get /organizations/${id}/usage`)).body;

test.each([
  ['free', { limit: 1, used: 0, left: 1 }, [], ['team', 'business', 'enterprise']],
  ['team', { limit: null, used: 0, left: null }, ['invitations'], ['business', 'enterprise']],
  ['business', { limit: null, used: 0, left: null }, ['invitations', 'teams'], ['enterprise']],
  ['enterprise', { limit: null, used: 0, left: null }, ['invitations', 'teams', 'sso', 'scim'], undefined],
])(
  '200: %s says what it has, and which plans have the first thing it lacks',
  async (preset, seats, has, way) => {
    const { id } = await world.newOrganization({ plan: { preset } });
    const usage = await usageOf(id);
    expect(usage).toMatchObject({ plan: preset, seats });
    const features: { feature: string; isAvailable: boolean; text: string; plans: string[] }[] =
      usage.features;
    expect(features.filter((one) => one.isAvailable).map((one) => one.feature)).toEqual(has);
    const missing = features.find((one) => !one.isAvailable);
    expect(missing?.plans).toEqual(way);
    if (way !== undefined) expect(missing?.text).toContain(way.join(', '));
  },
);

test('200: seats count down to none, and the text then says what to do', async () => {
  const organization = await world.newOrganization({ plan: { preset: 'team', seats: 2 } });
  await world.newPerson(organization, 'owner');
  const { seats } = await usageOf(organization.id);
  expect(seats).toMatchObject({ limit: 2, used: 1, left: 1, text: '1 of 2 seats are free.' });
  await world.newPerson(organization, 'member');
  const full = await usageOf(organization.id);
  expect(full.seats).toMatchObject({
    used: 2,
    left: 0,
    text: expect.stringContaining('All 2 seats are taken.'),
  });
  expect(full.features[0]).toMatchObject({ feature: 'invitations', isAvailable: false });
});

test('200: an invitation that waits holds its seat; what it says is what inviting says, also to the operator', async () => {
  const organization = await world.newOrganization({ plan: { preset: 'team', seats: 2 } });
  const owner = await world.newPerson(organization, 'owner');
  const invite = (sender: typeof owner | typeof world.operator, email: string) =>
    world.send(sender, `post /organizations/${organization.id}/invitations`, { email, expiresIn: '1h' });
  const usage = async (sender: typeof owner | typeof world.operator) =>
    (await world.send(sender, `get /organizations/${organization.id}/usage`)).body;
  expect((await usage(owner)).features[0].isAvailable).toBe(true);
  expect((await invite(owner, 'one@example.com')).status).toBe(201);
  const { seats, features } = await usage(owner);
  expect(seats).toMatchObject({ used: 1, promised: 1, left: 0 });
  const refused = await invite(owner, 'two@example.com');
  expect([refused.status, refused.body.code]).toEqual([409, 'seats_exhausted']);
  const promised = expect.stringContaining('All 2 seats are taken or promised to people invited already.');
  expect([features[0].isAvailable, features[0].text]).toEqual([false, promised]);
  expect((await usage(world.operator)).features[0].isAvailable).toBe(true);
  expect((await invite(world.operator, 'two@example.com')).status).toBe(201);
  world.gateway.clock.advance(hours(1));
  expect((await usage(world.operator)).seats).toMatchObject({ promised: 0, left: 1 });
});

test('200: a directory-managed organization invites nobody, whatever its plan', async () => {
  const organization = await world.newOrganization();
  await world.gateway.createDirectory(organization, 'okta');
  const [invitations] = (await usageOf(organization.id)).features;
  expect(invitations).toMatchObject({ isAvailable: false, text: expect.stringContaining('directory') });
});

test.each(['viewer', 'member'] as const)(
  '200: a %s is told, as inviting tells them, that it is not theirs, and whom to ask',
  async (role) => {
    const organization = await world.newOrganization({ plan: { preset: 'team', seats: 9 } });
    const person = await world.newPerson(organization, role);
    const { status, body } = await world.send(person, `get /organizations/${organization.id}/usage`);
    expect(status).toBe(200);
    expect(body.features[0]).toMatchObject({
      ...{ feature: 'invitations', isAvailable: false },
      text: expect.stringContaining(`Ask an admin of ${organization.name}`),
    });
    const invitation = { email: 'new@example.com' };
    const refused = await world.send(
      person,
      `post /organizations/${organization.id}/invitations`,
      invitation,
    );
    expect(refused.status).toBe(403);
    await world.send(world.operator, `patch /organizations/${organization.id}`, { plan: 'enterprise' });
    await world.gateway.createDirectory(organization, 'okta');
    const later = (await world.send(person, `get /organizations/${organization.id}/usage`)).body;
    // No admin could invite there: whoever administers the directory can.
    expect(later.features[0].text).toContain('managed by the directory');
    // How many people there are is for whoever reads who they are.
    expect([body.seats?.used, body.features.length]).toEqual(role === 'viewer' ? [undefined, 1] : [1, 4]);
  },
);

test('a key without the scope is told so; one that may not read members gets 403, a stranger 404', async () => {
  const organization = await world.newOrganization();
  const base = `/organizations/${organization.id}`;
  const owner = await world.newPerson(organization, 'owner');
  const usageWith = async (scope: string) => {
    const wish = { name: 'K', kind: 'team', scopes: [scope] };
    const { body } = await world.send(owner, `post ${base}/api-keys`, wish);
    return world.send({ headers: { authorization: `Bearer ${body.token}` } }, `get ${base}/usage`);
  };
  const told = await usageWith('members.read');
  expect(told.body.features[0]).toMatchObject({
    isAvailable: false,
    text: expect.stringContaining('This key'),
  });
  expect((await usageWith('audit.read')).status).toBe(403);
  const stranger = await world.newPerson(await world.newOrganization(), 'viewer');
  expect((await world.send(stranger, `get ${base}/usage`)).status).toBe(404);
});
