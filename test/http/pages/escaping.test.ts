/** Whatever people put into names and messages comes out as text, on every page; and every answer carries the same armour. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { html, markupOf } from '../../../src/http/pages/html.ts';
import { createBrowser, type Page } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { aMember, invite, postForm } from '../../support/page-visits.ts';
import { addSamlConnection } from '../../support/sign-in-stage.ts';

const CORPUS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title></head><body onload=alert(1)>',
  '<svg/onload=alert(1)>',
  '</bdi><a href="javascript:alert(1)">x</a>',
  '&lt;b&gt; &amp; &#60;script&#62;',
  '{{7*7}} $\u007b7*7} %s <%= 7 %>',
  '\u202Egnp.exe\u2066\u200B',
  '<!-- --><![CDATA[<b>]]>',
];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const open = (path: string, browser = createBrowser()) => browser.follow(`${gateway.baseUrl}${path}`);

/** What a page must not hold: the text as markup. `shown` says that it must be there as text. */
function expectText(page: Page, hostile: string, shown = true): void {
  // The one script of ours that a page may load.
  const text = page.text.replace(
    /<script type="module" src="\/assets\/passkeys\.js\?v=[0-9a-f]{12}"><\/script>/,
    '',
  );
  const escaped = markupOf(html`${hostile}`);
  if (shown) expect(text).toContain(escaped);
  if (escaped !== hostile) expect(text).not.toContain(hostile);
  expect(text).not.toMatch(/<(script|img|svg|iframe|a href="javascript)/i);
  expect(text.match(/<body/g)).toHaveLength(1);
}

describe.each(CORPUS)('S203 %j', (hostile) => {
  test('as the name of an organization and of a person, in a message, on every page that shows them', async () => {
    const organization = await gateway.createOrganization({ name: hostile });
    const { path } = await invite(gateway, organization, { message: hostile });
    expectText(await open(path), hostile);
    const { browser } = await aMember(gateway, organization, hostile);
    expectText(await open('/', browser), hostile);
    const operator = createBrowser();
    await postForm(gateway, operator, {
      path: '/console/sign-in',
      fields: { operator_key: gateway.operatorKey },
    });
    expectText(await open('/console?after=', operator), hostile, false);
  });

  test('as the name of a connection among the choices', async () => {
    const organization = await gateway.createOrganization({ name: 'Two ways' });
    for (const name of [hostile, 'Other']) await addSamlConnection(gateway, organization, { name });
    expectText(await open(`/sign-in/${organization.slug}`), hostile);
  });

  test('as what somebody types: address, name, slug, path, query', async () => {
    const typed = encodeURIComponent(hostile);
    const { path } = await invite(gateway, await gateway.createOrganization());
    const fields = { email: hostile, password: hostile, return_to: hostile, name: hostile };
    expectText(await postForm(gateway, createBrowser(), { path: '/sign-in/password', fields }), hostile);
    expectText(
      await postForm(gateway, createBrowser(), { path, fields: { name: hostile, password: 'x' } }),
      hostile,
    );
    for (const odd of [
      `/sign-in?organization=${typed}&return_to=${typed}`,
      `/sign-in/${typed}?login_hint=${typed}`,
      `/invitations/${typed}`,
      `/setup/${typed}`,
      `/${typed}`,
      `/oidc-callback/${typed}?error=${typed}&error_description=${typed}`,
    ])
      expectText(await open(odd), hostile, false);
  });
});

describe('S219 every answer', () => {
  const PATHS = [
    '/',
    '/sign-in',
    '/sign-in/x',
    '/invitations/x',
    '/setup/x',
    '/console',
    '/sign-out',
    '/nothing',
    '/saml/x/acs',
    '/saml/x/metadata',
    '/oidc-callback/x',
    '/assets/gatehouse.css',
    '/assets/gatehouse.svg',
  ];

  test.each(PATHS)('%s carries the headers, and no 5xx', async (path) => {
    const page = await createBrowser().request(`${gateway.baseUrl}${path}`);
    const header = (name: string) => page.headers.get(name) ?? '';
    expect(page.status).toBeLessThan(500);
    // Where passkeys are offered, our own script file and its requests to us; nowhere anything else.
    expect(header('content-security-policy').replace(";script-src 'self';connect-src 'self'", '')).toBe(
      "default-src 'none';style-src 'self';img-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
    );
    expect(header('x-content-type-options')).toBe('nosniff');
    expect(header('referrer-policy')).toBe('no-referrer');
    expect(header('strict-transport-security')).toMatch(/max-age=31536000/);
    expect(header('cross-origin-resource-policy')).toBe('same-origin');
    expect(header('x-powered-by')).toBe('');
    if (!path.startsWith('/assets/')) expect(header('cache-control')).toBe('no-store');
  });

  test.each([
    '/',
    '/sign-in',
    '/sign-out',
    '/console',
    '/invitations/x',
    '/setup/x',
    '/assets/gatehouse.css',
  ])('S226 an unknown method on %s answers 405 with the list', async (path) => {
    const page = await createBrowser().request(`${gateway.baseUrl}${path}`, { method: 'DELETE' });
    expect(page.status).toBe(405);
    expect(page.headers.get('allow')).toMatch(/GET/);
  });

  test('S218 an error page carries the request id as its reference, and nothing of the inside', async () => {
    const page = await open('/nothing');
    expect(page.text).toContain(page.headers.get('x-request-id'));
    expect(page.text).not.toMatch(/Error|node_modules|src\//);
  });

  test('the style sheet is there under the address that pages name, and may be kept for ever', async () => {
    const address =
      /href="(\/assets\/gatehouse\.css\?v=[0-9a-f]{12})"/.exec((await open('/sign-in')).text)?.[1] ?? '';
    const sheet = await open(address);
    expect(sheet.status).toBe(200);
    expect(sheet.headers.get('content-type')).toContain('text/css');
    expect(sheet.headers.get('cache-control')).toContain('immutable');
  });
});

describe('pages for everybody', () => {
  test.each(['/sign-in', '/console', '/nothing', '/sign-in/x'])(
    '%s: language, one heading, a label for each field',
    async (path) => {
      const { text } = await open(path);
      expect(text).toContain('<html lang="en">');
      expect(text.match(/<h1>/g)).toHaveLength(1);
      expect(text).toContain('name="viewport"');
      const fields = [...text.matchAll(/<input id="([^"]+)"/g)].map(([, id]) => id);
      for (const id of fields) expect(text).toContain(`<label for="${id}">`);
      expect(new Set(fields).size).toBe(fields.length);
    },
  );
});
