/** Sensitive acts ask for a proof of who is there that is minutes old; how a browser gives it, and comes back (S192). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { minutes } from '../../../src/kernel/clock.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { ask, codeOf, turnOnSecondFactor } from '../../support/credentials.ts';
import { makeOwner, onlyMember } from '../../support/members.ts';
import { aMember, PASSWORD, postForm } from '../../support/page-visits.ts';
import { encode, instant, oktaLike, sign } from '../../support/saml-builder.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  startSaml,
} from '../../support/sign-in-stage.ts';
import { type ApiWorld, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const aConnectionBody = {
  protocol: 'oidc',
  name: 'A',
  issuer: 'https://idp.example.com',
  clientId: 'a',
  clientSecret: 'b',
};

/** An owner with a password in a browser, in an organization of their own, whose sign-in is `age` old. */
async function anOwner(age = minutes(11)) {
  const organization = await world.newOrganization();
  const { email, browser } = await aMember(world.gateway, organization);
  await makeOwner(world.gateway, organization.id);
  world.gateway.clock.advance(age);
  const member = await onlyMember(world.gateway, organization.id);
  const other = await world.newPerson(organization, 'member');
  const base = `/api/v1/organizations/${organization.id}`;
  const act = (method: string, path: string, body?: object) =>
    ask(world.gateway, browser, { method, path: `${base}${path}`, ...(body === undefined ? {} : { body }) });
  return { organization, email, browser, member, other, base, act };
}

type Owner = Awaited<ReturnType<typeof anOwner>>;
const acts: readonly [title: string, act: (owner: Owner) => ReturnType<Owner['act']>, status: number][] = [
  ['a connection is added', ({ act }) => act('POST', '/connections', aConnectionBody), 201],
  ['a directory is added', ({ act }) => act('POST', '/directories', { kind: 'okta', status: 'draft' }), 201],
  ['a domain is claimed', ({ act }) => act('POST', '/domains', { domain: 'owners.example' }), 201],
  [
    'somebody becomes owner',
    ({ act, other }) => act('PATCH', `/members/${other.membership.id}`, { orgRole: 'owner' }),
    200,
  ],
  [
    'an owner is suspended',
    ({ act, member }) => act('PATCH', `/members/${member.id}`, { status: 'suspended' }),
    409,
  ],
  ['the members are taken away as a file', ({ act }) => act('GET', '/members/export'), 200],
  ['the audit is taken away as a file', ({ act }) => act('GET', '/audit-events/export'), 200],
  [
    'an access review is taken away as a file',
    async ({ act, base }) => {
      const reviews = `${base.slice('/api/v1'.length)}/access-reviews`;
      const { body } = await world.send(world.operator, `post ${reviews}`, {});
      return act('GET', `/access-reviews/${body.id}/export`);
    },
    200,
  ],
  ['everybody is signed out', ({ act }) => act('DELETE', '/sessions'), 204],
  ['the organization is removed', ({ act }) => act('DELETE', ''), 204],
];

describe('S192: what asks for a fresh sign-in', () => {
  test.each(acts)(
    '%s: refused eleven minutes after the sign-in, with the address to go to',
    async (_title, act) => {
      const answer = await act(await anOwner());
      expect([answer.status, answer.body.code]).toEqual([403, 'step_up_required']);
      expect(answer.body.url).toBe(`${world.gateway.baseUrl}/sign-in-again`);
    },
  );

  test.each(acts)('%s: not refused ten minutes after it', async (_title, act, status) => {
    expect((await act(await anOwner(minutes(10)))).status).toBe(status);
  });

  test('tokens of directories too; reading and ordinary acts go on, and the operator key asks for nothing', async () => {
    const { act, base, other, organization } = await anOwner();
    const { body } = await world.send(world.operator, `post ${base.slice('/api/v1'.length)}/directories`, {
      kind: 'okta',
    });
    const refused = await act('POST', `/directories/${body.id}/tokens`, { name: 'A' });
    expect(refused.body.code).toBe('step_up_required');
    for (const path of ['/connections', '/directories', '/members'])
      expect((await act('GET', path)).status).toBe(200);
    expect((await act('PATCH', `/members/${other.membership.id}`, { orgRole: 'viewer' })).status).toBe(200);
    expect((await world.send(world.operator, `delete /organizations/${organization.id}`)).status).toBe(204);
  });

  test('a member without the permission is told so, not sent to sign in', async () => {
    const { organization } = await anOwner();
    const { browser } = await aMember(world.gateway, organization);
    world.gateway.clock.advance(minutes(11));
    const path = `/api/v1/organizations/${organization.id}/connections`;
    expect((await ask(world.gateway, browser, { path, body: aConnectionBody })).body.code).toBe('forbidden');
  });
});

