/** S168 in a real Chromium: no secret in the address bar after a mailed link is opened; reload, join and back work. Needs /usr/bin/chromium. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { newWindow, startChromium } from '../support/chromium.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { holdDate } from '../support/held-date.ts';
import { invite, PASSWORD } from '../support/page-visits.ts';

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true, now: holdDate() });
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await gateway.close();
});

test('S168 opened, reloaded, joined, back, and refused: the secret is in no address', async () => {
  const { url, token } = await invite(gateway, await gateway.createOrganization({ name: 'Browser Co' }));
  const page = await newWindow(browser);
  const addresses: string[] = [];
  page.on('framenavigated', (frame) => addresses.push(frame.url()));
  await page.goto(url);
  expect(page.url()).toMatch(/\/invitations\/opened-[\w-]{22}$/);
  const opened = page.url();
  expect(await page.textContent('main')).toContain('Browser Co');
  await page.reload();
  expect([page.url(), (await page.textContent('main'))?.includes('Browser Co')]).toEqual([opened, true]);

  const join = async (password: string) => {
    await page.fill('form[name=accept] input[name=name]', 'Ada');
    await page.fill('form[name=accept] input[name=password]', password);
    await page.click('form[name=accept] button');
  };
  await join(PASSWORD);
  await page.waitForURL(`${gateway.baseUrl}/`);
  await page.goBack();
  expect([page.url(), (await page.textContent('main'))?.includes('You have joined')]).toEqual([opened, true]);

  const second = await invite(gateway, await gateway.createOrganization({ name: 'Second Co' }));
  await page.context().clearCookies({ name: '__Host-gatehouse-session' });
  await page.goto(second.url);
  const other = page.url();
  await join('short');
  await page.waitForSelector('form[name=accept] [role=alert]');
  expect([page.url(), (await page.textContent('main'))?.includes('15 characters')]).toEqual([other, true]);
  expect(addresses.filter((address) => address.includes(token) || address.includes(second.token))).toEqual(
    [],
  );
});
