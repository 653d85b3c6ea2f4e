/** What must not work at the OpenID Provider: addresses, codes, tokens and clients that are not what they seem. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { answerTo, enter, startApplication, type TestApplication } from '../../support/application.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { readForms } from '../../support/html-forms.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { aMember } from '../../support/page-visits.ts';

const OFFLINE = { scope: 'openid offline_access' };

let gateway: TestGateway;
let one: TestApplication;
let two: TestApplication;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  one = await startApplication(gateway);
  two = await startApplication(gateway);
});
afterAll(async () => {
  for (const each of [one, two, gateway]) await each.close();
});

async function aPerson() {
  const organization = await gateway.createOrganization({ slug: nextText('acme') });
  return { organization, ...(await aMember(gateway, organization)) };
}

const audited = async ({
  id,
}: {
  readonly id: Parameters<TestGateway['storage']['auditEvents']['list']>[0];
}) =>
  (await gateway.storage.auditEvents.list(id, { type: 'application_grant.revoked' }, { limit: 10 })).map(
    ({ details }) => details.reason,
  );

/** A changed authorization request of a signed-in person. */
async function ask(browser: Browser, change: (url: URL) => void): Promise<Page> {
  const url = new URL((await one.begin()).url);
  change(url);
  return browser.request(url.href);
}

const set = (name: string, value: string | null) => (url: URL) =>
  value === null ? url.searchParams.delete(name) : url.searchParams.set(name, value);

/** A token request as a program sends it, past openid-client's own checks. */
async function token(
  application: TestApplication,
  fields: Readonly<Record<string, string>>,
  secret?: string,
) {
  const basic = Buffer.from(`${application.clientId}:${secret ?? application.clientSecret}`).toString(
    'base64',
  );
  const response = await fetch(`${gateway.baseUrl}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** A code that waits to be redeemed, and everything that belongs to it. */
async function aCode(browser: Browser, parameters?: Readonly<Record<string, string>>) {
  const departure = await one.begin(parameters);
  const page = await browser.follow(departure.url);
  const code = answerTo(page).get('code') ?? '';
  const fields = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: one.redirectUri,
    code_verifier: departure.codeVerifier,
  };
  return { departure, page, code, fields };
}

describe('S89: the address a code goes to', () => {
  const variants: readonly [string, (uri: string) => string][] = [
    ['another path', (uri) => `${uri}/x`],
    ['letter case', (uri) => uri.replace('callback', 'Callback')],
    ['a slash at the end', (uri) => `${uri}/`],
    ['another port', (uri) => uri.replace(/:\d+\//, ':1/')],
    ['a query', (uri) => `${uri}?a=b`],
    ['a fragment', (uri) => `${uri}#a`],
    ['credentials', (uri) => uri.replace('http://', 'http://a:b@')],
    ['an encoded dot', (uri) => uri.replace('callback', '%2e/callback')],
    ['a dot segment', (uri) => uri.replace('callback', './callback')],
    ['another host', (uri) => uri.replace('127.0.0.1', 'localhost')],
    ['a subdomain', (uri) => uri.replace('127.0.0.1', '127.0.0.1.evil.example')],
    ['another scheme', (uri) => uri.replace('http:', 'https:')],
    ['script', () => 'javascript:alert(1)'],
    ['none at all', () => ''],
  ];

  test.each(variants)('%s is refused on a page, without a redirect', async (_what, change) => {
    const { browser } = await aPerson();
    const page = await ask(browser, set('redirect_uri', change(one.redirectUri)));
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
  });

  test('is the same at the token endpoint', async () => {
    const { browser } = await aPerson();
    const { fields } = await aCode(browser);
    const { body } = await token(one, { ...fields, redirect_uri: `${one.redirectUri}/` });
    expect(body.error).toBe('invalid_grant');
  });
});

