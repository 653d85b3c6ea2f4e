/** Passkeys in a real Chromium with a virtual authenticator. Needs /usr/bin/chromium; `npm run test:browser`. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { newWindow, startChromium } from '../support/chromium.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
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

/** A page with an authenticator that always finds its person. */
async function newPage(): Promise<Page> {
  const page = await newWindow(browser);
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return page;
}

async function signInByPassword(page: Page, email: string): Promise<void> {
  await page.goto(`${gateway.baseUrl}/sign-in?return_to=/account`);
  await page.fill('form[name=password] input[name=email]', email);
  await page.fill('form[name=password] input[name=password]', PASSWORD);
  await page.click('form[name=password] button');
  await page.waitForURL('**/account');
}

async function signOut(page: Page): Promise<void> {
  await page.goto(`${gateway.baseUrl}/sign-out`);
  await page.click('form[name=sign-out] button');
  await page.waitForURL('**/sign-in?done=sign-out');
}

/** How the person behind this page's session signed in. */
async function amrOf(page: Page): Promise<readonly string[] | undefined> {
  const cookies = await page.context().cookies();
  const value = cookies.find(({ name }) => name === '__Host-gatehouse-session')?.value ?? '';
  return (await gateway.storage.sessions.findByHash(gateway.deps.hashToken(value)))?.amr;
}

test('a passkey is made on the account page, opens the door without a password, and is taken away', async () => {
  const { email } = await aMember(gateway, await gateway.createOrganization({ name: 'Home' }));
  const page = await newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));

  await signInByPassword(page, email);

  await page.fill('#passkey-name', 'Work laptop');
  await page.fill('#passkey-current', 'not my password, sorry');
  await page.click('form[name=passkey-add] button');
  await page.waitForSelector('form[name=passkey-add] [role=alert]:not([hidden])');
  expect(await page.textContent('form[name=passkey-add] [role=alert]')).toBe('This is not your password.');
  await page.fill('#passkey-current', PASSWORD);
  await page.click('form[name=passkey-add] button');
  await page.waitForURL('**/account?done=passkey');
  expect(await page.textContent('ul.rows')).toContain('Work laptop');

  await signOut(page);
  await page.goto(`${gateway.baseUrl}/sign-in?return_to=/account`);
  await page.click('form[name=passkey] button');
  await page.waitForURL('**/account');
  expect(await page.textContent('dl')).toContain(email);
  expect(await amrOf(page)).toEqual(['hwk']);

  await page.click('ul.rows button');
  await page.waitForURL('**/account?done=passkey-remove');
  await signOut(page);
  await page.click('form[name=passkey] button');
  await page.waitForSelector('form[name=passkey] [role=alert]:not([hidden])');
  expect(await page.textContent('form[name=passkey] [role=alert]')).toBe(
    'This passkey does not open anything here.',
  );
  // The two refusals, and nothing that our own policy has stopped.
  expect(problems.filter((text) => !text.includes('401'))).toEqual([]);
});
