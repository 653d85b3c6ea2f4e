/** Links that were passed on, in the browser: looking costs nothing, an address is proved by mail, dead links tell nothing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import {
  createShareableLink,
  revokeShareableLink,
  type ShareableLinkInput,
} from '../../../src/core/joining/shareable-links.ts';
import { days } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { aMember, FOREIGN, PASSWORD, postForm } from '../../support/page-visits.ts';
import { setSession } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let organization: Organization;

beforeAll(async () => {
  gateway = await startGateway();
  organization = await gateway.createOrganization({ name: 'Manual Co' });
});
afterAll(() => gateway.close());

const open = (path: string, browser = createBrowser()) => browser.follow(`${gateway.baseUrl}${path}`);
const join = { name: 'Bob', password: PASSWORD };
const fresh = () => `${nextText('joiner')}@manual.example`;

async function pass(input: Partial<ShareableLinkInput> = {}, place: Pick<Organization, 'id'> = organization) {
  const { link, url } = await createShareableLink(gateway.deps, {
    organizationId: place.id,
    cause: testCause,
    caller: { kind: 'operator' },
    link: { role: 'member', teams: [], domains: [], maxUses: 1, ttlMs: days(7), ...input },
  });
  const path = url.slice(gateway.baseUrl.length);
  return { link, path, token: path.slice('/links/'.length) };
}

const usesOf = async ({ organizationId, id }: Awaited<ReturnType<typeof pass>>['link']) =>
  (await gateway.storage.shareableLinks.find(organizationId, id))?.uses;

/** The path behind the mail that went to this address last. */
function mailedPath(email: string): string {
  const mail = gateway.mails.filter(({ to }) => to === email).at(-1);
  const url = mail?.text.split('\n').find((line) => line.startsWith(`${gateway.baseUrl}/links/`));
  return url?.slice(gateway.baseUrl.length) ?? '';
}

/** Somebody with an account, a proved address, and a browser they are signed in with. */
async function aProvedMember() {
  const member = await aMember(gateway, await gateway.createOrganization());
  await gateway.storage.transact(async (tx) => {
    const user = await tx.users.findByEmail(member.email);
    if (user !== undefined) await tx.users.update({ ...user, emailVerifiedAt: 1 }, user.version);
  });
  return member;
}

describe('looking', () => {
  test('S164 shows organization, role, domains and end; a hundred visits and a HEAD use nothing', async () => {
    const { path, link } = await pass({ role: 'viewer', domains: ['acme.example'] });
    const page = await open(path);
    for (const fact of ['Manual Co', 'Viewer', '@acme.example', 'UTC']) expect(page.text).toContain(fact);
    const scanner = createBrowser({ headers: { purpose: 'prefetch', 'sec-purpose': 'prefetch' } });
    for (let visit = 0; visit < 100; visit += 1)
      await scanner.request(`${gateway.baseUrl}${path}`, { method: visit % 2 === 0 ? 'GET' : 'HEAD' });
    expect(await usesOf(link)).toBe(0);
  });

  test('S168 token and proof are in no log line, no audit row and no Referer', async () => {
    const { path, token } = await pass();
    const email = fresh();
    const asked = await postForm(gateway, createBrowser(), { path, fields: { email } });
    const proved = mailedPath(email);
    const page = await open(proved);
    await postForm(gateway, createBrowser(), { path: proved, fields: join });
    for (const secret of [token, proved.split('/').at(-1) ?? '']) {
      expect(JSON.stringify(gateway.logLines)).not.toContain(secret);
      const rows = await gateway.storage.auditEvents.list(organization.id, {}, { limit: 1000 });
      expect(JSON.stringify(rows)).not.toContain(secret);
    }
    for (const { headers } of [asked, page]) expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-store');
    const addresses = [...page.text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, address]) => address);
    expect(addresses.filter((address) => !address?.startsWith('/'))).toEqual([]);
  });
});

