/** OIDC sign-in against a provider we did not write: who comes in, what a callback must be, and what never leads in. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, type OidcIdpUser, startOidcIdp } from '../../support/idp/oidc.ts';
import { countOfType } from '../../support/journal-rows.ts';
import {
  addOidcConnection,
  pushChange,
  pushPerson,
  refusalReasons,
  sessionStatus,
  setSession,
} from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let idp: OidcIdp;

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startOidcIdp();
});

afterAll(async () => {
  await idp.close();
  await gateway.close();
});

type Company = Awaited<ReturnType<typeof aCompany>>;

async function aCompany(choice: Partial<Parameters<typeof addOidcConnection>[2]> = {}) {
  const organization = await gateway.createOrganization({ name: 'Contoso', slug: nextText('contoso') });
  const directory = await gateway.createDirectory(organization, 'entra');
  const connection = await addOidcConnection(gateway, organization, { idp, name: 'Contoso ID', ...choice });
  return { organization, directory, connection };
}

/** A person of the provider whom nobody else is. */
function aUser(overrides: Partial<OidcIdpUser> = {}): OidcIdpUser {
  const sub = nextText('sub');
  const user = { sub, email: `${sub}@contoso.example`, ...overrides };
  idp.addUser(user);
  return user;
}

const startPath = ({ organization }: Company, user: OidcIdpUser, query = '') =>
  `/sign-in/${organization.slug}?login_hint=${encodeURIComponent(user.email)}${query}`;

async function signIn(company: Company, user: OidcIdpUser, query = '') {
  const browser = createBrowser();
  const page = await browser.signIn(`${gateway.baseUrl}${startPath(company, user, query)}`);
  return { browser, page };
}

/** Walks to the provider and back, and stops in front of the callback. */
async function atTheDoor(company: Company, user: OidcIdpUser, browser = createBrowser()) {
  let url = `${gateway.baseUrl}${startPath(company, user)}`;
  for (let hop = 0; hop < 10; hop += 1) {
    const page = await browser.request(url);
    const location = page.headers.get('location');
    if (location === null) throw new Error(`stopped at ${url} with ${page.status}: ${page.text}`);
    url = new URL(location, url).href;
    if (url.includes('/oidc-callback/')) return { browser, callback: new URL(url) };
  }
  throw new Error('no callback');
}

describe('a person of the directory', () => {
  test('comes in when sub is their externalId, to the page they wanted', async () => {
    const company = await aCompany();
    const user = aUser({ emailVerified: false });
    await pushPerson(gateway, company.directory, {
      userName: 'somebody',
      externalId: user.sub,
      personName: 'Ada L',
    });
    const { browser, page } = await signIn(company, user, '&return_to=%2Fsign-out');
    expect(await countOfType(gateway.storage, company.organization.id, 'oidc.accepted')).toBe(1);
    expect(page.url).toBe(`${gateway.baseUrl}/sign-out`);
    const own = await browser.follow(gateway.baseUrl);
    for (const text of ['Ada L', 'Contoso ID']) expect(own.text).toContain(text);
  });

  test("comes in when Entra's oid is their externalId", async () => {
    const company = await aCompany();
    const user = aUser({ claims: { oid: 'f0a1' } });
    await pushPerson(gateway, company.directory, { userName: 'other name', externalId: 'f0a1' });
    expect(await sessionStatus(gateway, (await signIn(company, user)).browser)).toBe(200);
  });

  test('comes in when the verified e-mail is their userName', async () => {
    const company = await aCompany();
    const user = aUser();
    await pushPerson(gateway, company.directory, { userName: user.email.toUpperCase() });
    expect(await sessionStatus(gateway, (await signIn(company, user)).browser)).toBe(200);
  });

  test('comes in by the claim the connection names, and then by no other', async () => {
    const company = await aCompany({ userNameClaim: 'preferred_username' });
    const user = aUser({ claims: { preferred_username: 'upn@contoso.example' } });
    await pushPerson(gateway, company.directory, { userName: 'upn@contoso.example' });
    expect(await sessionStatus(gateway, (await signIn(company, user)).browser)).toBe(200);
    const other = aUser({ claims: { preferred_username: 'x' } });
    await pushPerson(gateway, company.directory, { userName: other.email });
    expect((await signIn(company, other)).page.status).toBe(403);
  });

  test('S141 is out on the very next request after active: false', async () => {
    const company = await aCompany();
    const user = aUser();
    const pushed = await pushPerson(gateway, company.directory, { userName: user.email });
    const { browser } = await signIn(company, user);
    await pushChange(gateway, pushed, { isActive: false });
    expect(await sessionStatus(gateway, browser)).toBe(401);
  });

  test('S142 is refused when active: false arrives between start and callback', async () => {
    const company = await aCompany();
    const user = aUser();
    const pushed = await pushPerson(gateway, company.directory, { userName: user.email });
    const { browser, callback } = await atTheDoor(company, user);
    await pushChange(gateway, pushed, { isActive: false });
    const page = await browser.request(callback.href);
    expect(await refusalReasons(gateway, company.organization, page)).toEqual(['identity.inactive']);
    expect(setSession(page)).toBeUndefined();
  });
});

