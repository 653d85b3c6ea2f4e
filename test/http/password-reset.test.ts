/** A forgotten password over HTTP: one answer for everybody, one use for each link, and who gets none. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../src/core/entities/organization.ts';
import { changeMember } from '../../src/core/members/members.ts';
import { minutes } from '../../src/kernel/clock.ts';
import { createBrowser } from '../support/browser.ts';
import { nextText } from '../support/builders.ts';
import {
  ask,
  codeOf,
  isSignedIn,
  mailedPath,
  tryPassword,
  turnOnSecondFactor,
} from '../support/credentials.ts';
import { startGateway, type TestGateway, testCause } from '../support/gateway.ts';
import { membersOf } from '../support/members.ts';
import { aMember, FOREIGN, postForm } from '../support/page-visits.ts';

const NEW_PASSWORD = 'quite another sentence';

let gateway: TestGateway;
let home: Organization;
beforeAll(async () => {
  gateway = await startGateway();
  home = await gateway.createOrganization({ name: 'Home' });
});
afterAll(() => gateway.close());

const request = (email: string) =>
  ask(gateway, createBrowser(), { path: '/password-reset', body: { email } });
const spend = (path: string, password = NEW_PASSWORD) =>
  ask(gateway, createBrowser(), { path, body: { password } });

/** A member who has asked for a link, and its path. */
async function aForgetfulMember(organization: Organization = home) {
  const member = await aMember(gateway, organization);
  expect((await request(member.email)).status).toBe(204);
  const path = await mailedPath(gateway, member.email, 'password-reset');
  if (path === undefined) throw new Error('no link was mailed');
  return { ...member, path };
}

const userOf = async (email: string) => {
  const user = await gateway.storage.users.findByEmail(email);
  if (user === undefined) throw new Error('nobody has this address');
  return user;
};

