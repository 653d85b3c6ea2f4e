/** A session that was carried into an organization which asks for a second factor: it sets none up without the person's password. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { mailedLink } from '../../../src/core/joining/invitation-links.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import { newSessionToken, startSession } from '../../../src/core/sign-in/sessions.ts';
import { hours, minutes } from '../../../src/kernel/clock.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { ask, codeOf, isSignedIn, tryPassword } from '../../support/credentials.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { aMember, invite, PASSWORD } from '../../support/page-visits.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true });
});
afterAll(() => gateway.close());

const anOrganization = () => gateway.createOrganization({ slug: nextText('home') });

/** Asks for a second factor from its first day on, as the organization of an attacker may. */
async function aStrictOne() {
  const organization = await anOrganization();
  await updateOrganization(gateway.deps, {
    ...{ organizationId: organization.id, caller: { kind: 'operator' }, cause: testCause },
    change: { requireSecondFactor: true },
  });
  return organization;
}

/** Invites the person of this browser and accepts in their session; what opens is for a second factor and nothing else. */
async function carryInto(
  organization: Organization,
  { email, browser }: Awaited<ReturnType<typeof aMember>>,
) {
  const { token } = await invite(gateway, organization, { email });
  const mailed = mailedLink('', token, gateway.deps.hashToken);
  const answer = await ask(gateway, browser, { path: `/api/v1${mailed}/accept`, body: {} });
  expect([answer.status, await isSignedIn(gateway, browser)]).toEqual([200, false]);
}

const sessionOf = (browser: Browser) => {
  const value = browser.cookies.valueOf(gateway.baseUrl, '__Host-gatehouse-session') ?? '';
  return gateway.storage.sessions.findByHash(gateway.deps.hashToken(value));
};
const enrolPage = (browser: Browser) => browser.follow(`${gateway.baseUrl}/account/enrol`);
const codeFrom = (text: string) =>
  codeOf((/<code>([A-Z2-7 ]+)<\/code>/.exec(text)?.[1] ?? '').replaceAll(' ', ''), gateway.clock.now());

const BEGIN = '/api/v1/account/second-factor';

describe('whoever holds the cookie of a password sign-in, and not the password', () => {
  /** How the session gets into the organization that asks for more. */
  const WAYS = {
    'by accepting its invitation': carryInto,
    'by going from one to the other': async (
      organization: Organization,
      { email, browser }: Awaited<ReturnType<typeof aMember>>,
    ) => {
      const { token } = await invite(gateway, organization, { email });
      const acceptor = { kind: 'new', name: 'Ada', password: PASSWORD } as const;
      await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
      const body = { organization: organization.id };
      const answer = await ask(gateway, browser, { path: '/api/v1/session/organization', body });
      expect(answer.body.code).toBe('second_factor_setup_required');
    },
  } as const;

  test.each(Object.entries(WAYS))(
    'S192: enrols nothing %s; the password is asked for first',
    async (_way, carry) => {
      const victim = await aMember(gateway, await anOrganization());
      gateway.clock.advance(minutes(1));
      await carry(await aStrictOne(), victim);
      const page = await enrolPage(victim.browser);
      const guess = { form: 'enrol', values: { current_password: 'not that one, but long' } };
      const wrong = await victim.browser.submitForm(page, guess);
      expect([wrong.status, wrong.text.includes('This is not your password.')]).toEqual([401, true]);
      const empty = await victim.browser.submitForm(page, { form: 'enrol', values: {} });
      expect([empty.status, empty.text.includes('<svg')]).toEqual([401, false]);
      const none = await ask(gateway, victim.browser, { path: BEGIN, body: { currentPassword: '' } });
      expect(none.status).toBe(401);
      expect(await isSignedIn(gateway, victim.browser)).toBe(false);
      expect((await tryPassword(gateway, createBrowser(), victim)).status).toBe(204);
    },
  );

  test('S192: completes nothing that the person began meanwhile, either', async () => {
    const victim = await aMember(gateway, await anOrganization());
    gateway.clock.advance(minutes(1));
    const { secret } = (
      await ask(gateway, victim.browser, { path: BEGIN, body: { currentPassword: PASSWORD } })
    ).body;
    await carryInto(await aStrictOne(), victim);
    const code = codeOf(secret, gateway.clock.now());
    const answer = await ask(gateway, victim.browser, { path: `${BEGIN}/confirm`, body: { code } });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(await isSignedIn(gateway, victim.browser)).toBe(false);
  });

  test('S189: stays in no longer by joining one organization after the other', async () => {
    const victim = await aMember(gateway, await anOrganization());
    const before = await sessionOf(victim.browser);
    gateway.clock.advance(hours(1));
    const { token } = await invite(gateway, await anOrganization(), { email: victim.email });
    await ask(gateway, victim.browser, { path: `/api/v1/invitations/${token}/accept`, body: {} });
    const after = await sessionOf(victim.browser);
    expect(after?.organizationId).not.toBe(before?.organizationId);
    expect(after?.expiresAt).toBe(before?.expiresAt);
  });
});

