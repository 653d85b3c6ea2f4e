/** From an application through our pages and back, in a real Chromium that holds pages to their policies. Needs /usr/bin/chromium. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.ts';
import { newWindow, startChromium } from '../support/chromium.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { holdDate } from '../support/held-date.ts';
import { aMember, PASSWORD } from '../support/page-visits.ts';

let gateway: TestGateway;
let product: TestApplication;
let browser: Browser;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true, now: holdDate() });
  product = await startApplication(gateway);
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await product.close();
  await gateway.close();
});

test('a password form leads on to the application, and end_session back to it: no policy is in the way', async () => {
  const { email } = await aMember(gateway, await gateway.createOrganization({ name: 'Home' }));
  const page = await newWindow(browser);
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  const departure = await product.begin();

  await page.goto(departure.url);
  await page.fill('form[name=password] input[name=email]', email);
  await page.fill('form[name=password] input[name=password]', PASSWORD);
  await page.click('form[name=password] button');
  await page.waitForURL(`${product.redirectUri}?*`);
  const tokens = await product.redeem(departure, page.url());
  expect(tokens.claims()).toMatchObject({ email, org_role: 'member', amr: ['pwd'] });

  const again = await product.begin();
  await page.goto(again.url);
  expect(page.url()).toContain(`${product.redirectUri}?code=`);

  const query = new URLSearchParams({
    client_id: product.clientId,
    post_logout_redirect_uri: product.postLogoutRedirectUri,
    state: 'kept',
  });
  await page.goto(`${gateway.baseUrl}/oidc/session/end?${query}`);
  await page.click('form[name=sign-out] button');
  await page.waitForURL(`${product.postLogoutRedirectUri}?state=kept`);
  const silent = await product.begin({ prompt: 'none' });
  await page.goto(silent.url);
  expect(new URL(page.url()).searchParams.get('error')).toBe('login_required');
  expect(problems.filter((text) => !text.includes('favicon'))).toEqual([]);
});
