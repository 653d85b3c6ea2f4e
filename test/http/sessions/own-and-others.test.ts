/** Seeing and ending sessions: one's own, a member's, everybody's; over the API and on the person's page (S189). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OrgRole } from '../../../src/core/access/roles.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { newSessionToken, startSession } from '../../../src/core/sign-in/sessions.ts';
import { hours } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { testCause } from '../../support/gateway.ts';
import { aMember, PASSWORD, postForm } from '../../support/page-visits.ts';
import { type ApiWorld, cookieSender, type Person, type Sender, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
let organization: Organization;
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
});
afterAll(() => world.close());

const isAlive = async (sender: Sender): Promise<boolean> =>
  (await world.send(sender, 'get /session')).status === 200;

/** One more session of a person, in another browser. */
async function another({ membership: { organizationId, id } }: Person, connectionId: string | null = null) {
  const { deps, storage, baseUrl, clock } = world.gateway;
  const token = newSessionToken();
  const cause = { ...testCause, ip: '192.0.2.7', userAgent: 'Browser/1.0' };
  await storage.transact(async (tx) => {
    const membership = await tx.memberships.find(organizationId, id);
    if (membership === undefined) throw new Error('no member');
    await startSession(
      tx,
      { organizationId, cause, now: clock.now() },
      {
        membership,
        tokenHash: deps.hashToken(token),
        authentication: { connectionId: connectionId as never, amr: connectionId === null ? ['pwd'] : [] },
      },
    );
  });
  return cookieSender(token, baseUrl);
}

/** A connection through which sessions can have come. */
const newConnection = async (within: Organization): Promise<string> => {
  const connection = { protocol: 'oidc', name: 'A', issuer: 'https://idp.example.com', clientId: 'a' };
  const path = `post /organizations/${within.id}/connections`;
  return (await world.send(world.operator, path, { ...connection, clientSecret: 'b' })).body.id;
};

/** A person with a password in two organizations. */
async function inTwo() {
  const [one, two] = [await world.newOrganization(), await world.newOrganization()];
  const person = await world.newPerson(one);
  const { body } = await world.send(world.operator, `post /organizations/${two.id}/invitations`, {
    email: person.email,
    delivery: 'link',
  });
  const token = body.url.slice(body.url.lastIndexOf('/') + 1);
  const there = await another(person);
  await world.send(there, `post /invitations/${token}/accept`);
  const [membership] = await world.gateway.storage.memberships.list(two.id, {}, { limit: 1 });
  if (membership === undefined) throw new Error('not accepted');
  return { one, two, person, inSecond: { ...person, membership } };
}

describe("S189: a person's own sessions", () => {
  test('are listed newest first, with where they began and which one asks', async () => {
    const person = await world.newPerson(organization);
    world.gateway.clock.advance(1000);
    const second = await another(person);
    const { status, body } = await world.send(second, 'get /sessions');
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      {
        isCurrent: true,
        ip: '192.0.2.7',
        userAgent: 'Browser/1.0',
        device: 'Browser',
        amr: ['pwd'],
        connectionId: null,
      },
      { isCurrent: false, ip: null, userAgent: null, device: null },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/ghs_|[Hh]ash/);
  });

  test('one is ended by its id, the others by one request; each end is in the audit with its reason', async () => {
    const person = await world.newPerson(organization);
    const [second, third] = [await another(person), await another(person)];
    const { body } = await world.send(third, 'get /sessions');
    const current = body.items.find(({ isCurrent }: { isCurrent: boolean }) => isCurrent).id;
    const first = (await world.send(person, 'get /sessions')).body.items.find(
      ({ isCurrent }: { isCurrent: boolean }) => isCurrent,
    ).id;
    expect((await world.send(third, `delete /sessions/${first}`)).status).toBe(204);
    expect([await isAlive(person), await isAlive(second), await isAlive(third)]).toEqual([false, true, true]);
    expect((await world.send(third, `delete /sessions/${first}`)).status).toBe(404);
    expect((await world.send(third, 'delete /sessions')).status).toBe(204);
    expect([await isAlive(second), await isAlive(third)]).toEqual([false, true]);
    expect((await world.send(third, `delete /sessions/${current}`)).status).toBe(204);
    expect(await isAlive(third)).toBe(false);
    const told = await world.gateway.storage.auditEvents.list(
      organization.id,
      { type: 'session.ended' },
      { limit: 200 },
    );
    const mine = told.filter(({ target }) => target.id === person.membership.id);
    expect(mine.map(({ details, actor }) => [details.reason, actor.kind])).toEqual(
      Array(3).fill(['ended_by_person', 'member']),
    );
  });

  test("somebody else's id is no id", async () => {
    const [ada, eve] = [await world.newPerson(organization), await world.newPerson(organization)];
    const { body } = await world.send(ada, 'get /sessions');
    const answer = await world.send(eve, `delete /sessions/${body.items[0].id}`);
    expect([answer.status, answer.body.code, await isAlive(ada)]).toEqual([404, 'not_found', true]);
  });

  test('idle ones are not listed: they open nothing', async () => {
    const person = await world.newPerson(organization);
    world.gateway.clock.advance(hours(8));
    const second = await another(person);
    expect((await world.send(second, 'get /sessions')).body.items).toHaveLength(1);
  });

  test('law 3: a password reaches every organization of the person, single sign-on only its own', async () => {
    const { one, two, person, inSecond } = await inTwo();
    const local = await another(person);
    const federated = await another(person, await newConnection(one));
    const reach = async (sender: Sender) => {
      const { body } = await world.send(sender, 'get /sessions');
      return [...new Set(body.items.map(({ organizationId }: { organizationId: string }) => organizationId))];
    };
    expect((await reach(local)).sort()).toEqual([one.id, two.id].sort());
    expect(await reach(federated)).toEqual([one.id]);
    const elsewhere = await another(inSecond);
    await world.send(federated, 'delete /sessions');
    expect([await isAlive(local), await isAlive(elsewhere)]).toEqual([false, true]);
    await world.send(elsewhere, 'delete /sessions');
    expect([await isAlive(federated), await isAlive(elsewhere)]).toEqual([false, true]);
  });
});

