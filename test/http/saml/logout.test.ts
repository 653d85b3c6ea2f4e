/** Single logout at the live address: what ends sessions, whose, how often, and the answer that goes back. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { signedMetadata } from '../../../src/protocols/saml/metadata.ts';
import { readRedirect } from '../../../src/protocols/saml/redirect-binding.ts';
import { createBrowser, type Page } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import {
  aLogoutCompany,
  logoutContext,
  movesOnTo,
  postTo,
  QUALIFIERS,
  redirectTo,
  requestForm,
  requestQuery,
  SLO_URL,
  signedIn,
  spCertificate,
} from '../../support/logout-stage.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { logoutAttacks } from '../../support/saml-logout-attacks.ts';
import {
  fixtureLogout,
  logoutResponse,
  postedLogout,
  queryOf,
  redirectPieces,
} from '../../support/saml-logout-builder.ts';
import { addSamlConnection, refusalReasons, sessionStatus } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

type Company = Awaited<ReturnType<typeof aLogoutCompany>>;

const redirect = (company: Pick<Company, 'connection'>, query: string, browser = createBrowser()) =>
  redirectTo(gateway, browser, { connection: company.connection, query });

const post = (
  { connection }: Pick<Company, 'connection'>,
  fields: Readonly<Record<string, string>>,
  browser = createBrowser(),
) => postTo(gateway, browser, { connection, fields });

/** Our signed message in an address, verified with the certificate of our metadata. */
async function ourMessage(connection: Pick<Connection, 'id'>, address: string) {
  expect(address.startsWith(`${SLO_URL}&`)).toBe(true);
  return readRedirect(address.slice(SLO_URL.length + 1), [await spCertificate(gateway, connection)]);
}

describe('attacks at the live address', () => {
  const rows = logoutAttacks(fixtureLogout()).map(({ line, name, reason, binding }, index) => ({
    ...{ line, name, reason, binding, index },
  }));

  test('every one is refused for its reason and ends nothing; the genuine message then does', async () => {
    const company = await aLogoutCompany(gateway);
    const { browser, sessionIndex } = await signedIn(gateway, company.connection);
    const context = logoutContext(gateway, company.connection, { sessionIndex });
    const outcomes: unknown[] = [];
    const pages = new Set<string>();
    for (const { binding, message, ...row } of logoutAttacks(context)) {
      const page =
        binding === 'redirect'
          ? await redirect(company, message, browser)
          : await post(company, { SAMLRequest: message }, browser);
      const [reason] = await refusalReasons(gateway, company.organization, page);
      outcomes.push({ ...row, binding, reason, status: page.status });
      pages.add(page.text.replace(/<code>[^<]*<\/code>/, ''));
      expect(await sessionStatus(gateway, browser)).toBe(200);
    }
    expect(outcomes).toEqual(rows.map(({ index: _index, ...row }) => ({ ...row, status: 403 })));
    expect(pages.size).toBe(1);
    expect((await redirect(company, requestQuery(context))).status).toBe(303);
    expect(await sessionStatus(gateway, browser)).toBe(401);
  });

  test('law 10: unknown, malformed, disabled and draft connections look like every other refusal', async () => {
    const company = await aLogoutCompany(gateway);
    const known = await redirect(company, 'SAMLRequest=x');
    const textOf = (page: Page) => page.text.replace(/<code>[^<]*<\/code>/, '');
    for (const status of ['disabled', 'draft'] as const) {
      const connection = await addSamlConnection(gateway, company.organization, { status });
      const page = await redirect({ connection }, requestQuery(logoutContext(gateway, connection)));
      expect([page.status, textOf(page)]).toEqual([known.status, textOf(known)]);
    }
    const page = await createBrowser().request(`${gateway.baseUrl}/saml/con_nobody/logout`);
    expect([page.status, textOf(page)]).toEqual([known.status, textOf(known)]);
  });

  test.each([
    ['PUT', undefined, 405, 'unread.method'],
    ['HEAD', undefined, 405, 'unread.method'],
    ['POST', 'application/xml', 415, 'unread.media_type'],
  ])('S65 %s %s answers %i with the page of every refusal', async (method, type, status, reason) => {
    const company = await aLogoutCompany(gateway);
    const url = `${gateway.baseUrl}/saml/${company.connection.id}/logout`;
    const headers = type === undefined ? {} : { 'content-type': type };
    const body = type === undefined ? {} : { body: '<x/>' };
    const page = await createBrowser().request(url, { method, headers, ...body });
    expect(page.status).toBe(status);
    if (method !== 'HEAD') expect(page.text).toContain('This sign-out was refused');
    expect(await refusalReasons(gateway, company.organization, page)).toEqual([reason]);
  });

  test('S65 the reference on the page leads an admin to the reason, in the recorder as in the audit', async () => {
    const company = await aLogoutCompany(gateway);
    const page = await redirect(company, 'SAMLRequest=x');
    const [, reference] = /<code>([^<]+)</.exec(page.text) ?? [];
    const [recorded, ...others] = await recordedSignIns(gateway, company.organization, `&q=${reference}`);
    expect(others).toEqual([]);
    expect(recorded).toMatchObject({
      ...{ step: 'sign_out', protocol: 'saml', status: 403, requestId: reference, outcome: null },
      failure: { code: 'sign_out_refused', reason: 'saml.unsigned' },
    });
    expect(recorded?.failure?.cause).toMatch(/^[A-Z].{20}/);
    expect(await refusalReasons(gateway, company.organization, page)).toEqual([recorded?.failure?.reason]);
  });
});

