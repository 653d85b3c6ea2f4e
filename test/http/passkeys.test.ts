/** Passkeys over HTTP with an authenticator in software: what is believed, what is used up, and whose it is. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../src/core/entities/organization.ts';
import { minutes } from '../../src/kernel/clock.ts';
import { createAuthenticator, type Quirks } from '../support/authenticator.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { ask, isSignedIn, mailedPath, turnOnSecondFactor } from '../support/credentials.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { countOfType } from '../support/journal-rows.ts';
import { aMember, FOREIGN, PASSWORD, postForm } from '../support/page-visits.ts';
import { recordedSignIns } from '../support/recorded-sign-ins.ts';

const BASE_URL = 'https://gate.example';
const PATH = '/api/v1/account/passkeys';

let gateway: TestGateway;
let home: Organization;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true });
  home = await gateway.createOrganization({ name: 'Home' });
});
afterAll(() => gateway.close());

const begin = (browser: Browser, currentPassword = PASSWORD) =>
  ask(gateway, browser, { path: `${PATH}/options`, body: { currentPassword } });

/** A member with a passkey, ready to use it in another browser. */
async function aPasskeyHolder(quirks: Quirks = {}, organization = home) {
  const member = await aMember(gateway, organization);
  const device = createAuthenticator(gateway.baseUrl);
  const options = (await begin(member.browser)).body;
  const credential = device.register(options.challenge, quirks);
  const added = await ask(gateway, member.browser, { path: PATH, body: { name: 'Laptop', credential } });
  expect(added).toMatchObject({ status: 201, body: { name: 'Laptop', synced: false, lastUsedAt: null } });
  return { ...member, device, userId: options.user.id as string, id: added.body.id as string };
}

/** Asks for a challenge in this browser and answers it. */
async function useKey(
  holder: Pick<Awaited<ReturnType<typeof aPasskeyHolder>>, 'device' | 'userId'>,
  quirks: Quirks = {},
  browser = createBrowser(),
) {
  const options = await ask(gateway, browser, { path: '/sign-in/passkey/options', body: {} });
  const body = holder.device.signIn(options.body.challenge, holder.userId, quirks);
  return { browser, body, answer: await ask(gateway, browser, { path: '/sign-in/passkey', body }) };
}

describe('signing in with a passkey', () => {
  test('opens a session that says hwk, also for somebody with a second factor', async () => {
    const told = async () => [
      await countOfType(gateway.storage, home.id, 'passkey.added'),
      await countOfType(gateway.storage, home.id, 'passkey.accepted'),
    ];
    const [added = 0, accepted = 0] = await told();
    const holder = await aPasskeyHolder();
    await turnOnSecondFactor(gateway, holder.browser);
    const { answer, browser } = await useKey(holder);
    expect(await told()).toEqual([added + 1, accepted + 1]);
    expect([answer.status, await isSignedIn(gateway, browser)]).toEqual([204, true]);
    const token = browser.cookies.valueOf(gateway.baseUrl, '__Host-gatehouse-session') ?? '';
    const session = await gateway.storage.sessions.findByHash(gateway.deps.hashToken(token));
    expect([session?.amr, session?.connectionId]).toEqual([['hwk'], null]);
    const { body } = await ask(gateway, holder.browser, { path: PATH });
    expect(body.items[0].lastUsedAt).toBe(new Date(gateway.clock.now()).toISOString());
  });

  test.each<[string, Quirks]>([
    ['made on another origin', { origin: BASE_URL }],
    ['made for another site', { rpId: 'gate.example' }],
    ['without the person verified', { isUserVerified: false }],
    ['of the other ceremony', { type: 'webauthn.create' }],
    ['about a challenge nobody asked', { challenge: 'bm9ib2R5IGFza2Vk' }],
    ['that names nobody', { userHandle: null }],
    ['that names somebody else', { userHandle: 'dXNyX290aGVy' }],
  ])('an answer %s opens nothing, and uses its challenge up', async (_title, quirks) => {
    const holder = await aPasskeyHolder();
    const { answer, browser } = await useKey(holder, quirks);
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await isSignedIn(gateway, browser)).toBe(false);
  });

  test('a signature of another key opens nothing', async () => {
    const holder = await aPasskeyHolder();
    const other = createAuthenticator(gateway.baseUrl);
    const browser = createBrowser();
    const { body: options } = await ask(gateway, browser, { path: '/sign-in/passkey/options', body: {} });
    const right = holder.device.signIn(options.challenge, holder.userId);
    const { signature } = other.signIn(options.challenge, holder.userId).response;
    const body = { ...right, response: { ...right.response, signature } };
    expect((await ask(gateway, browser, { path: '/sign-in/passkey', body })).status).toBe(401);
  });

  test('a challenge is used up by one of 20 answers, in its own browser, within five minutes', async () => {
    const holder = await aPasskeyHolder();
    const { body, browser } = await useKey(holder);
    expect((await ask(gateway, browser, { path: '/sign-in/passkey', body })).status).toBe(401);
    const options = await ask(gateway, browser, { path: '/sign-in/passkey/options', body: {} });
    const fresh = holder.device.signIn(options.body.challenge, holder.userId);
    const cookie = browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '';
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        gateway.request().post('/sign-in/passkey').set('Cookie', cookie).send(fresh),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const elsewhere = await ask(gateway, createBrowser(), { path: '/sign-in/passkey/options', body: {} });
    const stolen = holder.device.signIn(elsewhere.body.challenge, holder.userId);
    expect((await ask(gateway, browser, { path: '/sign-in/passkey', body: stolen })).status).toBe(401);
    const late = await ask(gateway, browser, { path: '/sign-in/passkey/options', body: {} });
    gateway.clock.advance(minutes(5));
    const lateAnswer = holder.device.signIn(late.body.challenge, holder.userId);
    expect((await ask(gateway, browser, { path: '/sign-in/passkey', body: lateAnswer })).status).toBe(401);
  });

  test('a copied authenticator is noticed by its counter', async () => {
    const holder = await aPasskeyHolder({ counter: 5 });
    const statuses: number[] = [];
    for (const counter of [6, 6, 4, 0, 7]) statuses.push((await useKey(holder, { counter })).answer.status);
    expect(statuses).toEqual([204, 401, 401, 401, 204]);
  });

  test.each(FOREIGN)('S186 %s signs nobody in', async (_title, headers) => {
    const answer = await createBrowser().request(`${gateway.baseUrl}/sign-in/passkey/options`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
    expect(answer.status).toBe(403);
  });

  test('somebody who is suspended everywhere is not let in', async () => {
    const holder = await aPasskeyHolder();
    const user = await gateway.storage.users.findByEmail(holder.email);
    const [membership] = await gateway.storage.memberships.listByUser(user?.id ?? ('' as never));
    if (membership === undefined) throw new Error('no membership');
    await gateway.storage.transact((tx) =>
      tx.memberships.update(home.id, { ...membership, status: 'suspended' }, membership.version),
    );
    expect((await useKey(holder)).answer.status).toBe(401);
  });
});