describe("S189: a member's sessions", () => {
  const may: readonly [caller: OrgRole, target: OrgRole, status: number][] = [
    ['owner', 'owner', 204],
    ['owner', 'admin', 204],
    ['admin', 'member', 204],
    ['admin', 'viewer', 204],
    ['admin', 'admin', 403],
    ['admin', 'owner', 403],
    ['member', 'viewer', 403],
  ];
  test.each(may)('%s over %s: %d', async (caller, target, status) => {
    const asking = await world.newPerson(organization, caller);
    const person = await world.newPerson(organization, target);
    const path = `/organizations/${organization.id}/members/${person.membership.id}/sessions`;
    const list = await world.send(asking, `get ${path}`);
    expect(list.status).toBe(status === 204 ? 200 : 403);
    if (status === 204) expect(list.body.items).toHaveLength(1);
    expect((await world.send(asking, `delete ${path}`)).status).toBe(status);
    expect([await isAlive(person), await isAlive(asking)]).toEqual([status !== 204, true]);
  });

  test('S189: an owner signs everybody out of the organization, themselves too, and nobody elsewhere', async () => {
    const { one, person, inSecond } = await inTwo();
    const owner = await world.newPerson(one, 'owner');
    const elsewhere = await another(inSecond);
    const here = await another(person);
    const admin = await world.newPerson(one, 'admin');
    expect((await world.send(admin, `delete /organizations/${one.id}/sessions`)).status).toBe(403);
    expect((await world.send(owner, `delete /organizations/${one.id}/sessions`)).status).toBe(204);
    for (const sender of [owner, here, admin, person]) expect(await isAlive(sender)).toBe(false);
    expect(await isAlive(elsewhere)).toBe(true);
  });
});

describe('on the page', () => {
  test('S189: sessions are shown, ended one by one or all others at once', async () => {
    const { email, browser } = await aMember(world.gateway, organization);
    const second = createBrowser();
    const start = await second.follow(`${world.gateway.baseUrl}/sign-in`);
    const page = await second.submitForm(start, { form: 'password', values: { email, password: PASSWORD } });
    expect(page.text).toContain('Where you are signed in');
    expect(page.text).toContain('this one');
    const after = await second.submitForm(page, { form: 'end-others' });
    expect([after.status, after.text.includes('Sign out everywhere else')]).toEqual([200, false]);
    const first = await browser.request(`${world.gateway.baseUrl}/`);
    expect(first.status).toBe(303);
  });

  test('S186: a form without the token of this session ends nothing', async () => {
    const { browser } = await aMember(world.gateway, organization);
    for (const path of ['/own-sessions', '/switch-organization', '/sign-in-again']) {
      const fields = { session: 'others', organization: organization.id, password: PASSWORD };
      expect((await postForm(world.gateway, browser, { path, fields })).status).toBe(403);
      expect(
        (await postForm(world.gateway, browser, { path, fields: { ...fields, csrf: 'x' } })).status,
      ).toBe(403);
    }
  });
});
