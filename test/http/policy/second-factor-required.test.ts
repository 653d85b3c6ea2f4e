/** An organization that asks its members for a second factor: what a password alone opens there, and how one gets in. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OrgRole } from '../../../src/core/access/roles.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import { apiRoutes } from '../../../src/http/api/routes.ts';
import { minutes } from '../../../src/kernel/clock.ts';
import { createAuthenticator } from '../../support/authenticator.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { ask, codeOf, isSignedIn, tryPassword, turnOnSecondFactor } from '../../support/credentials.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { aMember, FOREIGN, invite, PASSWORD, postForm } from '../../support/page-visits.ts';

const SETUP = { status: 403, code: 'second_factor_setup_required' };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true });
});
afterAll(() => gateway.close());

const operatorCaller = { kind: 'operator' } as const;

const anOrganization = () => gateway.createOrganization({ slug: nextText('home') });

const requireIt = ({ id: organizationId }: Pick<Organization, 'id'>) =>
  updateOrganization(gateway.deps, {
    ...{ organizationId, caller: operatorCaller, cause: testCause },
    change: { requireSecondFactor: true },
  });

async function aPerson(organization: Organization, role: OrgRole = 'member') {
  const person = await aMember(gateway, organization);
  const user = await gateway.storage.users.findByEmail(person.email);
  const membership = user && (await gateway.storage.memberships.findByUser(organization.id, user.id));
  if (user === undefined || membership === undefined) throw new Error('nobody joined');
  if (role !== 'member')
    await changeMember(gateway.deps, {
      ...{ organizationId: organization.id, id: membership.id, caller: operatorCaller, cause: testCause },
      change: { orgRole: role },
    });
  return { ...person, userId: user.id, membershipId: membership.id };
}

/** Also a member of the other organization, and last seen in this one. */
async function joinToo({ email }: { readonly email: string }, organization: Organization): Promise<void> {
  const { token } = await invite(gateway, organization, { email });
  const acceptor = { kind: 'new', name: 'Ada', password: PASSWORD } as const;
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
}

/** Somebody without a second factor whose organization has asked for one; the browser has shown the password. */
async function anEnrolling(organization?: Organization) {
  const home = organization ?? (await anOrganization());
  const person = await aPerson(home);
  await requireIt(home);
  const browser = createBrowser();
  expect(await tryPassword(gateway, browser, person)).toEqual(SETUP);
  return { ...person, home, browser };
}

const cookieOf = (browser: Browser) =>
  browser.cookies.valueOf(gateway.baseUrl, '__Host-gatehouse-session') ?? '';
const sessionOf = (browser: Browser) =>
  gateway.storage.sessions.findByHash(gateway.deps.hashToken(cookieOf(browser)));
const organizationOf = async (browser: Browser) =>
  (await ask(gateway, browser, { path: '/api/v1/session' })).body.organization?.id;
const secretIn = (text: string): string =>
  (/<code>([A-Z2-7 ]+)<\/code>/.exec(text)?.[1] ?? '').replaceAll(' ', '');

async function addPasskey(browser: Browser) {
  const at = '/api/v1/account/passkeys';
  const options = await ask(gateway, browser, { path: `${at}/options`, body: { currentPassword: PASSWORD } });
  if (options.status !== 200) return { status: options.status, use: async () => 0, device: undefined };
  const device = createAuthenticator(gateway.baseUrl);
  const credential = device.register(options.body.challenge);
  const added = await ask(gateway, browser, { path: at, body: { name: 'Phone', credential } });
  const use = async (other: Browser) => {
    const asked = await ask(gateway, other, { path: '/sign-in/passkey/options', body: {} });
    const body = device.signIn(asked.body.challenge, options.body.user.id);
    return (await ask(gateway, other, { path: '/sign-in/passkey', body })).status;
  };
  return { status: added.status, use, id: added.body.id as string };
}

