/** An application asks for a new proof of who is there (`prompt=login`, `max_age`): no way past the sign-in pages loses the question (S54, S84). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { hours, minutes, seconds } from '../../../src/kernel/clock.ts';
import { answerTo, enter, startApplication, type TestApplication } from '../../support/application.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type ForgingIdp, startForgingIdp } from '../../support/idp/forging-oidc.ts';
import { aMember, PASSWORD, postForm } from '../../support/page-visits.ts';
import { encode, instant, oktaLike, sign } from '../../support/saml-builder.ts';
import {
  addOidcConnection,
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  type StartedSignIn,
  startSaml,
} from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let product: TestApplication;
let idp: ForgingIdp;

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  product = await startApplication(gateway);
  idp = await startForgingIdp({ clientId: '', nonce: '' });
});
afterAll(async () => {
  for (const each of [product, idp, gateway]) await each.close();
});

/** A company with one identity provider and a person in its directory. */
async function aCompany() {
  const organization = await gateway.createOrganization({ name: 'Contoso', slug: nextText('anew') });
  const directory = await gateway.createDirectory(organization, 'okta');
  const email = `${nextText('ada')}@contoso.example`;
  await pushPerson(gateway, directory, { userName: email, externalId: email });
  return { organization, email };
}

async function aSamlCompany() {
  const company = await aCompany();
  const connection = await addSamlConnection(gateway, company.organization);
  const comeBack = (browser: Browser, start: StartedSignIn, provedAgo: number) =>
    answer(browser, connection, { start, nameId: company.email, provedAgo });
  return { ...company, connection, comeBack };
}

/** The identity provider's answer, with the milliseconds since it asked the person. */
function answer(
  browser: Browser,
  connection: Connection,
  about: { readonly start: StartedSignIn; readonly nameId: string; readonly provedAgo: number },
): Promise<Page> {
  const { requestId, relayState } = about.start;
  const context = contextFor(gateway, connection, { requestId, nameId: about.nameId });
  const xml = oktaLike(context).replace(
    /AuthnInstant="[^"]*"/,
    `AuthnInstant="${instant(context, -about.provedAgo / 1000)}"`,
  );
  const fields = { SAMLResponse: encode(sign(xml, 'assertion', context)), RelayState: relayState };
  return postToAcs(gateway, browser, { connection, fields });
}

/** The answer of a provider that says nothing of the time. */
function answerSilently(
  browser: Browser,
  { id, settings }: Connection,
  { start, email }: { readonly start: Page; readonly email: string },
): Promise<Page> {
  const { searchParams } = new URL(start.headers.get('location') ?? '');
  const aud = settings.protocol === 'oidc' ? settings.clientId : '';
  const iat = Math.floor(gateway.clock.now() / 1000);
  idp.next = { claims: { aud, iat, exp: iat + 300, sub: email, nonce: searchParams.get('nonce') } };
  const query = new URLSearchParams({ code: 'a-code', state: searchParams.get('state') ?? '' });
  return browser.request(`${gateway.baseUrl}/oidc-callback/${id}?${query}`);
}

const pathOf = (page: Page): string => {
  const { pathname, search } = new URL(page.headers.get('location') ?? '', gateway.baseUrl);
  return `${pathname}${search}`;
};
/** From the application to where the gateway waits for the person to come back to. */
const interactionOf = async (browser: Browser, url: string) => pathOf(await browser.request(url));

const WISHES: readonly Readonly<Record<string, string>>[] = [
  { prompt: 'login' },
  { max_age: '0' },
  { max_age: '60' },
];

describe('through the page of all ways in', () => {
  test.each(WISHES)(
    'S54: %j is asked of the identity provider, and an old sign-in there is refused',
    async (wish) => {
      const { organization, comeBack } = await aSamlCompany();
      const browser = createBrowser();
      const page = await browser.follow((await product.begin(wish)).url);
      expect(new URL(page.url).pathname).toBe('/sign-in');
      const moved = await browser.submitForm(page, {
        form: 'organization',
        values: { organization: organization.slug },
      });
      const next = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(moved.text)?.[1] ?? '';
      const start = await startSaml(gateway, browser, next.replaceAll('&amp;', '&'));
      expect(start.request).toContain('ForceAuthn="true"');
      expect((await comeBack(browser, start, hours(5))).status).toBe(403);
      const anew = await startSaml(gateway, browser, next.replaceAll('&amp;', '&'));
      const back = await comeBack(browser, anew, seconds(1));
      const landed = await browser.follow(new URL(pathOf(back), gateway.baseUrl).href);
      expect(answerTo(landed).get('code')).toEqual(expect.any(String));
    },
  );
});

