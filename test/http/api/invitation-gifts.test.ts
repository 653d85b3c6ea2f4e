/** What an invitation gives beside the org role, and how long it is open where it does not say so itself. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { days, hours } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, PASSWORD, type Person, type Sender, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let admin: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  admin = await world.newPerson(organization, 'admin');
  base = `/organizations/${organization.id}`;
});
afterAll(() => world.close());

const fresh = () => `${nextText('person')}@example.com`;
const bot = { type: 'chatbot', id: 'Support-1', role: 'editor' };
const invite = (input: object, sender: Sender = admin) =>
  world.send(sender, `post ${base}/invitations`, { email: fresh(), delivery: 'link', ...input });
const accept = async ({ url }: { readonly url: string }) => {
  const request = `post /invitations/${url.split('/').at(-1)}/accept`;
  return (await world.send(world.nobody, request, { name: 'Eve', password: PASSWORD })).body;
};
const resourcesOf = async (membershipId: string) =>
  (await world.send(owner, `get ${base}/members/${membershipId}/resources`)).body.items;

describe('roles on resources', () => {
  test('are shown, changed while it waits, and held once it is accepted, with the invitation as the reason', async () => {
    const { status, body } = await invite({ resources: [bot, { type: 'chatbot', id: '2', role: 'admin' }] });
    expect([status, body.resources]).toEqual([201, [bot, { type: 'chatbot', id: '2', role: 'admin' }]]);
    const changed = await world.send(admin, `patch ${base}/invitations/${body.id}`, { resources: [bot] });
    expect([changed.status, changed.body.resources]).toEqual([200, [bot]]);
    expect((await world.send(admin, `get ${base}/invitations/${body.id}`)).body.resources).toEqual([bot]);
    const { membershipId } = await accept(body);
    const held = { resource: { type: 'chatbot', id: 'Support-1' }, role: 'editor' };
    expect(await resourcesOf(membershipId)).toEqual([held]);
    const why = await world.send(admin, `get ${base}/members/${membershipId}/explain`);
    expect(why.body.resources[0].because).toMatchObject([
      { source: { kind: 'invitation', invitationId: body.id } },
    ]);
  });

  test.each([
    ['the same thing twice', [bot, { ...bot, role: 'viewer' }], 'resources'],
    ['51 of them', Array.from({ length: 51 }, (_, id) => ({ ...bot, id: String(id) })), 'resources'],
    ['a colon in the id', [{ ...bot, id: 'a:b' }], 'resources[0].id'],
    ['a type in capitals', [{ ...bot, type: 'Chatbot' }], 'resources[0].type'],
    ['a role of organizations', [{ ...bot, role: 'owner' }], 'resources[0].role'],
    ['an unknown key', [{ ...bot, until: 'tomorrow' }], 'resources[0].until'],
  ])('422 invalid, naming the field: %s', async (_what, resources, field) => {
    const { status, body } = await invite({ resources });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('S162: whoever may not give them to members does not give them by invitation, nor send or show such a link', async () => {
    const made = await world.send(owner, `post ${base}/api-keys`, {
      ...{ name: 'Onboarding', kind: 'team', scopes: ['members.invite'] },
    });
    const key = { headers: { authorization: `Bearer ${made.body.token}` } };
    const { body: waiting } = await invite({ resources: [bot] });
    const one = `${base}/invitations/${waiting.id}`;
    for (const answer of [
      await invite({ resources: [bot] }, key),
      await world.send(key, `patch ${one}`, { role: 'viewer' }),
      await world.send(key, `post ${one}/resend`),
      await world.send(key, `post ${one}/link`),
    ])
      expect([answer.status, answer.body.code, answer.body.field]).toEqual([403, 'forbidden', 'resources']);
    expect((await invite({}, key)).status).toBe(201);
  });

  test('S162: a program gives them that may, and no more once its key is taken back', async () => {
    const scopes = ['members.invite', 'roles.manage'];
    const wish = { name: 'Onboarding', kind: 'team', scopes };
    const { body: made } = await world.send(owner, `post ${base}/api-keys`, wish);
    const key = { headers: { authorization: `Bearer ${made.token}` } };
    const [first, second] = [
      await invite({ resources: [bot] }, key),
      await invite({ resources: [bot] }, key),
    ];
    expect(await resourcesOf((await accept(first.body)).membershipId)).toHaveLength(1);
    await world.send(owner, `delete ${base}/api-keys/${made.id}`);
    expect(await resourcesOf((await accept(second.body)).membershipId)).toEqual([]);
  });

  test.each(['viewer', 'suspended'])(
    'S162: given by somebody who is %s by the time it is accepted, they are not given at all',
    async (fate) => {
      const inviter = await world.newPerson(organization, 'admin');
      const { body } = await invite({ resources: [bot] }, inviter);
      const change = fate === 'suspended' ? { status: 'suspended' } : { orgRole: 'viewer' };
      await world.send(owner, `patch ${base}/members/${inviter.membership.id}`, change);
      const { membershipId, orgRole } = await accept(body);
      expect([orgRole, await resourcesOf(membershipId)]).toEqual(['member', []]);
    },
  );
});

describe('invitationExpiresIn of the organization', () => {
  const lifeOf = async (input: object = {}) => {
    const { body } = await invite(input);
    return { id: body.id, ms: Date.parse(body.expiresAt) - Date.parse(body.createdAt) };
  };

  test('counts for invitations that say nothing themselves, and when they are sent again', async () => {
    expect(await lifeOf()).toMatchObject({ ms: days(7) });
    const changed = await world.send(admin, `patch ${base}`, { invitationExpiresIn: '36h' });
    expect([changed.status, changed.body.invitationExpiresIn]).toEqual([200, '36h']);
    const { id, ms } = await lifeOf();
    expect([ms, (await lifeOf({ expiresIn: '2d' })).ms]).toEqual([hours(36), days(2)]);
    const { body } = await world.send(admin, `post ${base}/invitations/${id}/resend`);
    expect(Date.parse(body.expiresAt)).toBe(world.gateway.clock.now() + hours(36));
  });

  test.each([
    ['1h', '1h'],
    ['720h', '30d'],
    ['48h', '2d'],
  ])('%s is answered as %s', async (invitationExpiresIn, shown) => {
    const { body } = await world.send(admin, `patch ${base}`, { invitationExpiresIn });
    expect(body.invitationExpiresIn).toBe(shown);
    expect((await world.send(admin, `get ${base}`)).body.invitationExpiresIn).toBe(shown);
  });

  test.each(['0h', '31d', '721h', '30m', '', 7, null])('422 invalid: %j', async (invitationExpiresIn) => {
    const { status, body } = await world.send(admin, `patch ${base}`, { invitationExpiresIn });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', 'invitationExpiresIn']);
  });
});