const confirm = (browser: Browser, body: object) =>
  ask(world.gateway, browser, { path: '/sign-in-again', body });
const tokenOf = (browser: Browser) =>
  browser.cookies.valueOf(world.gateway.baseUrl, '__Host-gatehouse-session') ?? '';

describe('S192: with a password', () => {
  test('the form leads back to where it began, in a new session; the one before is over', async () => {
    const { browser, act } = await anOwner();
    const { baseUrl } = world.gateway;
    const form = await browser.follow(`${baseUrl}/sign-in-again?return_to=/account`);
    const before = tokenOf(browser);
    const wrong = await browser.submitForm(form, { values: { password: 'wrong, wrong, wrong' } });
    expect([wrong.status, tokenOf(browser)]).toEqual([401, before]);
    const done = await browser.submitForm(wrong, { values: { password: PASSWORD } });
    expect([done.status, done.url]).toEqual([200, `${baseUrl}/account`]);
    expect((await act('POST', '/connections', aConnectionBody)).status).toBe(201);
    const stale = { headers: { cookie: `__Host-gatehouse-session=${before}`, origin: baseUrl } };
    expect((await world.send(stale, 'get /session')).status).toBe(401);
  });

  test('as JSON: 204; another site, or nobody, gets nothing', async () => {
    const { browser, act } = await anOwner();
    expect((await confirm(createBrowser(), { password: PASSWORD })).status).toBe(401);
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const fields = { password: PASSWORD };
    expect(
      (await postForm(world.gateway, browser, { path: '/sign-in-again', fields, headers: foreign })).status,
    ).toBe(403);
    expect((await confirm(browser, {})).body).toMatchObject({ code: 'invalid', field: 'password' });
    expect((await confirm(browser, { password: PASSWORD })).status).toBe(204);
    expect((await act('POST', '/connections', aConnectionBody)).status).toBe(201);
  });

  test('where the person has a second factor its code is asked too', async () => {
    const { browser, act } = await anOwner(0);
    const { secret } = await turnOnSecondFactor(world.gateway, browser);
    world.gateway.clock.advance(minutes(11));
    expect((await confirm(browser, { password: PASSWORD })).body.code).toBe('second_factor_required');
    expect((await confirm(browser, { password: PASSWORD, code: '000000' })).status).toBe(401);
    expect((await act('POST', '/connections', aConnectionBody)).status).toBe(403);
    const form = await browser.follow(`${world.gateway.baseUrl}/sign-in-again`);
    const code = codeOf(secret, world.gateway.clock.now());
    const done = await browser.submitForm(form, { values: { password: PASSWORD, code } });
    expect(done.status).toBe(200);
    expect((await act('POST', '/connections', aConnectionBody)).status).toBe(201);
    const { body } = await ask(world.gateway, browser, { path: '/api/v1/sessions' });
    expect(body.items[0].amr).toEqual(['pwd', 'otp']);
  });

  test('S190: of ten proofs at once one opens a session, and none comes after an end', async () => {
    const { browser, organization, member } = await anOwner();
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const one = createBrowser();
        one.cookies.store(new URL(world.gateway.baseUrl), [
          `__Host-gatehouse-session=${tokenOf(browser)}; Path=/; Secure`,
        ]);
        return (await confirm(one, { password: PASSWORD })).status;
      }),
    );
    expect(answers.filter((status) => status === 204)).toHaveLength(1);
    const sessions = await world.gateway.storage.sessions.listByMembership(organization.id, member.id);
    expect(sessions.filter(({ createdAt }) => createdAt === world.gateway.clock.now())).toHaveLength(1);
  });
});