describe('PATCH requireSecondFactor', () => {
  const patch = (browser: Browser, { id }: Organization) =>
    ask(gateway, browser, {
      ...{ path: `/api/v1/organizations/${id}`, method: 'PATCH', body: { requireSecondFactor: true } },
    });

  test('200 for an owner who has one and has just shown it; the audit says before and after', async () => {
    const home = await anOrganization();
    const owner = await aPerson(home, 'owner');
    expect((await patch(owner.browser, home)).body).toMatchObject({
      code: 'invalid',
      field: 'requireSecondFactor',
    });
    const { secret } = await turnOnSecondFactor(gateway, owner.browser);
    const browser = createBrowser();
    await tryPassword(gateway, browser, owner);
    const code = codeOf(secret, gateway.clock.now());
    await ask(gateway, browser, { path: '/sign-in/second-step', body: { code } });
    expect(await patch(browser, home)).toMatchObject({ status: 200, body: { requireSecondFactor: true } });
    expect(await isSignedIn(gateway, browser)).toBe(true);
    const rows = await gateway.storage.auditEvents.list(
      home.id,
      { type: 'organization.updated' },
      { limit: 9 },
    );
    expect(rows.at(-1)?.details).toMatchObject({
      before: { requireSecondFactor: false },
      after: { requireSecondFactor: true },
    });
  });

  test('403 for an admin, and for an owner whose sign-in is old (S192)', async () => {
    const home = await anOrganization();
    const admin = await aPerson(home, 'admin');
    expect((await patch(admin.browser, home)).body.code).toBe('forbidden');
    const owner = await aPerson(home, 'owner');
    gateway.clock.advance(minutes(11));
    expect((await patch(owner.browser, home)).body.code).toBe('step_up_required');
  });

  test('law 6: ends at once the sessions of those who showed a password alone, and no other', async () => {
    const home = await anOrganization();
    const careless = await aPerson(home);
    const holder = await aPerson(home);
    const { use } = await addPasskey(holder.browser);
    const careful = createBrowser();
    expect(await use(careful)).toBe(204);
    const elsewhere = await aPerson(await anOrganization());
    await requireIt(home);
    const signedIn = await Promise.all(
      [careless.browser, holder.browser, careful, elsewhere.browser].map((each) => isSignedIn(gateway, each)),
    );
    expect(signedIn).toEqual([false, false, true, true]);
    const rows = await gateway.storage.auditEvents.list(home.id, { type: 'session.ended' }, { limit: 9 });
    expect(new Set(rows.map(({ details }) => details.reason))).toEqual(new Set(['second_factor_required']));
  });
});

