/** Going from one organization to another: after the other one's own policy, with another session (S191, S184). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newSessionToken, startSession } from '../../../src/core/sign-in/sessions.ts';
import { minutes } from '../../../src/kernel/clock.ts';
import { testCause } from '../../support/gateway.ts';
import { type ApiWorld, cookieSender, type Sender, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

/** A person with a password in two organizations, signed in to the first. */
async function aPersonInTwo() {
  const [one, two] = [await world.newOrganization(), await world.newOrganization()];
  const person = await world.newPerson(one);
  const { body } = await world.send(world.operator, `post /organizations/${two.id}/invitations`, {
    email: person.email,
    delivery: 'link',
  });
  const token = body.url.slice(body.url.lastIndexOf('/') + 1);
  await world.send(person, `post /invitations/${token}/accept`);
  const sender = await freshSession(person.membership, null);
  const [there] = await world.gateway.storage.memberships.list(two.id, {}, { limit: 1 });
  if (there === undefined) throw new Error('not accepted');
  return { one, two, person, sender, there };
}

async function freshSession(
  { organizationId, id }: { readonly organizationId: string; readonly id: string },
  connectionId: string | null,
): Promise<Sender> {
  const { deps, storage, baseUrl, clock } = world.gateway;
  const token = newSessionToken();
  await storage.transact(async (tx) => {
    const membership = await tx.memberships.find(organizationId as never, id as never);
    if (membership === undefined) throw new Error('no member');
    const context = { organizationId: membership.organizationId, cause: testCause, now: clock.now() };
    const authentication = { connectionId: connectionId as never, amr: connectionId === null ? ['pwd'] : [] };
    await startSession(tx, context, { membership, tokenHash: deps.hashToken(token), authentication });
  });
  return cookieSender(token, baseUrl);
}

const goTo = async (sender: Sender, organization: string) => {
  const answer = await world.send(sender, 'post /session/organization', { organization });
  const token = /__Host-gatehouse-session=(ghs_[^;]+)/.exec(answer.headers['set-cookie'] ?? '')?.[1];
  const next = token === undefined ? undefined : cookieSender(token, world.gateway.baseUrl);
  return { ...answer, next };
};

const statusOf = async (sender: Sender) => (await world.send(sender, 'get /session')).status;

const newConnection = async (organizationId: string): Promise<string> => {
  const connection = { protocol: 'oidc', name: 'A', issuer: 'https://idp.example.com', clientId: 'a' };
  const path = `post /organizations/${organizationId}/connections`;
  return (await world.send(world.operator, path, { ...connection, clientSecret: 'b' })).body.id;
};

describe('POST /session/organization', () => {
  test('S191 S184: a new session there, by id or slug; the old one is over; the age of the sign-in is carried over', async () => {
    const { one, two, sender, there } = await aPersonInTwo();
    const before = (await world.send(sender, 'get /session')).body;
    world.gateway.clock.advance(minutes(5));
    const answer = await goTo(sender, two.slug);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      organization: { id: two.id, slug: two.slug },
      membershipId: there.id,
      authenticatedAt: before.authenticatedAt,
    });
    expect(await statusOf(sender)).toBe(401);
    const next = answer.next ?? world.nobody;
    expect((await world.send(next, 'get /session')).body.organization.id).toBe(two.id);
    const back = await goTo(next, one.id);
    expect([back.status, back.body.organization.id]).toEqual([200, one.id]);
    const told = await world.gateway.storage.auditEvents.list(
      one.id,
      { type: 'session.ended' },
      { limit: 200 },
    );
    expect(told.map(({ details }) => details.reason)).toContain('organization_switched');
  });

  test('staying where one is changes nothing', async () => {
    const { one, sender } = await aPersonInTwo();
    const answer = await goTo(sender, one.slug);
    expect([answer.status, answer.next]).toEqual([200, undefined]);
    expect(await statusOf(sender)).toBe(200);
  });

  test('S191: a stranger, a suspended member and nonsense are told the same', async () => {
    const { two, sender, there } = await aPersonInTwo();
    const elsewhere = await world.newOrganization();
    await world.send(world.operator, `patch /organizations/${two.id}/members/${there.id}`, {
      status: 'suspended',
    });
    const answers = await Promise.all(
      [elsewhere.id, elsewhere.slug, two.id, 'nonsense'].map((reference) => goTo(sender, reference)),
    );
    for (const { status, body } of answers)
      expect({ status, ...body, instance: '' }).toEqual({ status: 404, ...answers[0]?.body, instance: '' });
    expect(await statusOf(sender)).toBe(200);
  });

  test('S191 S157: an organization that requires its own single sign-on says where, and nothing changes', async () => {
    const { two, sender } = await aPersonInTwo();
    await newConnection(two.id);
    const { storage } = world.gateway;
    await storage.transact(async (tx) => {
      const organization = await tx.organizations.find(two.id);
      if (organization !== undefined)
        await tx.organizations.update(
          two.id,
          { ...organization, ssoPolicy: 'required' },
          organization.version,
        );
    });
    const { status, body, next } = await goTo(sender, two.id);
    expect([status, body.code, next]).toEqual([403, 'sso_required', undefined]);
    expect(body.url).toBe(`${world.gateway.baseUrl}/sign-in/${two.slug}`);
    expect(await statusOf(sender)).toBe(200);
  });

  test("S191 S150: one organization's identity provider opens no other organization", async () => {
    const { one, two, person } = await aPersonInTwo();
    const federated = await freshSession(person.membership, await newConnection(one.id));
    const { status, body } = await goTo(federated, two.id);
    expect([status, body.code]).toEqual([403, 'sso_required']);
    const own = await world.send(federated, 'get /session/organizations');
    expect(own.body.items).toMatchObject([{ id: one.id, isCurrent: true }]);
    const local = await freshSession(person.membership, null);
    const all = await world.send(local, 'get /session/organizations');
    expect(all.body.items.map(({ id }: { id: string }) => id).sort()).toEqual([one.id, two.id].sort());
  });

  test('S190: of ten switches at once one succeeds, and there is one session there', async () => {
    const { two, sender, there } = await aPersonInTwo();
    const already = (await world.gateway.storage.sessions.listByMembership(two.id, there.id)).length;
    const answers = await Promise.all(Array.from({ length: 10 }, () => goTo(sender, two.id)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
    const sessions = await world.gateway.storage.sessions.listByMembership(two.id, there.id);
    expect(sessions).toHaveLength(already + 1);
  });

  test('S191: sessions of two organizations in two browsers stay apart', async () => {
    const { one, two, sender, there } = await aPersonInTwo();
    const second = await freshSession(there, null);
    const named = async (who: Sender) => (await world.send(who, 'get /session')).body.organization.id;
    expect([await named(sender), await named(second)]).toEqual([one.id, two.id]);
    expect((await world.send(sender, `get /organizations/${two.id}`)).status).toBe(404);
  });
});
