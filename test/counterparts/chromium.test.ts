/** A real browser, for what only a browser decides: which cookies travel with a foreign form, and which redirects a policy stops. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { newWindow, startChromium } from '../support/chromium.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { holdDate } from '../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../support/idp/oidc.ts';
import { type SamlIdp, startSamlIdp } from '../support/idp/saml.ts';
import { addOidcConnection, addSamlConnection, pushPerson } from '../support/sign-in-stage.ts';

const ADA = 'ada@contoso.example';
const EVE = 'eve@contoso.example';

let gateway: TestGateway;
let oidc: OidcIdp;
/** Under another name than the gateway, so that it is another site. */
let saml: SamlIdp;
let browser: Browser;

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  oidc = await startOidcIdp({ users: [{ sub: 'ada', email: ADA }] });
  saml = await startSamlIdp({ host: 'localhost', users: [{ email: EVE }] });
  browser = await startChromium();
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([saml?.close(), oidc?.close(), gateway?.close()]);
});

/** A window in which Ada has signed in through the OpenID provider, and how Eve's SAML provider sends her. */
async function adaSignedIn(slug: string): Promise<{ readonly page: Page; readonly sendEve: string }> {
  const organization = await gateway.createOrganization({ slug });
  const directory = await gateway.createDirectory(organization);
  const connection = await addOidcConnection(gateway, organization, { idp: oidc });
  const unasked = await addSamlConnection(gateway, organization, { idp: saml, idpInitiated: true });
  await pushPerson(gateway, directory, { userName: ADA, externalId: 'ada' });
  await pushPerson(gateway, directory, { userName: EVE });
  const page = await newWindow(browser);
  const start = new URL(`${gateway.baseUrl}/sign-in/${slug}`);
  start.search = new URLSearchParams({ connection: connection.id, login_hint: ADA }).toString();
  await page.goto(start.href);
  expect(await page.textContent('main')).toContain(ADA);
  const own = `${gateway.baseUrl}/saml/${unasked.id}`;
  const target = new URL('/initiate', saml.ssoUrl);
  target.search = new URLSearchParams({
    acs: `${own}/acs`,
    audience: `${own}/metadata`,
    email: EVE,
  }).toString();
  return { page, sendEve: target.href };
}

test('S48 a form of another site brings no session cookie along, and the person is asked all the same', async () => {
  const { page, sendEve } = await adaSignedIn('asked');
  const posted = page.waitForRequest((request) => request.url().endsWith('/acs'));
  await page.goto(sendEve);
  const { cookie = '' } = await (await posted).allHeaders();
  expect(cookie.replace(/=[^;]*/g, '')).toBe('__Host-gatehouse-signed-in');
  await page.waitForURL(/\/confirm\/ghr_/);
  const question = await page.textContent('main');
  for (const text of ['Switch to another person?', ADA, EVE]) expect(question).toContain(text);
  await page.goto(`${gateway.baseUrl}/`);
  expect(await page.textContent('main')).toContain(ADA);
  await page.goBack();
  await page.click('form[name=confirm] button');
  await page.waitForURL(`${gateway.baseUrl}/`);
  expect(await page.textContent('main')).toContain(EVE);
});

test('signing out reaches the identity provider although forms may lead to ourselves only', async () => {
  const { page } = await adaSignedIn('leaving');
  await page.click('form[name=sign-out] button');
  await page.waitForURL(`${oidc.issuer}/session/end?**`);
  const [cookie] = (await page.context().cookies(gateway.baseUrl)).filter(({ name }) =>
    /^__Host-gatehouse-(?:session|signed-in)$/.test(name),
  );
  expect(cookie).toBeUndefined();
});
