/** Sign-ins that begin at the identity provider: an explicit choice, as strict as the others, and nobody's session is taken over unasked. */
import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { minutes } from '../../../src/kernel/clock.ts';
import { openSqliteStorage } from '../../../src/storage/sqlite/open.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { attacks } from '../../support/saml-attacks.ts';
import { goodResponse, type SamlContext } from '../../support/saml-builder.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  refusalReasons,
  sessionStatus,
  setSession,
} from '../../support/sign-in-stage.ts';

const ADA = 'ada@corp.example';
const EVE = 'eve@corp.example';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

type Company = Awaited<ReturnType<typeof aCompany>>;

async function aCompany(choice: Parameters<typeof addSamlConnection>[2] = { idpInitiated: true }) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization, choice);
  for (const userName of [ADA, EVE]) await pushPerson(gateway, directory, { userName });
  return { organization, directory, connection };
}

const unasked = (connection: Connection, nameId = ADA): SamlContext =>
  contextFor(gateway, connection, { requestId: undefined, nameId });

/** Posts a response; a RelayState goes along where one is named. */
const postWith = (
  browser: Browser,
  { connection }: Pick<Company, 'connection'>,
  fields: { readonly SAMLResponse: string; readonly RelayState?: string },
) => postToAcs(gateway, browser, { connection, fields });

const post = (browser: Browser, company: Pick<Company, 'connection'>, SAMLResponse: string) =>
  postWith(browser, company, { SAMLResponse });

async function whoIs(browser: Browser): Promise<unknown> {
  const answer = await browser.request(`${gateway.baseUrl}/api/v1/session`);
  return answer.status === 200 ? JSON.parse(answer.text).user.email : answer.status;
}

/** As a browser follows: the next address is asked by our own site, cookies and all. */
const followed = (browser: Browser, page: Page) =>
  browser.follow(new URL(page.headers.get('location') ?? '', gateway.baseUrl).href);

async function refusedWith({ organization }: Company, page: Page, reason: string): Promise<void> {
  expect([page.status, setSession(page)]).toEqual([403, undefined]);
  expect(await refusalReasons(gateway, organization, page)).toEqual([reason]);
}