describe('proving anew who is there, by passkey alone (S192)', () => {
  /** Asks in the browser that is signed in, and answers with this person's device. */
  async function proveAgain(
    browser: Browser,
    { device, userId }: Pick<Awaited<ReturnType<typeof aPasskeyHolder>>, 'device' | 'userId'>,
    quirks: Quirks = {},
  ) {
    const { body: options } = await ask(gateway, browser, { path: '/sign-in/passkey/options', body: {} });
    const body = device.signIn(options.challenge, userId, quirks);
    return { body, answer: await ask(gateway, browser, { path: '/sign-in-again/passkey', body }) };
  }

  const tokenOf = (browser: Browser) =>
    browser.cookies.valueOf(gateway.baseUrl, '__Host-gatehouse-session') ?? '';
  const sessionOf = (token: string) => gateway.storage.sessions.findByHash(gateway.deps.hashToken(token));

  test('a new session takes the place of the old one, in the same organization, and is fresh', async () => {
    const holder = await aPasskeyHolder();
    await turnOnSecondFactor(gateway, holder.browser);
    gateway.clock.advance(minutes(11));
    const page = await holder.browser.follow(`${gateway.baseUrl}/sign-in-again`);
    expect(page.text).toContain('data-passkey="sign-in-again"');
    const before = tokenOf(holder.browser);
    const organizationId = (await sessionOf(before))?.organizationId;
    expect((await proveAgain(holder.browser, holder)).answer.status).toBe(204);
    expect(await sessionOf(before)).toBeUndefined();
    expect(await sessionOf(tokenOf(holder.browser))).toMatchObject({
      ...{ organizationId, amr: ['hwk'], connectionId: null },
      authTime: gateway.clock.now(),
    });
  });

  test('somebody else’s passkey, a challenge used before, and nobody at all prove nothing', async () => {
    const [ada, eve] = [await aPasskeyHolder(), await aPasskeyHolder()];
    const before = tokenOf(ada.browser);
    expect((await proveAgain(ada.browser, eve)).answer).toMatchObject({ status: 401 });
    expect((await proveAgain(ada.browser, ada, { isUserVerified: false })).answer.status).toBe(401);
    expect(tokenOf(ada.browser)).toBe(before);
    expect(await sessionOf(before)).toBeDefined();
    const { body } = await proveAgain(ada.browser, ada);
    expect((await ask(gateway, ada.browser, { path: '/sign-in-again/passkey', body })).status).toBe(401);
    expect((await proveAgain(createBrowser(), ada)).answer.status).toBe(401);
  });

  test.each(FOREIGN)('S186 %s proves nothing', async (_title, headers) => {
    const holder = await aPasskeyHolder();
    const { body: options } = await ask(gateway, holder.browser, {
      path: '/sign-in/passkey/options',
      body: {},
    });
    const answer = await holder.browser.request(`${gateway.baseUrl}/sign-in-again/passkey`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(holder.device.signIn(options.challenge, holder.userId)),
    });
    expect(answer.status).toBe(403);
  });
});