describe('S90: PKCE', () => {
  test.each([
    ['without a challenge', [set('code_challenge', null), set('code_challenge_method', null)]],
    ['with a plain one', [set('code_challenge_method', 'plain')]],
    ['with a plain one by omission', [set('code_challenge_method', null)]],
  ])('%s: invalid_request, for an application with a secret too', async (_what, changes) => {
    const { browser } = await aPerson();
    const page = await ask(browser, (url) => {
      for (const change of changes) change(url);
    });
    expect(new URL(page.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
  });

  test.each([
    ['no verifier', {}],
    ['another one', { code_verifier: 'a'.repeat(43) }],
  ])('%s redeems nothing', async (_what, change) => {
    const { browser } = await aPerson();
    const { code_verifier: _verifier, ...fields } = (await aCode(browser)).fields;
    expect((await token(one, { ...fields, ...change })).body.error).toBe('invalid_grant');
  });
});

describe('S91: a code', () => {
  test('is redeemed once in 50 parallel tries, and everything it gave is withdrawn, audited', async () => {
    const { browser, organization } = await aPerson();
    const { fields } = await aCode(browser, OFFLINE);
    const answers = await Promise.all(Array.from({ length: 50 }, () => token(one, fields)));
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant']);
    for (const { body } of won) {
      const told = await client.tokenIntrospection(one.configuration, body.access_token);
      expect(told.active).toBe(false);
      const again = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
      expect((await token(one, again)).body.error).toBe('invalid_grant');
    }
    expect(await audited(organization)).toEqual(['code_reused']);
  });

  test('used a second time later takes back what the first use gave', async () => {
    const { browser } = await aPerson();
    const { fields } = await aCode(browser, OFFLINE);
    const { body } = await token(one, fields);
    expect((await token(one, fields)).body.error).toBe('invalid_grant');
    const info = client.fetchUserInfo(one.configuration, body.access_token, client.skipSubjectCheck);
    await expect(info).rejects.toMatchObject({ status: 401 });
  });

  test('is over after a minute', async () => {
    const { browser } = await aPerson();
    const { fields } = await aCode(browser);
    gateway.clock.advance(60_000);
    expect((await token(one, fields)).body.error).toBe('invalid_grant');
  });
});

describe('S92: a refresh token', () => {
  const refresh = (refresh_token: string) => token(one, { grant_type: 'refresh_token', refresh_token });

  test('is replaced at each use; the old one used again ends the whole family, audited', async () => {
    const { browser, organization } = await aPerson();
    const first = await enter(one, browser, OFFLINE);
    const second = (await refresh(String(first.refresh_token))).body;
    const third = (await refresh(second.refresh_token)).body;
    expect(new Set([first.refresh_token, second.refresh_token, third.refresh_token]).size).toBe(3);
    expect((await refresh(second.refresh_token)).body.error).toBe('invalid_grant');
    expect((await refresh(third.refresh_token)).body.error).toBe('invalid_grant');
    expect((await client.tokenIntrospection(one.configuration, third.access_token)).active).toBe(false);
    expect(await audited(organization)).toEqual(['refresh_token_reused']);
  });

  test('of 20 parallel uses at most one wins, and none afterwards', async () => {
    const { browser } = await aPerson();
    const { refresh_token } = await enter(one, browser, OFFLINE);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(String(refresh_token))));
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    for (const { body } of won) expect((await refresh(body.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('is given for offline_access alone, without a consent screen, and ends after 14 days without use', async () => {
    const { browser } = await aPerson();
    expect((await enter(one, browser)).refresh_token).toBeUndefined();
    // As OIDC Core §11 has it asked for; it is given already.
    const { refresh_token } = await enter(one, browser, { ...OFFLINE, prompt: 'consent' });
    gateway.clock.advance(14 * 86_400_000);
    expect((await refresh(String(refresh_token))).body.error).toBe('invalid_grant');
  });
});

test('S93: a code or refresh token in the hands of another application is refused, and dead for its own too', async () => {
  const { browser, organization } = await aPerson();
  const { fields } = await aCode(browser);
  expect((await token(two, fields)).body.error).toBe('invalid_grant');
  expect((await token(one, fields)).body.error).toBe('invalid_grant');
  const { refresh_token } = await enter(one, browser, OFFLINE);
  const refresh = { grant_type: 'refresh_token', refresh_token: String(refresh_token) };
  expect((await token(two, refresh)).body.error).toBe('invalid_grant');
  expect((await token(one, refresh)).body.error).toBe('invalid_grant');
  expect(await audited(organization)).toEqual([
    'shown_by_another_application',
    'shown_by_another_application',
  ]);
});

describe('S95: organizations', () => {
  test('an application of one is closed to people of another: access_denied, also without being asked', async () => {
    const { organization } = await aPerson();
    const { browser, organization: home } = await aPerson();
    const own = await startApplication(gateway, { organizations: [organization.id] });
    const page = await browser.follow((await own.begin()).url);
    expect(answerTo(page).get('error')).toBe('access_denied');
    expect(await countOfType(gateway.storage, home.id, 'application_grant.refused')).toBe(1);
    const silent = await browser.follow((await own.begin({ prompt: 'none' })).url);
    expect(answerTo(silent).get('error')).toBe('access_denied');
    await own.close();
  });

  test('closing an application to an organization ends the tokens it has', async () => {
    const { browser, organization } = await aPerson();
    const { organization: other } = await aPerson();
    const own = await startApplication(gateway, { organizations: [organization.id] });
    const { access_token, refresh_token } = await enter(own, browser, OFFLINE);
    await fetch(`${gateway.baseUrl}/api/v1/applications/${own.clientId}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ organizations: [other.id] }),
    });
    expect((await client.tokenIntrospection(own.configuration, access_token)).active).toBe(false);
    const again = await token(own, { grant_type: 'refresh_token', refresh_token: String(refresh_token) });
    expect(again.body.error).toBe('invalid_grant');
    await own.close();
  });

  test('naming an organization never chooses it: whoever is signed in to another one must sign in there', async () => {
    const { organization } = await aPerson();
    const { browser } = await aPerson();
    const silent = await browser.follow(
      (await one.begin({ prompt: 'none', organization: organization.slug })).url,
    );
    expect(answerTo(silent).get('error')).toBe('login_required');
    const page = await browser.follow((await one.begin({ organization: organization.slug })).url);
    expect(new URL(page.url).pathname).toBe('/sign-in');
  });
});

describe('S97: what is switched off', () => {
  test.each([
    ['response_type token', set('response_type', 'token'), 'invalid_request'],
    ['response_type id_token', set('response_type', 'id_token'), 'invalid_request'],
    ['response_type code id_token', set('response_type', 'code id_token'), 'invalid_request'],
    ['request', set('request', 'e30.e30.'), 'request_not_supported'],
    ['request_uri', set('request_uri', 'https://evil.example/'), 'request_uri_not_supported'],
    ['registration', set('registration', '{}'), 'registration_not_supported'],
  ])('%s', async (_what, change, error) => {
    const { browser } = await aPerson();
    const page = await ask(browser, change);
    const location = new URL(page.headers.get('location') ?? '');
    const answer = location.hash === '' ? location.searchParams : new URLSearchParams(location.hash.slice(1));
    expect([answer.get('error'), answer.get('code'), answer.get('id_token')]).toEqual([error, null, null]);
  });

  test.each(['id_token', 'code id_token'])(
    'response_type %s where the library has nothing against it: at https, as a form',
    async (type) => {
      const redirectUri = 'https://app.example/callback';
      const made = await fetch(`${gateway.baseUrl}/api/v1/applications`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: nextText('product'), redirectUris: [redirectUri] }),
      });
      const { clientId } = JSON.parse(await made.text());
      const { browser } = await aPerson();
      const page = await ask(browser, ({ searchParams }) => {
        searchParams.set('client_id', clientId);
        searchParams.set('redirect_uri', redirectUri);
        searchParams.set('response_mode', 'form_post');
        searchParams.set('response_type', type);
      });
      const answer = new Map(readForms(page.text)[0]?.fields);
      expect(['error', 'code', 'id_token'].map((name) => answer.get(name))).toEqual([
        'unsupported_response_type',
        undefined,
        undefined,
      ]);
    },
  );

  test.each(['fragment', 'web_message', 'jwt'])('response_mode %s gives no code', async (mode) => {
    const { browser } = await aPerson();
    const page = await ask(browser, set('response_mode', mode));
    expect(`${page.headers.get('location')}${page.text}`).not.toMatch(/[?&#"]code[="]/);
  });

  test.each([
    ['password', { username: 'a', password: 'b' }],
    ['implicit', {}],
    ['urn:ietf:params:oauth:grant-type:device_code', { device_code: 'a' }],
  ])('the grant %s', async (grant_type, fields) => {
    const { status, body } = await token(one, { grant_type, ...fields });
    expect([status, body.error]).toEqual([400, 'unsupported_grant_type']);
  });

  test('client credentials for an application', async () => {
    expect((await token(one, { grant_type: 'client_credentials' })).body.error).toBe('invalid_request');
  });

  test.each([
    '/reg',
    '/request',
    '/device',
    '/session',
    '/interaction',
    '/interaction/a/abort',
    '/auth',
    '/nothing',
  ])('nothing answers at %s', async (path) => {
    for (const method of ['GET', 'POST'])
      expect((await fetch(`${gateway.baseUrl}/oidc${path}`, { method })).status).toBe(404);
  });
});

test('S98: a wrong secret is invalid_client; the right one and its predecessor work', async () => {
  const { browser } = await aPerson();
  const { fields } = await aCode(browser);
  const wrong = await token(one, fields, 'gha_wrong');
  expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client']);
  const rotated = await fetch(`${gateway.baseUrl}/api/v1/applications/${one.clientId}/secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const { clientSecret } = JSON.parse(await rotated.text());
  expect((await token(one, fields, clientSecret)).status).toBe(200);
  expect((await token(one, (await aCode(browser)).fields)).status).toBe(200);
});

test('S100: the address of a sign-in under way opens nothing in another browser', async () => {
  const started = await createBrowser().request((await one.begin()).url);
  const address = new URL(started.headers.get('location') ?? '', gateway.baseUrl).href;
  const { browser } = await aPerson();
  const page = await browser.request(address);
  expect([page.status, page.headers.get('location')]).toEqual([404, null]);
  const resumed = await browser.request(address.replace('/interaction/', '/authorize/'));
  expect([resumed.status, resumed.headers.get('location')]).toEqual([400, null]);
});

describe("S103: another application's token", () => {
  test('is inactive when asked about, and stays when revoked', async () => {
    const { browser } = await aPerson();
    const { access_token } = await enter(one, browser);
    expect((await client.tokenIntrospection(two.configuration, access_token)).active).toBe(false);
    await client.tokenRevocation(two.configuration, access_token);
    expect((await client.tokenIntrospection(one.configuration, access_token)).active).toBe(true);
  });

  test('its own may revoke it, with everything of the grant', async () => {
    const { browser, organization } = await aPerson();
    const { access_token, refresh_token } = await enter(one, browser, OFFLINE);
    await client.tokenRevocation(one.configuration, String(refresh_token));
    expect((await client.tokenIntrospection(one.configuration, access_token)).active).toBe(false);
    expect(await audited(organization)).toEqual(['revoked_by_application']);
  });
});

describe('S104: pages', () => {
  test('an error page frames nowhere, runs nothing, and escapes what it shows', async () => {
    const { browser } = await aPerson();
    const page = await ask(browser, set('client_id', '<script>alert(1)</script>'));
    expect(page.status).toBe(400);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).not.toContain('<script>');
  });

  test('an error page is ours, with the reference, and loads nothing from elsewhere', async () => {
    const page = await ask(createBrowser(), set('client_id', 'nobody'));
    expect(page.text).toContain('This request cannot be answered');
    expect(page.text).toContain(`Reference: <code>${page.headers.get('x-request-id')}</code>`);
    expect(page.text).not.toMatch(/@import|https?:/);
  });

  test('those with which the library can be tried out are not there', async () => {
    const page = await createBrowser().request(`${gateway.baseUrl}/oidc/interaction/x/abort`);
    expect(page.status).toBe(404);
  });

  test('S86: no Host and no forwarded header makes its way into what is answered', async () => {
    const response = await fetch(`${gateway.baseUrl}/oidc/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'ftp' },
    });
    const text = await response.text();
    expect(text).toContain(`"${gateway.baseUrl}/oidc/token"`);
    expect(text).not.toMatch(/evil\.example|ftp:/);
  });
});

test('S96, S105: the subject is the user id, never an address, and claims come from the ledger alone', async () => {
  const { browser } = await aPerson();
  const { id_token, access_token } = await enter(one, browser);
  const claims = decodeJwt(String(id_token));
  expect(claims.sub).toMatch(/^usr_[0-9a-z]{26}$/);
  const told = await client.tokenIntrospection(one.configuration, access_token);
  const info = await client.fetchUserInfo(one.configuration, access_token, String(claims.sub));
  expect([told.sub, info.sub]).toEqual([claims.sub, claims.sub]);
  expect(Object.keys(claims).sort()).toEqual(
    [
      ...['amr', 'aud', 'auth_time', 'email', 'exp', 'iat', 'iss', 'membership_id', 'name', 'nonce'],
      ...['org_id', 'org_role', 'org_slug', 'permissions', 'sid', 'sub', 'teams'],
    ].sort(),
  );
});
