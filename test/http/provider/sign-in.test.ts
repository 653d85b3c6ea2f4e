/** From an application through the gateway and back, as browsers and openid-client do it: by password, SAML and OIDC. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { answerTo, enter, startApplication, type TestApplication } from '../../support/application.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { type SamlIdp, startSamlIdp } from '../../support/idp/saml.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { aMember, invite, PASSWORD, postForm } from '../../support/page-visits.ts';
import { addOidcConnection, addSamlConnection, pushPerson } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let product: TestApplication;
let oidcIdp: OidcIdp;
let samlIdp: SamlIdp;

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  product = await startApplication(gateway);
  oidcIdp = await startOidcIdp();
  samlIdp = await startSamlIdp();
});
afterAll(async () => {
  for (const each of [product, oidcIdp, samlIdp, gateway]) await each.close();
});

const newOrganization = (name = 'Acme') => gateway.createOrganization({ name, slug: nextText('acme') });
const sessionOf = async (browser: ReturnType<typeof createBrowser>) =>
  JSON.parse((await browser.request(`${gateway.baseUrl}/api/v1/session`)).text);

/** A company with a directory, one identity provider, and one person in both. */
async function aCompany(protocol: 'saml' | 'oidc') {
  const organization = await newOrganization('Contoso');
  const directory = await gateway.createDirectory(organization, 'entra');
  const sub = nextText('sub');
  const email = `${sub}@contoso.example`;
  if (protocol === 'oidc') {
    oidcIdp.addUser({ sub, email });
    await addOidcConnection(gateway, organization, { idp: oidcIdp });
  } else {
    samlIdp.addUser({ nameId: sub, email });
    await addSamlConnection(gateway, organization, { idp: samlIdp });
  }
  await pushPerson(gateway, directory, { userName: email, externalId: sub, personName: 'Ada L' });
  return { organization, email };
}

describe('whoever is signed in', () => {
  test('comes to the application at once, with every claim in ID token, UserInfo and introspection', async () => {
    const organization = await newOrganization();
    const { browser, email } = await aMember(gateway, organization, 'Ada');
    const session = await sessionOf(browser);
    const tokens = await enter(product, browser);
    expect(await countOfType(gateway.storage, organization.id, 'application_grant.created')).toBe(1);
    const expected = {
      sub: session.user.id,
      email,
      name: 'Ada',
      membership_id: session.membershipId,
      org_id: organization.id,
      org_slug: organization.slug,
      org_role: 'member',
      teams: session.teams,
      permissions: ['members.read'],
      sid: expect.stringMatching(/^ses_/),
      auth_time: expect.any(Number),
      amr: ['pwd'],
    };
    expect(tokens.claims()).toMatchObject(expected);
    expect(tokens.claims()).toMatchObject({ iss: `${gateway.baseUrl}/oidc`, aud: product.clientId });
    expect(decodeProtectedHeader(String(tokens.id_token))).toMatchObject({ alg: 'ES256' });
    const { configuration } = product;
    const info = await client.fetchUserInfo(configuration, tokens.access_token, session.user.id);
    expect(info).toEqual(expected);
    const told = await client.tokenIntrospection(configuration, tokens.access_token);
    expect(told).toMatchObject({ ...expected, active: true, client_id: product.clientId });
    expect(tokens.refresh_token).toBeUndefined();
  });

  test('S94: an access token lives five minutes', async () => {
    const { browser } = await aMember(gateway, await newOrganization());
    const { access_token, expires_in } = await enter(product, browser);
    expect(expires_in).toBe(300);
    const isActive = async () =>
      (await client.tokenIntrospection(product.configuration, access_token)).active;
    gateway.clock.advance(299_000);
    expect(await isActive()).toBe(true);
    gateway.clock.advance(1_000);
    expect(await isActive()).toBe(false);
  });

  test('gives e-mail and name only for their scopes', async () => {
    const { browser } = await aMember(gateway, await newOrganization());
    const { id_token } = await enter(product, browser, { scope: 'openid' });
    const claims = decodeJwt(String(id_token));
    expect(claims).toMatchObject({ org_role: 'member', amr: ['pwd'] });
    expect(Object.keys(claims)).not.toEqual(expect.arrayContaining(['email']));
    expect(Object.keys(claims)).not.toEqual(expect.arrayContaining(['name']));
  });

  test('34: the display name and the picture somebody joined with, in the scope profile', async () => {
    const { token } = await invite(gateway, await newOrganization());
    const browser = createBrowser();
    const picture = 'https://pictures.example/eve.png';
    const fields = { name: 'Eve Adams', displayName: 'Eve', avatarUrl: picture, password: PASSWORD };
    await postForm(gateway, browser, { path: `/invitations/${token}`, fields });
    const whole = decodeJwt(String((await enter(product, browser)).id_token));
    expect([whole.name, whole.picture]).toEqual(['Eve', picture]);
    const bare = decodeJwt(String((await enter(product, browser, { scope: 'openid' })).id_token));
    expect(bare.picture).toBeUndefined();
  });

  test('RS256 for applications that ask for it', async () => {
    const other = await startApplication(gateway, { idTokenAlgorithm: 'RS256' });
    const { browser } = await aMember(gateway, await newOrganization());
    const tokens = await enter(other, browser);
    expect(decodeProtectedHeader(String(tokens.id_token))).toMatchObject({ alg: 'RS256' });
    await other.close();
  });

  test('S104, S100: no cookie of the provider but those of the sign-in under way, which are signed, Secure and HttpOnly', async () => {
    const browser = createBrowser();
    const page = await browser.request((await product.begin()).url);
    const cookies = page.headers.getSetCookie();
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual([
      '__Secure-gatehouse-interaction',
      '__Secure-gatehouse-interaction.sig',
      '__Secure-gatehouse-resume',
      '__Secure-gatehouse-resume.sig',
    ]);
    for (const cookie of cookies) expect(cookie).toMatch(/; secure; httponly/i);
    const { browser: known } = await aMember(gateway, await newOrganization());
    const direct = await known.request((await product.begin()).url);
    expect([direct.status, direct.headers.getSetCookie()]).toEqual([303, []]);
  });
});

