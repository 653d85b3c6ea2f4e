/** Role advice: GET role-fit, and the hints of a new invitation. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, PASSWORD, type Person, type Sender, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let support = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  const base = `/organizations/${organization.id}`;
  support = (await world.send(owner, `post ${base}/teams`, { name: 'Support' })).body.id;
  for (let count = 0; count < 5; count += 1) {
    const { membership } = await world.newPerson(organization, 'member');
    await world.send(owner, `put ${base}/teams/${support}/members/${membership.id}`, { role: 'member' });
  }
});
afterAll(() => world.close());

const ask = (query: string, sender = owner) =>
  world.send(sender, `get /organizations/${organization.id}/role-fit?${query}`);
const codesOf = (body: { readonly hints: readonly { readonly code: string }[] }) =>
  body.hints.map(({ code }) => code);

describe('GET role-fit', () => {
  test('200: far above the team; the basis is told', async () => {
    const { status, body } = await ask(`role=admin&teams=${support}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      role: 'admin',
      hints: [
        {
          code: 'above_peers',
          text: '5 of 5 people in team "Support" hold member or less; this is admin. Consider member.',
          suggests: 'member',
        },
      ],
      basis: {
        members: 6,
        administrators: 1,
        peers: [{ name: 'team "Support"', people: 5, roles: { member: 5 } }],
      },
    });
  });

  test('200: nothing known of peers: the lower role when in doubt; a member is fine', async () => {
    expect(codesOf((await ask('role=admin')).body)).toEqual(['least_privilege']);
    expect(codesOf((await ask(`role=member&teams=${support}`)).body)).toEqual([]);
  });

  test('200: somebody known by address is compared with their own directory groups', async () => {
    const pushed = await world.newOrganization();
    const { users } = await pushGroup(world.gateway, pushed, { name: 'Staff', count: 7 });
    const { storage } = world.gateway;
    const one = await storage.memberships.find(pushed.id, users[0]?.membershipId as never);
    const query = `role=admin&email=${one?.email}`;
    const { body } = await world.send(world.operator, `get /organizations/${pushed.id}/role-fit?${query}`);
    expect(body.basis.peers).toEqual([{ name: 'directory group "Staff"', people: 6, roles: { member: 6 } }]);
    expect(codesOf(body)).toEqual(['above_peers']);
  });

  test.each([
    ['', 'role'],
    ['role=boss-of-all', 'role'],
    ['role=admin&teams=red', 'teams'],
    [`role=admin&teams=team_${'0'.repeat(26)}`, 'teams'],
    ['role=admin&email=nobody', 'email'],
  ])('422: ?%s', async (query, field) => {
    const { status, body } = await ask(query);
    expect([status, body.field]).toEqual([422, field]);
  });
});

test('an invitation above its team is made, and says so', async () => {
  const { status, body } = await world.send(owner, `post /organizations/${organization.id}/invitations`, {
    email: 'new@example.com',
    role: 'admin',
    teams: [{ team: support, role: 'member' }],
  });
  expect([status, body.role, codesOf(body)]).toEqual([201, 'admin', ['above_peers']]);
  const plain = await world.send(owner, `post /organizations/${organization.id}/invitations`, {
    email: 'newer@example.com',
  });
  expect([plain.status, plain.body.hints]).toEqual([201, undefined]);
});

describe('what was used', () => {
  const DAY = 24 * 3600 * 1000;
  const signInAgain = async ({ email }: Person): Promise<Sender> => {
    const { baseUrl } = world.gateway;
    const answer = await fetch(`${baseUrl}/sign-in/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: baseUrl },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]);
    return { headers: { cookie: cookie.join('; '), origin: baseUrl } };
  };

  test('200: an admin asked about who has used nothing of it, in the advice and in a review; with a role that has what was used', async () => {
    const here = await world.newOrganization();
    const base = `/organizations/${here.id}`;
    const [idle, host] = [await world.newPerson(here, 'admin'), await world.newPerson(here, 'admin')];
    const permissions = ['members.read', 'members.invite', 'teams.manage'];
    await world.send(world.operator, 'post /roles', { key: 'host', name: 'Host', rank: 150, permissions });
    world.gateway.clock.advance(91 * DAY);
    await signInAgain(idle);
    const again = await signInAgain(host);
    await world.send(again, `post ${base}/teams`, { name: 'Red' });
    await world.send(again, `post ${base}/invitations`, { email: 'new@example.com' });
    const advice = async (person: Person) => {
      const query = `role=admin&email=${person.email}`;
      const { body } = await world.send(world.operator, `get ${base}/role-fit?${query}`);
      return body.hints;
    };
    expect(await advice(idle)).toMatchObject([{ code: 'permissions_unused', suggests: 'member' }]);
    expect(await advice(host)).toMatchObject([{ code: 'permissions_unused', suggests: 'host' }]);
    const { body: review } = await world.send(world.operator, `post ${base}/access-reviews`, {});
    const { body } = await world.send(world.operator, `get ${base}/access-reviews/${review.id}/items`);
    const hintsOf = (person: Person) =>
      body.items.find(({ member }: { member: string }) => member === person.membership.id).hints;
    expect(hintsOf(idle)).toEqual(await advice(idle));
    expect(hintsOf(host)).toEqual(await advice(host));
  });
});
