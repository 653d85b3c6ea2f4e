/** Out of one is out of all: sign-out, end_session and deactivation, told to every application and tried again. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { setMembershipStatus } from '../../../src/core/members/memberships.ts';
import { minutes } from '../../../src/kernel/clock.ts';
import { deliverLogouts, enter, startApplication, type TestApplication } from '../../support/application.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { onlyMember } from '../../support/members.ts';
import { aMember, postForm } from '../../support/page-visits.ts';

const OFFLINE = { scope: 'openid offline_access' };

let gateway: TestGateway;
let one: TestApplication;
let two: TestApplication;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  one = await startApplication(gateway);
  two = await startApplication(gateway, { idTokenAlgorithm: 'RS256' });
});
afterAll(async () => {
  for (const each of [one, two, gateway]) await each.close();
});
// What the tests before left behind.
beforeEach(() => deliverLogouts(gateway));

async function aPerson() {
  const organization = await gateway.createOrganization({ slug: nextText('acme') });
  return { organization, ...(await aMember(gateway, organization)) };
}

const isSignedIn = async (browser: Browser) =>
  (await browser.request(`${gateway.baseUrl}/api/v1/session`)).status === 200;
const signOut = (browser: Browser) => postForm(gateway, browser, { path: '/sign-out' });
const isActive = async (application: TestApplication, token: string | undefined) =>
  (await client.tokenIntrospection(application.configuration, token ?? '')).active;

/** What the application was told last, verified as the specification wants it. */
async function lastNotice(application: TestApplication) {
  const { payload, protectedHeader } = await jwtVerify(
    application.logoutTokens.at(-1) ?? '',
    createRemoteJWKSet(new URL(`${gateway.baseUrl}/oidc/jwks`)),
    { issuer: `${gateway.baseUrl}/oidc`, audience: application.clientId, typ: 'logout+jwt' },
  );
  return { payload, alg: protectedHeader.alg };
}

const suspend = async (organizationId: Awaited<ReturnType<typeof aPerson>>['organization']['id']) => {
  const membership = await onlyMember(gateway, organizationId);
  const context = { organizationId, cause: testCause, now: gateway.clock.now() };
  await gateway.storage.transact((tx) =>
    setMembershipStatus(tx, context, { membership, status: 'suspended' }),
  );
};

