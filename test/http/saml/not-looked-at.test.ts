/** An answer that nobody looked at ends no sign-in: too many at once (429) is said, and the same answer lets its person in a moment later. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import { inProcessValidator } from '../../support/saml-validator.ts';
import {
  addOidcConnection,
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  sessionStatus,
  startSaml,
} from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let idp: OidcIdp;
beforeAll(async () => {
  gateway = await startGateway({ now: Date.now() });
  idp = await startOidcIdp();
});
afterAll(async () => {
  await idp.close();
  await gateway.close();
});

const tooMany = () =>
  new GatehouseError('too_many_requests', 'Too many people are signing in at this moment.', {
    context: { retryAfterSeconds: 2, reason: 'saml.too_many_waiting' },
  });

/** A sign-in or test sign-in whose answer is in the browser, and can be handed in as often as wanted. */
interface AtTheDoor {
  readonly browser: Browser;
  readonly handIn: () => Promise<Page>;
  /** The next answer is looked at by nobody. */
  readonly shut: () => void;
  readonly tests: () => Promise<readonly { readonly status: string; readonly reason: string | null }[]>;
}

async function aCompany(protocol: 'saml' | 'oidc') {
  const organization = await gateway.createOrganization({ slug: nextText('busy') });
  const directory = await gateway.createDirectory(organization);
  const email = `${nextText('ada')}@busy.example`;
  await pushPerson(gateway, directory, { userName: email });
  idp.addUser({ sub: email, email });
  const connection =
    protocol === 'saml'
      ? await addSamlConnection(gateway, organization)
      : await addOidcConnection(gateway, organization, { idp });
  const base = `/api/v1/organizations/${organization.slug}/connections/${connection.id}`;
  const authorization = `Bearer ${gateway.operatorKey}`;
  const tests = async () =>
    (await gateway.request().get(`${base}/test-sign-ins`).set({ authorization })).body.items;
  const startPath = async (isTest: boolean): Promise<string> => {
    if (!isTest) return `/sign-in/${organization.slug}?login_hint=${encodeURIComponent(email)}`;
    const { body } = await gateway.request().post(`${base}/test-sign-in`).set({ authorization }).send({});
    const { pathname } = new URL(body.url);
    return `${pathname}?login_hint=${encodeURIComponent(email)}`;
  };
  return { connection, email, tests, startPath };
}

async function samlDoor(isTest: boolean): Promise<AtTheDoor> {
  const { connection, email, tests, startPath } = await aCompany('saml');
  const browser = createBrowser();
  const { requestId, relayState } = await startSaml(gateway, browser, await startPath(isTest));
  const SAMLResponse = goodResponse(contextFor(gateway, connection, { requestId, nameId: email }));
  const fields = { SAMLResponse, RelayState: relayState };
  return {
    ...{ browser, tests },
    handIn: () => postToAcs(gateway, browser, { connection, fields }),
    shut: () => void jest.spyOn(inProcessValidator, 'facts').mockRejectedValueOnce(tooMany()),
  };
}

async function oidcDoor(isTest: boolean): Promise<AtTheDoor> {
  const { tests, startPath } = await aCompany('oidc');
  const browser = createBrowser();
  let url = `${gateway.baseUrl}${await startPath(isTest)}`;
  while (!url.includes('/oidc-callback/')) {
    const page = await browser.request(url);
    const location = page.headers.get('location');
    if (location === null) throw new Error(`stopped at ${url} with ${page.status}: ${page.text}`);
    url = new URL(location, url).href;
  }
  return {
    ...{ browser, tests },
    handIn: () => browser.request(url),
    shut: () => void jest.spyOn(gateway.deps.oidc, 'verifyOidcCallback').mockRejectedValueOnce(tooMany()),
  };
}

describe.each([
  ['SAML', samlDoor],
  ['OpenID Connect', oidcDoor],
])('S72 over %s', (_protocol, door) => {
  test('S72 an answer that met too many others is 429 with Retry-After, and lets its person in when it comes again', async () => {
    const { browser, handIn, shut } = await door(false);
    shut();
    const refused = await handIn();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect(await sessionStatus(gateway, browser)).toBe(401);
    expect((await handIn()).status).toBe(303);
    expect(await sessionStatus(gateway, browser)).toBe(200);
    expect((await handIn()).status).toBe(403);
  });

  test('S72 a test sign-in that met too many others is open still, and passes when it comes again', async () => {
    const { handIn, shut, tests } = await door(true);
    shut();
    expect((await handIn()).status).toBe(429);
    expect(await tests()).toMatchObject([{ status: 'open', reason: null }]);
    const report = await handIn();
    expect([report.status, report.text.includes('The test sign-in passed')]).toEqual([200, true]);
    expect(await tests()).toMatchObject([{ status: 'passed', reason: null }]);
  });

  test('S72 a test sign-in whose answer comes twice at once passes: the second one ends nothing', async () => {
    const { handIn, tests } = await door(true);
    const pages = await Promise.all([handIn(), handIn()]);
    expect(pages.map(({ status }) => status).toSorted()).toEqual([200, 403]);
    expect(await tests()).toMatchObject([{ status: 'passed', reason: null }]);
  });
});
