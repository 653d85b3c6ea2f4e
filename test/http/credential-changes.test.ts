/** Changing password and sign-in address, and taking a change back: who has to prove what, who is signed out, who is told. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../src/core/entities/organization.ts';
import { days, minutes } from '../../src/kernel/clock.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { nextText } from '../support/builders.ts';
import { ask, isSignedIn, mailedPath, tryPassword, turnOnSecondFactor } from '../support/credentials.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { aMember, FOREIGN, PASSWORD, postForm } from '../support/page-visits.ts';

const NEW_PASSWORD = 'quite another sentence';

let gateway: TestGateway;
let home: Organization;
beforeAll(async () => {
  gateway = await startGateway();
  home = await gateway.createOrganization({ name: 'Home' });
});
afterAll(() => gateway.close());

/** A member who is signed in on two devices. */
async function onTwoDevices() {
  const { email, browser } = await aMember(gateway, home);
  const other = createBrowser();
  await tryPassword(gateway, other, { email });
  return { email, browser, other };
}

const changePassword = (browser: Browser, body: object = {}) =>
  ask(gateway, browser, {
    path: '/api/v1/account/password',
    body: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, ...body },
  });
const changeEmail = (browser: Browser, email: string, currentPassword = PASSWORD) =>
  ask(gateway, browser, { path: '/api/v1/account/email', body: { email, currentPassword } });
const newAddress = () => `${nextText('new')}@x.example`;
const linkFor = async (email: string, place: 'email-change' | 'undo') =>
  (await mailedPath(gateway, email, place)) ?? 'no link was mailed';
const press = (path: string, browser = createBrowser()) => postForm(gateway, browser, { path });

describe('changing the password', () => {
  test('S181 needs the old one, ends every other session, and is told by mail', async () => {
    const { email, browser, other } = await onTwoDevices();
    const refused = await changePassword(browser, { currentPassword: 'not my password, sorry' });
    expect(refused.body).toMatchObject({ status: 401, field: 'currentPassword' });
    expect((await changePassword(browser)).status).toBe(204);
    expect([await isSignedIn(gateway, browser), await isSignedIn(gateway, other)]).toEqual([true, false]);
    expect((await tryPassword(gateway, other, { email })).status).toBe(401);
    expect((await tryPassword(gateway, other, { email, password: NEW_PASSWORD })).status).toBe(204);
    await gateway.deliverMails();
    expect(gateway.mails.at(-1)).toMatchObject({ to: email, subject: 'Your password was changed' });
  });

  test('S176 one made of the person’s own address or organization is refused', async () => {
    const { browser, email } = await onTwoDevices();
    for (const newPassword of [`${email}${email}`, 'home-home-home-home-2026', 'Password-Password-1'])
      expect((await changePassword(browser, { newPassword })).body).toMatchObject({
        status: 422,
        field: 'newPassword',
      });
  });

  test('in the browser: what is wrong stands beside its field, a token of the form is needed', async () => {
    const { browser } = await onTwoDevices();
    const page = await browser.follow(`${gateway.baseUrl}/account`);
    const submit = (values: Record<string, string>) => browser.submitForm(page, { form: 'password', values });
    const short = await submit({ current_password: PASSWORD, new_password: 'short' });
    expect([short.status, /id="new_password"[^>]*aria-invalid="true"/.test(short.text)]).toEqual([422, true]);
    const wrong = await submit({ current_password: 'no', new_password: NEW_PASSWORD });
    expect([wrong.status, /id="password-current"[^>]*aria-invalid="true"/.test(wrong.text)]).toEqual([
      422,
      true,
    ]);
    const path = '/account/password';
    const fields = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    expect((await postForm(gateway, browser, { path, fields })).status).toBe(403);
    const done = await submit(fields);
    expect([done.status, done.text.includes('Your password is changed.')]).toEqual([200, true]);
  });

  test.each(FOREIGN)('S186 %s changes nothing', async (_title, headers) => {
    const { browser } = await onTwoDevices();
    for (const path of ['/account/password', '/account/second-factor', '/api/v1/account/password']) {
      const answer = await browser.request(`${gateway.baseUrl}${path}`, {
        method: 'POST',
        headers: {
          'content-type': path.startsWith('/api') ? 'application/json' : 'application/x-www-form-urlencoded',
          ...headers,
        },
        body: '',
      });
      expect([path, answer.status]).toEqual([path, 403]);
    }
  });
});