describe('POST /sign-out', () => {
  test('S102: every application of the session is told, with sub, sid and the event, in its own algorithm', async () => {
    const { browser } = await aPerson();
    const claims = (await enter(one, browser)).claims();
    await enter(two, browser);
    await signOut(browser);
    expect(await deliverLogouts(gateway)).toBe(2);
    const notice = await lastNotice(one);
    expect(notice.alg).toBe('ES256');
    expect(notice.payload).toMatchObject({
      sub: claims?.sub,
      sid: claims?.sid,
      jti: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(notice.payload).not.toHaveProperty('nonce');
    expect((await lastNotice(two)).alg).toBe('RS256');
    expect(await deliverLogouts(gateway)).toBe(0);
  });

  test('S102: an application that is down is told later', async () => {
    const { browser } = await aPerson();
    const before = one.logoutTokens.length;
    await enter(one, browser);
    one.answerLogoutsWith(503);
    await signOut(browser);
    expect([await deliverLogouts(gateway), one.logoutTokens.length]).toEqual([1, before]);
    one.answerLogoutsWith(200);
    expect(await deliverLogouts(gateway)).toBe(0);
    gateway.clock.advance(minutes(1));
    expect([await deliverLogouts(gateway), one.logoutTokens.length]).toEqual([1, before + 1]);
  });

  test('S94: access tokens of the session are dead at once; so is the way back without signing in', async () => {
    const { browser } = await aPerson();
    const { access_token } = await enter(one, browser);
    expect(await isActive(one, access_token)).toBe(true);
    await signOut(browser);
    expect(await isActive(one, access_token)).toBe(false);
    const silent = await browser.follow((await one.begin({ prompt: 'none' })).url);
    expect(new URL(silent.url).searchParams.get('error')).toBe('login_required');
  });

  test('refresh tokens for offline access go on; a code under way does not without it', async () => {
    const { browser } = await aPerson();
    const { refresh_token } = await enter(one, browser, OFFLINE);
    const departure = await two.begin();
    const page = await browser.follow(departure.url);
    await signOut(browser);
    const refreshed = await client.refreshTokenGrant(one.configuration, refresh_token ?? '');
    expect(refreshed.claims()).toMatchObject({ org_role: 'member' });
    await expect(two.redeem(departure, page.url)).rejects.toMatchObject({ error: 'invalid_grant' });
  });
});

describe('end_session', () => {
  const endUrl = (parameters: Readonly<Record<string, string>>) =>
    `${gateway.baseUrl}/oidc/session/end?${new URLSearchParams(parameters)}`;

  test('with the ID token of this person: out at once, told to all, and back to a registered address', async () => {
    const { browser } = await aPerson();
    const { id_token = '' } = await enter(one, browser);
    const url = client.buildEndSessionUrl(one.configuration, {
      id_token_hint: id_token,
      post_logout_redirect_uri: one.postLogoutRedirectUri,
      state: 'kept',
    });
    const page = await browser.request(url.href);
    expect([page.status, page.headers.get('location')]).toEqual([
      303,
      `${one.postLogoutRedirectUri}?state=kept`,
    ]);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await deliverLogouts(gateway)).toBe(1);
  });

  test('S101: without the ID token a page of ours asks; only its own form signs out', async () => {
    const { browser } = await aPerson();
    await enter(one, browser);
    const parameters = { client_id: one.clientId, post_logout_redirect_uri: one.postLogoutRedirectUri };
    const page = await browser.request(endUrl(parameters));
    expect([page.status, await isSignedIn(browser)]).toEqual([200, true]);
    const path = '/oidc/session/end/confirm';
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await postForm(gateway, browser, { path, headers: foreign })).status).toBe(403);
    expect((await postForm(gateway, browser, { path, fields: { csrf: 'x' } })).status).toBe(403);
    expect(await isSignedIn(browser)).toBe(true);
    const done = await browser.submitForm(page, { form: 'sign-out', follow: false });
    expect([done.status, done.headers.get('location')]).toEqual([200, null]);
    expect(done.text).toContain(`url=${one.postLogoutRedirectUri}"`);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S101: the ID token of somebody else signs nobody out', async () => {
    const { browser: other } = await aPerson();
    const { id_token = '' } = await enter(one, other);
    const { browser } = await aPerson();
    const page = await browser.request(endUrl({ id_token_hint: id_token }));
    expect([page.status, await isSignedIn(browser)]).toEqual([200, true]);
  });

  test.each([
    ['an address that is not registered', { post_logout_redirect_uri: 'https://evil.example/' }],
    [
      'an address and nobody it could belong to',
      { client_id: '', post_logout_redirect_uri: 'https://evil.example/' },
    ],
    ['an application that is none', { client_id: 'app_nobody' }],
    ['a foreign ID token', { id_token_hint: 'e30.e30.e30' }],
  ])('S101: %s is refused without a redirect, and nobody is signed out', async (_what, parameters) => {
    const { browser } = await aPerson();
    const page = await browser.request(endUrl({ client_id: one.clientId, ...parameters }));
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('an ID token of one application and the id of another do not fit together', async () => {
    const { browser } = await aPerson();
    const { id_token = '' } = await enter(one, browser);
    const page = await browser.request(endUrl({ id_token_hint: id_token, client_id: two.clientId }));
    expect(page.status).toBe(400);
  });

  test('whoever is out already goes on', async () => {
    const parameters = { client_id: one.clientId, post_logout_redirect_uri: one.postLogoutRedirectUri };
    const page = await createBrowser().request(endUrl(parameters));
    expect([page.status, page.headers.get('location')]).toEqual([303, one.postLogoutRedirectUri]);
    expect((await createBrowser().request(endUrl({}))).status).toBe(200);
  });
});

describe('deactivation', () => {
  test('S94: whoever is suspended is found for no grant type, even where a token is left', async () => {
    const { browser, organization } = await aPerson();
    const tokens = await enter(one, browser, OFFLINE);
    const membership = await onlyMember(gateway, organization.id);
    const row = { ...membership, status: 'suspended' as const };
    await gateway.storage.transact((tx) => tx.memberships.update(organization.id, row, membership.version));
    const info = client.fetchUserInfo(one.configuration, tokens.access_token, client.skipSubjectCheck);
    await expect(info).rejects.toMatchObject({ status: 401 });
    const refreshed = client.refreshTokenGrant(one.configuration, tokens.refresh_token ?? '');
    await expect(refreshed).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await isActive(one, tokens.access_token)).toBe(false);
  });

  test('S94, S102, S141: refresh, UserInfo, introspection, silent sign-in and codes are dead when the answer leaves; all are told', async () => {
    const { browser, organization } = await aPerson();
    const tokens = await enter(one, browser, OFFLINE);
    const departure = await two.begin();
    const page = await browser.follow(departure.url);
    await suspend(organization.id);
    await expect(
      client.refreshTokenGrant(one.configuration, tokens.refresh_token ?? ''),
    ).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(
      client.fetchUserInfo(one.configuration, tokens.access_token, client.skipSubjectCheck),
    ).rejects.toMatchObject({ status: 401 });
    expect(await isActive(one, tokens.access_token)).toBe(false);
    expect(await isActive(one, tokens.refresh_token)).toBe(false);
    await expect(two.redeem(departure, page.url)).rejects.toMatchObject({ error: 'invalid_grant' });
    const silent = await browser.follow((await one.begin({ prompt: 'none' })).url);
    expect(new URL(silent.url).searchParams.get('error')).toBe('login_required');
    expect(await deliverLogouts(gateway)).toBe(2);
  });

  test('S102: an application that went on after a sign-out is told of the suspension as well', async () => {
    const { browser, organization } = await aPerson();
    await enter(one, browser, OFFLINE);
    await signOut(browser);
    expect(await deliverLogouts(gateway)).toBe(1);
    await suspend(organization.id);
    expect(await deliverLogouts(gateway)).toBe(1);
  });

  test('S141: being let in again revives no token; signing out first does not keep one alive', async () => {
    const { browser, organization } = await aPerson();
    const { refresh_token = '' } = await enter(one, browser, OFFLINE);
    await signOut(browser);
    await suspend(organization.id);
    const membership = await onlyMember(gateway, organization.id);
    const context = { organizationId: organization.id, cause: testCause, now: gateway.clock.now() };
    await gateway.storage.transact((tx) =>
      setMembershipStatus(tx, context, { membership, status: 'active' }),
    );
    await expect(client.refreshTokenGrant(one.configuration, refresh_token)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});