describe('an empty browser', () => {
  test('comes in as the person the assertion names, to their page', async () => {
    const company = await aCompany();
    const browser = createBrowser();
    const page = await post(browser, company, goodResponse(unasked(company.connection)));
    expect([page.status, page.headers.get('location')]).toEqual([303, '/']);
    expect(setSession(page)).toBeDefined();
    expect(await whoIs(browser)).toBe(ADA);
  });

  test('S42 not while the connection does not say so: refused, with the way to the sign-in page', async () => {
    const company = await aCompany({});
    const page = await post(createBrowser(), company, goodResponse(unasked(company.connection)));
    await refusedWith(company, page, 'saml.unsolicited');
    expect(page.text).toContain('href="/sign-in"');
  });

  test('S49 nor with a request id in it, wherever it stands', async () => {
    const company = await aCompany();
    const answering = contextFor(gateway, company.connection, { requestId: '_somebody', nameId: ADA });
    const page = await post(createBrowser(), company, goodResponse(answering));
    await refusedWith(company, page, 'saml.unsolicited_in_response_to');
    const wrapped = unasked(company.connection);
    const xml = Buffer.from(goodResponse(wrapped), 'base64').toString();
    const wrapper = xml.replace(/ Destination=/, ' InResponseTo="_x" Destination=');
    const again = await post(createBrowser(), company, Buffer.from(wrapper).toString('base64'));
    await refusedWith(company, again, 'saml.unsolicited_in_response_to');
  });

  test('S45 S46 the same response opens one session: posted again, and 50 times at once', async () => {
    const company = await aCompany();
    const message = goodResponse(unasked(company.connection));
    const pages = await Promise.all(
      Array.from({ length: 50 }, () => post(createBrowser(), company, message)),
    );
    expect(pages.filter((page) => setSession(page) !== undefined)).toHaveLength(1);
    await refusedWith(company, await post(createBrowser(), company, message), 'saml.replayed');
  });

  test('S47 a restart forgets no assertion; past its end it is refused by its times', async () => {
    const company = await aCompany();
    const message = goodResponse(unasked(company.connection));
    expect((await post(createBrowser(), company, message)).status).toBe(303);
    const { organization, connection } = company;
    const seen = unasked(connection);
    const again = { ...seen, suffix: 'restart' };
    expect((await post(createBrowser(), company, goodResponse(again))).status).toBe(303);
    // What a stopped machine would leave on its disk.
    const path = `${gateway.path}.copy`;
    for (const end of ['', '-wal']) copyFileSync(`${gateway.path}${end}`, `${path}${end}`);
    const reopened = await openSqliteStorage({ path });
    try {
      const claim = reopened.transact((tx) =>
        tx.consumedAssertions.claim(organization.id, connection.id, '_assertionrestart', 9e15),
      );
      expect(await claim).toBe(false);
    } finally {
      await reopened.close();
    }
    gateway.clock.advance(minutes(8));
    await gateway.storage.transact((tx) => tx.consumedAssertions.removeExpired(gateway.clock.now()));
    await refusedWith(company, await post(createBrowser(), company, goodResponse(again)), 'saml.too_old');
  });

  test.each(['/console', 'https://evil.example/', '//evil.example', '/\\evil.example', 'x'.repeat(500)])(
    'S50 RelayState %s leads nowhere, a path of ours neither',
    async (RelayState) => {
      const company = await aCompany();
      const SAMLResponse = goodResponse(unasked(company.connection));
      const page = await postWith(createBrowser(), company, { SAMLResponse, RelayState });
      expect(page.headers.get('location')).toBe('/');
    },
  );

  test('S58 a response for one organization at the door of another', async () => {
    const [a, b] = [await aCompany(), await aCompany()];
    await refusedWith(
      b,
      await post(createBrowser(), b, goodResponse(unasked(a.connection))),
      'saml.destination',
    );
  });

  test('every attack of the corpus is refused for the same reason as an answer to our request', async () => {
    const company = await aCompany();
    const { suffix: _none, ...context } = unasked(company.connection);
    // Rows about the request id say something else where nobody asked.
    const rows = attacks(context, ['S42', 'S43', 'S44']);
    expect(rows.length).toBeGreaterThan(90);
    const outcomes: unknown[] = [];
    for (const { samlResponse, ...row } of rows) {
      const page = await post(createBrowser(), company, samlResponse);
      const [reason] = await refusalReasons(gateway, company.organization, page);
      outcomes.push({ ...row, reason });
      expect(setSession(page)).toBeUndefined();
    }
    expect(outcomes).toEqual(rows.map(({ samlResponse: _message, ...row }) => row));
  });
});

/** Ends every session of the connection, as a cut would. */
async function endAll({ organization, connection }: Company): Promise<void> {
  for (const { id } of await gateway.storage.sessions.listByConnection(organization.id, connection.id))
    await gateway.storage.transact((tx) => tx.sessions.remove(organization.id, id));
}