describe('the person, with the password', () => {
  test('sets it up on the page; the session says what was shown, and when', async () => {
    const person = await aMember(gateway, await anOrganization());
    gateway.clock.advance(minutes(1));
    const strict = await aStrictOne();
    await carryInto(strict, person);
    const values = { current_password: PASSWORD };
    const setUp = await person.browser.submitForm(await enrolPage(person.browser), { form: 'enrol', values });
    const done = await person.browser.submitForm(setUp, { values: { code: codeFrom(setUp.text) } });
    expect([done.status, await isSignedIn(gateway, person.browser)]).toEqual([200, true]);
    expect(await sessionOf(person.browser)).toMatchObject({
      ...{ amr: ['pwd', 'otp'], organizationId: strict.id },
      authTime: gateway.clock.now(),
    });
  });

  test('and in JSON: the answer to the first call brings the session for the second', async () => {
    const person = await aMember(gateway, await anOrganization());
    gateway.clock.advance(minutes(1));
    await carryInto(await aStrictOne(), person);
    const begun = await ask(gateway, person.browser, { path: BEGIN, body: { currentPassword: PASSWORD } });
    const code = codeOf(begun.body.secret, gateway.clock.now());
    const done = await ask(gateway, person.browser, { path: `${BEGIN}/confirm`, body: { code } });
    expect([done.status, done.body.recoveryCodes?.length]).toEqual([200, 10]);
    expect(await isSignedIn(gateway, person.browser)).toBe(true);
  });
});

describe('whoever came through an identity provider', () => {
  async function aConnection(organizationId: string) {
    const connection = { protocol: 'oidc', name: 'A', issuer: 'https://idp.example.com', clientId: 'a' };
    const made = await fetch(`${gateway.baseUrl}/api/v1/organizations/${organizationId}/connections`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...connection, clientSecret: 'b' }),
    });
    return (await made.json()).id;
  }

  /** In a session that the provider of their organization opened; a member with a password of another one, too. */
  async function aVouchedFor() {
    const person = await aMember(gateway, await anOrganization());
    const session = await sessionOf(person.browser);
    const membership =
      session && (await gateway.storage.memberships.find(session.organizationId, session.membershipId));
    if (membership === undefined) throw new Error('nobody');
    const { organizationId } = membership;
    const token = newSessionToken();
    const context = { organizationId, cause: testCause, now: gateway.clock.now() };
    const authentication = { connectionId: await aConnection(organizationId), amr: ['pwd', 'fed'] };
    await gateway.storage.transact((tx) =>
      startSession(tx, context, { membership, tokenHash: gateway.deps.hashToken(token), authentication }),
    );
    const browser = createBrowser();
    browser.cookies.store(new URL(gateway.baseUrl), [`__Host-gatehouse-session=${token}; Path=/; Secure`]);
    return { ...person, browser };
  }

  test('law 3, S191: makes no second factor of the person elsewhere, not with their password either', async () => {
    const person = await aVouchedFor();
    await carryInto(await aStrictOne(), person);
    expect(await sessionOf(person.browser)).toMatchObject({ connectionId: null, amr: ['fed'] });
    const page = await enrolPage(person.browser);
    expect(new URL(page.url).pathname).toBe('/sign-in');
    expect(page.text).toContain('Sign in with your own password or passkey.');
    const begun = await ask(gateway, person.browser, { path: BEGIN, body: { currentPassword: PASSWORD } });
    expect([begun.status, begun.body.code]).toEqual([401, 'unauthenticated']);
    const body = { code: '000000' };
    expect((await ask(gateway, person.browser, { path: `${BEGIN}/confirm`, body })).status).toBe(401);
    const options = await ask(gateway, person.browser, {
      ...{ path: '/api/v1/account/passkeys/options', body: { currentPassword: PASSWORD } },
    });
    expect(options.status).toBe(401);
  });
});