describe('asking for a link', () => {
  test('S177 known, unknown, directory-managed and malformed addresses are answered alike', async () => {
    const { email } = await aMember(gateway, home);
    const addresses = [email, ` ${email.toUpperCase()} `, 'nobody@x.example', 'no address', ''];
    const answers = await Promise.all(
      addresses.map(async (address) => {
        const { status, headers, text } = await gateway
          .request()
          .post('/password-reset')
          .send({ email: address });
        const { date: _date, 'x-request-id': _id, ...told } = headers;
        return { status, told, text };
      }),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const pages = await Promise.all(
      addresses.map((address) =>
        postForm(gateway, createBrowser(), { path: '/password-reset', fields: { email: address } }),
      ),
    );
    for (const { status, headers } of pages)
      expect([status, headers.get('location')]).toEqual([303, '/password-reset?sent=yes']);
  });

  test('S177 the answer does not wait for what was found', async () => {
    const { email } = await aMember(gateway, home);
    const begun: (() => Promise<void>)[] = [];
    const afterwards = async (work: () => Promise<void>) => void begun.push(work);
    const { requestPasswordReset } = await import('../../src/core/credentials/password-reset.ts');
    const mails = gateway.mails.length;
    for (const address of [email, 'nobody@x.example']) {
      const cause = { actor: { kind: 'anonymous' }, requestId: 'test' } as const;
      await requestPasswordReset({ ...gateway.deps, afterwards }, { email: address, cause });
    }
    expect([begun.length, gateway.mails.length]).toEqual([2, mails]);
    for (const work of begun) await work();
    expect(gateway.mails).toHaveLength(mails + 1);
  });

  test.each(FOREIGN)('S186 %s makes nobody’s browser ask', async (_title, headers) => {
    const { email } = await aMember(gateway, home);
    const fields = { email };
    const answer = await postForm(gateway, createBrowser(), { path: '/password-reset', fields, headers });
    expect(answer.status).toBe(403);
    expect(await mailedPath(gateway, email, 'password-reset')).toBeUndefined();
  });

  test('S180 a Host header never changes the mailed link', async () => {
    const { email } = await aMember(gateway, home);
    await gateway
      .request()
      .post('/password-reset')
      .set({ Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' })
      .send({ email });
    const [mail] = gateway.mails.filter(({ to }) => to === email);
    expect(mail?.text).toContain(`${gateway.baseUrl}/password-reset/ghp_`);
    expect(JSON.stringify(mail)).not.toContain('evil');
  });

  test('S171 one address gets so many mails an hour, and unknown ones are refused alike', async () => {
    const limited = await startGateway({ rateLimits: true });
    const { email } = await aMember(limited, await limited.createOrganization({ name: 'Home' }));
    const statuses = async (address: string) => {
      const seen: number[] = [];
      for (let round = 0; round < 6; round += 1) {
        const answer = await limited.request().post('/password-reset').send({ email: address });
        seen.push(answer.status);
      }
      return seen;
    };
    expect(await statuses(email)).toEqual([204, 204, 204, 204, 204, 429]);
    expect(await statuses('nobody@x.example')).toEqual([204, 204, 204, 204, 204, 429]);
    expect((await statuses(email.replace('@', '+tag@')))[0]).toBe(429);
    expect(limited.mails.filter(({ to }) => to === email)).toHaveLength(5);
    await limited.close();
  });
});

describe('using a link', () => {
  test('S180 S181 it sets the password, ends every session, and tells the person', async () => {
    const { email, browser, path } = await aForgetfulMember();
    expect((await spend(path)).status).toBe(204);
    expect(await isSignedIn(gateway, browser)).toBe(false);
    expect(await tryPassword(gateway, createBrowser(), { email })).toMatchObject({ status: 401 });
    const entered = await tryPassword(gateway, createBrowser(), { email, password: NEW_PASSWORD });
    expect(entered.status).toBe(204);
    expect(await mailedPath(gateway, email, 'undo')).toBeDefined();
    expect((await userOf(email)).emailVerifiedAt).toBe(gateway.clock.now());
  });

  test('in the browser: page, form, done; a password that is not taken leaves the link good', async () => {
    const { email, path } = await aForgetfulMember();
    const browser = createBrowser();
    const page = await browser.follow(`${gateway.baseUrl}${path}`);
    const refused = await browser.submitForm(page, { values: { password: 'too short' } });
    expect([refused.status, refused.text.includes('at least 15 characters')]).toEqual([422, true]);
    const done = await browser.submitForm(refused, { values: { password: NEW_PASSWORD } });
    expect([done.status, done.url]).toEqual([200, `${gateway.baseUrl}/password-reset?done=yes`]);
    expect(await isSignedIn(gateway, browser)).toBe(false);
    const entered = await tryPassword(gateway, browser, { email, password: NEW_PASSWORD });
    expect(entered.status).toBe(204);
    expect((await browser.follow(`${gateway.baseUrl}${path}`)).status).toBe(404);
  });

  test('S180 S164 looking at it, as mail scanners do, consumes nothing', async () => {
    const { path } = await aForgetfulMember();
    const scanner = { 'sec-fetch-mode': 'no-cors' };
    for (const headers of [{}, scanner])
      for (const method of ['GET', 'HEAD', 'GET'])
        expect(
          (await createBrowser({ headers }).follow(`${gateway.baseUrl}${path}`, { method })).status,
        ).toBe(200);
    expect((await spend(path)).status).toBe(204);
  });

  test('S180 of 20 uses at once one succeeds', async () => {
    const { path } = await aForgetfulMember();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => spend(path, `${NEW_PASSWORD} ${index}`)),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      204,
      ...Array(19).fill(404),
    ]);
  });

  test.each<[string, (member: Awaited<ReturnType<typeof aForgetfulMember>>) => Promise<unknown>]>([
    ['after 30 minutes', async () => gateway.clock.advance(minutes(30))],
    ['after a second request', ({ email }) => request(email)],
    [
      'after a change of password',
      async ({ browser }) => {
        const body = { currentPassword: 'a sentence nobody guesses', newPassword: 'yet another sentence' };
        expect((await ask(gateway, browser, { path: '/api/v1/account/password', body })).status).toBe(204);
      },
    ],
    [
      'after a change of address',
      async ({ browser }) => {
        const email = `${nextText('new')}@x.example`;
        const body = { currentPassword: 'a sentence nobody guesses', email };
        expect((await ask(gateway, browser, { path: '/api/v1/account/email', body })).status).toBe(204);
        const path = (await mailedPath(gateway, email, 'email-change')) ?? '';
        expect((await postForm(gateway, browser, { path })).status).toBe(200);
      },
    ],
    [
      'once the person is suspended everywhere, also when they come back',
      async ({ email }) => {
        const { id } = await userOf(email);
        const [membership] = await gateway.storage.memberships.listByUser(id);
        if (membership === undefined) throw new Error('no membership');
        const place = { organizationId: home.id, id: membership.id, cause: testCause };
        const caller = { kind: 'operator' } as const;
        for (const status of ['suspended', 'active'] as const)
          await changeMember(gateway.deps, { ...place, caller, change: { status } });
      },
    ],
  ])('S180 it is dead %s', async (_title, end) => {
    const member = await aForgetfulMember();
    await end(member);
    const before = await gateway.storage.users.findByEmail(member.email);
    expect((await createBrowser().follow(`${gateway.baseUrl}${member.path}`)).status).toBe(404);
    expect((await spend(member.path)).body).toMatchObject({ status: 404, code: 'not_found' });
    expect(await gateway.storage.users.findByEmail(member.email)).toEqual(before);
  });

  test('a second factor goes on being asked for', async () => {
    const member = await aMember(gateway, home);
    // Proved, so that the person who asks is the one who set it up.
    const user = await userOf(member.email);
    await gateway.storage.transact((tx) => tx.users.update({ ...user, emailVerifiedAt: 1 }, user.version));
    const { secret } = await turnOnSecondFactor(gateway, member.browser);
    await request(member.email);
    const path = (await mailedPath(gateway, member.email, 'password-reset')) ?? '';
    expect((await spend(path, 'eight or')).status).toBe(204);
    const browser = createBrowser();
    const asked = await tryPassword(gateway, browser, { email: member.email, password: 'eight or' });
    expect(asked.code).toBe('second_factor_required');
    const body = { code: codeOf(secret, gateway.clock.now()) };
    expect((await ask(gateway, browser, { path: '/sign-in/second-step', body })).status).toBe(204);
  });

  test('S151 whoever had only claimed the address loses password, sessions and second factor to who answers its mail', async () => {
    const claimer = await aMember(gateway, home);
    await turnOnSecondFactor(gateway, claimer.browser);
    await request(claimer.email);
    await spend((await mailedPath(gateway, claimer.email, 'password-reset')) ?? '');
    expect(await isSignedIn(gateway, claimer.browser)).toBe(false);
    const entered = await tryPassword(gateway, createBrowser(), {
      email: claimer.email,
      password: NEW_PASSWORD,
    });
    expect(entered.status).toBe(204);
  });
});

