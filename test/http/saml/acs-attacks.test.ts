/** The whole attack corpus at the live door: refused, no session, one audit row with the exact reason. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/core/entities/connection.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { attacks, goodResponses, oddities } from '../../support/saml-attacks.ts';
import { goodResponse, type SamlContext } from '../../support/saml-builder.ts';
import { fixtureContext } from '../../support/saml-fixture-context.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  refusalReasons,
  reopening,
  setSession,
  startSaml,
} from '../../support/sign-in-stage.ts';

const NAME_ID = 'ada@corp.example';

let gateway: TestGateway;
let organization: Organization;
let connection: Connection;

beforeAll(async () => {
  gateway = await startGateway();
  organization = await gateway.createOrganization({ slug: 'corp' });
  const directory = await gateway.createDirectory(organization);
  connection = await addSamlConnection(gateway, organization);
  for (const userName of [NAME_ID, 'intruder@evil.example'])
    await pushPerson(gateway, directory, { userName });
});

afterAll(() => gateway.close());

const ROWS = attacks(fixtureContext()).map(({ line, name, reason }, index) => ({
  line,
  name,
  reason,
  index,
}));

describe('attacks', () => {
  let browser: Browser;
  let relayState: string;
  let context: SamlContext;
  let messages: readonly string[];
  let reopen: () => Promise<void>;

  beforeAll(async () => {
    browser = createBrowser();
    const started = await startSaml(gateway, browser, '/sign-in/corp');
    relayState = started.relayState;
    reopen = await reopening(gateway, connection, relayState);
    const { requestId } = started;
    // The rows edit the fixed ids of a response without a suffix.
    const { suffix: _none, ...plain } = contextFor(gateway, connection, { requestId, nameId: NAME_ID });
    context = plain;
    messages = attacks(context).map(({ samlResponse }) => samlResponse);
  });

  const post = (SAMLResponse: string) =>
    postToAcs(gateway, browser, { connection, fields: { SAMLResponse, RelayState: relayState } });

  test('the corpus is there', () => {
    expect(ROWS.length).toBeGreaterThan(90);
  });

  const pages = new Set<string>();

  test.each(ROWS)('$line $name', async ({ index, reason }) => {
    await reopen();
    const page = await post(messages[index] ?? '');
    expect(page.status).toBe(403);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(await refusalReasons(gateway, organization, page)).toEqual([reason]);
    pages.add(page.text.replace(/<code>[^<]*<\/code>/, ''));
  });

  test('all of them got one and the same page, but for the reference', () => {
    expect(pages.size).toBe(1);
  });

  test('S72 each of them was the last answer to its sign-in: the genuine one comes in to another only', async () => {
    const genuine = goodResponse({ ...context, suffix: '-genuine' });
    expect(setSession(await post(genuine))).toBeUndefined();
    await reopen();
    expect(setSession(await post(genuine))).toBeDefined();
  });
});

describe('genuine responses come in as exactly the person they name', () => {
  const genuine = (context: SamlContext) => [...goodResponses(context), ...oddities(context)];
  const rows = genuine(fixtureContext()).map(({ name }, index) => ({ name, index }));

  test.each(rows)('$name', async ({ index }) => {
    const browser = createBrowser();
    const { requestId, relayState } = await startSaml(gateway, browser, '/sign-in/corp');
    const context = contextFor(gateway, connection, { requestId, nameId: NAME_ID });
    const SAMLResponse = genuine(context)[index]?.samlResponse ?? '';
    const page = await postToAcs(gateway, browser, {
      connection,
      fields: { SAMLResponse, RelayState: relayState },
    });
    expect(page).toMatchObject({ status: 303 });
    expect(page.headers.get('location')).toBe('/');
    const answer = await browser.request(`${gateway.baseUrl}/api/v1/session`);
    expect(JSON.parse(answer.text)).toMatchObject({ user: { email: NAME_ID } });
  });
});
