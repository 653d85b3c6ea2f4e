/** The operator in a browser: a one-time link that works once and for a day, the key, and the page behind them. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { INSTALLATION } from '../../../src/core/journal/audit.ts';
import { issueOperatorLink } from '../../../src/core/organization/operator-link.ts';
import { days, hours } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { aMember, FOREIGN, postForm } from '../../support/page-visits.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.close());

async function linkPath(): Promise<string> {
  return ((await issueOperatorLink(gateway.deps)) ?? '').slice(gateway.baseUrl.length);
}

const open = (path: string, browser = createBrowser()) => browser.follow(`${gateway.baseUrl}${path}`);

describe('S232 the one-time link', () => {
  test('looking consumes nothing; the button opens the console with a cookie of eight hours', async () => {
    const path = await linkPath();
    const browser = createBrowser();
    for (let visit = 0; visit < 3; visit += 1) expect((await open(path, browser)).status).toBe(200);
    const answer = await browser.submitForm(await open(path, browser), { form: 'setup', follow: false });
    expect(answer.status).toBe(303);
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-gatehouse-operator=ghc_[\w-]{43}; Max-Age=28800; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
    );
    expect((await open('/console', browser)).status).toBe(200);
    gateway.clock.advance(hours(8));
    expect((await open('/console', browser)).status).toBe(401);
  });

  test('works for exactly one of fifty at once', async () => {
    const path = await linkPath();
    const pages = await Promise.all(
      Array.from({ length: 50 }, () => postForm(gateway, createBrowser(), { path })),
    );
    expect(pages.map(({ status }) => status).toSorted()).toEqual([303, ...Array(49).fill(404)]);
    expect(await countOfType(gateway.storage, INSTALLATION, 'operator.claimed')).toBe(1);
  });

  test('used, replaced, expired and unknown links are one page, and set no cookie', async () => {
    const replaced = await linkPath();
    const expired = await linkPath();
    gateway.clock.advance(days(1));
    const pages = [
      await open(replaced),
      await open(expired),
      await open('/setup/x'),
      await postForm(gateway, createBrowser(), { path: expired }),
    ];
    const used = await linkPath();
    await postForm(gateway, createBrowser(), { path: used });
    pages.push(await open(used), await postForm(gateway, createBrowser(), { path: used }));
    expect(new Set(pages.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(pages.flatMap((page) => page.headers.getSetCookie())).toEqual([]);
  });

  test('no second bootstrap: once claimed, none is issued any more', async () => {
    await postForm(gateway, createBrowser(), { path: await linkPath() });
    expect(await issueOperatorLink(gateway.deps)).toBeUndefined();
  });

  test.each(FOREIGN)('S186 from %s it is not consumed', async (_title, headers) => {
    const path = await linkPath();
    expect((await postForm(gateway, createBrowser(), { path, headers })).status).toBe(403);
    expect((await open(path)).status).toBe(200);
  });

  test('is nowhere at rest or in the log as it is', async () => {
    const path = await linkPath();
    await open(path);
    const token = path.slice('/setup/'.length);
    expect(await gateway.storage.installation.find('operator.link')).not.toContain(token);
    expect(JSON.stringify(gateway.logLines)).not.toContain(token);
  });
});

describe('the console', () => {
  test('without the operator: 401 with a form for the key; the right key opens it, a wrong one does not', async () => {
    const browser = createBrowser();
    const locked = await open('/console', browser);
    expect(locked.status).toBe(401);
    const wrong = await browser.submitForm(locked, { form: 'operator', values: { operator_key: 'guess' } });
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain('role="alert"');
    const right = await browser.submitForm(wrong, {
      form: 'operator',
      values: { operator_key: gateway.operatorKey },
    });
    expect(right).toMatchObject({ status: 200, url: `${gateway.baseUrl}/console` });
  });

  test("a member's session, an owner's too, is not the operator's", async () => {
    const { browser } = await aMember(gateway, await gateway.createOrganization());
    expect((await open('/console', browser)).status).toBe(401);
  });

  test('the newest operator session ends the one before', async () => {
    const [one, two] = [createBrowser(), createBrowser()];
    const fields = { operator_key: gateway.operatorKey };
    await postForm(gateway, one, { path: '/console/sign-in', fields });
    await postForm(gateway, two, { path: '/console/sign-in', fields });
    expect([(await open('/console', one)).status, (await open('/console', two)).status]).toEqual([401, 200]);
  });

  test('empty: the next command to run, with the address of this gateway', async () => {
    const browser = createBrowser();
    await postForm(gateway, browser, {
      path: '/console/sign-in',
      fields: { operator_key: gateway.operatorKey },
    });
    const { text } = await open('/console', browser);
    expect(text).toContain(`curl -X POST ${gateway.baseUrl}/api/v1/organizations`);
    expect(text).not.toContain(gateway.operatorKey);
  });

  test('lists every organization with seats, way of managing and directories, fifty to a page', async () => {
    const managed = await gateway.createOrganization({
      name: 'Managed',
      plan: { preset: 'enterprise', seats: 9 },
    });
    await gateway.createDirectory(managed);
    gateway.clock.advance(1);
    for (let count = 0; count < 60; count += 1)
      await gateway.createOrganization({ name: `Customer ${count}` });
    const browser = createBrowser();
    await postForm(gateway, browser, {
      path: '/console/sign-in',
      fields: { operator_key: gateway.operatorKey },
    });
    const first = await open('/console', browser);
    expect(first.text).toMatch(
      /Managed<\/bdi><\/th><td>managed<\/td><td>by its directory<\/td><td class="number">0 of 9<\/td><td class="number">1</,
    );
    const more = /href="(\/console\?after=[^"]+)"/.exec(first.text)?.[1] ?? '';
    const second = await open(more, browser);
    const rows = (text: string) => text.match(/<th scope="row">/g)?.length;
    expect([rows(first.text), rows(second.text)]).toEqual([50, 11]);
  });
});
