/** The assertion consumer service as a door: what it takes, from whom, how often, and what its answers carry. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { minutes } from '../../../src/kernel/clock.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { aConnection, nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushChange,
  pushPerson,
  refusalReasons,
  scriptedIdp,
  sessionStatus,
  setSession,
  startSaml,
} from '../../support/sign-in-stage.ts';

const NAME_ID = 'ada@corp.example';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

type Company = Awaited<ReturnType<typeof aCompany>>;

async function aCompany(choice: Parameters<typeof addSamlConnection>[2] = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization, choice);
  const user = await pushPerson(gateway, directory, { userName: NAME_ID });
  return { organization, directory, connection, user, path: `/sign-in/${organization.slug}` };
}

/** A started sign-in with the genuine answer to it. */
async function started({ connection, path }: Company, browser = createBrowser()) {
  const { requestId, relayState } = await startSaml(gateway, browser, path);
  const SAMLResponse = goodResponse(contextFor(gateway, connection, { requestId, nameId: NAME_ID }));
  return { browser, requestId, fields: { SAMLResponse, RelayState: relayState } };
}

const post = (
  browser: Browser,
  company: { readonly connection: Pick<Connection, 'id'> },
  fields: Readonly<Record<string, string>> | string,
) => postToAcs(gateway, browser, { connection: company.connection, fields });

const withoutReference = (page: Page) => page.text.replace(/<code>[^<]*<\/code>/, '');

describe('once', () => {
  test('S45 the same response posted twice opens exactly one session', async () => {
    const company = await aCompany();
    const { browser, fields } = await started(company);
    const cookie = browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '';
    const first = await post(browser, company, fields);
    const thief = createBrowser({ headers: { cookie } });
    const again = await post(thief, company, fields);
    expect([first.status, again.status]).toEqual([303, 403]);
    expect(setSession(again)).toBeUndefined();
    expect(await refusalReasons(gateway, company.organization, again)).toEqual(['sign_in.not_pending']);
  });

  test('S46 posted 50 times at once it opens exactly one session', async () => {
    const company = await aCompany();
    const { browser, fields } = await started(company);
    const pages = await Promise.all(Array.from({ length: 50 }, () => post(browser, company, fields)));
    expect(pages.map(({ status }) => status).toSorted()).toEqual([303, ...Array(49).fill(403)]);
    expect(pages.filter((page) => setSession(page) !== undefined)).toHaveLength(1);
    const { organization, user } = company;
    expect(await gateway.storage.sessions.listByMembership(organization.id, user.membershipId)).toHaveLength(
      1,
    );
  });

  test('S45 an assertion seen before is refused although another sign-in of the browser is pending for it', async () => {
    const company = await aCompany();
    const { organization, connection } = company;
    const { browser, fields, requestId } = await started(company);
    const context = contextFor(gateway, connection, { requestId, nameId: NAME_ID });
    await gateway.storage.transact((tx) =>
      tx.consumedAssertions.claim(organization.id, connection.id, `_assertion${context.suffix}`, 9e15),
    );
    const page = await post(browser, company, { ...fields, SAMLResponse: goodResponse(context) });
    expect(page.status).toBe(403);
    expect(await refusalReasons(gateway, organization, page)).toEqual(['saml.replayed']);
  });
});