test('a passkey that opens nothing is recorded with its person; one of nobody is nobody’s', async () => {
  const organization = await gateway.createOrganization({ name: 'Recorded' });
  const holder = await aPasskeyHolder({}, organization);
  gateway.clock.advance(minutes(1));
  expect((await useKey(holder, { isUserVerified: false })).answer.status).toBe(401);
  const [attempt] = await recordedSignIns(gateway, organization);
  expect(attempt).toMatchObject({
    protocol: 'passkey',
    status: 401,
    failure: { code: 'unauthenticated', reason: 'passkey.refused' },
  });
  const stranger = createAuthenticator(gateway.baseUrl);
  stranger.register('bm9ib2R5');
  const browser = createBrowser();
  const { body: options } = await ask(gateway, browser, { path: '/sign-in/passkey/options', body: {} });
  const body = stranger.signIn(options.challenge, holder.userId);
  gateway.clock.advance(minutes(1));
  expect((await ask(gateway, browser, { path: '/sign-in/passkey', body })).status).toBe(401);
  expect(
    (await recordedSignIns(gateway, organization)).filter(({ failure }) => failure !== null),
  ).toHaveLength(1);
});

describe('making a passkey', () => {
  const answersOf = async (quirks: Quirks) => {
    const { browser } = await aMember(gateway, home);
    const device = createAuthenticator(gateway.baseUrl);
    const { body: options } = await begin(browser);
    const body = { name: 'Laptop', credential: device.register(options.challenge, quirks) };
    return ask(gateway, browser, { path: PATH, body });
  };

  test('needs the password; options are for this site, discoverable, verified, without attestation', async () => {
    const { browser } = await aMember(gateway, home);
    expect((await begin(browser, 'not my password, sorry')).status).toBe(401);
    expect((await begin(browser)).body).toMatchObject({
      rp: { id: 'localhost' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  });

  test.each<[string, Quirks]>([
    ['on another origin', { origin: BASE_URL }],
    ['for another site', { rpId: 'gate.example' }],
    ['without the person verified', { isUserVerified: false }],
    ['by the other ceremony', { type: 'webauthn.get' }],
    ['about another challenge', { challenge: 'bm9ib2R5IGFza2Vk' }],
    ['with a certificate, which nobody asked for', { certificate: Buffer.alloc(300, 0x30) }],
  ])('one made %s is not kept', async (_title, quirks) => {
    expect((await answersOf(quirks)).body).toMatchObject({ status: 422, code: 'invalid', field: 'response' });
  });

  test('a challenge is one person’s, once', async () => {
    const [ada, eve] = [await aMember(gateway, home), await aMember(gateway, home)];
    const { body: options } = await begin(ada.browser);
    const body = {
      name: 'Laptop',
      credential: createAuthenticator(gateway.baseUrl).register(options.challenge),
    };
    expect((await ask(gateway, eve.browser, { path: PATH, body })).status).toBe(422);
    expect((await ask(gateway, ada.browser, { path: PATH, body })).status).toBe(422);
  });

  test('S182 somebody whose only organization has a directory makes none', async () => {
    const organization = await gateway.createOrganization({ name: 'Pushed' });
    const { browser } = await aMember(gateway, organization);
    await gateway.createDirectory(organization);
    expect((await begin(browser)).body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  test('is renamed, and taken away by its person only; then it opens nothing', async () => {
    const holder = await aPasskeyHolder();
    const { browser: eve } = await aMember(gateway, home);
    const path = `${PATH}/${holder.id}`;
    const rename = { path, method: 'PATCH', body: { name: 'Key ring' } };
    expect((await ask(gateway, eve, rename)).status).toBe(404);
    expect((await ask(gateway, holder.browser, rename)).body.name).toBe('Key ring');
    expect((await ask(gateway, eve, { path, method: 'DELETE' })).status).toBe(404);
    expect(await countOfType(gateway.storage, home.id, 'passkey.removed')).toBe(0);
    expect((await ask(gateway, holder.browser, { path, method: 'DELETE' })).status).toBe(204);
    expect(await countOfType(gateway.storage, home.id, 'passkey.removed')).toBe(1);
    expect((await useKey(holder)).answer.status).toBe(401);
  });

  test('S181 the mail about it takes it away again, with the password', async () => {
    const holder = await aPasskeyHolder();
    const undo = (await mailedPath(gateway, holder.email, 'undo')) ?? '';
    expect((await postForm(gateway, createBrowser(), { path: undo })).status).toBe(303);
    expect((await useKey(holder)).answer.status).toBe(401);
    expect(await isSignedIn(gateway, holder.browser)).toBe(false);
  });
});
