/** The second step that an organization asks for, in a real Chromium: set up right after the password, then asked for. `npm run test:browser`. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { updateOrganization } from '../../src/core/organization/organizations.ts';
import { newWindow, startChromium } from '../support/chromium.ts';
import { codeOf } from '../support/credentials.ts';
import { startGateway, type TestGateway, testCause } from '../support/gateway.ts';
import { aMember, PASSWORD } from '../support/page-visits.ts';

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true });
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await gateway.close();
});

async function enterPassword(page: Page, email: string): Promise<void> {
  await page.goto(`${gateway.baseUrl}/sign-in?return_to=/account`);
  await page.fill('form[name=password] input[name=email]', email);
  await page.fill('form[name=password] input[name=password]', PASSWORD);
  await page.click('form[name=password] button');
}

/** What the authenticator app shows now; each code works once, so time goes on behind it. */
function nextCode(secret: string): string {
  gateway.clock.advance(30_000);
  return codeOf(secret, gateway.clock.now());
}

/** From the choice on the enrolment page to the account, one mistyped code on the way; answers the secret. */
async function enrol(page: Page): Promise<string> {
  await page.click('form[name=enrol] button');
  await page.waitForSelector('form[name=second-factor-confirm]');
  expect(await page.locator('svg').first().isVisible()).toBe(true);
  const secret = ((await page.locator('code').first().textContent()) ?? '').replaceAll(/\s/g, '');
  expect(secret).toMatch(/^[A-Z2-7]{16,}$/);

  await page.fill('input[name=code]', '000000');
  await page.click('form[name=second-factor-confirm] button');
  await page.waitForSelector('form[name=second-factor-confirm] [role=alert]');
  await page.fill('input[name=code]', nextCode(secret));
  await page.click('form[name=second-factor-confirm] button');
  await page.waitForSelector('ul.codes');
  expect(await page.locator('ul.codes li').count()).toBeGreaterThanOrEqual(8);
  await page.click('text=I have kept them');
  await page.waitForURL('**/account');
  return secret;
}

test('a member whose organization asks for it sets an authenticator app up on the way in, and is asked for its code from then on', async () => {
  const home = await gateway.createOrganization({ name: 'Home' });
  const { email } = await aMember(gateway, home);
  await updateOrganization(gateway.deps, {
    ...{ organizationId: home.id, caller: { kind: 'operator' }, cause: testCause },
    change: { requireSecondFactor: true },
  });
  const page = await newWindow(browser);
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));

  await enterPassword(page, email);
  await page.waitForURL('**/account/enrol?**');
  await page.goto(`${gateway.baseUrl}/account`);
  expect(page.url()).toContain('/account/enrol');
  const secret = await enrol(page);
  expect(await page.textContent('dl')).toContain(email);

  await page.goto(`${gateway.baseUrl}/sign-out`);
  await page.click('form[name=sign-out] button');
  await page.waitForURL('**/sign-in?done=sign-out');
  await enterPassword(page, email);
  await page.waitForSelector('form[name=second-step]');
  await page.goto(`${gateway.baseUrl}/account`);
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await enterPassword(page, email);
  await page.fill('form[name=second-step] input[name=code]', nextCode(secret));
  await page.click('form[name=second-step] button');
  await page.waitForURL('**/account');
  expect(await page.textContent('dl')).toContain(email);
  // The wrong code's answer, and nothing that our own policy has stopped.
  expect(problems.filter((text) => !text.includes('422'))).toEqual([]);
});