describe('joining', () => {
  test('somebody new: address, mail, name and password, and they are in', async () => {
    const { path, link } = await pass();
    const email = fresh();
    const browser = createBrowser();
    const sent = await browser.submitForm(await open(path, browser), { form: 'prove', values: { email } });
    expect(sent.text).toContain('mailbox');
    expect(await usesOf(link)).toBe(0);
    // The mail is often opened on another device.
    const elsewhere = createBrowser();
    const page = await open(mailedPath(email), elsewhere);
    expect(page.text).toContain(email);
    const done = await elsewhere.submitForm(page, { form: 'accept', values: join });
    expect(done.url).toBe(`${gateway.baseUrl}/`);
    for (const fact of ['Bob', email, 'Manual Co']) expect(done.text).toContain(fact);
    expect(await usesOf(link)).toBe(1);
  });

  test('signed in with a proved address: one button', async () => {
    const { path, link } = await pass();
    const { browser, email } = await aProvedMember();
    const page = await open(path, browser);
    expect(page.text).toContain(email);
    const done = await browser.submitForm(page, { form: 'accept' });
    expect(done.text).toContain('Manual Co');
    expect(await usesOf(link)).toBe(1);
  });

  test('an account that is not signed in: sign in and come back, or its password behind the mail', async () => {
    const [one, two] = [await pass(), await pass({}, await gateway.createOrganization({ name: 'Other Co' }))];
    const { email } = await aProvedMember();
    const browser = createBrowser();
    const first = await open(one.path, browser);
    const link = /href="(\/sign-in\?[^"]+)"/.exec(first.text)?.[1] ?? '';
    const back = await browser.submitForm(await open(link, browser), {
      form: 'password',
      values: { email, password: PASSWORD },
    });
    expect(back.url).toBe(first.url);
    expect((await browser.submitForm(back, { form: 'accept' })).text).toContain('Manual Co');
    await postForm(gateway, createBrowser(), { path: two.path, fields: { email } });
    const other = createBrowser();
    const proved = await open(mailedPath(email), other);
    expect(proved.text).toContain('already has an account');
    const done = await other.submitForm(proved, { form: 'accept', values: { password: PASSWORD } });
    expect(done.text).toContain('Other Co');
  });

  test.each([
    ['no address', '', 'one plain e-mail address'],
    ['two addresses', 'a@example.com,b@example.com', 'one plain e-mail address'],
    ['a line break', 'a@example.com\r\nBcc: b@example.com', 'one plain e-mail address'],
    ['an address elsewhere', 'ada@example.com', 'for addresses at acme.example'],
  ])('S172 %s: 422, the field says what is wrong, no mail', async (_title, email, text) => {
    const { path } = await pass({ domains: ['acme.example'] });
    const before = gateway.mails.length;
    const page = await postForm(gateway, createBrowser(), { path, fields: { email } });
    expect(page.status).toBe(422);
    expect(page.text).toContain(text);
    expect(page.text).toMatch(/aria-invalid="true" autofocus/);
    expect(gateway.mails).toHaveLength(before);
  });

  test('S160 behind the mail, signed in as somebody who did not ask for it: a choice, nothing is bound by posting', async () => {
    const { path, link } = await pass();
    const email = fresh();
    await postForm(gateway, createBrowser(), { path, fields: { email } });
    const { browser } = await aProvedMember();
    const proved = mailedPath(email);
    const page = await open(proved, browser);
    expect(page.text).toContain('You are signed in as');
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect((await postForm(gateway, browser, { path: proved, fields: { ...join, csrf } })).status).toBe(403);
    expect(await usesOf(link)).toBe(0);
    const back = await browser.submitForm(page, { form: 'sign-out' });
    expect(back.url).toBe(page.url);
    expect(back.text).toContain('name="password"');
  });

  test.each(FOREIGN)('S186 posted from %s: 403, no mail, nobody joins', async (_title, headers) => {
    const { path, link } = await pass();
    const email = fresh();
    await postForm(gateway, createBrowser(), { path, fields: { email } });
    const before = gateway.mails.length;
    const { browser } = await aProvedMember();
    const posts = [
      await postForm(gateway, createBrowser(), { path, fields: { email }, headers }),
      await postForm(gateway, createBrowser(), { path: mailedPath(email), fields: join, headers }),
      await postForm(gateway, browser, { path, headers }),
    ];
    expect(posts.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect([gateway.mails.length, await usesOf(link)]).toEqual([before, 0]);
  });

  test('S186 signed in, without the token of the form: 403', async () => {
    const { path, link } = await pass();
    const { browser } = await aProvedMember();
    for (const fields of [{}, { csrf: 'x'.repeat(43) }])
      expect((await postForm(gateway, browser, { path, fields })).status).toBe(403);
    expect(await usesOf(link)).toBe(0);
  });

  test('S167 no seat left: 409 with whom to ask, and the use is left', async () => {
    const full = await gateway.createOrganization({ name: 'Full', plan: { preset: 'business', seats: 1 } });
    const { path, link } = await pass({ maxUses: 5 }, full);
    const emails = [fresh(), fresh()];
    for (const email of emails) await postForm(gateway, createBrowser(), { path, fields: { email } });
    const pages = [];
    for (const email of emails)
      pages.push(await postForm(gateway, createBrowser(), { path: mailedPath(email), fields: join }));
    expect(pages.map(({ status }) => status)).toEqual([303, 409]);
    expect(pages[1]?.text).toContain('All seats of this organization are taken');
    expect(await usesOf(link)).toBe(1);
  });
});

test('S165 used up, withdrawn, expired, voided by a directory and unknown are one page, that of a dead invitation', async () => {
  const used = await pass();
  const email = fresh();
  await postForm(gateway, createBrowser(), { path: used.path, fields: { email } });
  await postForm(gateway, createBrowser(), { path: mailedPath(email), fields: join });
  const revoked = await pass();
  const { organizationId, id } = revoked.link;
  await revokeShareableLink(gateway.deps, {
    organizationId,
    id,
    caller: { kind: 'operator' },
    cause: testCause,
  });
  const managed = await gateway.createOrganization();
  const voided = await pass({}, managed);
  await gateway.createDirectory(managed);
  const expired = await pass();
  gateway.clock.advance(days(7));
  const good = await pass();
  const unknown = [`/links/ghl_${'A'.repeat(22)}`, '/links/x', '/links/%3Cb%3E', `${good.path}/ghp_x`];
  const dead = [used.path, mailedPath(email), revoked.path, voided.path, expired.path, ...unknown];
  const pages = [await open('/invitations/x')];
  for (const path of dead)
    pages.push(
      await open(path),
      await open(`${path}?sent=yes`),
      await postForm(gateway, createBrowser(), { path, fields: { ...join, email: fresh() } }),
    );
  expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([404]));
  expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
  expect(pages.some((page) => setSession(page) !== undefined)).toBe(false);
});