/** An owner of a directory-managed organization, signed in through SAML; `act` tries to add a connection. */
async function aFederatedOwner() {
  const { gateway } = world;
  const organization = await gateway.createOrganization({ name: 'Acme' });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization);
  const nameId = 'ada@acme.example';
  await pushPerson(gateway, directory, { userName: nameId });
  await makeOwner(gateway, organization.id);
  const browser = createBrowser();
  const start = await startSaml(gateway, browser, `/sign-in/${organization.slug}`);
  const page = await answer(browser, connection, { ...start, nameId, provedSecondsAgo: 5 });
  expect(page.status).toBe(303);
  const path = `/api/v1/organizations/${organization.id}/connections`;
  const act = async () => (await ask(gateway, browser, { path, body: aConnectionBody })).status;
  return { organization, connection, browser, nameId, act };
}

/** The identity provider's answer, with the time at which it says it authenticated the person. */
function answer(
  browser: Browser,
  connection: Connection,
  about: { requestId: string; relayState: string; nameId: string; provedSecondsAgo: number },
) {
  const { gateway } = world;
  const { requestId, nameId, relayState, provedSecondsAgo } = about;
  const context = contextFor(gateway, connection, { requestId, nameId });
  const xml = oktaLike(context).replace(
    /AuthnInstant="[^"]*"/,
    `AuthnInstant="${instant(context, -provedSecondsAgo)}"`,
  );
  const fields = { SAMLResponse: encode(sign(xml, 'assertion', context)), RelayState: relayState };
  return postToAcs(gateway, browser, { connection, fields });
}

describe('S192: through the identity provider', () => {
  test('S54, S184: it is asked for a new proof; a new proof opens a fresh session in place of the one before and leads back', async () => {
    const { browser, connection, nameId, act } = await aFederatedOwner();
    world.gateway.clock.advance(minutes(11));
    expect(await act()).toBe(403);
    const start = await startSaml(world.gateway, browser, '/sign-in-again?return_to=/account');
    expect(start.request).toContain('ForceAuthn="true"');
    const before = tokenOf(browser);
    // A browser keeps a Lax cookie back from the provider's POST.
    browser.cookies.store(new URL(world.gateway.baseUrl), [
      '__Host-gatehouse-session=; Path=/; Secure; Max-Age=0',
    ]);
    const page = await answer(browser, connection, { ...start, nameId, provedSecondsAgo: 1 });
    expect([page.status, page.headers.get('location')]).toEqual([303, '/account']);
    expect(await act()).toBe(201);
    // S184: the session that the cookie named is over all the same.
    const stale = { headers: { cookie: `__Host-gatehouse-session=${before}` } };
    expect((await world.send(stale, 'get /session')).status).toBe(401);
  });

  test('S54: an answer from its session of this morning is refused, and the sensitive act too', async () => {
    const { browser, connection, nameId, act } = await aFederatedOwner();
    world.gateway.clock.advance(minutes(11));
    const start = await startSaml(world.gateway, browser, '/sign-in-again');
    const page = await answer(browser, connection, { ...start, nameId, provedSecondsAgo: 3600 });
    expect(page.status).toBe(403);
    expect(await act()).toBe(403);
  });

  test('S192: signing in anew without a new proof makes no session fresh', async () => {
    const { organization, browser, connection, nameId, act } = await aFederatedOwner();
    world.gateway.clock.advance(minutes(11));
    const start = await startSaml(world.gateway, browser, `/sign-in/${organization.slug}`);
    const page = await answer(browser, connection, { ...start, nameId, provedSecondsAgo: 3600 });
    expect(page.status).toBe(303);
    expect(await act()).toBe(403);
  });
});
