/** S168: a link that is a secret does not stay in the address bar; the page behind it works in the browser that opened it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createShareableLink } from '../../../src/core/joining/shareable-links.ts';
import { days } from '../../../src/kernel/clock.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { aMember, invite, PASSWORD, postForm } from '../../support/page-visits.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const PROGRAM = { 'sec-fetch-mode': 'cors' };
const join = { name: 'Bob', password: PASSWORD };
const at = (path: string) => `${gateway.baseUrl}${path}`;
const open = (path: string, browser = createBrowser()) => browser.follow(at(path));
const linkCookies = (browser: Browser) =>
  (browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '').match(/__Host-gatehouse-link-/g)?.length ?? 0;

async function aSharedLink(): Promise<string> {
  const { id } = await gateway.createOrganization({ name: 'Shared Co' });
  const { url } = await createShareableLink(gateway.deps, {
    ...{ organizationId: id, cause: testCause, caller: { kind: 'operator' } },
    link: { role: 'member', teams: [], domains: [], maxUses: 1, ttlMs: days(7) },
  });
  return url.slice(gateway.baseUrl.length);
}
const anInvitation = async (name = 'Manual Co') =>
  invite(gateway, await gateway.createOrganization({ name }));

async function aResetLink(): Promise<string> {
  const { email } = await aMember(gateway, await gateway.createOrganization());
  await postForm(gateway, createBrowser(), { path: '/password-reset', fields: { email } });
  await gateway.deliverMails();
  return (
    new RegExp(`${gateway.baseUrl}(/password-reset/\\S+)`).exec(gateway.mails.at(-1)?.text ?? '')?.[1] ?? ''
  );
}

const KINDS: readonly (readonly [place: string, link: () => Promise<string>])[] = [
  ['invitations', async () => (await anInvitation()).path],
  ['links', aSharedLink],
  ['password-reset', aResetLink],
];

test.each(['é', 'a'.repeat(19), '(', 'a'.repeat(30)])(
  'S168 a cookie called like ours and ending in %j is nobody’s, and opens the link all the same',
  async (ending) => {
    const { path } = await anInvitation();
    const cookie = Array.from({ length: 12 }, (_, at) => `__Host-gatehouse-link-${at}${ending}=x`).join('; ');
    const answer = await gateway.request().get(path).set({ 'sec-fetch-mode': 'navigate', cookie });
    expect([answer.status, answer.headers['set-cookie']]).toEqual([303, [expect.any(String)]]);
  },
);

test.each(KINDS)(
  'S168 a browser that opens one of /%s is led to an address without the secret',
  async (place, link) => {
    const path = await link();
    const secret = path.split('/').at(-1) ?? '';
    const browser = createBrowser();
    const moved = await browser.request(at(path));
    expect([moved.status, moved.text]).toEqual([303, '']);
    expect(moved.headers.get('location')).toMatch(new RegExp(`^/${place}/opened-[\\w-]{22}$`));
    expect(moved.headers.get('set-cookie')).toMatch(
      /^__Host-gatehouse-link-[\w-]{22}=[^;]+; Max-Age=3600; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
    for (const [name, value] of [
      ['cache-control', 'no-store'],
      ['referrer-policy', 'no-referrer'],
    ] as const)
      expect(moved.headers.get(name)).toBe(value);
    const page = await browser.follow(at(moved.headers.get('location') ?? ''));
    expect([
      page.status,
      page.text.includes(secret),
      page.text.includes(page.url.slice(gateway.baseUrl.length)),
    ]).toEqual([...[200, false, true]]);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(JSON.stringify(gateway.logLines)).not.toContain(secret);
  },
);

test.each(KINDS)(
  'S164 a program that opens one of /%s gets the page at once, and no cookie',
  async (_place, link) => {
    const path = await link();
    for (const headers of [{}, PROGRAM])
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(at(path), { method, headers, redirect: 'manual' });
        expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
      }
    const program = createBrowser({ headers: PROGRAM });
    expect((await program.request(at(path))).text).toContain(`action="${path}"`);
  },
);

test('two invitations are open side by side, and each joins its own organization', async () => {
  const [one, two] = [await anInvitation('One Co'), await anInvitation('Two Co')];
  const browser = createBrowser();
  const [first, second] = [await open(one.path, browser), await open(two.path, browser)];
  const joined = await browser.submitForm(first, { form: 'accept', values: join });
  expect(joined.text).toContain('One Co');
  const other = await browser.follow(second.url);
  for (const fact of ['Two Co', two.email]) expect(other.text).toContain(fact);
});

test('what went wrong is shown at the same address; going back after joining says so', async () => {
  const { path, token } = await anInvitation();
  const browser = createBrowser();
  const page = await open(path, browser);
  const again = await browser.submitForm(page, { form: 'accept', values: { ...join, password: 'short' } });
  expect([again.status, again.url, again.text.includes(token)]).toEqual([422, page.url, false]);
  const done = await browser.submitForm(again, { form: 'accept', values: join });
  expect(done.url).toBe(at('/'));
  const back = await browser.follow(page.url);
  expect([back.status, back.text.includes('You are a member already')]).toEqual([200, true]);
});

test('S165 a dead link moves like a live one, and asking for a new one stays where it is', async () => {
  const browser = createBrowser();
  const page = await open('/invitations/ghi_nothing', browser);
  expect([page.status, page.url.includes('/invitations/opened-')]).toEqual([404, true]);
  const asked = await browser.submitForm(page, { form: 'ask' });
  expect([asked.url, asked.text.includes('We pass it on where we can')]).toEqual([
    `${page.url}?asked=yes`,
    true,
  ]);
});

test('S168 the address alone opens nothing: in another browser, in another place, or with the cookie of another link', async () => {
  const { path, invitation } = await anInvitation();
  const browser = createBrowser();
  const { url } = await open(path, browser);
  const shown = url.slice(gateway.baseUrl.length);
  const reference = shown.split('opened-')[1] ?? '';
  const other = `__Host-gatehouse-link-${reference}=${(await anInvitation()).token}`;
  const refused = [
    await createBrowser().follow(url),
    await browser.follow(url.replace('/invitations/', '/links/')),
    await createBrowser().request(url, { headers: { cookie: other } }),
    await postForm(gateway, createBrowser(), { path: shown, fields: join }),
  ];
  expect(refused.map(({ status, text }) => [status, text.includes('Open the link again')])).toEqual(
    refused.map(() => [404, true]),
  );
  const kept = await gateway.storage.invitations.find(invitation.organizationId, invitation.id);
  expect(kept?.status).toBe('pending');
});

test('however many links another site makes a browser open, eight stay open, the newest among them', async () => {
  const browser = createBrowser();
  for (let count = 0; count < 12; count += 1) await open(`/invitations/ghi_planted${count}`, browser);
  expect(linkCookies(browser)).toBe(8);
  expect((await open((await anInvitation('Late Co')).path, browser)).text).toContain('Late Co');
  expect(linkCookies(browser)).toBe(8);
});