describe('is refused with the uniform page, without a session', () => {
  const refusedWith = async (company: Company, user: OidcIdpUser, reason: string) => {
    const { browser, page } = await signIn(company, user);
    expect(page.status).toBe(403);
    expect(page.text).toContain('You could not be signed in');
    expect(page.text).not.toContain(reason);
    expect(await refusalReasons(gateway, company.organization)).toEqual([reason]);
    expect(await countOfType(gateway.storage, company.organization.id, 'oidc.rejected')).toBe(1);
    expect(await sessionStatus(gateway, browser)).toBe(401);
  };

  test('S75 an address that the provider does not vouch for, although it is a userName', async () => {
    const company = await aCompany();
    const user = aUser({ emailVerified: false });
    await pushPerson(gateway, company.directory, { userName: user.email });
    await refusedWith(company, user, 'identity.not_in_directory');
  });

  test('S75 email_verified as text', async () => {
    const company = await aCompany();
    const user = aUser({ claims: { email_verified: 'true' } });
    await pushPerson(gateway, company.directory, { userName: user.email });
    await refusedWith(company, user, 'identity.not_in_directory');
  });

  test('somebody inactive', async () => {
    const company = await aCompany();
    const user = aUser();
    await pushPerson(gateway, company.directory, { userName: user.email, isActive: false });
    await refusedWith(company, user, 'identity.inactive');
  });

  test('S74 the address of a person of another organization', async () => {
    const [theirs, ours] = [await aCompany(), await aCompany()];
    const user = aUser();
    await pushPerson(gateway, theirs.directory, { userName: user.email, externalId: user.sub });
    await refusedWith(ours, user, 'identity.not_in_directory');
  });
});

