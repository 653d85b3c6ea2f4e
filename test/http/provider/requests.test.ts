/** Ways in which applications ask, and ways in which they are answered: by form, with hints, for another organization. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { answerTo, startApplication, type TestApplication } from '../../support/application.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { readForms } from '../../support/html-forms.ts';
import { aMember, invite, PASSWORD } from '../../support/page-visits.ts';

let gateway: TestGateway;
let product: TestApplication;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  product = await startApplication(gateway);
});
afterAll(async () => {
  for (const each of [product, gateway]) await each.close();
});

const newOrganization = () => gateway.createOrganization({ slug: nextText('acme') });

/** The request as another site's form posts it. */
const posted = (body: string) => ({
  method: 'POST',
  headers: {
    'content-type': 'application/x-www-form-urlencoded',
    origin: 'https://product.example',
    'sec-fetch-site': 'cross-site',
  },
  body,
});

describe('an authorization request by POST (OIDC Core §3.1.2.1)', () => {
  test('is asked again by GET, which brings the session that a form of another site does not', async () => {
    const { browser } = await aMember(gateway, await newOrganization());
    const departure = await product.begin();
    const { origin, pathname, search } = new URL(departure.url);
    const first = await createBrowser().request(`${origin}${pathname}`, posted(search.slice(1)));
    expect([first.status, first.headers.get('location')]).toEqual([303, `/oidc/authorize${search}`]);
    expect(first.headers.getSetCookie()).toEqual([]);
    const tokens = await product.redeem(
      departure,
      (await browser.follow(`${origin}${pathname}`, posted(search.slice(1)))).url,
    );
    expect(tokens.claims()?.amr).toEqual(['pwd']);
  });

  test('keeps a parameter sent twice, which is refused', async () => {
    const departure = await product.begin();
    const { origin, pathname, search } = new URL(departure.url);
    const page = await createBrowser().follow(
      `${origin}${pathname}`,
      posted(`${search.slice(1)}&nonce=another`),
    );
    expect(answerTo(page).get('error')).toBe('invalid_request');
  });

  test('of another media type is 415, of 20 KB 413', async () => {
    const at = `${gateway.baseUrl}/oidc/authorize`;
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await createBrowser().request(at, json)).status).toBe(415);
    expect((await createBrowser().request(at, posted(`a=${'x'.repeat(20_000)}`))).status).toBe(413);
  });
});

describe('response_mode form_post', () => {
  test('S97, S104: the answer is a form that only its own script may send, and only to the application', async () => {
    const { browser } = await aMember(gateway, await newOrganization());
    const departure = await product.begin({ response_mode: 'form_post' });
    const page = await browser.follow(departure.url);
    const [form] = readForms(page.text);
    expect([form?.action, form?.method]).toEqual([product.redirectUri, 'POST']);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none';script-src 'sha256-[^']+';form-action https: http:\/\/127/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers.get('cache-control')).toContain('no-store');
    const answer = new URLSearchParams((form?.fields ?? []).map(([name, value]) => [name, value]));
    const tokens = await product.redeem(departure, `${product.redirectUri}?${answer}`);
    expect(tokens.claims()?.sub).toMatch(/^usr_/);
  });

  test('an error comes in the same way; other pages get no place for scripts', async () => {
    const refused = await createBrowser().follow(
      (await product.begin({ response_mode: 'form_post', prompt: 'none' })).url,
    );
    const fields = new Map((readForms(refused.text)[0]?.fields ?? []).map(([name, value]) => [name, value]));
    expect(fields.get('error')).toBe('login_required');
    const wrong = new URL((await product.begin({ response_mode: 'form_post' })).url);
    wrong.searchParams.set('redirect_uri', 'https://evil.example/');
    const page = await createBrowser().follow(wrong.href);
    expect([page.status, readForms(page.text)]).toEqual([400, []]);
    expect(page.headers.get('content-security-policy')).not.toContain('script-src');
    expect(page.text).not.toContain('evil.example');
  });

  test('discovery names what works', async () => {
    const { text } = await createBrowser().request(
      `${gateway.baseUrl}/oidc/.well-known/openid-configuration`,
    );
    expect(JSON.parse(text)).toMatchObject({
      response_modes_supported: ['query', 'form_post'],
      prompt_values_supported: ['none', 'login', 'select_account', 'consent'],
    });
  });
});