/** What an identity provider could say under the names of our own claims. */
const FORGED = {
  ...{ org_id: 'org_evil', org_slug: 'evil', org_role: 'owner', membership_id: 'mem_evil' },
  ...{ roles: ['owner'], groups: ['owner'], permissions: ['sso.manage'] },
  teams: [{ id: 'tem_evil', role: 'owner' }],
};

test('S96: what an identity provider says under the names of our claims never reaches an application', async () => {
  const organization = await newOrganization('Contoso');
  const directory = await gateway.createDirectory(organization, 'entra');
  const sub = nextText('sub');
  const email = `${sub}@contoso.example`;
  const idp = await startOidcIdp({ users: [{ sub, email, claims: FORGED }] });
  await addOidcConnection(gateway, organization, { idp });
  await pushPerson(gateway, directory, { userName: email, externalId: sub, personName: 'Ada L' });
  const browser = createBrowser();
  await browser.signIn(
    `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=${encodeURIComponent(email)}`,
  );
  const session = await sessionOf(browser);
  const tokens = await enter(product, browser);
  const { configuration } = product;
  const told = [
    tokens.claims(),
    await client.fetchUserInfo(configuration, tokens.access_token, session.user.id),
    await client.tokenIntrospection(configuration, tokens.access_token),
  ];
  for (const claims of told) {
    expect(claims).toMatchObject({
      ...{ sub: session.user.id, org_id: organization.id, org_slug: organization.slug, org_role: 'member' },
      ...{ membership_id: session.membershipId, permissions: ['members.read'], teams: session.teams },
      sid: expect.stringMatching(/^ses_/),
    });
    expect(JSON.stringify(claims)).not.toMatch(/evil|owner|sso\.manage/);
    expect(Object.keys(claims ?? {})).not.toContain('roles');
  }
  await idp.close();
});