describe('only this browser, this connection, these ten minutes', () => {
  const refusedWith = async (company: Company, page: Page, reason: string) => {
    expect(page.status).toBe(403);
    expect(setSession(page)).toBeUndefined();
    expect(await refusalReasons(gateway, company.organization, page)).toEqual([reason]);
  };

  test('S44 a browser without the binding cookie', async () => {
    const company = await aCompany();
    const { fields } = await started(company);
    await refusedWith(company, await post(createBrowser(), company, fields), 'sign_in.not_pending');
  });

  test('S44 a browser with the binding cookie of another sign-in', async () => {
    const company = await aCompany();
    const [mine, theirs] = [await started(company), await started(company)];
    await refusedWith(company, await post(mine.browser, company, theirs.fields), 'sign_in.not_pending');
  });

  test('S72 a refused response was the last one to its sign-in; one from another browser ends nothing', async () => {
    const company = await aCompany();
    const [door, other] = [await started(company), await started(company)];
    await refusedWith(company, await post(createBrowser(), company, door.fields), 'sign_in.not_pending');
    const crossed = { ...door.fields, SAMLResponse: other.fields.SAMLResponse };
    await refusedWith(company, await post(door.browser, company, crossed), 'saml.in_response_to');
    await refusedWith(company, await post(door.browser, company, door.fields), 'sign_in.not_pending');
    expect((await post(other.browser, company, other.fields)).status).toBe(303);
  });

  test('S43 the answer to another request of the same browser', async () => {
    const company = await aCompany();
    const browser = createBrowser();
    const [one, two] = [await started(company, browser), await started(company, browser)];
    const crossed = { ...one.fields, RelayState: two.fields.RelayState };
    await refusedWith(company, await post(browser, company, crossed), 'saml.in_response_to');
  });

  test('S72 a sign-in that was started more than ten minutes ago', async () => {
    const company = await aCompany();
    const { browser, fields, requestId } = await started(company);
    gateway.clock.advance(minutes(10));
    const late = goodResponse(contextFor(gateway, company.connection, { requestId, nameId: NAME_ID }));
    const page = await post(browser, company, { ...fields, SAMLResponse: late });
    await refusedWith(company, page, 'sign_in.not_pending');
  });

  test('S58 a response of organization A at the door of organization B, both with the same IdP vendor', async () => {
    const [a, b] = [await aCompany(), await aCompany()];
    const { browser, fields } = await started(a);
    await refusedWith(b, await post(browser, b, fields), 'sign_in.not_pending');
    const atB = await started(b, browser);
    const mixed = { SAMLResponse: fields.SAMLResponse, RelayState: atB.fields.RelayState };
    await refusedWith(b, await post(browser, b, mixed), 'saml.destination');
  });

  test('S59 two customers of one IdP with one signing key: only the Issuer differs, and decides', async () => {
    const a = await aCompany({ idp: scriptedIdp('https://idp.example/customer-a') });
    const b = await aCompany({ idp: scriptedIdp('https://idp.example/customer-b') });
    const { browser, fields, requestId } = await started(b);
    const context = contextFor(gateway, b.connection, { requestId, nameId: NAME_ID });
    const { settings } = a.connection;
    const idpEntityId = settings.protocol === 'saml' ? settings.idpEntityId : '';
    const SAMLResponse = goodResponse({ ...context, idpEntityId });
    await refusedWith(b, await post(browser, b, { ...fields, SAMLResponse }), 'saml.issuer');
  });

  test('S61: two organizations with one entity id: each answers at its own door, and to its own name only', async () => {
    const [a, b] = [await aCompany(), await aCompany()];
    const [atA, atB] = [await started(a), await started(b)];
    expect((await post(atA.browser, a, atA.fields)).status).toBe(303);
    expect((await post(atB.browser, b, atB.fields)).status).toBe(303);
    const { browser, fields, requestId } = await started(b);
    const [forA, forB] = [a, b].map(({ connection }) =>
      contextFor(gateway, connection, { requestId, nameId: NAME_ID }),
    );
    if (forA === undefined || forB === undefined) throw new Error('no contexts');
    expect(forA.spEntityId).not.toBe(forB.spEntityId);
    const SAMLResponse = goodResponse({ ...forB, spEntityId: forA.spEntityId });
    await refusedWith(b, await post(browser, b, { ...fields, SAMLResponse }), 'saml.audience');
  });

  test('S42 an unsolicited response while IdP-initiated sign-in is off', async () => {
    const company = await aCompany();
    const context = contextFor(gateway, company.connection, { requestId: undefined, nameId: NAME_ID });
    const page = await post(createBrowser(), company, { SAMLResponse: goodResponse(context) });
    await refusedWith(company, page, 'saml.unsolicited');
    expect(page.text).toContain('href="/sign-in"');
  });
});

test('a form is read whatever is percent-encoded in it, and however its fields are ordered', async () => {
  const company = await aCompany();
  const { browser, fields } = await started(company);
  const encoded = (text: string) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const form = `&${encoded('RelayState')}=${encoded(fields.RelayState)}&%53AMLResponse=${encoded(fields.SAMLResponse)}&x`;
  expect(await post(browser, company, form)).toMatchObject({ status: 303 });
});

/** The one page (HEAD has none), and its reference leads to the reason. */
async function isRefusedAs(company: Company, page: Page, reason: string): Promise<void> {
  const { organization } = company;
  const reference = page.headers.get('x-request-id') ?? '';
  if (page.text !== '') {
    const usual = await post(createBrowser(), company, { SAMLResponse: 'PHg+' });
    expect(withoutReference(page)).toBe(withoutReference(usual));
    expect(page.text).toContain(reference);
  }
  expect(await refusalReasons(gateway, organization, page)).toEqual([reason]);
  expect(await recordedSignIns(gateway, organization, `&q=${reference}`)).toMatchObject([
    { step: 'callback', status: page.status, outcome: null, failure: { code: 'sign_in_refused', reason } },
  ]);
}

