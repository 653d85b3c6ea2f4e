/** What a session opens that only an identity provider's word stands behind: its own organization, nothing of the person's account (law 3). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { newSessionToken, startSession } from '../../../src/core/sign-in/sessions.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { createAuthenticator } from '../../support/authenticator.ts';
import { nextText } from '../../support/builders.ts';
import { testCause } from '../../support/gateway.ts';
import { type ApiWorld, cookieSender, PASSWORD, type Sender, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld({ isLocalhost: true });
});
afterAll(() => world.close());

/** A session of the member that a connection of the organization has opened. */
async function throughProvider({ organizationId, id }: Membership): Promise<Sender> {
  const { deps, storage, baseUrl, clock } = world.gateway;
  const connection = { protocol: 'oidc', name: 'A', issuer: 'https://idp.example.com', clientId: 'a' };
  const path = `post /organizations/${organizationId}/connections`;
  const { body } = await world.send(world.operator, path, { ...connection, clientSecret: 'b' });
  const token = newSessionToken();
  await storage.transact(async (tx) => {
    const membership = await tx.memberships.find(organizationId, id);
    if (membership === undefined) throw new Error('no member');
    const context = { organizationId, cause: testCause, now: clock.now() };
    const authentication = { connectionId: body.id, amr: ['pwd'] };
    await startSession(tx, context, { membership, tokenHash: deps.hashToken(token), authentication });
  });
  return cookieSender(token, baseUrl);
}

/** Somebody with an account, and the session in which an identity provider of their organization vouches for them. */
async function aVouchedPerson() {
  const person = await world.newPerson(await world.newOrganization());
  return { person, vouched: await throughProvider(person.membership) };
}

const members = async ({ id }: Organization) =>
  (await world.gateway.storage.memberships.list(id, {}, { limit: 10 })).length;

describe('invitations of another organization', () => {
  async function invited(email: string, delivery: 'link' | 'email') {
    const third = await world.newOrganization();
    const path = `post /organizations/${third.id}/invitations`;
    const { body } = await world.send(world.operator, path, { email, role: 'admin', delivery });
    const mail = world.gateway.mails.at(-1)?.text ?? '';
    const url: string = delivery === 'link' ? body.url : (/\S+\/invitations\/\S+/.exec(mail)?.[0] ?? '');
    return { third, accept: `post /invitations/${url.slice(url.lastIndexOf('/') + 1)}/accept` };
  }

  test('S160: a copied link makes nobody a member by an identity provider’s word, and stays for the person themselves', async () => {
    const { person, vouched } = await aVouchedPerson();
    const { third, accept } = await invited(person.email, 'link');
    const refused = await world.send(vouched, accept);
    expect([refused.status, refused.body.code, await members(third)]).toEqual([403, 'forbidden', 0]);
    expect([(await world.send(person, accept)).status, await members(third)]).toEqual([200, 1]);
  });

  test('S160: a proof the person asked for themselves is no use in a session an identity provider opened', async () => {
    const { person, vouched } = await aVouchedPerson();
    const { third, accept } = await invited(`${nextText('other')}@example.com`, 'link');
    expect((await world.send(person, accept.replace('/accept', '/proofs'))).status).toBe(204);
    await world.gateway.deliverMails();
    const proof = /ghp_[\w-]+/.exec(world.gateway.mails.at(-1)?.text ?? '')?.[0];
    expect((await world.send(vouched, accept, { proof })).status).toBe(403);
    expect(await members(third)).toBe(0);
    expect((await world.send(person, accept, { proof })).status).toBe(200);
  });

  test('S161: the mail to the account’s own address is a proof besides', async () => {
    const { person, vouched } = await aVouchedPerson();
    const { third, accept } = await invited(person.email, 'email');
    expect([(await world.send(vouched, accept)).status, await members(third)]).toEqual([200, 1]);
  });
});

describe('the passkeys of the account', () => {
  const path = '/account/passkeys';

  /** The same with a passkey made in their own session. */
  async function withPasskey() {
    const { person, vouched } = await aVouchedPerson();
    const device = createAuthenticator(world.gateway.baseUrl);
    const options = await world.send(person, `post ${path}/options`, { currentPassword: PASSWORD });
    const credential = device.register(options.body.challenge);
    const { status, body } = await world.send(person, `post ${path}`, { name: 'Laptop', credential });
    expect(status).toBe(201);
    const names = async () =>
      (await world.send(person, `get ${path}`)).body.items.map(({ name }: { name: string }) => name);
    return { person, vouched, one: `${path}/${body.id}`, names };
  }

  test('S191: are neither renamed nor removed by an identity provider’s word, known id or not', async () => {
    const { vouched, one, names } = await withPasskey();
    for (const id of [one, `${path}/${newId('pky', 0)}`]) {
      for (const [request, body] of [
        [`patch ${id}`, { name: 'Theirs' }],
        [`delete ${id}`, undefined],
      ] as const) {
        const refused = await world.send(vouched, request, body);
        expect([request, refused.status, refused.body.code]).toEqual([request, 403, 'forbidden']);
      }
    }
    expect(await names()).toEqual(['Laptop']);
  });

  test('are the person’s to rename and remove', async () => {
    const { person, one, names } = await withPasskey();
    expect((await world.send(person, `patch ${one}`, { name: 'Old laptop' })).status).toBe(200);
    expect(await names()).toEqual(['Old laptop']);
    expect((await world.send(person, `delete ${one}`)).status).toBe(204);
    expect(await names()).toEqual([]);
  });
});

test('S191: how the person signs in by themselves is not shown to their organization’s identity provider', async () => {
  const { person, vouched } = await aVouchedPerson();
  const { organizationId, id } = person.membership;
  await world.gateway.storage.transact(async (tx) => {
    const now = await tx.memberships.find(organizationId, id);
    if (now === undefined) throw new Error('no member');
    const known = { email: 'at@work.example', emailKey: 'at@work.example' };
    await tx.memberships.update(organizationId, { ...now, ...known }, now.version);
  });
  const own = await world.send(person, 'get /account');
  expect(own.body).toMatchObject({ email: person.email, hasPassword: true });
  expect(await world.send(vouched, 'get /account')).toMatchObject({
    status: 200,
    body: {
      ...{ email: null, emailVerified: false, hasPassword: false },
      secondFactor: { enabled: false, recoveryCodesLeft: 0 },
    },
  });
  expect((await world.send(vouched, 'get /account/passkeys')).body).toEqual({ items: [] });
  expect((await world.send(vouched, 'get /session')).body.user.email).toBe('at@work.example');
  for (const page of ['/account', '/']) {
    const { text } = await fetchPage(vouched, page);
    expect([page, text.includes(person.email)]).toEqual([page, false]);
  }
  expect((await fetchPage(person, '/account')).text).toContain(person.email);
});

async function fetchPage({ headers }: Sender, path: string) {
  const response = await fetch(`${world.gateway.baseUrl}${path}`, { headers });
  return { status: response.status, text: await response.text() };
}
