/** The sign-in page, the look-up, passwords and signing out: what a stranger learns, and who may make a browser act. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addDomain } from '../../../src/core/connections/domains.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { aMember, FOREIGN, OWN, PASSWORD, postForm, withoutReference } from '../../support/page-visits.ts';
import { addSamlConnection, sessionStatus, setSession } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let organization: Organization;

beforeAll(async () => {
  gateway = await startGateway();
  organization = await gateway.createOrganization({ name: 'Acme', slug: 'acme' });
  const corp = await gateway.createOrganization({ name: 'Corp', slug: 'corp' });
  await addSamlConnection(gateway, corp);
  await addDomain(gateway.deps, {
    organizationId: corp.id,
    cause: testCause,
    domain: 'corp.example',
    vouched: true,
  });
});

afterAll(() => gateway.close());

const open = (path: string, browser = createBrowser()) => browser.follow(`${gateway.baseUrl}${path}`);

describe('finding the organization', () => {
  test.each([
    ['a slug', 'corp', '/sign-in/corp'],
    ['a slug with spaces and capitals', ' CORP ', '/sign-in/corp'],
    ['a work address', 'ada@corp.example', '/sign-in/corp?login_hint=ada%40corp.example'],
    ['a work address in capitals', 'ADA@CORP.EXAMPLE', '/sign-in/corp?login_hint=ADA%40CORP.EXAMPLE'],
    ['a slug that nobody has', 'nobody', '/sign-in/nobody'],
    ['something odd', 'a/../b?c=<d>', '/sign-in/a%2F..%2Fb%3Fc%3D%3Cd%3E'],
  ])('%s moves the page on, with no redirect that follows the form', async (_title, organization, path) => {
    const page = await createBrowser().submitForm(await open('/sign-in'), {
      form: 'organization',
      values: { organization },
    });
    expect(page.status).toBe(200);
    expect(page.trail).toHaveLength(1);
    const target = path.replaceAll('&', '&amp;');
    expect(page.text).toContain(`<meta http-equiv="refresh" content="0; url=${target}">`);
    expect(page.text).toContain(`href="${target}"`);
  });

  test('return_to comes along when it is a path of ours, and is dropped when not', async () => {
    const kept = await open('/sign-in?organization=corp&return_to=%2Fsign-out');
    expect(kept.text).toContain('url=/sign-in/corp?return_to=%2Fsign-out"');
    const dropped = await open('/sign-in?organization=corp&return_to=%2F%2Fevil.example');
    expect(dropped.text).toContain('url=/sign-in/corp"');
    for (const form of (await open('/sign-in?return_to=%2Fsign-out')).text.split('<form').slice(1))
      expect(form).toContain('name="return_to" value="/sign-out"');
  });

  test('S155 unknown slug and organization without single sign-on get one page', async () => {
    const slugs = ['nobody', 'acme'];
    const pages = await Promise.all(slugs.map((slug) => open(`/sign-in/${slug}`)));
    expect(pages.map(({ status }) => status)).toEqual([404, 404]);
    const texts = pages.map(({ text }, index) => text.replaceAll(`value="${slugs[index]}"`, 'value="NAME"'));
    expect(new Set(texts).size).toBe(1);
  });

  test('at the address of an organization without single sign-on a person goes on with their password, to where they wanted', async () => {
    const { email } = await aMember(gateway, organization);
    const browser = createBrowser();
    const query = `?return_to=%2Faccount&login_hint=${encodeURIComponent(email)}`;
    const page = await open(`/sign-in/${organization.slug}${query}`, browser);
    expect([page.status, page.text.includes(`value="${email}"`)]).toEqual([404, true]);
    const inside = await browser.submitForm(page, {
      form: 'password',
      values: { email, password: PASSWORD },
    });
    expect([inside.status, inside.url]).toEqual([200, `${gateway.baseUrl}/account`]);
  });

  test('S155 an address without company sign-in gets the forms back, whoever has it: member, suspended, nobody, unknown domain', async () => {
    const { email } = await aMember(gateway, organization);
    const addresses = [email, 'nobody@manual.example', 'x@unknown.example', 'x@gmail.com', 'odd@@x'];
    const pages = await Promise.all(
      addresses.map((address) => open(`/sign-in?organization=${encodeURIComponent(address)}`)),
    );
    const texts = pages.map(({ text }, index) => text.replaceAll(addresses[index] ?? '', 'X'));
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('name="email"');
    expect(texts[0]).toContain('value="X"');
  });

  test.each([
    ['login_hint=ada%40corp.example', '/sign-in/corp?login_hint=ada%40corp.example'],
    ['domain=CORP.example', '/sign-in/corp?connection={id}'],
    ['connection={id}', '/sign-in/corp?connection={id}'],
    ['connection={id}&login_hint=x%40y.example', '/sign-in/corp?connection={id}&login_hint=x%40y.example'],
    ['organization=corp&login_hint=x%40y.example', '/sign-in/corp?login_hint=x%40y.example'],
    ['domain=corp.example&return_to=%2Fa', '/sign-in/corp?connection={id}&return_to=%2Fa'],
  ])('%s leads to %s', async (query, path) => {
    const corp = await gateway.storage.organizations.findBySlug('corp');
    const [connection] = corp === undefined ? [] : await gateway.storage.connections.list(corp.id);
    const withId = (text: string) => text.replaceAll('{id}', connection?.id ?? 'none');
    const page = await open(`/sign-in?${withId(query)}`);
    expect(page.text).toContain(`content="0; url=${withId(path).replaceAll('&', '&amp;')}"`);
  });

  test.each(['con_00000000000000000000000000', 'nonsense'])(
    'connection=%s, which nobody has, is refused',
    async (id) => {
      expect((await open(`/sign-in?connection=${id}`)).status).toBe(403);
    },
  );

  test('a tie is a page of choices; an address of a domain tied to one goes straight there', async () => {
    const many = await gateway.createOrganization({ name: 'Many', slug: 'many' });
    const [first, second] = [
      await addSamlConnection(gateway, many, { name: 'Berlin' }),
      await addSamlConnection(gateway, many, { name: 'Paris' }),
    ];
    await addSamlConnection(gateway, many, { name: 'Unfinished', status: 'draft' });
    const request = { organizationId: many.id, cause: testCause, vouched: true };
    await addDomain(gateway.deps, { ...request, domain: 'paris.example', connectionId: second.id });
    const page = await open('/sign-in/many?return_to=%2Fapp');
    expect(page.status).toBe(200);
    for (const text of ['Berlin', 'Paris', `connection=${first.id}`, 'return_to=%2Fapp'])
      expect(page.text).toContain(text);
    expect(page.text).not.toContain('Unfinished');
    const tied = await createBrowser().request(
      `${gateway.baseUrl}/sign-in/many?login_hint=a%40paris.example`,
    );
    expect(tied.status).toBe(303);
    expect(tied.headers.get('location')).toContain('https://idp.example/sso');
  });

  test('a draft is nobody’s way in, named or not', async () => {
    const only = await gateway.createOrganization({ slug: 'only-draft' });
    const draft = await addSamlConnection(gateway, only, { status: 'draft' });
    expect((await open('/sign-in/only-draft')).status).toBe(404);
    expect((await open(`/sign-in/only-draft?connection=${draft.id}`)).status).toBe(403);
  });

  test('S155 a known and an unknown person of one domain get the same answer', async () => {
    const [known, unknown] = await Promise.all(
      ['ada', 'zzz'].map((name) => open(`/sign-in?organization=${name}%40corp.example`)),
    );
    expect(known?.text.replaceAll('ada', 'zzz')).toBe(unknown?.text);
  });

  test('S164 a HEAD starts no sign-in', async () => {
    const page = await createBrowser().request(`${gateway.baseUrl}/sign-in/corp`, { method: 'HEAD' });
    expect(page.status).toBe(405);
    expect(page.headers.getSetCookie()).toEqual([]);
  });
});

describe('a password', () => {
  test('opens a session from the form and leads to the page that was wanted', async () => {
    const { email } = await aMember(gateway, organization);
    const browser = createBrowser();
    const form = await open('/sign-in?return_to=%2Fsign-out', browser);
    const page = await browser.submitForm(form, { form: 'password', values: { email, password: PASSWORD } });
    expect(page).toMatchObject({ status: 200, url: `${gateway.baseUrl}/sign-out` });
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test('opens a session for JSON with 204 and the cookie, without an Origin', async () => {
    const { email } = await aMember(gateway, organization);
    const answer = await gateway.request().post('/sign-in/password').send({ email, password: PASSWORD });
    expect(answer.status).toBe(204);
    const cookies: readonly string[] = [answer.headers['set-cookie'] ?? []].flat();
    expect(cookies.find((cookie) => cookie.startsWith('__Host-gatehouse-session='))).toMatch(
      /^__Host-gatehouse-session=ghs_.+; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('S177 every failure of the form is one page with 401, that keeps the address and not the password', async () => {
    const { email } = await aMember(gateway, organization);
    const tries = [
      { email, password: 'wrong but quite long' },
      { email, password: '' },
      { email: 'nobody@manual.example', password: PASSWORD },
    ];
    const pages = await Promise.all(
      tries.map((fields) => postForm(gateway, createBrowser(), { path: '/sign-in/password', fields })),
    );
    const texts = pages.map(({ text }, index) => text.replaceAll(tries[index]?.email ?? '', 'X'));
    expect(pages.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('role="alert"');
    expect(texts[0]).toContain('value="X"');
    expect(texts[0]).not.toContain('wrong but');
  });

  test('S177 every failure for JSON is one problem with 401', async () => {
    const { email } = await aMember(gateway, organization);
    const send = (body: object) => gateway.request().post('/sign-in/password').send(body);
    const answers = [
      await send({ email, password: 'wrong' }),
      await send({ email: 'nobody@x.example', password: 'wrong' }),
    ];
    for (const { status, body } of answers) expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect(answers[0]?.body.detail).toBe(answers[1]?.body.detail);
    expect(answers[0]?.headers['set-cookie']).toBeUndefined();
  });

  test.each([
    [{ email: 'a@b.example' }, 422],
    [{ email: 1, password: 'x' }, 422],
    [{ email: ['a'], password: { $ne: 1 } }, 422],
    ['{"email":', 400],
    ['{"email":"a","email":"b","password":"c"}', 400],
    ['[]', 422],
    ['null', 422],
  ])('malformed JSON %j answers %i, never a 5xx', async (body, status) => {
    const answer = await gateway
      .request()
      .post('/sign-in/password')
      .set('Content-Type', 'application/json')
      .send(body);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test.each([
    ['a doubled e-mail', 'email=a&email=b&password=c', 401],
    ['17 KB', `email=a&password=${'x'.repeat(17_000)}`, 413],
    ['__proto__', '__proto__=1&constructor=2&email=a&password=b', 401],
  ])('a form with %s answers %s', async (_title, body, status) => {
    const answer = await gateway.request().post('/sign-in/password').type('form').send(body);
    expect(answer.status).toBe(status);
  });

  test('text/plain, the way to smuggle JSON across sites, answers 415', async () => {
    const answer = await gateway
      .request()
      .post('/sign-in/password')
      .type('text/plain')
      .send('{"email":"a","password":"b"}');
    expect(answer.status).toBe(415);
  });

  test.each(FOREIGN)('S186 login CSRF: a form from %s is refused', async (_title, headers) => {
    const { email } = await aMember(gateway, organization);
    const page = await postForm(gateway, createBrowser(), {
      path: '/sign-in/password',
      fields: { email, password: PASSWORD },
      headers,
    });
    expect(page.status).toBe(403);
    expect(setSession(page)).toBeUndefined();
  });

  test.each(OWN)('a form of our own page is welcome: %s', async (_title, headersOf) => {
    const { email } = await aMember(gateway, organization);
    const headers = headersOf(gateway.baseUrl);
    const page = await postForm(gateway, createBrowser(), {
      path: '/sign-in/password',
      fields: { email, password: PASSWORD },
      headers,
    });
    expect(page.status).toBe(303);
  });

  test('S184 signing in again ends the session before', async () => {
    const { email, browser } = await aMember(gateway, organization);
    const cookie = browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '';
    await postForm(gateway, browser, { path: '/sign-in/password', fields: { email, password: PASSWORD } });
    expect(await sessionStatus(gateway, browser)).toBe(200);
    expect(await sessionStatus(gateway, createBrowser({ headers: { cookie } }))).toBe(401);
  });

  test('S50 return_to of another site is ignored', async () => {
    const { email } = await aMember(gateway, organization);
    const fields = { email, password: PASSWORD, return_to: '//evil.example' };
    const page = await postForm(gateway, createBrowser(), { path: '/sign-in/password', fields });
    expect(page.headers.get('location')).toBe('/');
  });
});

describe('signing out', () => {
  const stolen = (browser: ReturnType<typeof createBrowser>) =>
    createBrowser({ headers: { cookie: browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '' } });

  test('S188 ends the session in storage: the cookie replayed answers 401, and pages were never to be kept', async () => {
    const { browser } = await aMember(gateway, organization);
    const thief = stolen(browser);
    const own = await open('/', browser);
    expect(own.headers.get('cache-control')).toBe('no-store');
    const page = await browser.submitForm(own, { form: 'sign-out' });
    expect(page.url).toBe(`${gateway.baseUrl}/sign-in?done=sign-out`);
    expect(browser.cookies.valueOf(gateway.baseUrl, '__Host-gatehouse-session')).toBeUndefined();
    expect(await sessionStatus(gateway, thief)).toBe(401);
    expect((await open('/', thief)).url).toBe(`${gateway.baseUrl}/sign-in`);
  });

  test('answers 204 to a program that is not a form', async () => {
    const { browser } = await aMember(gateway, organization);
    const thief = stolen(browser);
    const headers = { origin: gateway.baseUrl, 'content-type': 'application/json' };
    const page = await browser.request(`${gateway.baseUrl}/sign-out`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect(page.status).toBe(204);
    expect(await sessionStatus(gateway, thief)).toBe(401);
  });

  test('answers the same without a session', async () => {
    expect((await gateway.request().post('/sign-out').send({})).status).toBe(204);
    expect((await gateway.request().post('/sign-out').type('form').send('')).status).toBe(303);
  });

  test.each([...FOREIGN, ['nothing said at all', {}] as const])(
    'S186 from %s nobody is signed out',
    async (_title, headers) => {
      const { browser } = await aMember(gateway, organization);
      const page = await postForm(gateway, browser, { path: '/sign-out', headers });
      expect(page.status).toBe(403);
      expect(await sessionStatus(gateway, browser)).toBe(200);
    },
  );

  test('S186 GET asks and ends nothing; PUT and method overrides do nothing', async () => {
    const { browser } = await aMember(gateway, organization);
    expect((await open('/sign-out', browser)).text).toContain('Sign out?');
    expect((await browser.request(`${gateway.baseUrl}/sign-out?_method=POST`)).status).toBe(200);
    expect((await browser.request(`${gateway.baseUrl}/sign-out`, { method: 'PUT' })).status).toBe(405);
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test('S186 a form with the token of another session is refused', async () => {
    const [mine, theirs] = [await aMember(gateway, organization), await aMember(gateway, organization)];
    const csrf = /name="csrf" value="([^"]+)"/.exec((await open('/', theirs.browser)).text)?.[1] ?? '';
    const page = await postForm(gateway, mine.browser, { path: '/sign-out', fields: { csrf } });
    expect(page.status).toBe(403);
    expect(await sessionStatus(gateway, mine.browser)).toBe(200);
  });
});

describe('who is looking', () => {
  test('a stranger at the front page is led to the sign-in page; a member from there to their own', async () => {
    expect((await open('/')).url).toBe(`${gateway.baseUrl}/sign-in`);
    const { browser } = await aMember(gateway, organization);
    expect((await open('/sign-in', browser)).url).toBe(`${gateway.baseUrl}/`);
  });

  test('the own page names person, address, organization, role and reason', async () => {
    const { browser, email } = await aMember(gateway, organization, 'Grace H');
    const { text } = await open('/', browser);
    for (const fact of ['Grace H', email, 'Acme', 'Member', 'Given by the invitation you accepted.'])
      expect(text).toContain(fact);
  });

  test('a refusal for a program that wants JSON is a problem, for a browser a page', async () => {
    const wants = (accept: string) => gateway.request().get('/nothing').set('Accept', accept);
    expect((await wants('application/json')).headers['content-type']).toContain('application/problem+json');
    const page = await wants('text/html,application/json;q=0.9');
    expect(page.headers['content-type']).toContain('text/html');
    expect(withoutReference(page)).not.toContain('not_found');
  });
});