describe('the callback', () => {
  async function ready() {
    const company = await aCompany();
    const user = aUser();
    await pushPerson(gateway, company.directory, { userName: user.email });
    return { company, user, ...(await atTheDoor(company, user)) };
  }

  const refused = async (
    { company, browser }: Pick<Awaited<ReturnType<typeof ready>>, 'company' | 'browser'>,
    url: URL | string,
    reason: string,
  ) => {
    const page = await browser.request(String(url));
    expect(page.status).toBe(403);
    expect(setSession(page)).toBeUndefined();
    expect(page.headers.get('location')).toBeNull();
    expect(await refusalReasons(gateway, company.organization, page)).toEqual([reason]);
    return page;
  };

  test('S72 works once: the second time nothing is pending', async () => {
    const door = await ready();
    expect((await door.browser.request(door.callback.href)).status).toBe(303);
    await refused(door, door.callback, 'sign_in.not_pending');
  });

  test.each([2, 10])(
    'S72 %d times at once lets the person in once, and the provider sees the code once',
    async (times) => {
      const { browser, callback, company } = await ready();
      const complaints = idp.errors.length;
      const pages = await Promise.all(Array.from({ length: times }, () => browser.request(callback.href)));
      expect(pages.map(({ status }) => status).toSorted()).toEqual([303, ...Array(times - 1).fill(403)]);
      expect(pages.filter((page) => setSession(page) !== undefined)).toHaveLength(1);
      expect(await sessionStatus(gateway, browser)).toBe(200);
      const reasons = await refusalReasons(gateway, company.organization);
      expect(reasons).toEqual(Array(times - 1).fill('sign_in.not_pending'));
      expect(idp.errors.slice(complaints)).toEqual([]);
    },
  );

  test("S72 of another browser is nobody's, and ends nothing", async () => {
    const door = await ready();
    await refused({ ...door, browser: createBrowser() }, door.callback, 'sign_in.not_pending');
    expect((await door.browser.request(door.callback.href)).status).toBe(303);
  });

  test.each([
    ['without state', (url: URL) => url.searchParams.delete('state'), 'oidc.state'],
    ['with an empty state', (url: URL) => url.searchParams.set('state', ''), 'oidc.state'],
    [
      'with a state of its own',
      (url: URL) => url.searchParams.set('state', `ghr_${'A'.repeat(43)}`),
      'sign_in.not_pending',
    ],
    ['with two states', (url: URL) => url.searchParams.append('state', 'x'), 'oidc.state'],
  ])('S72 %s is refused, and the sign-in goes on', async (_title, change, reason) => {
    const door = await ready();
    const genuine = door.callback.href;
    change(door.callback);
    await refused(door, door.callback, reason);
    expect((await door.browser.request(genuine)).status).toBe(303);
  });

  test.each([
    ['with two codes', (url: URL) => url.searchParams.append('code', 'x'), 'oidc.response'],
    ['without code', (url: URL) => url.searchParams.delete('code'), 'oidc.response'],
    ['with a made-up code', (url: URL) => url.searchParams.set('code', 'made-up'), 'oidc.code'],
    ['with an error', (url: URL) => url.searchParams.set('error', 'access_denied'), 'oidc.denied'],
    [
      'of another issuer (S71)',
      (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
      'oidc.response_issuer',
    ],
  ])('S72 %s is refused, and was the last answer to this sign-in', async (_title, change, reason) => {
    const door = await ready();
    const genuine = door.callback.href;
    change(door.callback);
    if (reason === 'oidc.denied') door.callback.searchParams.delete('code');
    await refused(door, door.callback, reason);
    await refused(door, genuine, 'sign_in.not_pending');
  });

  test('S71 an answer for one connection at the address of another', async () => {
    const door = await ready();
    const other = await addOidcConnection(gateway, door.company.organization, { idp });
    const url = door.callback.href.replace(door.company.connection.id, other.id);
    await refused(door, url, 'sign_in.not_pending');
  });

  test('S73 a code that another browser was given fails on the code verifier', async () => {
    const victim = await ready();
    const attacker = await atTheDoor(victim.company, aUser());
    victim.callback.searchParams.set('code', attacker.callback.searchParams.get('code') ?? '');
    await refused(victim, victim.callback, 'oidc.code');
  });

  test('S86 a forged Host changes nothing: the redirect URI is the configured one', async () => {
    const { browser, callback } = await ready();
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      host: 'evil.example',
    };
    const page = await browser.request(callback.href, { headers });
    expect(page.status).toBe(303);
    expect(page.headers.get('location')).toBe('/');
  });

  test('S87 an error with markup and addresses is neither shown nor followed', async () => {
    const door = await ready();
    const { searchParams } = door.callback;
    searchParams.delete('code');
    searchParams.set('error', 'access_denied');
    searchParams.set('error_description', '<script>alert(1)</script> https://evil.example');
    searchParams.set('error_uri', 'https://evil.example');
    const page = await refused(door, door.callback, 'oidc.denied');
    expect(page.text).not.toMatch(/script|evil/);
  });

  test('S52 a HEAD spends nothing, a POST is not known here; both have the page of every refusal, and their reason', async () => {
    const { browser, callback, company } = await ready();
    for (const method of ['HEAD', 'POST', 'PUT']) {
      const page = await browser.request(callback.href, { method });
      expect([page.status, page.headers.get('allow')]).toEqual([405, 'GET']);
      if (method !== 'HEAD') expect(page.text).toContain('You could not be signed in');
      expect(await refusalReasons(gateway, company.organization, page)).toEqual(['unread.method']);
    }
    expect((await browser.request(callback.href)).status).toBe(303);
  });

  test('law 10: an unknown connection and one of the other protocol look like every refusal', async () => {
    const door = await ready();
    const known = await refused(door, `${door.callback.origin}${door.callback.pathname}`, 'oidc.state');
    const page = await door.browser.request(`${gateway.baseUrl}/oidc-callback/con_${'0'.repeat(26)}?code=x`);
    const bare = (text: string) => text.replace(/<code>[^<]*<\/code>/, '');
    expect(page.status).toBe(known.status);
    expect(bare(page.text)).toBe(bare(known.text));
  });
});

describe('a start that cannot work is the same page, never a 5xx', () => {
  test.each([
    ['a provider that is down', { idp: { issuer: 'http://127.0.0.1:9' } }, 'oidc.unreachable'],
    ['a draft that is named', { status: 'draft' as const }, 'sign_in.connection_inactive'],
    ['a disabled one that is named', { status: 'disabled' as const }, 'sign_in.connection_inactive'],
  ])('%s', async (_title, choice, reason) => {
    const { organization, connection } = await aCompany(choice);
    const browser = createBrowser();
    const page = await browser.request(
      `${gateway.baseUrl}/sign-in/${organization.slug}?connection=${connection.id}`,
    );
    expect(page.status).toBe(403);
    expect(page.text).toContain('You could not be signed in');
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(await refusalReasons(gateway, organization, page)).toEqual([reason]);
  });

  test('S106 a connection of another organization is as unknown as none', async () => {
    const [ours, theirs] = [await aCompany(), await aCompany()];
    const page = await createBrowser().request(
      `${gateway.baseUrl}/sign-in/${ours.organization.slug}?connection=${theirs.connection.id}`,
    );
    expect(page.status).toBe(403);
    expect(await refusalReasons(gateway, theirs.organization, page)).toEqual([]);
  });
});