describe('doors that do not open', () => {
  test.each([
    ['S52 a response by GET', 'GET', 'SAMLResponse=PHg+', 405, 'unread.method'],
    ['S52 a HEAD', 'HEAD', '', 405, 'unread.method'],
    ['S52 a PUT', 'PUT', '', 405, 'unread.method'],
    ['S52 a SAMLRequest', 'POST', 'SAMLRequest=PHg%2B&SAMLResponse=PHg%2B', 405, 'unread.request'],
    ['S53 no SAMLResponse', 'POST', 'RelayState=x', 400, 'unread.no_response'],
    ['S53 an empty one', 'POST', 'SAMLResponse=', 400, 'unread.no_response'],
    ['S53 no body at all', 'POST', '', 400, 'unread.no_response'],
    [
      'S27 a doubled SAMLResponse',
      'POST',
      'SAMLResponse=PHg%2B&SAMLResponse=PHg%2B',
      403,
      'saml.not_one_string',
    ],
    [
      'S27 a doubled large one',
      'POST',
      Array(2)
        .fill(`SAMLResponse=${'A'.repeat(2000)}`)
        .join('&'),
      403,
      'saml.not_one_string',
    ],
    [
      'S25 more than the form may hold',
      'POST',
      `SAMLResponse=${'A'.repeat(500_000)}`,
      413,
      'unread.too_large',
    ],
    ['S223 a thousand fields', 'POST', 'a=1&'.repeat(1000), 413, 'unread.too_large'],
    [
      'S223 one field more than twenty',
      'POST',
      `${'a=1&'.repeat(20)}SAMLResponse=PHg%2B`,
      413,
      'unread.too_large',
    ],
  ])('%s: the page of every refusal, its reason in the audit and the recorder', async (...attempt) => {
    const [_title, method, data, status, reason] = attempt;
    const company = await aCompany();
    const { connection } = company;
    const url = `${gateway.baseUrl}/saml/${connection.id}/acs`;
    const page =
      method === 'POST'
        ? await post(createBrowser(), { connection }, data)
        : await createBrowser().request(method === 'GET' ? `${url}?${data}` : url, { method });
    expect(page.status).toBe(status);
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(page.headers.get('location')).toBeNull();
    if (status === 405 && method !== 'POST') expect(page.headers.get('allow')).toBe('POST');
    await isRefusedAs(company, page, reason);
    if (method !== 'POST') return;
    const unknown = await post(createBrowser(), { connection: aConnection(company.organization.id) }, data);
    expect([unknown.status, withoutReference(unknown)]).toEqual([status, withoutReference(page)]);
  });

  test.each([
    ...['text/plain', 'multipart/form-data; boundary=x', 'application/xml'],
    'application/x-www-form-urlencoded; charset="utf-16"',
  ])('S53 a body of %s answers 415 with the page of every refusal', async (type) => {
    const company = await aCompany();
    const { connection } = company;
    const page = await createBrowser().request(`${gateway.baseUrl}/saml/${connection.id}/acs`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: 'SAMLResponse=PHg%2B',
    });
    expect(page.status).toBe(415);
    await isRefusedAs(company, page, 'unread.media_type');
  });

  test.each([{}, { accept: 'application/json' }])(
    'S53 JSON has the page of every refusal too: %j',
    async (wish) => {
      const company = await aCompany();
      const page = await createBrowser().request(`${gateway.baseUrl}/saml/${company.connection.id}/acs`, {
        ...{ method: 'POST', headers: { ...wish, 'content-type': 'application/json' }, body: '{}' },
      });
      expect(page.status).toBe(415);
      await isRefusedAs(company, page, 'unread.media_type');
    },
  );

  test('S53 nobody came back with what was not read: it ends no outage', async () => {
    const { organization, connection } = await aCompany();
    const outage = { reason: 'saml.unanswered', since: 1 } as const;
    await gateway.storage.transact(async (tx) => {
      const current = await tx.connections.find(organization.id, connection.id);
      if (current === undefined) throw new Error('no connection');
      const settings = { ...current.settings, outage };
      await tx.connections.update(organization.id, { ...current, settings }, current.version);
    });
    await createBrowser().request(`${gateway.baseUrl}/saml/${connection.id}/acs`);
    await post(createBrowser(), { connection }, 'RelayState=x');
    const after = await gateway.storage.connections.find(organization.id, connection.id);
    expect(after?.settings.outage).toMatchObject(outage);
  });

  test('law 10: unknown, malformed, disabled and draft connections look like every other refusal', async () => {
    const company = await aCompany();
    const known = await post(createBrowser(), company, { SAMLResponse: 'PHg+' });
    const { organization } = company;
    const others: readonly Pick<Connection, 'id'>[] = [
      aConnection(organization.id),
      aConnection(organization.id, { id: nextText("con_' or 1=1") as Connection['id'] }),
      await addSamlConnection(gateway, organization, { status: 'disabled' }),
      await addSamlConnection(gateway, organization, { status: 'draft' }),
    ];
    for (const connection of others) {
      const page = await post(createBrowser(), { connection }, { SAMLResponse: 'PHg+' });
      expect(page.status).toBe(known.status);
      expect(withoutReference(page)).toBe(withoutReference(known));
    }
  });

  test('S60 a connection whose certificate is garbage refuses every response, and is no 5xx', async () => {
    const company = await aCompany();
    const { organization, connection, path } = company;
    const { browser, fields } = await started(company);
    const current = await gateway.storage.connections.find(organization.id, connection.id);
    if (current?.settings.protocol !== 'saml') throw new Error('The connection speaks SAML.');
    const certificates = ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'];
    const broken = { ...current, settings: { ...current.settings, certificates } };
    await gateway.storage.transact((tx) => tx.connections.update(organization.id, broken, current.version));
    const start = await createBrowser().request(`${gateway.baseUrl}${path}`);
    expect(start.status).toBe(403);
    expect(await refusalReasons(gateway, organization, start)).toEqual(['saml.certificate']);
    const page = await post(browser, company, fields);
    expect(page.status).toBe(403);
    expect(await refusalReasons(gateway, company.organization, page)).toEqual(['saml.certificate']);
  });
});

