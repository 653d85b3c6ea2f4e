/** `lastActiveAt`: signing in, a session, a personal key and an application in use move it, to the quarter of an hour; nothing else does. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { days, hours, minutes } from '../../../src/kernel/clock.ts';
import { enter, startApplication, type TestApplication } from '../../support/application.ts';
import { createBrowser } from '../../support/browser.ts';
import { holdDate } from '../../support/held-date.ts';
import { type ApiWorld, PASSWORD, type Person, type Sender, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let product: TestApplication;
let organization: Organization;
let ada: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld({ now: holdDate() });
  product = await startApplication(world.gateway);
});
afterAll(async () => {
  await product.close();
  await world.close();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  base = `/organizations/${organization.id}`;
  ada = await world.newPerson(organization, 'admin');
});

const now = () => world.gateway.clock.now();
const pass = (ms: number) => world.gateway.clock.advance(ms);
const lastActive = async ({ membership: { id } }: Person = ada): Promise<number> =>
  Date.parse((await world.send(world.operator, `get ${base}/members/${id}`)).body.lastActiveAt);
const newKey = async (input: object = {}): Promise<Sender> => {
  const made = { name: 'nightly', kind: 'personal', scopes: ['members.read'], ...input };
  const { body } = await world.send(ada, `post ${base}/api-keys`, made);
  return { headers: { authorization: `Bearer ${body.token}` } };
};
const signIn = async ({ email }: Person) => {
  const browser = createBrowser();
  const page = await browser.follow(`${world.gateway.baseUrl}/sign-in`);
  await browser.submitForm(page, { form: 'password', values: { email, password: PASSWORD } });
  return browser;
};

test('a session that is used moves it, at most once in a quarter of an hour', async () => {
  const started = await lastActive();
  pass(minutes(14));
  await world.send(ada, 'get /session');
  expect(await lastActive()).toBe(started);
  pass(minutes(1));
  await world.send(ada, 'get /session');
  expect(await lastActive()).toBe(now());
});

test('a personal key moves it; a key of the organization is nobody’s', async () => {
  const [personal, team] = [await newKey(), await newKey({ kind: 'team' })];
  pass(days(1));
  const before = await lastActive();
  expect((await world.send(team, `get ${base}/members`)).status).toBe(200);
  expect(await lastActive()).toBe(before);
  expect((await world.send(personal, `get ${base}/members`)).status).toBe(200);
  expect(await lastActive()).toBe(now());
});

describe('S185: what is refused is no use', () => {
  const elsewhere = (person: Person): Sender => ({
    headers: { ...person.headers, origin: 'https://elsewhere.example' },
  });
  const asSelf = (person: Person): Sender => person;
  test.each([
    ['from another site', 403, elsewhere, (): string => `post ${base}/teams`],
    ['without the permission', 403, asSelf, (): string => `get ${base}/audit-events`],
    ['for the operator', 403, asSelf, (): string => 'get /organizations'],
    ['about another organization', 404, asSelf, (): string => 'get /organizations/unknown/members'],
  ] as const)(
    'of a session: a request %s does not keep it from idling out',
    async (_, status, sender, request) => {
      const bob = await world.newPerson(organization, 'viewer');
      const before = await lastActive(bob);
      pass(hours(7));
      expect((await world.send(sender(bob), request())).status).toBe(status);
      expect(await lastActive(bob)).toBe(before);
      pass(hours(1));
      expect((await world.send(bob, 'get /session')).status).toBe(401);
    },
  );

  test('of a personal key: neither its last use nor its person’s activity moves', async () => {
    const key = await newKey();
    pass(days(1));
    const before = await lastActive();
    expect((await world.send(key, `get ${base}/audit-events`)).status).toBe(403);
    expect(await lastActive()).toBe(before);
    const { body } = await world.send(world.operator, `get ${base}/api-keys`);
    expect(body.items[0]).toMatchObject({ lastUsedAt: null });
    expect((await world.send(key, `get ${base}/members`)).status).toBe(200);
    expect(await lastActive()).toBe(now());
  });
});

test('an application that refreshes its tokens moves it', async () => {
  const tokens = await enter(product, await signIn(ada), { scope: 'openid offline_access' });
  pass(minutes(20));
  await client.refreshTokenGrant(product.configuration, tokens.refresh_token ?? '');
  expect(await lastActive()).toBe(now());
});

test('what the directory pushes and what an admin does to a member moves nothing of theirs', async () => {
  const { scimPath, token } = await world.gateway.createDirectory(organization);
  const scim = (method: 'post' | 'patch', path: string, body: object) =>
    world.gateway.request()[method](`${scimPath}${path}`).set('authorization', `Bearer ${token}`).send(body);
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
  const { body: user } = await scim('post', '/Users', { schemas, userName: 'bob@example.com' });
  await scim('patch', `/Users/${user.id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'displayName', value: 'Bob' }],
  });
  const before = await lastActive();
  pass(days(1));
  await world.send(world.operator, `patch ${base}/members/${ada.membership.id}`, { orgRole: 'viewer' });
  expect(await lastActive()).toBe(before);
  const { body } = await world.send(world.operator, `get ${base}/members?q=bob`);
  expect(body.items).toMatchObject([{ name: 'Bob', lastActiveAt: null }]);
});

test('whoever is suspended is not active any more, whatever a program still tries', async () => {
  const key = await newKey();
  const before = await lastActive();
  await world.send(world.operator, `patch ${base}/members/${ada.membership.id}`, { status: 'suspended' });
  pass(days(1));
  expect((await world.send(key, `get ${base}/members`)).status).toBe(401);
  expect(await lastActive()).toBe(before);
});

describe('who reads it', () => {
  test('an access review and the advice on roles take whoever works by key as active', async () => {
    const idle = await world.newPerson(organization, 'admin');
    const key = await newKey();
    pass(days(91));
    await world.send(key, `get ${base}/members`);
    const { body: review } = await world.send(world.operator, `post ${base}/access-reviews`, {});
    const { body } = await world.send(world.operator, `get ${base}/access-reviews/${review.id}/items`);
    const codesOf = (person: Person): string[] =>
      body.items
        .find(({ member }: { member: string }) => member === person.membership.id)
        .hints.map(({ code }: { code: string }) => code);
    expect([codesOf(ada).includes('inactive'), codesOf(idle).includes('inactive')]).toEqual([false, true]);
    const advice = (email: string) =>
      world.send(world.operator, `get ${base}/role-fit?role=admin&email=${email}`);
    expect((await advice(idle.email)).body.hints).toMatchObject([{ code: 'inactive' }]);
    expect((await advice(ada.email)).body.hints).not.toMatchObject([{ code: 'inactive' }]);
  });

  test('which organization a password opens is where the person signed in last, whatever keys do meanwhile', async () => {
    const key = await newKey();
    const other = await world.newOrganization();
    pass(minutes(1));
    const { body } = await world.send(world.operator, `post /organizations/${other.id}/invitations`, {
      ...{ email: ada.email, delivery: 'link' },
    });
    const path = `post /invitations/${body.url.split('/').at(-1)}/accept`;
    expect((await world.send(world.nobody, path, { password: PASSWORD })).status).toBe(200);
    pass(minutes(60));
    await world.send(key, `get ${base}/members`);
    const session = await (await signIn(ada)).request(`${world.gateway.baseUrl}/api/v1/session`);
    expect(JSON.parse(session.text).organization.id).toBe(other.id);
  });
});