describe('a request of the identity provider', () => {
  test.each(['redirect', 'post'] as const)(
    'S65 by %s ends the session and is answered, signed',
    async (binding) => {
      const company = await aLogoutCompany(gateway);
      const { browser, sessionIndex } = await signedIn(gateway, company.connection);
      const context = logoutContext(gateway, company.connection, { sessionIndex });
      const page =
        binding === 'redirect'
          ? await redirect(company, requestQuery(context, 'their state'), browser)
          : await post(company, requestForm(context, 'their state'), browser);
      expect(page.status).toBe(303);
      expect(await sessionStatus(gateway, browser)).toBe(401);
      const answer = await ourMessage(company.connection, page.headers.get('location') ?? '');
      expect(answer).toMatchObject({ parameter: 'SAMLResponse', relayState: 'their state' });
      expect(answer.xml).toContain(`InResponseTo="_logout${context.suffix}"`);
      expect(answer.xml).toContain(`Destination="${SLO_URL}"`);
      expect(answer.xml).toContain('status:Success"');
      expect(browser.cookies.headerFor(new URL(gateway.baseUrl)) ?? '').not.toContain('gatehouse-session');
      const rows = await gateway.storage.auditEvents.list(company.organization.id, {}, { limit: 100 });
      const ended = rows.find(({ type }) => type === 'session.ended');
      expect(ended?.details).toMatchObject({ reason: 'upstream_signed_out' });
      expect(rows.filter(({ type }) => type === 'saml.logout')).toHaveLength(1);
    },
  );

  test('S66 ends the named session index alone, all of the person without one, and nobody else’s', async () => {
    const company = await aLogoutCompany(gateway);
    const [one, two] = [
      await signedIn(gateway, company.connection),
      await signedIn(gateway, company.connection),
    ];
    const eve = await signedIn(gateway, company.connection, 'eve@corp.example');
    const states = () => Promise.all([one, two, eve].map(({ browser }) => sessionStatus(gateway, browser)));
    const { sessionIndex } = one;
    await redirect(company, requestQuery(logoutContext(gateway, company.connection, { sessionIndex })));
    expect(await states()).toEqual([401, 200, 200]);
    await redirect(
      company,
      requestQuery(logoutContext(gateway, company.connection, { sessionIndex: '_another' })),
    );
    expect(await states()).toEqual([401, 200, 200]);
    await redirect(company, requestQuery(logoutContext(gateway, company.connection)));
    expect(await states()).toEqual([401, 401, 200]);
  });

  test('S66 of one organization ends no session of another, nor of another connection of its own', async () => {
    const [a, b] = [await aLogoutCompany(gateway), await aLogoutCompany(gateway)];
    const atB = await signedIn(gateway, b.connection);
    const sibling = await addSamlConnection(gateway, a.organization, { idpInitiated: true });
    const atSibling = await signedIn(gateway, sibling, 'eve@corp.example');
    expect((await redirect(b, requestQuery(logoutContext(gateway, a.connection)))).status).toBe(403);
    for (const nameId of ['ada@corp.example', 'eve@corp.example'])
      await redirect(a, requestQuery(logoutContext(gateway, a.connection, { nameId })));
    expect(await sessionStatus(gateway, atB.browser)).toBe(200);
    expect(await sessionStatus(gateway, atSibling.browser)).toBe(200);
  });

  test('S66 replayed is refused and ends nothing, also by the other binding', async () => {
    const company = await aLogoutCompany(gateway);
    const context = logoutContext(gateway, company.connection);
    expect((await redirect(company, requestQuery(context))).status).toBe(303);
    const { browser } = await signedIn(gateway, company.connection);
    for (const page of [
      await redirect(company, requestQuery(context)),
      await post(company, requestForm(context)),
    ]) {
      expect(page.status).toBe(403);
      expect(await refusalReasons(gateway, company.organization, page)).toEqual(['saml.logout_replayed']);
    }
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test('S66 posted 50 times at once it is taken once', async () => {
    const company = await aLogoutCompany(gateway);
    const query = requestQuery(logoutContext(gateway, company.connection));
    const pages = await Promise.all(Array.from({ length: 50 }, () => redirect(company, query)));
    expect(pages.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test('nobody’s session matching is a success; without an address to answer at it ends on our page', async () => {
    const company = await aLogoutCompany(gateway, { sloUrl: null });
    const nameId = 'nobody@corp.example';
    const page = await redirect(
      company,
      requestQuery(logoutContext(gateway, company.connection, { nameId })),
    );
    expect(page.headers.get('location')).toBe(`/signed-out/${company.connection.id}`);
    const done = await createBrowser().follow(`${gateway.baseUrl}/signed-out/${company.connection.id}`);
    expect(done).toMatchObject({ status: 200 });
    expect(done.text).toContain('You are signed out');
  });
});

describe('signing out here', () => {
  const signOut = async (company: Company, form: Readonly<Record<string, string>> = {}) => {
    const { browser, sessionIndex } = await signedIn(gateway, company.connection);
    const own = await browser.request(`${gateway.baseUrl}/`);
    const page = await browser.submitForm(own, { form: 'sign-out', values: form, follow: false });
    return { browser, sessionIndex, page };
  };

  const backWith = (
    company: Company,
    { inResponseTo, relayState }: { inResponseTo: string; relayState: string },
  ) => {
    const xml = logoutResponse(logoutContext(gateway, company.connection, { inResponseTo }));
    return queryOf(
      redirectPieces(xml, logoutContext(gateway, company.connection).key, {
        parameter: 'SAMLResponse',
        relayState,
      }),
    );
  };

  test('ends the session first, then moves on to the identity provider with a signed request', async () => {
    const company = await aLogoutCompany(gateway);
    const { browser, sessionIndex, page } = await signOut(company);
    expect(page.status).toBe(303);
    expect(page.headers.get('location')).toMatch(new RegExp(`^/signed-out/${company.connection.id}/ghr_`));
    expect(await sessionStatus(gateway, browser)).toBe(401);
    const moving = await browser.request(`${gateway.baseUrl}${page.headers.get('location')}`);
    expect(moving.status).toBe(200);
    const request = await ourMessage(company.connection, movesOnTo(moving));
    expect(request.parameter).toBe('SAMLRequest');
    for (const piece of [
      `<saml:NameID ${QUALIFIERS} Format="`,
      '>ada@corp.example</saml:NameID>',
      `>${sessionIndex}</samlp:SessionIndex>`,
      `Destination="${SLO_URL}"`,
      `<saml:Issuer>${gateway.baseUrl}/saml/${company.connection.id}/metadata</saml:Issuer>`,
    ])
      expect(request.xml).toContain(piece);
    const inResponseTo = / ID="([^"]+)"/.exec(request.xml)?.[1] ?? '';
    const back = await redirect(
      company,
      backWith(company, { inResponseTo, relayState: request.relayState ?? '' }),
      browser,
    );
    expect([back.status, back.headers.get('location')]).toEqual([
      303,
      `/signed-out/${company.connection.id}`,
    ]);
    const done = await browser.follow(`${gateway.baseUrl}${back.headers.get('location')}`);
    expect(done.text).toContain('You are signed out');
  });

  test('S50 comes back to return_to once, for the answer to this very request, in this browser', async () => {
    const company = await aLogoutCompany(gateway);
    const started = async () => {
      const { browser, page } = await signOut(company, { return_to: '/sign-in?from=app' });
      const url = `${gateway.baseUrl}${page.headers.get('location')}`;
      const moving = await browser.request(url);
      const { xml, relayState = '' } = await ourMessage(company.connection, movesOnTo(moving));
      return { browser, url, relayState, inResponseTo: / ID="([^"]+)"/.exec(xml)?.[1] ?? '' };
    };
    const placeOf = async (browser: Parameters<typeof redirect>[2], answer: Parameters<typeof backWith>[1]) =>
      (await redirect(company, backWith(company, answer), browser)).headers.get('location');
    const elsewhere = `/signed-out/${company.connection.id}`;
    const good = await started();
    expect((await createBrowser().request(good.url)).headers.get('location')).toBe(elsewhere);
    expect(await placeOf(createBrowser(), good)).toBe(elsewhere);
    expect(await placeOf(good.browser, good)).toBe('/sign-in?from=app');
    expect(await placeOf(good.browser, good)).toBe(elsewhere);
    const other = await started();
    expect(await placeOf(other.browser, { ...other, inResponseTo: '_other' })).toBe(elsewhere);
  });

  test('S65 an answer that is not signed by the provider is refused', async () => {
    const company = await aLogoutCompany(gateway);
    const context = logoutContext(gateway, company.connection, { inResponseTo: '_x' });
    const encoded = Buffer.from(logoutResponse(context)).toString('base64');
    const pages = [
      await post(company, { SAMLResponse: encoded }),
      await redirect(
        company,
        backWith(company, { inResponseTo: '_x', relayState: 'a' }).replace('RelayState=a', 'RelayState=b'),
      ),
    ];
    expect(pages.map(({ status }) => status)).toEqual([403, 403]);
    expect(
      (await post(company, { SAMLResponse: postedLogout(logoutResponse(context), context) })).status,
    ).toBe(303);
  });

  test('a sign-out under way opens no session: the row serves no sign-in', async () => {
    const company = await aLogoutCompany(gateway);
    const { browser, page } = await signOut(company);
    const handle = page.headers.get('location')?.split('/').at(-1) ?? '';
    const { connection } = company;
    const confirm = await browser.request(`${gateway.baseUrl}/saml/${connection.id}/confirm/${handle}`);
    expect(confirm.status).toBe(403);
  });

  test('goes nowhere else without a logout address, and JSON gets its 204', async () => {
    const company = await aLogoutCompany(gateway, { sloUrl: null });
    const { page } = await signOut(company);
    expect([page.status, page.headers.get('location')]).toEqual([303, '/sign-in?done=sign-out']);
    const { browser } = await signedIn(gateway, (await aLogoutCompany(gateway)).connection);
    const answer = await browser.request(`${gateway.baseUrl}/sign-out`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: '{}',
    });
    expect(answer.status).toBe(204);
    expect(await sessionStatus(gateway, browser)).toBe(401);
  });
});

describe('an identity provider that takes logout by POST alone', () => {
  /** The form of a page of ours, as a browser with or without scripts would post it, and what stands in it. */
  const formOf = (page: Page, parameter: 'SAMLRequest' | 'SAMLResponse') => {
    expect(page.text).toMatch(/<button type="submit">/);
    expect(page.text).toContain(`<form method="post" action="${SLO_URL}">`);
    expect(page.headers.get('content-security-policy')).toMatch(
      /script-src 'sha256-[^']+'; form-action https: https:\/\/idp\.example;/,
    );
    const field = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? '';
    return { xml: Buffer.from(field(parameter), 'base64').toString(), relayState: field('RelayState') };
  };

  /** The one element that our certificate signed, told by an engine that is not the one that signed it. */
  async function verified(connection: Pick<Connection, 'id'>, xml: string): Promise<string> {
    const text = signedMetadata(xml, [await spCertificate(gateway, connection)]);
    if (text === undefined) throw new Error('not signed by our certificate');
    return text;
  }

  test('S65 signing out here: the session ends, then a page posts the signed request; its answer leads back', async () => {
    const company = await aLogoutCompany(gateway, { sloBinding: 'post' });
    const { browser, sessionIndex } = await signedIn(gateway, company.connection);
    const own = await browser.request(`${gateway.baseUrl}/`);
    const left = await browser.submitForm(own, {
      form: 'sign-out',
      values: { return_to: '/sign-in?a=b' },
      follow: false,
    });
    expect(await sessionStatus(gateway, browser)).toBe(401);
    const page = await browser.request(`${gateway.baseUrl}${left.headers.get('location')}`);
    const { xml, relayState } = formOf(page, 'SAMLRequest');
    const text = await verified(company.connection, xml);
    for (const piece of ['ada@corp.example', sessionIndex, `Destination="${SLO_URL}"`])
      expect(text).toContain(piece);
    const inResponseTo = / ID="([^"]+)"/.exec(xml)?.[1] ?? '';
    const answer = logoutContext(gateway, company.connection, { inResponseTo });
    const fields = { SAMLResponse: postedLogout(logoutResponse(answer), answer), RelayState: relayState };
    expect((await post(company, fields, browser)).headers.get('location')).toBe('/sign-in?a=b');
  });

  test('S65 its own request is answered by such a page, too', async () => {
    const company = await aLogoutCompany(gateway, { sloBinding: 'post' });
    const { browser, sessionIndex } = await signedIn(gateway, company.connection);
    const context = logoutContext(gateway, company.connection, { sessionIndex });
    const page = await post(company, requestForm(context), browser);
    expect([page.status, await sessionStatus(gateway, browser)]).toEqual([200, 401]);
    expect(await verified(company.connection, formOf(page, 'SAMLResponse').xml)).toContain('status:Success');
  });
});