describe('S48 a browser in which somebody is signed in', () => {
  async function signedInAs(company: Company, nameId: string): Promise<Browser> {
    const browser = createBrowser();
    await post(browser, company, goodResponse(unasked(company.connection, nameId)));
    expect(await whoIs(browser)).toBe(nameId);
    return browser;
  }

  test('keeps its session until the person says yes on a page of ours', async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const page = await post(browser, company, goodResponse(unasked(company.connection, EVE)));
    expect([page.status, setSession(page)]).toEqual([303, undefined]);
    expect(await whoIs(browser)).toBe(ADA);
    const question = await followed(browser, page);
    expect(question.status).toBe(200);
    for (const text of [ADA, EVE, 'Switch to another person?']) expect(question.text).toContain(text);
    // What we advise is what stands out.
    expect(question.text).toMatch(
      /<a class="button" href="\/">Stay signed in[\s\S]*<button class="second"[^>]*>Continue as/,
    );
    expect(await whoIs(browser)).toBe(ADA);
    const done = await browser.submitForm(question, { form: 'confirm', follow: false });
    expect([done.status, done.headers.get('location')]).toEqual([303, '/']);
    expect(await whoIs(browser)).toBe(EVE);
  });

  test('is asked although its session cookie does not travel with the form of another site', async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const cookies = browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '';
    const travelling = cookies
      .split('; ')
      .filter((cookie) => !cookie.startsWith('__Host-gatehouse-session='))
      .join('; ');
    const crossSite = createBrowser({ headers: { cookie: travelling } });
    const page = await post(crossSite, company, goodResponse(unasked(company.connection, EVE)));
    expect([page.status, setSession(page)]).toEqual([303, undefined]);
    expect(page.headers.get('location')).toMatch(/^\/saml\/con_[^/]+\/confirm\/ghr_/);
  });

  test('a yes needs a form of ours, from this session, in this browser, once', async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const page = await post(browser, company, goodResponse(unasked(company.connection, EVE)));
    const question = await followed(browser, page);
    const say = (who: Browser, visit: { headers?: Record<string, string>; body?: string }) =>
      who.request(question.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          ...visit.headers,
        },
        body: visit.body ?? '',
      });
    expect((await say(browser, {})).status).toBe(403);
    expect((await say(browser, { body: 'csrf=x' })).status).toBe(403);
    const csrf = /name="csrf" value="([^"]+)"/.exec(question.text)?.[1] ?? '';
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect((await say(browser, { headers: foreign, body: `csrf=${csrf}` })).status).toBe(403);
    expect((await say(createBrowser(), { body: `csrf=${csrf}` })).status).toBe(403);
    expect(await whoIs(browser)).toBe(ADA);
    expect((await say(browser, { body: `csrf=${csrf}` })).status).toBe(303);
    expect(await whoIs(browser)).toBe(EVE);
    const again = await browser.request(question.url);
    await refusedWith(company, again, 'sign_in.not_pending');
  });

  test('another browser cannot open the question, and after ten minutes nobody can', async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const page = await post(browser, company, goodResponse(unasked(company.connection, EVE)));
    const url = new URL(page.headers.get('location') ?? '', gateway.baseUrl).href;
    await refusedWith(company, await createBrowser().request(url), 'sign_in.not_pending');
    gateway.clock.advance(minutes(10));
    await refusedWith(company, await browser.request(url), 'sign_in.not_pending');
  });

  test('is not asked about the person it is already, nor when its session has ended meanwhile', async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const same = await followed(
      browser,
      await post(browser, company, goodResponse(unasked(company.connection))),
    );
    expect(same.url).toBe(`${gateway.baseUrl}/`);
    await endAll(company);
    expect(await sessionStatus(gateway, browser)).toBe(401);
    await followed(browser, await post(browser, company, goodResponse(unasked(company.connection, EVE))));
    expect(await whoIs(browser)).toBe(EVE);
  });

  test('S45 the held answer is used up: posted again it is refused', async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const message = goodResponse(unasked(company.connection, EVE));
    expect((await post(browser, company, message)).status).toBe(303);
    await refusedWith(company, await post(browser, company, message), 'saml.replayed');
  });

  test('a yes from another site is none, also when nobody is signed in any more', async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const page = await post(browser, company, goodResponse(unasked(company.connection, EVE)));
    const question = await followed(browser, page);
    await endAll(company);
    const answer = await browser.request(question.url, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    });
    expect([answer.status, setSession(answer)]).toEqual([403, undefined]);
    expect(setSession(await browser.submitForm(question, { form: 'confirm', follow: false }))).toBeDefined();
  });

  test("a yes is too late once the switch is off, the person cut off, or the handle another row's", async () => {
    const company = await aCompany();
    const browser = await signedInAs(company, ADA);
    const question = await followed(
      browser,
      await post(browser, company, goodResponse(unasked(company.connection, EVE))),
    );
    const { organization, connection } = company;
    await gateway.storage.transact(async (tx) => {
      const current = await tx.connections.find(organization.id, connection.id);
      if (current !== undefined)
        await tx.connections.update(organization.id, { ...current, idpInitiated: false }, current.version);
    });
    await refusedWith(company, await browser.submitForm(question, { form: 'confirm' }), 'saml.unsolicited');
    expect(await whoIs(browser)).toBe(ADA);
    const started = await browser.request(`${gateway.baseUrl}/sign-in/${organization.slug}`);
    const relayState = new URL(started.headers.get('location') ?? '').searchParams.get('RelayState');
    const url = `${gateway.baseUrl}/saml/${connection.id}/confirm/${relayState}`;
    await refusedWith(company, await browser.request(url), 'sign_in.not_pending');
  });
});
