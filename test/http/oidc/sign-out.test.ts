/** Signing out through a provider we did not write: ours first, then theirs; and theirs ends ours without a browser. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { movesOnTo } from '../../support/logout-stage.ts';
import { addOidcConnection, pushPerson, sessionStatus } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let idp: OidcIdp;

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startOidcIdp();
});

afterAll(async () => {
  await idp.close();
  await gateway.close();
});

async function signedIn(provider: OidcIdp = idp) {
  const organization = await gateway.createOrganization({ slug: nextText('contoso') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addOidcConnection(gateway, organization, { idp: provider });
  const sub = nextText('sub');
  const email = `${sub}@contoso.example`;
  provider.addUser({ sub, email });
  await pushPerson(gateway, directory, { userName: email, externalId: sub });
  const browser = createBrowser();
  const hint = encodeURIComponent(email);
  await browser.signIn(`${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=${hint}`);
  expect(await sessionStatus(gateway, browser)).toBe(200);
  return { connection, browser };
}

async function signOut(browser: Browser, values: Readonly<Record<string, string>> = {}): Promise<Page> {
  const own = await browser.request(`${gateway.baseUrl}/`);
  return browser.submitForm(own, { form: 'sign-out', values, follow: false });
}

const placeOf = (page: Page): string => new URL(page.headers.get('location') ?? '', gateway.baseUrl).href;

/** The provider's own page asks; the person says yes. */
const sayYes = (browser: Browser, page: Page): Promise<Page> =>
  browser.submitForm(page, { values: { logout: 'yes' } });

describe('signing out here', () => {
  test('ends our session first, then goes to the provider with the hint, and comes back signed out of both', async () => {
    const { connection, browser } = await signedIn();
    const page = await signOut(browser);
    expect(page.status).toBe(303);
    expect(await sessionStatus(gateway, browser)).toBe(401);
    const moving = await browser.request(placeOf(page));
    const target = new URL(movesOnTo(moving));
    expect(target.href.startsWith(`${idp.issuer}/session/end?`)).toBe(true);
    const sent = Object.fromEntries(target.searchParams);
    expect(sent).toEqual({
      id_token_hint: expect.stringMatching(/^ey/),
      client_id: connection.settings.protocol === 'oidc' ? connection.settings.clientId : '',
      post_logout_redirect_uri: `${gateway.baseUrl}/signed-out/${connection.id}`,
      state: expect.stringMatching(/^ghr_/),
    });
    const question = await browser.follow(target.href);
    const done = await sayYes(browser, question);
    expect(done.url).toBe(`${gateway.baseUrl}/signed-out/${connection.id}`);
    expect(done.text).toContain('You are signed out');
    expect(idp.errors).toEqual([]);
  });

  test('S50 comes back to return_to, once, in this browser', async () => {
    const { connection, browser } = await signedIn();
    const page = await signOut(browser, { return_to: '/sign-in?from=app' });
    const state = new URL(movesOnTo(await browser.request(placeOf(page)))).searchParams.get('state');
    const back = `${gateway.baseUrl}/signed-out/${connection.id}?state=${state}`;
    const plain = `/signed-out/${connection.id}`;
    expect((await createBrowser().request(back)).headers.get('location')).toBe(plain);
    expect((await browser.request(back)).headers.get('location')).toBe('/sign-in?from=app');
    expect((await browser.request(back)).headers.get('location')).toBe(plain);
  });

  test('law 7: the ID token kept for the hint is nowhere in the store as it is', async () => {
    const { connection, browser } = await signedIn();
    const { organizationId, id } = connection;
    const [session] = await gateway.storage.sessions.listByConnection(organizationId, id);
    const idToken = session?.upstream?.idToken ?? '';
    expect(idToken).toMatch(/^ey/);
    const page = await signOut(browser);
    expect((await browser.request(placeOf(page))).text).toContain(idToken.slice(0, 40));
    for (const file of [gateway.path, `${gateway.path}-wal`])
      expect(readFileSync(file).includes(idToken.slice(-60))).toBe(false);
  });
});

describe('signing out at the provider', () => {
  test('S88 its logout token ends our session, in no browser of ours', async () => {
    const { browser } = await signedIn();
    const question = await browser.follow(`${idp.issuer}/session/end`);
    await sayYes(browser, question);
    expect(await sessionStatus(gateway, browser)).toBe(401);
    expect(idp.errors).toEqual([]);
  });
});

/** Last, because it moves the clock past what providers issue now. */
describe('a provider that is down', () => {
  test('is left out: the session here ends all the same', async () => {
    const other = await startOidcIdp();
    const { browser } = await signedIn(other);
    await other.close();
    gateway.clock.advance(11 * 60_000);
    const page = await signOut(browser);
    expect([page.status, page.headers.get('location')]).toEqual([303, '/sign-in?done=sign-out']);
    expect(await sessionStatus(gateway, browser)).toBe(401);
  });
});