describe('a password alone', () => {
  test('opens nothing but the way to a second factor: every route of a session says where to set it up; who is signed in: nobody (S192)', async () => {
    const { browser } = await anEnrolling();
    const guarded = apiRoutes.filter(
      ({ guard }) => guard.kind === 'session' || guard.kind === 'organization',
    );
    expect(guarded.length).toBeGreaterThan(150);
    const [open, nobody]: [string[], string[]] = [[], []];
    for (const { method, path } of guarded) {
      const at = `/api/v1${path.replace(/:\w+/g, 'org_01jc0000000000000000000000')}`;
      const body = method === 'get' || method === 'delete' ? {} : { body: {} };
      const answer = await ask(gateway, browser, { path: at, method: method.toUpperCase(), ...body });
      if (answer.status === 401) nobody.push(`${method} ${path}`);
      else if (answer.body.code !== SETUP.code) open.push(`${method} ${path}`);
      else expect([answer.status, answer.body.url]).toEqual([403, `${gateway.baseUrl}/account/enrol`]);
    }
    expect(nobody).toEqual(['get /session']);
    expect(open).toEqual([
      'post /account/second-factor',
      'post /account/second-factor/confirm',
      'post /account/passkeys/options',
      'post /account/passkeys',
    ]);
  });

  test('leads from wherever the person wanted to go to the second step, and on from there', async () => {
    const { email, home } = await anEnrolling();
    const browser = createBrowser();
    const start = await browser.follow(`${gateway.baseUrl}/sign-in?return_to=/account`);
    const enrol = await browser.submitForm(start, {
      form: 'password',
      values: { email, password: PASSWORD },
    });
    expect(new URL(enrol.url).pathname).toBe('/account/enrol');
    for (const path of ['/', '/account', '/sign-in'])
      expect((await browser.follow(`${gateway.baseUrl}${path}`)).url).toContain('/account/enrol');
    const setUp = await browser.submitForm(enrol, { form: 'enrol' });
    const limited = cookieOf(browser);
    const wrong = await browser.submitForm(setUp, { values: { code: '000000' } });
    expect([wrong.status, await isSignedIn(gateway, browser)]).toEqual([422, false]);
    expect(secretIn(wrong.text)).toBe(secretIn(setUp.text));
    expect(wrong.text).toContain('<svg class="qr"');
    const code = codeOf(secretIn(setUp.text), gateway.clock.now());
    const done = await browser.submitForm(wrong, { values: { code } });
    expect(done.text).toContain('href="/account">I have kept them');
    expect(await sessionOf(browser)).toMatchObject({ amr: ['pwd', 'otp'], organizationId: home.id });
    expect(await gateway.storage.sessions.findByHash(gateway.deps.hashToken(limited))).toBeUndefined();
    expect((await browser.follow(`${gateway.baseUrl}/account`)).url).toBe(`${gateway.baseUrl}/account`);
  });

  test('in JSON: the same two calls, and the answer to the second brings a full session', async () => {
    const { browser } = await anEnrolling();
    await turnOnSecondFactor(gateway, browser);
    expect(await isSignedIn(gateway, browser)).toBe(true);
  });

  test('a passkey does as well: made there, then signed in with', async () => {
    const { browser } = await anEnrolling();
    const { status, use } = await addPasskey(browser);
    expect([status, await isSignedIn(gateway, browser)]).toEqual([201, false]);
    expect(await use(browser)).toBe(204);
    expect(await isSignedIn(gateway, browser)).toBe(true);
  });

  test('is over after a quarter of an hour', async () => {
    const { browser } = await anEnrolling();
    gateway.clock.advance(minutes(15));
    const body = { currentPassword: PASSWORD };
    expect((await ask(gateway, browser, { path: '/api/v1/account/second-factor', body })).status).toBe(401);
    expect((await browser.follow(`${gateway.baseUrl}/account/enrol`)).url).toContain('/sign-in');
  });

  test('of a new member, who has just accepted an invitation, too', async () => {
    const home = await anOrganization();
    await requireIt(home);
    const { path } = await invite(gateway, home);
    const browser = createBrowser();
    const page = await browser.follow(`${gateway.baseUrl}${path}`);
    const joined = await browser.submitForm(page, { values: { name: 'Ada', password: PASSWORD } });
    expect(joined.url).toContain('/account/enrol');
    expect(await isSignedIn(gateway, browser)).toBe(false);
  });

  test.each(FOREIGN)('S186: another site enrols nobody: %s', async (_title, headers) => {
    const { browser } = await anEnrolling();
    for (const path of ['/account/enrol', '/account/enrol-confirm'])
      expect((await postForm(gateway, browser, { path, headers })).status).toBe(403);
  });
});

describe('whoever knows the password of somebody with a second factor', () => {
  test('makes no other one: with a passkey there, the password opens nothing', async () => {
    const home = await anOrganization();
    const holder = await aPerson(home);
    const { use } = await addPasskey(holder.browser);
    await requireIt(home);
    const thief = createBrowser();
    expect(await tryPassword(gateway, thief, holder)).toEqual({
      status: 401,
      code: 'second_factor_required',
    });
    expect(cookieOf(thief)).toBe('');
    const form = await postForm(gateway, thief, {
      path: '/sign-in/password',
      fields: { email: holder.email, password: PASSWORD },
    });
    expect([form.status, form.text.includes('Sign in with your passkey.')]).toEqual([401, true]);
    expect(await use(createBrowser())).toBe(204);
  });

  test('not even with a session that waited while the person made theirs', async () => {
    const { browser, ...person } = await anEnrolling();
    const thief = createBrowser();
    await tryPassword(gateway, thief, person);
    await turnOnSecondFactor(gateway, browser);
    expect((await addPasskey(thief)).status).toBe(401);
    expect((await thief.follow(`${gateway.baseUrl}/account/enrol`)).url).toContain('/sign-in');
  });

  test('a password renews no session that a passkey opened (S192)', async () => {
    const home = await anOrganization();
    const holder = await aPerson(home);
    const { use } = await addPasskey(holder.browser);
    await requireIt(home);
    const browser = createBrowser();
    await use(browser);
    const again = await ask(gateway, browser, { path: '/sign-in-again', body: { password: PASSWORD } });
    expect(again.body.code).toBe('second_factor_required');
    expect(await isSignedIn(gateway, browser)).toBe(true);
  });
});