describe('who gets no link', () => {
  const subjectsTo = (email: string) =>
    gateway.mails.filter(({ to }) => to === email).map(({ subject }) => subject);

  test('S182 S118 somebody whose only organization has a directory is told how to sign in', async () => {
    const organization = await gateway.createOrganization({ name: 'Pushed' });
    const { email } = await aMember(gateway, organization);
    await gateway.createDirectory(organization);
    await request(email);
    expect(subjectsTo(email)).toEqual(['How to sign in']);
    expect(gateway.mails.at(-1)?.text).toContain(`${gateway.baseUrl}/sign-in`);
  });

  test('S182 a link that was mailed before the organization got a directory is dead after it', async () => {
    const organization = await gateway.createOrganization({ name: 'Pushed' });
    const { path } = await aForgetfulMember(organization);
    await gateway.createDirectory(organization);
    expect((await spend(path)).status).toBe(404);
  });

  test('S182 somebody who is in a manual organization besides gets one', async () => {
    const organization = await gateway.createOrganization({ name: 'Pushed' });
    const { email } = await aMember(gateway, organization);
    await gateway.createDirectory(organization);
    const user = await userOf(email);
    const [membership] = await gateway.storage.memberships.listByUser(user.id);
    if (membership === undefined) throw new Error('no membership');
    const { newId } = await import('../../src/kernel/ids.ts');
    await gateway.storage.transact((tx) =>
      tx.memberships.insert(home.id, { ...membership, id: newId('mem', 1), organizationId: home.id }),
    );
    await request(email);
    expect(subjectsTo(email)).toEqual(['Set a new password']);
  });

  test('S118 a directory that writes somebody’s address into a user of its own gets nothing mailed there', async () => {
    const organization = await gateway.createOrganization({ name: 'Pushed' });
    const { scimPath, token } = await gateway.createDirectory(organization);
    const userName = `${nextText('pushed')}@x.example`;
    await gateway
      .request()
      .post(`${scimPath}/Users`)
      .set('Authorization', `Bearer ${token}`)
      .send({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName,
        emails: [{ value: userName }],
      });
    expect(await membersOf(gateway, organization.id)).toHaveLength(1);
    await request(userName);
    await gateway.deliverMails();
    expect(subjectsTo(userName)).toEqual([]);
  });
});
