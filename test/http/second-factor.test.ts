/** The second factor over HTTP: setting it up, being asked for it, using each code once, and getting back in without it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../src/core/entities/organization.ts';
import { minutes, seconds } from '../../src/kernel/clock.ts';
import { createBrowser } from '../support/browser.ts';
import { ask, codeOf, isSignedIn, tryPassword, turnOnSecondFactor } from '../support/credentials.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { aMember, invite, PASSWORD } from '../support/page-visits.ts';

const OVER = 'This sign-in is over. Start again with your password.';

let gateway: TestGateway;
let home: Organization;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: true });
  home = await gateway.createOrganization({ name: 'Home' });
});
afterAll(() => gateway.close());

/** A member with a second factor, and another browser in which only their password has been shown. */
async function aCarefulMember() {
  const { email, browser } = await aMember(gateway, home);
  const factor = await turnOnSecondFactor(gateway, browser);
  const asked = createBrowser();
  expect(await tryPassword(gateway, asked, { email })).toEqual({
    status: 401,
    code: 'second_factor_required',
  });
  const now = () => codeOf(factor.secret, gateway.clock.now());
  const step = (code: string, browserOfStep = asked) =>
    ask(gateway, browserOfStep, { path: '/sign-in/second-step', body: { code } });
  return { email, browser, asked, step, now, ...factor };
}

/** The key for people who cannot scan. */
const secretIn = (text: string): string =>
  (/<code>([A-Z2-7 ]+)<\/code>/.exec(text)?.[1] ?? '').replaceAll(' ', '');