describe('one organization of several', () => {
  test('law 3: does not stand between a person and the others; going there leads to the second step', async () => {
    const [plain, strict] = [await anOrganization(), await anOrganization()];
    const person = await aPerson(plain);
    await joinToo(person, strict);
    await requireIt(strict);
    const browser = createBrowser();
    expect((await tryPassword(gateway, browser, person)).status).toBe(204);
    expect(await organizationOf(browser)).toBe(plain.id);
    const go = { path: '/api/v1/session/organization', body: { organization: strict.slug } };
    expect(await ask(gateway, browser, go)).toMatchObject({
      status: 403,
      body: { code: SETUP.code, url: `${gateway.baseUrl}/account/enrol` },
    });
    expect(await isSignedIn(gateway, browser)).toBe(false);
    await turnOnSecondFactor(gateway, browser);
    expect(await organizationOf(browser)).toBe(strict.id);
  });

  test('the last second factor is not taken away while one asks for it', async () => {
    const { browser, home } = await anEnrolling();
    const { secret } = await turnOnSecondFactor(gateway, browser);
    const body = { currentPassword: PASSWORD, code: codeOf(secret, gateway.clock.now()) };
    const remove = () => ask(gateway, browser, { path: '/api/v1/account/second-factor/remove', body });
    expect(await remove()).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining(home.name) },
    });
    const { id } = await addPasskey(browser);
    expect((await remove()).status).toBe(204);
    const path = `/api/v1/account/passkeys/${id}`;
    expect((await ask(gateway, browser, { path, method: 'DELETE' })).status).toBe(422);
  });
});

describe('personal API keys', () => {
  const make = async (browser: Browser, { id }: Organization, kind = 'personal') => {
    const body = { name: 'Nightly', kind, scopes: ['members.read'] };
    return (await ask(gateway, browser, { path: `/api/v1/organizations/${id}/api-keys`, body })).body;
  };
  const reads = async ({ id }: Organization, { token }: { readonly token: string }) =>
    (
      await fetch(`${gateway.baseUrl}/api/v1/organizations/${id}/members`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).status;

  test('S157: made behind a password alone they end with its sessions, for good; the others go on', async () => {
    const home = await anOrganization();
    const careless = await aPerson(home, 'admin');
    const holder = await aPerson(home);
    const careful = createBrowser();
    await (await addPasskey(holder.browser)).use(careful);
    const keys = [
      await make(careless.browser, home),
      await make(careless.browser, home, 'team'),
      await make(careful, home),
    ];
    const all = () => Promise.all(keys.map((key) => reads(home, key)));
    expect(await all()).toEqual([200, 200, 200]);
    await requireIt(home);
    expect(await all()).toEqual([401, 200, 200]);
    const rows = await gateway.storage.auditEvents.list(home.id, { type: 'api_key.removed' }, { limit: 9 });
    expect(rows).toMatchObject([
      { target: { id: keys[0].id }, details: { reason: 'second_factor_required' } },
    ]);
    await updateOrganization(gateway.deps, {
      ...{ organizationId: home.id, caller: operatorCaller, cause: testCause },
      change: { requireSecondFactor: false },
    });
    expect(await all()).toEqual([401, 200, 200]);
  });

  test('S157: one that is left over is refused where it is used', async () => {
    const home = await anOrganization();
    const key = await make((await aPerson(home)).browser, home);
    await gateway.storage.transact(async (tx) => {
      const row = await tx.organizations.find(home.id);
      if (row !== undefined)
        await tx.organizations.update(home.id, { ...row, requireSecondFactor: true }, row.version);
    });
    expect(await reads(home, key)).toBe(401);
  });
});

test('lost: an admin takes the factors away, and the next sign-in leads to a new one', async () => {
  const { browser, home, membershipId, email, userId } = await anEnrolling();
  await turnOnSecondFactor(gateway, browser);
  const at = `${gateway.baseUrl}/api/v1/organizations/${home.id}/members/${membershipId}/second-factors`;
  const authorization = `Bearer ${gateway.operatorKey}`;
  expect((await fetch(at, { method: 'DELETE', headers: { authorization } })).status).toBe(204);
  expect(await isSignedIn(gateway, browser)).toBe(false);
  const user = await gateway.storage.users.find(userId);
  if (user === undefined) throw new Error('nobody');
  const passwordHash = await gateway.deps.passwords.hash(PASSWORD);
  await gateway.storage.transact((tx) => tx.users.update({ ...user, passwordHash }, user.version));
  expect(await tryPassword(gateway, createBrowser(), { email })).toEqual(SETUP);
});