describe('whoever is not', () => {
  test('signs in with a password and goes on to the application by a page, never by a redirect of the form', async () => {
    const { email } = await aMember(gateway, await newOrganization());
    const browser = createBrowser();
    const departure = await product.begin();
    const page = await browser.follow(departure.url);
    expect(new URL(page.url).pathname).toBe('/sign-in');
    const moved = await browser.submitForm(page, { form: 'password', values: { email, password: PASSWORD } });
    expect([moved.status, moved.trail.length]).toEqual([200, 1]);
    const next = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(moved.text)?.[1] ?? '';
    const back = await browser.follow(new URL(next, gateway.baseUrl).href);
    expect(back.url).toMatch(new RegExp(`^${product.redirectUri}\\?code=`));
    expect((await product.redeem(departure, back.url)).claims()).toMatchObject({ email });
  });

  test('a program that posts the form is redirected', async () => {
    const { email } = await aMember(gateway, await newOrganization());
    const browser = createBrowser({ headers: { 'sec-fetch-mode': 'cors' } });
    const departure = await product.begin();
    const page = await browser.follow(departure.url);
    const back = await browser.submitForm(page, { form: 'password', values: { email, password: PASSWORD } });
    expect((await product.redeem(departure, back.url)).claims()).toMatchObject({ email });
  });

  test.each(['saml', 'oidc'] as const)(
    '%s: with a hint straight to the identity provider and back as the person the directory knows',
    async (protocol) => {
      const { organization, email } = await aCompany(protocol);
      const departure = await product.begin({ organization: organization.slug, login_hint: email });
      const browser = createBrowser();
      const page = await browser.signIn(departure.url);
      expect(page.trail.some((url) => url.includes('/sign-in'))).toBe(false);
      const tokens = await product.redeem(departure, page.url);
      expect(tokens.claims()).toMatchObject({
        email,
        name: 'Ada L',
        org_id: organization.id,
        amr: protocol === 'oidc' ? ['fed'] : expect.any(Array),
      });
    },
  );

  test('an address routes by its proved domain', async () => {
    const { organization, email } = await aCompany('oidc');
    const domain = `${nextText('proved')}.example`;
    await fetch(`${gateway.baseUrl}/api/v1/organizations/${organization.id}/domains`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ domain, verified: true }),
    });
    const departure = await product.begin({ login_hint: `ada@${domain}` });
    const page = await createBrowser().request(
      new URL((await createBrowser().follow(departure.url)).url).href,
    );
    expect(new URL(page.url).origin).toBe(new URL(oidcIdp.issuer).origin);
    expect(email).toContain('contoso');
  });

  test('an application for one organization needs no hint', async () => {
    const { organization, email } = await aCompany('oidc');
    const own = await startApplication(gateway, { organizations: [organization.slug] });
    const departure = await own.begin({ login_hint: email });
    const page = await createBrowser().follow(departure.url);
    // The hint's domain is nobody's: without it the only organization is meant.
    expect(new URL(page.url).pathname).toBe('/sign-in');
    const plain = await createBrowser().follow((await own.begin()).url);
    expect(new URL(plain.url).origin).toBe(new URL(oidcIdp.issuer).origin);
    await own.close();
  });

  test('prompt=none answers login_required and asks nobody', async () => {
    const page = await createBrowser().follow((await product.begin({ prompt: 'none' })).url);
    expect(answerTo(page).get('error')).toBe('login_required');
  });
});

describe('asked to prove it again', () => {
  test('prompt=login: a session does not do, a new sign-in does', async () => {
    const organization = await newOrganization();
    const { browser, email } = await aMember(gateway, organization);
    const before = await enter(product, browser);
    const departure = await product.begin({ prompt: 'login' });
    const page = await browser.follow(departure.url);
    expect(new URL(page.url).pathname).toBe('/sign-in');
    gateway.clock.advance(1000);
    const moved = await browser.submitForm(page, { form: 'password', values: { email, password: PASSWORD } });
    const next = /url=([^"]+)"/.exec(moved.text)?.[1] ?? '';
    const back = await browser.follow(new URL(next, gateway.baseUrl).href);
    const after = await product.redeem(departure, back.url);
    expect(after.claims()?.sid).not.toBe(before.claims()?.sid);
  });

  test.each([
    ['prompt=login', { prompt: 'login' }, { prompt: 'login', max_age: null }],
    ['max_age', { max_age: '60' }, { prompt: null, max_age: '60' }],
  ])('%s reaches the identity provider', async (_what, wish, expected) => {
    const { organization, email } = await aCompany('oidc');
    const browser = createBrowser();
    const hints = { organization: organization.id, login_hint: email };
    await browser.signIn((await product.begin(hints)).url);
    gateway.clock.advance(120_000);
    const interaction = await browser.request((await product.begin({ ...hints, ...wish })).url);
    const asked = await browser.request(
      new URL(interaction.headers.get('location') ?? '', gateway.baseUrl).href,
    );
    const { searchParams } = new URL(asked.headers.get('location') ?? '');
    expect({ prompt: searchParams.get('prompt'), max_age: searchParams.get('max_age') }).toEqual(expected);
  });

  test('id_token_hint: another person is asked to sign in, and told off when they are still another one', async () => {
    const organization = await newOrganization();
    const { browser: first } = await aMember(gateway, organization);
    const { id_token } = await enter(product, first);
    const { browser, email } = await aMember(gateway, organization);
    const departure = await product.begin({ id_token_hint: String(id_token) });
    const page = await browser.follow(departure.url);
    expect(new URL(page.url).pathname).toBe('/sign-in');
    const moved = await browser.submitForm(page, { form: 'password', values: { email, password: PASSWORD } });
    const next = /url=([^"]+)"/.exec(moved.text)?.[1] ?? '';
    const back = await browser.follow(new URL(next, gateway.baseUrl).href);
    expect(answerTo(back).get('error')).toBe('login_required');
    expect((await enter(product, first, { id_token_hint: String(id_token) })).id_token).toBeDefined();
  });

  test('max_age: a younger session will do', async () => {
    const { browser } = await aMember(gateway, await newOrganization());
    const tokens = await enter(product, browser, { max_age: '3600' });
    expect(tokens.claims()?.auth_time).toBeDefined();
    gateway.clock.advance(3_601_000);
    const page = await browser.follow((await product.begin({ max_age: '3600', prompt: 'none' })).url);
    expect(answerTo(page).get('error')).toBe('login_required');
  });
});