describe('where it leads afterwards', () => {
  const BAD: readonly [shown: string, path: string][] = [
    ['another site', 'https://evil.example/'],
    ['another site without scheme', '//evil.example'],
    ['slash and backslash', '/\\evil.example'],
    ['backslash first', '\\/evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['line breaks', '/x\r\nSet-Cookie: x=1'],
    ['a tab, which browsers drop', '/\t/evil.example'],
    ['a space in front', ' /x'],
    ['no path', 'x'],
    ['513 characters', `/${'a'.repeat(512)}`],
  ];

  test.each(BAD)('S50 return_to with %s is ignored', async (_shown, returnTo) => {
    const company = await aCompany();
    const path = `${company.path}?return_to=${encodeURIComponent(returnTo)}`;
    const { browser, fields } = await started({ ...company, path });
    expect((await post(browser, company, fields)).headers.get('location')).toBe('/');
  });

  test.each(BAD)('S50 RelayState with %s leads nowhere: it names no sign-in', async (_shown, RelayState) => {
    const company = await aCompany();
    const { browser, fields } = await started(company);
    const page = await post(browser, company, { ...fields, RelayState });
    expect(page.status).toBe(403);
    expect(page.headers.get('location')).toBeNull();
    expect(page.text).not.toContain('evil.example');
  });

  test('S51 markup in RelayState is reflected nowhere, and the policy runs no script', async () => {
    const company = await aCompany();
    const page = await post(createBrowser(), company, {
      SAMLResponse: 'PHg+',
      RelayState: '"><script>x</script>',
    });
    expect(page.text).not.toContain('script');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(page.headers.get('content-security-policy')).not.toMatch(/script-src|unsafe/);
  });
});

describe('cookies', () => {
  test('S187 the binding cookie is per sign-in, SameSite=None and ten minutes; it is gone after use', async () => {
    const company = await aCompany();
    const browser = createBrowser();
    const page = await browser.request(`${gateway.baseUrl}${company.path}`);
    const [cookie = '', ...more] = page.headers.getSetCookie();
    expect(more).toEqual([]);
    expect(cookie).toMatch(
      /^__Host-gatehouse-sign-in-sin_[0-9a-z]{26}=ghb_[\w-]{43}; Max-Age=600; Path=\/; /,
    );
    for (const flag of ['HttpOnly', 'Secure', 'SameSite=None']) expect(cookie).toContain(flag);
    expect(cookie).not.toContain('Domain');
    const { browser: other, fields } = await started(company);
    const done = await post(other, company, fields);
    expect(done.headers.getSetCookie().join('\n')).toMatch(
      /__Host-gatehouse-sign-in-[^=]+=; Path=\/; Expires=Thu, 01 Jan 1970/,
    );
    expect(other.cookies.headerFor(new URL(gateway.baseUrl))).not.toContain('sign-in');
  });

  test('S185 the session cookie is __Host-, HttpOnly, Secure, Lax, opaque, and stored as a hash only', async () => {
    const company = await aCompany();
    const { browser, fields } = await started(company);
    const cookie = setSession(await post(browser, company, fields)) ?? '';
    expect(cookie).toMatch(/^__Host-gatehouse-session=ghs_[\w-]{43}; Max-Age=86400; Path=\/; /);
    for (const flag of ['HttpOnly', 'Secure', 'SameSite=Lax']) expect(cookie).toContain(flag);
    expect(cookie).not.toMatch(/Domain|SameSite=None/);
    const rows = await gateway.storage.sessions.listByMembership(
      company.organization.id,
      company.user.membershipId,
    );
    expect(JSON.stringify(rows)).not.toContain(/=([^;]+)/.exec(cookie)?.[1]);
  });

  test('S184 a session cookie planted before the sign-in is worth nothing after it', async () => {
    const company = await aCompany();
    const planted = `ghs_${'A'.repeat(43)}`;
    const browser = createBrowser();
    browser.cookies.store(new URL(gateway.baseUrl), [`__Host-gatehouse-session=${planted}; Path=/; Secure`]);
    const { fields } = await started(company, browser);
    await post(browser, company, fields);
    expect(await sessionStatus(gateway, browser)).toBe(200);
    expect(browser.cookies.valueOf(gateway.baseUrl, '__Host-gatehouse-session')).not.toBe(planted);
    const thief = createBrowser();
    thief.cookies.store(new URL(gateway.baseUrl), [`__Host-gatehouse-session=${planted}; Path=/; Secure`]);
    expect(await sessionStatus(gateway, thief)).toBe(401);
  });
});

describe('metadata', () => {
  test('tells entity id and ACS of this connection, for a draft too', async () => {
    const { organization } = await aCompany();
    const draft = await addSamlConnection(gateway, organization, { status: 'draft' });
    const page = await createBrowser().request(`${gateway.baseUrl}/saml/${draft.id}/metadata`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('application/samlmetadata+xml; charset=utf-8');
    expect(page.text).toContain(`entityID="${gateway.baseUrl}/saml/${draft.id}/metadata"`);
    expect(page.text).toContain(`Location="${gateway.baseUrl}/saml/${draft.id}/acs"`);
    expect(page.text).not.toMatch(/PRIVATE|idp\.example/);
  });

  test('S220 is built from the configured address, whatever Host says', async () => {
    const { connection } = await aCompany();
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' };
    const page = await createBrowser().request(`${gateway.baseUrl}/saml/${connection.id}/metadata`, {
      headers,
    });
    expect(page.text).not.toContain('evil.example');
  });

  test('an unknown connection answers 404', async () => {
    const page = await createBrowser().request(`${gateway.baseUrl}/saml/con_${'0'.repeat(26)}/metadata`);
    expect(page.status).toBe(404);
  });
});

describe('S142 a deactivation that commits while the sign-in is under way', () => {
  test('before the answer arrives: refused', async () => {
    const company = await aCompany();
    const { browser, fields } = await started(company);
    await pushChange(gateway, company.user, { isActive: false });
    const page = await post(browser, company, fields);
    const reasons = await refusalReasons(gateway, company.organization, page);
    expect([page.status, reasons]).toEqual([403, ['identity.inactive']]);
  });

  test('at any moment, in 200 interleavings: no session survives it', async () => {
    const company = await aCompany();
    const outcomes: number[] = [];
    for (let batch = 0; batch < 20; batch += 1) {
      const runs = Array.from({ length: 10 }, (_, index) => race(company, batch * 10 + index));
      outcomes.push(...(await Promise.all(runs)));
    }
    expect(new Set(outcomes)).toEqual(new Set([303, 403]));
  });

  /** One sign-in against one deactivation; answers the status of the sign-in. */
  async function race({ organization, directory, connection, path }: Company, run: number): Promise<number> {
    const nameId = `run${run}@corp.example`;
    const user = await pushPerson(gateway, directory, { userName: nameId });
    const browser = createBrowser();
    const { requestId, relayState: RelayState } = await startSaml(gateway, browser, path);
    const SAMLResponse = goodResponse(contextFor(gateway, connection, { requestId, nameId }));
    const posting = post(browser, { connection }, { SAMLResponse, RelayState });
    // A different way into the sign-in each time; in one after all of it, however slow the disk is.
    if (run === 1) await posting;
    for (let turn = 0; turn < run % 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const [page] = await Promise.all([posting, pushChange(gateway, user, { isActive: false })]);
    expect(await sessionStatus(gateway, browser)).toBe(401);
    expect(await gateway.storage.sessions.listByMembership(organization.id, user.membershipId)).toEqual([]);
    return page.status;
  }
});