describe('changing the address', () => {
  test('S181 nothing changes before the new address has answered; then the old one is told', async () => {
    const { email, browser, other } = await onTwoDevices();
    const next = newAddress();
    expect((await changeEmail(browser, next, 'not my password, sorry')).status).toBe(401);
    expect((await changeEmail(browser, next)).status).toBe(204);
    expect((await tryPassword(gateway, createBrowser(), { email: next })).status).toBe(401);
    const path = await linkFor(next, 'email-change');
    // S164: scanners open links.
    expect((await createBrowser().follow(`${gateway.baseUrl}${path}`)).text).toContain(next);
    expect((await tryPassword(gateway, createBrowser(), { email: next })).status).toBe(401);
    expect((await press(path, browser)).status).toBe(200);
    expect([await isSignedIn(gateway, browser), await isSignedIn(gateway, other)]).toEqual([true, false]);
    expect((await tryPassword(gateway, createBrowser(), { email })).status).toBe(401);
    expect((await tryPassword(gateway, createBrowser(), { email: next })).status).toBe(204);
    await gateway.deliverMails();
    expect(gateway.mails.at(-1)).toMatchObject({ to: email, subject: 'Your sign-in address was changed' });
    expect((await press(path)).status).toBe(404);
  });

  test('S177 an address that has an account is answered alike; only its holder is told', async () => {
    const { browser } = await onTwoDevices();
    const { email: taken } = await aMember(gateway, home);
    expect((await changeEmail(browser, taken)).status).toBe(204);
    await gateway.deliverMails();
    expect(gateway.mails.at(-1)).toMatchObject({ to: taken, subject: 'This address has an account already' });
    expect(await mailedPath(gateway, taken, 'email-change')).toBeUndefined();
  });

  test('an address that became somebody else’s in the meantime stays theirs', async () => {
    const [ada, eve] = [await onTwoDevices(), await onTwoDevices()];
    const wanted = newAddress();
    await changeEmail(ada.browser, wanted);
    const path = await linkFor(wanted, 'email-change');
    await changeEmail(eve.browser, wanted);
    expect((await press(await linkFor(wanted, 'email-change'))).status).toBe(200);
    expect((await press(path)).status).toBe(404);
    expect((await tryPassword(gateway, createBrowser(), { email: ada.email })).status).toBe(204);
  });

  test('a link is dead after an hour, and after the next one was asked for', async () => {
    const { browser } = await onTwoDevices();
    const [first, second] = [newAddress(), newAddress()];
    await changeEmail(browser, first);
    await changeEmail(browser, second);
    expect((await press(await linkFor(first, 'email-change'))).status).toBe(404);
    gateway.clock.advance(minutes(60));
    expect((await press(await linkFor(second, 'email-change'))).status).toBe(404);
  });
});

describe('taking a change back', () => {
  /** An intruder at the keyboard who knows the password, and moves the account to an address of their own. */
  async function aStolenAccount() {
    const { email, browser: intruder } = await onTwoDevices();
    const theirs = newAddress();
    await changeEmail(intruder, theirs);
    expect((await press(await linkFor(theirs, 'email-change'), intruder)).status).toBe(200);
    return { email, intruder, theirs, undo: await linkFor(email, 'undo') };
  }

  test('S181 the old address takes the account back: address, sessions, password; and sets a new one', async () => {
    const { email, intruder, theirs, undo } = await aStolenAccount();
    await turnOnSecondFactor(gateway, intruder);
    const browser = createBrowser();
    const page = await browser.follow(`${gateway.baseUrl}${undo}`);
    const reset = await browser.submitForm(page, { form: 'confirm' });
    expect([reset.status, reset.url]).toEqual([200, expect.stringContaining('/password-reset/')]);
    expect(await isSignedIn(gateway, intruder)).toBe(false);
    for (const address of [email, theirs])
      expect((await tryPassword(gateway, createBrowser(), { email: address })).status).toBe(401);
    await browser.submitForm(reset, { form: 'new-password', values: { password: NEW_PASSWORD } });
    // The intruder's second factor came after the change: it is gone.
    expect((await tryPassword(gateway, browser, { email, password: NEW_PASSWORD })).status).toBe(204);
    expect((await press(undo)).status).toBe(404);
  });

  test('S181 links mailed to the intruder afterwards undo nothing of that', async () => {
    const { email, intruder, theirs, undo } = await aStolenAccount();
    gateway.clock.advance(minutes(1));
    await changePassword(intruder);
    const counter = await linkFor(theirs, 'undo');
    expect((await press(undo)).status).toBe(303);
    expect((await press(counter)).status).toBe(404);
    expect((await gateway.storage.users.findByEmail(email))?.email).toBe(email);
  });

  test('a second factor from before the change stays', async () => {
    const { email, browser } = await onTwoDevices();
    await turnOnSecondFactor(gateway, browser);
    await changePassword(browser);
    const undo = await linkFor(email, 'undo');
    expect((await press(undo)).status).toBe(303);
    const user = await gateway.storage.users.findByEmail(email);
    expect([
      user?.passwordHash,
      (await gateway.storage.secondFactors.find(user?.id ?? ('' as never)))?.confirmedAt,
    ]).toEqual([null, expect.any(Number)]);
  });

  test('works once of 20 at once, for seven days', async () => {
    const { undo } = await aStolenAccount();
    const answers = await Promise.all(Array.from({ length: 20 }, () => press(undo)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      303,
      ...Array(19).fill(404),
    ]);
    const late = await aStolenAccount();
    gateway.clock.advance(days(7));
    expect((await press(late.undo)).status).toBe(404);
  });
});