describe('past the question', () => {
  test.each(WISHES.slice(0, 2))(
    'S54: %j: whoever takes the way back out of the address comes back without a proof, and is asked for one',
    async (wish) => {
      const { organization, comeBack } = await aSamlCompany();
      const browser = createBrowser();
      const departure = await product.begin(wish);
      const interaction = await interactionOf(browser, departure.url);
      const quiet = await startSaml(gateway, browser, `/sign-in/${organization.slug}`);
      expect((await comeBack(browser, quiet, hours(5))).status).toBe(303);
      const sent = await browser.request(`${gateway.baseUrl}${interaction}`);
      expect(new URL(sent.headers.get('location') ?? '', gateway.baseUrl).host).toBe('idp.example');
      const asked = await startSaml(gateway, browser, interaction);
      expect(asked.request).toContain('ForceAuthn="true"');
      const back = await comeBack(browser, asked, seconds(1));
      const landed = await browser.follow(new URL(pathOf(back), gateway.baseUrl).href);
      const claims = (await product.redeem(departure, landed.url)).claims();
      expect(claims?.auth_time).toBeGreaterThan((gateway.clock.now() - minutes(1)) / 1000);
    },
  );

  test('S84: a provider that neither says when it asked the person nor was asked to has proved nothing', async () => {
    const { organization, email } = await aCompany();
    const connection = await addOidcConnection(gateway, organization, { idp });
    const browser = createBrowser();
    const departure = await product.begin({ prompt: 'login' });
    const interaction = await interactionOf(browser, departure.url);
    const quiet = await browser.request(`${gateway.baseUrl}/sign-in/${organization.slug}`);
    expect((await answerSilently(browser, connection, { start: quiet, email })).status).toBe(303);
    const asked = await browser.request(`${gateway.baseUrl}${interaction}`);
    const { origin, searchParams } = new URL(asked.headers.get('location') ?? '', gateway.baseUrl);
    expect([origin, searchParams.get('prompt')]).toEqual([idp.issuer, 'login']);
    // Asked anew, it is taken at its word.
    const back = await answerSilently(browser, connection, { start: asked, email });
    const landed = await browser.follow(new URL(pathOf(back), gateway.baseUrl).href);
    expect((await product.redeem(departure, landed.url)).claims()).toMatchObject({ email });
  });

  test('S100: what was judged for one session is answered in no other', async () => {
    const organization = await gateway.createOrganization({ name: 'Acme', slug: nextText('anew') });
    const [ada, eve] = [await aMember(gateway, organization), await aMember(gateway, organization)];
    const { browser } = ada;
    const interaction = await interactionOf(browser, (await product.begin({ prompt: 'login' })).url);
    await postForm(gateway, browser, {
      path: '/sign-in/password',
      fields: { email: ada.email, password: PASSWORD },
    });
    const resumed = pathOf(await browser.request(`${gateway.baseUrl}${interaction}`));
    expect(resumed).toContain('/oidc/authorize/');
    const own = eve.browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '';
    const cookie = /__Host-gatehouse-session=[^;]+/.exec(own)?.[0];
    browser.cookies.store(new URL(gateway.baseUrl), [`${cookie}; Path=/; Secure`]);
    const page = await browser.request(`${gateway.baseUrl}${resumed}`);
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
  });
});

describe('somebody whom an identity provider brought', () => {
  test('is asked there, without saying again where they belong; an account to choose is chosen on the page', async () => {
    const { organization, connection, comeBack } = await aSamlCompany();
    await addSamlConnection(gateway, organization, { name: 'Another' });
    const browser = createBrowser();
    const start = await startSaml(
      gateway,
      browser,
      `/sign-in/${organization.slug}?connection=${connection.id}`,
    );
    await comeBack(browser, start, seconds(5));
    await enter(product, browser);
    gateway.clock.advance(minutes(5));
    for (const wish of WISHES) {
      const interaction = await interactionOf(browser, (await product.begin(wish)).url);
      const asked = await startSaml(gateway, browser, interaction);
      expect(asked.request).toContain('ForceAuthn="true"');
      expect(asked.request).toContain(`/saml/${connection.id}/acs`);
    }
    const chosen = await browser.follow((await product.begin({ prompt: 'select_account' })).url);
    expect(new URL(chosen.url).pathname).toBe('/sign-in');
  });
});

test('max_age: a proof given for this request is never too old for it, however long the way back takes', async () => {
  const { browser, email } = await aMember(
    gateway,
    await gateway.createOrganization({ name: 'Acme', slug: nextText('anew') }),
  );
  gateway.clock.advance(minutes(1));
  const departure = await product.begin({ max_age: '10' });
  const interaction = await interactionOf(browser, departure.url);
  await postForm(gateway, browser, { path: '/sign-in/password', fields: { email, password: PASSWORD } });
  gateway.clock.advance(seconds(12));
  const landed = await browser.follow(`${gateway.baseUrl}${interaction}`);
  expect((await product.redeem(departure, landed.url)).claims()).toMatchObject({ email });
});