describe('hints', () => {
  test.each(['con_01jc0000000000000000000000', 'nonsense'])(
    'the unknown connection %s is told to the application, not passed over',
    async (connection) => {
      const page = await createBrowser().follow((await product.begin({ connection })).url);
      expect(page.url.startsWith(product.redirectUri)).toBe(true);
      expect(answerTo(page).get('error')).toBe('invalid_request');
    },
  );

  test('an organization that is named is not asked for again, whether it exists or not (S155)', async () => {
    const { slug } = await newOrganization();
    for (const organization of [slug, 'nobody-has-this']) {
      const page = await createBrowser().follow((await product.begin({ organization })).url);
      expect(page.status).toBe(200);
      expect(readForms(page.text).map(({ name }) => name)).toEqual(['password', 'passkey']);
      expect(page.text).toContain('Sign in through your organization');
    }
  });
});

/** A person with a password whose last used organization is `home`. */
async function inTwo() {
  const [home, other] = [await newOrganization(), await newOrganization()];
  const { email } = await aMember(gateway, other);
  await joinWithPassword(home, email);
  return { home, other, email };
}

async function joinWithPassword(organization: Organization, email: string): Promise<void> {
  const { token } = await invite(gateway, organization, { email });
  const acceptor = { kind: 'new', name: 'Ada', password: PASSWORD } as const;
  gateway.clock.advance(1000);
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
}

async function signInFor(organization: string, email: string) {
  const browser = createBrowser();
  const departure = await product.begin({ organization });
  const page = await browser.follow(departure.url);
  const next = await browser.submitForm(page, { form: 'password', values: { email, password: PASSWORD } });
  const onward = /url=([^"]+)"/.exec(next.text)?.[1]?.replaceAll('&amp;', '&') ?? '/';
  return { browser, departure, page: await browser.follow(new URL(onward, gateway.baseUrl).href) };
}

describe('somebody with a password, for another of their organizations than the last used one', () => {
  test('S191: goes on to the one the application named, with one session and not two', async () => {
    const { home, other, email } = await inTwo();
    const { departure, page } = await signInFor(other.slug, email);
    expect((await product.redeem(departure, page.url)).claims()?.org_id).toBe(other.id);
    const user = await gateway.storage.users.findByEmail(email);
    const left = await gateway.storage.memberships.findByUser(home.id, user?.id ?? ('' as never));
    const sessions = await gateway.storage.sessions.listByMembership(home.id, left?.id ?? ('' as never));
    // The one of the invitation; the one of this sign-in has moved on.
    expect(sessions).toHaveLength(1);
  });

  test.each([
    ['they are in no such organization', async () => (await newOrganization()).slug],
    ['there is no such organization', async () => 'nobody-has-this'],
  ])('S95: %s: access_denied', async (_why, named) => {
    const { email } = await inTwo();
    const { page } = await signInFor(await named(), email);
    expect(answerTo(page).get('error')).toBe('access_denied');
  });

  test('S157: one that has come to require single sign-on lets no password in', async () => {
    const { other, email } = await inTwo();
    await gateway.storage.transact(async ({ organizations }) => {
      const found = await organizations.find(other.id);
      if (found !== undefined)
        await organizations.update(other.id, { ...found, ssoPolicy: 'required' }, found.version);
    });
    const { page } = await signInFor(other.slug, email);
    expect(answerTo(page).get('error')).toBe('access_denied');
  });
});