const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('signing in with a second factor', () => {
  test('a password alone opens nothing; the code opens a session that says pwd and otp', async () => {
    const { asked, step, now } = await aCarefulMember();
    expect(await isSignedIn(gateway, asked)).toBe(false);
    expect((await step(now())).status).toBe(204);
    const session = await ask(gateway, asked, { path: '/api/v1/session' });
    expect(session.status).toBe(200);
    const hash = gateway.deps.hashToken(
      asked.cookies.valueOf(gateway.baseUrl, '__Host-gatehouse-session') ?? '',
    );
    expect((await gateway.storage.sessions.findByHash(hash))?.amr).toEqual(['pwd', 'otp']);
  });

  test('in the browser: password page, code page, and on to where the person wanted to go', async () => {
    const { email, now } = await aCarefulMember();
    const browser = createBrowser();
    const start = await browser.follow(`${gateway.baseUrl}/sign-in?return_to=/account`);
    const page = await browser.submitForm(start, { form: 'password', values: { email, password: PASSWORD } });
    expect([page.status, page.url]).toEqual([200, `${gateway.baseUrl}/sign-in/second-step`]);
    const again = await browser.submitForm(page, { form: 'second-step', values: { code: wrong(now()) } });
    expect([again.status, await isSignedIn(gateway, browser)]).toEqual([401, false]);
    const done = await browser.submitForm(again, { form: 'second-step', values: { code: now() } });
    expect([done.status, done.url]).toEqual([200, `${gateway.baseUrl}/account`]);
    const over = await browser.follow(`${gateway.baseUrl}/sign-in/second-step`);
    expect(over.url).not.toContain('second-step');
  });

  test('a code works once, for whatever step, also when 20 show it at once', async () => {
    const { email, now, step } = await aCarefulMember();
    const code = now();
    const browsers = Array.from({ length: 9 }, () => createBrowser());
    for (const browser of browsers) await tryPassword(gateway, browser, { email });
    const answers = await Promise.all(browsers.map((browser) => step(code, browser)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      204,
      ...Array(8).fill(401),
    ]);
  });

  test.each([
    ['one step early', -seconds(30), 204],
    ['one step late', seconds(30), 204],
    ['two steps late', -seconds(60), 401],
    ['two steps early', seconds(60), 401],
  ])('a clock that is %s', async (_title, skew, status) => {
    const { secret, step } = await aCarefulMember();
    gateway.clock.advance(minutes(2));
    expect((await step(codeOf(secret, gateway.clock.now() + skew))).status).toBe(status);
  });

  test('S178 after five wrong codes the step is over, and the right one comes too late', async () => {
    const { step, now } = await aCarefulMember();
    for (let round = 0; round < 5; round += 1) expect((await step(wrong(now()))).status).toBe(401);
    const late = await step(now());
    expect([late.status, late.body.code, late.body.detail]).toEqual([401, 'unauthenticated', OVER]);
  });

  test('S178 steps begun anew do not give more than ten tries in all', async () => {
    const { email, step, now, asked } = await aCarefulMember();
    const statuses: number[] = [];
    for (let round = 0; round < 11; round += 1) {
      if (round % 4 === 0) await tryPassword(gateway, asked, { email });
      statuses.push((await step(wrong(now()))).status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
  });

  test('a step ends after ten minutes, and in no other browser', async () => {
    const { step, now } = await aCarefulMember();
    expect((await step(now(), createBrowser())).body.detail).toBe(OVER);
    gateway.clock.advance(minutes(10));
    expect((await step(now())).body.detail).toBe(OVER);
  });

  test('S181 a step that waits ends when the password changes', async () => {
    const { browser, step, now } = await aCarefulMember();
    const change = { currentPassword: PASSWORD, newPassword: 'another sentence altogether' };
    expect((await ask(gateway, browser, { path: '/api/v1/account/password', body: change })).status).toBe(
      204,
    );
    expect((await step(now())).body.detail).toBe(OVER);
  });

  test('an invitation accepted by password asks for the code too', async () => {
    const { email, now } = await aCarefulMember();
    const other = await gateway.createOrganization({ name: 'Other' });
    const { token } = await invite(gateway, other, { email });
    const accept = (code?: string) =>
      gateway
        .request()
        .post(`/api/v1/invitations/${token}/accept`)
        .send({ name: 'Ada', password: PASSWORD, ...(code === undefined ? {} : { code }) });
    expect((await accept()).body).toMatchObject({
      status: 401,
      code: 'second_factor_required',
      field: 'code',
    });
    const mistyped = await accept(wrong(now()));
    expect([mistyped.status, mistyped.body.detail]).toEqual([
      401,
      expect.stringContaining('This code is not right.'),
    ]);
    expect((await accept(now())).status).toBe(200);
  });
});

describe('recovery codes', () => {
  test('each opens the door once, however it is typed, and the person is told', async () => {
    const { email, recoveryCodes, step, asked } = await aCarefulMember();
    const [first = '', second = ''] = recoveryCodes;
    expect(recoveryCodes).toHaveLength(10);
    expect((await step(` ${first.toUpperCase().replace('-', ' ')}`)).status).toBe(204);
    await tryPassword(gateway, asked, { email });
    expect((await step(first)).status).toBe(401);
    expect((await step(second)).status).toBe(204);
    await gateway.deliverMails();
    const told = gateway.mails.filter(
      (mail) => mail.to === email && mail.subject === 'A recovery code was used',
    );
    expect(told).toHaveLength(2);
  });

  test('new ones make the old ones worthless; both need the password', async () => {
    const { browser, recoveryCodes, step } = await aCarefulMember();
    const path = '/api/v1/account/recovery-codes';
    const refused = await ask(gateway, browser, { path, body: { currentPassword: 'not it at all, sorry' } });
    expect(refused.status).toBe(401);
    const renewed = await ask(gateway, browser, { path, body: { currentPassword: PASSWORD } });
    expect((await step(recoveryCodes[0] ?? '')).status).toBe(401);
    expect((await step(renewed.body.recoveryCodes[0])).status).toBe(204);
  });

  test('neither they nor the secret are in the store as they are', async () => {
    const { secret, recoveryCodes } = await aCarefulMember();
    const { default: Database } = await import('better-sqlite3');
    const store = new Database(gateway.path, { readonly: true });
    const rows = JSON.stringify([
      store.prepare('SELECT * FROM second_factors').all(),
      store.prepare('SELECT * FROM recovery_codes').all(),
      store.prepare('SELECT * FROM audit_events').all(),
      store.prepare('SELECT * FROM outbox').all(),
    ]);
    store.close();
    for (const planted of [secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replace('-', ''))])
      expect(rows).not.toContain(planted);
    expect(rows.length).toBeGreaterThan(1000);
    expect(JSON.stringify(gateway.logLines)).not.toContain(secret);
  });
});

describe('turning it on and off', () => {
  test('nothing is asked for before a code has been confirmed', async () => {
    const { email, browser } = await aMember(gateway, home);
    const begin = () =>
      ask(gateway, browser, { path: '/api/v1/account/second-factor', body: { currentPassword: PASSWORD } });
    const confirm = (code: string) =>
      ask(gateway, browser, { path: '/api/v1/account/second-factor/confirm', body: { code } });
    const first = (await begin()).body;
    expect(first.address).toMatch(
      new RegExp(`^otpauth://totp/.*${encodeURIComponent(email)}.*secret=${first.secret}`),
    );
    expect((await confirm(wrong(codeOf(first.secret, gateway.clock.now())))).status).toBe(422);
    expect(await tryPassword(gateway, createBrowser(), { email })).toMatchObject({ status: 204 });
    const second = (await begin()).body;
    expect((await confirm(codeOf(first.secret, gateway.clock.now()))).status).toBe(422);
    expect((await confirm(codeOf(second.secret, gateway.clock.now()))).status).toBe(200);
    expect((await begin()).body.code).toBe('already_exists');
    const account = await ask(gateway, browser, { path: '/api/v1/account' });
    expect(account.body).toEqual({
      email,
      emailVerified: false,
      hasPassword: true,
      secondFactor: { enabled: true, recoveryCodesLeft: 10 },
    });
  });

  test('off needs the password and a code, and a password that stands alone', async () => {
    const { browser, now, email } = await aCarefulMember();
    const off = (body: object) =>
      ask(gateway, browser, { path: '/api/v1/account/second-factor/remove', body });
    expect((await off({ currentPassword: 'not it at all, sorry', code: now() })).status).toBe(401);
    expect((await off({ currentPassword: PASSWORD, code: wrong(now()) })).status).toBe(422);
    const change = (currentPassword: string, newPassword: string) =>
      ask(gateway, browser, { path: '/api/v1/account/password', body: { currentPassword, newPassword } });
    expect((await change(PASSWORD, 'sh0rter!')).status).toBe(204);
    expect((await off({ currentPassword: 'sh0rter!', code: now() })).body).toMatchObject({
      field: 'currentPassword',
    });
    expect((await change('sh0rter!', PASSWORD)).status).toBe(204);
    expect((await off({ currentPassword: PASSWORD, code: now() })).status).toBe(204);
    expect(await tryPassword(gateway, createBrowser(), { email })).toMatchObject({ status: 204 });
    expect((await change(PASSWORD, 'sh0rter!')).status).toBe(422);
  });

  test('a wrong code shows the secret again to nobody who has not brought it', async () => {
    const { browser } = await aMember(gateway, home);
    const page = await browser.follow(`${gateway.baseUrl}/account`);
    const values = { current_password: PASSWORD };
    const setUp = await browser.submitForm(page, { form: 'second-factor', values });
    const secret = secretIn(setUp.text);
    for (const brought of ['', 'A'.repeat(secret.length)]) {
      const again = await browser.submitForm(setUp, {
        form: 'second-factor-confirm',
        values: { secret: brought, code: wrong(codeOf(secret, gateway.clock.now())) },
      });
      expect([again.status, again.text.includes('<svg'), again.text.includes(secret)]).toEqual([
        422,
        false,
        false,
      ]);
    }
  });

  test('in the browser: a picture to scan, a code, recovery codes, and off again', async () => {
    const { browser } = await aMember(gateway, home);
    const page = await browser.follow(`${gateway.baseUrl}/account`);
    const values = { current_password: PASSWORD };
    const setUp = await browser.submitForm(page, { form: 'second-factor', values });
    expect(setUp.text).toContain('<svg class="qr"');
    const secret = secretIn(setUp.text);
    const code = () => codeOf(secret, gateway.clock.now());
    const again = await browser.submitForm(setUp, {
      form: 'second-factor-confirm',
      values: { code: wrong(code()) },
    });
    expect([again.status, again.text.includes('aria-invalid')]).toEqual([422, true]);
    const shown = (text: string) => [/<svg class="qr"[\s\S]*<\/svg>/.exec(text)?.[0], secretIn(text)];
    expect(shown(again.text)).toEqual(shown(setUp.text));
    const on = await browser.submitForm(again, { form: 'second-factor-confirm', values: { code: code() } });
    expect(on.text.match(/<li><code>/g)).toHaveLength(10);
    gateway.clock.advance(seconds(30));
    const account = await browser.follow(`${gateway.baseUrl}/account`);
    const off = await browser.submitForm(account, {
      form: 'second-factor-remove',
      values: { ...values, code: code() },
    });
    expect(off.text).toContain('The second step is off.');
  });
});
