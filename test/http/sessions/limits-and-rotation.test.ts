/** How long a session lives and when its cookie value changes, as a browser meets it (S184, S185, S190). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OrgRole } from '../../../src/core/access/roles.ts';
import { hours, minutes, seconds } from '../../../src/kernel/clock.ts';
import { roleKey } from '../../support/org-roles.ts';
import { type ApiWorld, cookieSender, type Person, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const COOKIE = /^__Host-gatehouse-session=(ghs_[^;]+)/;

/** Asks who is signed in with this cookie value; answers the status and the value the answer brings, if any. */
async function ask(token: string) {
  const response = await fetch(`${world.gateway.baseUrl}/api/v1/session`, {
    headers: { cookie: `__Host-gatehouse-session=${token}` },
  });
  const brought = response.headers.getSetCookie().find((cookie) => COOKIE.test(cookie)) ?? '';
  return { status: response.status, token: COOKIE.exec(brought)?.[1], cookie: brought };
}

const statusOf = async (token: string) => (await ask(token)).status;

async function newPerson(role: OrgRole): Promise<Person> {
  const organization = await world.newOrganization();
  return world.newPerson(organization, role);
}

const giveRole = ({ membership: { organizationId, id } }: Person, orgRole: OrgRole) =>
  world.send(world.operator, `patch /organizations/${organizationId}/members/${id}`, { orgRole });

describe('how long', () => {
  const rows: readonly [role: OrgRole, idleMinutes: number, status: number][] = [
    ['viewer', 8 * 60 - 1, 200],
    ['member', 8 * 60, 401],
    ['admin', 29, 200],
    ['admin', 30, 401],
    ['owner', 30, 401],
  ];
  test.each(rows)('S185: %s, idle for %d minutes: %d', async (role, idle, status) => {
    const { token } = await newPerson(role);
    await ask(token);
    world.gateway.clock.advance(minutes(idle));
    expect(await statusOf(token)).toBe(status);
  });

  test('S185: a member who becomes admin is idle after half an hour from then on', async () => {
    const person = await newPerson('member');
    world.gateway.clock.advance(hours(1));
    expect(await statusOf(person.token)).toBe(200);
    await giveRole(person, 'admin');
    world.gateway.clock.advance(minutes(30));
    expect(await statusOf(person.token)).toBe(401);
  });
});

test('S185, S146: a custom role is idle after half an hour while it changes other people’s access, from the edit on', async () => {
  const send = (request: string, body: object) => world.send(world.operator, request, body);
  await send('post /roles', { key: 'lead', name: 'Lead', rank: 110, permissions: ['members.read'] });
  const person = await newPerson(roleKey('lead'));
  const idleFor = async (left: number) => {
    await ask(person.token);
    world.gateway.clock.advance(minutes(left));
    return statusOf(person.token);
  };
  expect(await idleFor(31)).toBe(200);
  await send('patch /roles/lead', { permissions: ['members.read', 'members.update'] });
  // S184: the person's role is the one it was; what it may do counts at once, and the cookie value stays.
  expect(await ask(person.token)).toMatchObject({ status: 200, token: undefined });
  expect(await idleFor(29)).toBe(200);
  expect(await idleFor(30)).toBe(401);
});

describe('S184: a change of role', () => {
  test('brings another cookie value, with the flags of the first, and the old one is useless soon after', async () => {
    const person = await newPerson('member');
    expect((await ask(person.token)).token).toBeUndefined();
    await giveRole(person, 'admin');
    const answer = await ask(person.token);
    expect(answer).toMatchObject({ status: 200, token: expect.stringMatching(/^ghs_/) });
    expect(answer.token).not.toBe(person.token);
    for (const flag of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
      expect(answer.cookie).toContain(flag);
    expect(answer.cookie).not.toMatch(/domain/i);
    const next = answer.token ?? '';
    expect(await ask(next)).toMatchObject({ status: 200, token: undefined });
    world.gateway.clock.advance(seconds(30));
    expect([await statusOf(person.token), await statusOf(next)]).toEqual([401, 200]);
  });

  test('S190: of 20 requests at once none is refused, one gets the new value, and there is one session', async () => {
    const person = await newPerson('member');
    await giveRole(person, 'viewer');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(person.token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.filter(({ token }) => token !== undefined)).toHaveLength(1);
    const { organizationId, id } = person.membership;
    expect(await world.gateway.storage.sessions.listByMembership(organizationId, id)).toHaveLength(1);
  });

  test('S190: requests under way go on with the old value for half a minute after the new one has arrived', async () => {
    const person = await newPerson('member');
    await giveRole(person, 'viewer');
    const next = (await ask(person.token)).token ?? '';
    expect(await statusOf(next)).toBe(200);
    world.gateway.clock.advance(seconds(29));
    expect(await ask(person.token)).toMatchObject({ status: 200, token: undefined });
    world.gateway.clock.advance(seconds(1));
    expect([await statusOf(person.token), await statusOf(next)]).toEqual([401, 200]);
  });

  test('S190: an answer that was lost signs nobody out: the old value brings another one, and the lost one is dead', async () => {
    const person = await newPerson('member');
    await giveRole(person, 'viewer');
    const lost = (await ask(person.token)).token ?? '';
    world.gateway.clock.advance(seconds(30));
    const again = await ask(person.token);
    expect(again).toMatchObject({ status: 200, token: expect.stringMatching(/^ghs_/) });
    expect(await statusOf(lost)).toBe(401);
    expect(await statusOf(again.token ?? '')).toBe(200);
  });

  test('S190: the old value does not bring back a session that ended', async () => {
    const person = await newPerson('member');
    await giveRole(person, 'viewer');
    const next = (await ask(person.token)).token ?? '';
    const { baseUrl } = world.gateway;
    const { body } = await world.send(cookieSender(next, baseUrl), 'get /sessions');
    await world.send(cookieSender(next, baseUrl), `delete /sessions/${body.items[0].id}`);
    expect([await statusOf(person.token), await statusOf(next)]).toEqual([401, 401]);
  });
});

describe('S188: what is over stays over', () => {
  test('a cookie value replayed after sign-out is nobody, on the API and on the page', async () => {
    const { headers, token } = await newPerson('member');
    const { baseUrl } = world.gateway;
    const page = await fetch(baseUrl, { headers });
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const out = await fetch(`${baseUrl}/sign-out`, { method: 'POST', headers });
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie().join()).toMatch(/__Host-gatehouse-session=;/);
    expect(await statusOf(token)).toBe(401);
    const back = await fetch(baseUrl, { headers, redirect: 'manual' });
    expect([back.status, back.headers.get('location')]).toEqual([303, '/sign-in']);
  });
});
