/** What anybody can bring about costs the audit so much and no more; what something ties to a person is always in it (law 10). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../src/core/entities/connection.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import { seconds } from '../../src/kernel/clock.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { nextText } from '../support/builders.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { holdDate } from '../support/held-date.ts';
import { type ForgedAnswer, type ForgingIdp, startForgingIdp } from '../support/idp/forging-oidc.ts';
import { logoutContext, postTo, requestForm } from '../support/logout-stage.ts';
import { factOf, recordedSignIns } from '../support/recorded-sign-ins.ts';
import { goodResponse, type SamlContext } from '../support/saml-builder.ts';
import { attackerKey } from '../support/saml-keys.ts';
import {
  addOidcConnection,
  addSamlConnection,
  contextFor,
  postToAcs,
  refusalReasons,
  startSaml,
} from '../support/sign-in-stage.ts';

/** What the audit takes of one connection at once, of what was read and is tied to nobody. */
const AT_ONCE = 500;
const NO_SUCH_HANDLE = `ghr_${'a'.repeat(43)}`;
const ELSEWHERE = { spEntityId: 'https://elsewhere.example' };

let gateway: TestGateway;
let idp: ForgingIdp;
/** What the provider puts into its next ID token. */
const setup = { clientId: '', nonce: '' };
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate(), rateLimits: true });
  idp = await startForgingIdp(setup);
});
afterAll(async () => {
  await idp.close();
  await gateway.close();
});

interface Company {
  readonly organization: Organization;
  readonly connection: Connection;
}
let company: Company;
const browserOf = (): Browser => createBrowser();

/** A company of whose connection strangers have brought about all that the audit takes at once. */
async function flooded(add: (organization: Organization) => Promise<Connection>): Promise<void> {
  const organization = await gateway.createOrganization({ slug: nextText('flood') });
  const connection = await add(organization);
  for (let index = 0; index < AT_ONCE; index += 1) gateway.deps.strangerGate?.(connection.id, 'read');
  company = { organization, connection };
}

/** What became of a refusal: the reason in the audit, undefined when it was left out; and the one in the recorder, by its reference. */
async function tracesOf(page: Page) {
  const reference = page.headers.get('x-request-id') ?? '';
  const [recorded] = await recordedSignIns(gateway, company.organization, `&q=${reference}`);
  const [audited] = await refusalReasons(gateway, company.organization, page);
  return { recorded, audited, reason: recorded?.failure?.reason };
}

type Row = readonly [title: string, reason: string, isWritten: boolean, send: () => Promise<Page>];

function judge(rows: readonly Row[]): void {
  test.each(rows)('S217 %s: %s, in the audit: %s', async (_title, reason, isWritten, send) => {
    const page = await send();
    expect(page.status).toBeGreaterThanOrEqual(400);
    const traces = await tracesOf(page);
    expect(traces).toMatchObject({ reason });
    expect(traces.audited).toBe(isWritten ? reason : undefined);
  });
}

const answerWith = (SAMLResponse: string, RelayState?: string, browser = browserOf()) =>
  postToAcs(gateway, browser, {
    connection: company.connection,
    fields: { SAMLResponse, ...(RelayState === undefined ? {} : { RelayState }) },
  });

const unasked = (over: Partial<SamlContext> = {}) =>
  goodResponse({
    ...contextFor(gateway, company.connection, { requestId: undefined, nameId: 'ada@corp.example' }),
    ...over,
  });

/** The answer to a sign-in that this browser began. */
async function asked(over: Partial<SamlContext> = {}) {
  const browser = browserOf();
  const path = `/sign-in/${company.organization.slug}`;
  const { requestId, relayState } = await startSaml(gateway, browser, path);
  return answerWith(unasked({ requestId, ...over }), relayState, browser);
}

describe('SAML, asked for alone', () => {
  beforeEach(() => flooded((organization) => addSamlConnection(gateway, organization)));
  judge([
    ['what is no text', 'saml.encoding', false, () => answerWith('gICA')],
    ['a sign-in that nobody began', 'sign_in.not_pending', false, () => answerWith('AAAA', NO_SUCH_HANDLE)],
    ['an answer nobody asked for', 'saml.unsolicited', false, () => answerWith(unasked())],
    ['a foreign signature, asked for', 'saml.signature', true, () => asked(attackerKey())],
    ['another audience, asked for', 'saml.audience', true, () => asked(ELSEWHERE)],
    ['somebody unknown', 'identity.unknown', true, () => asked()],
  ]);
});

describe('SAML, unasked as well', () => {
  beforeEach(() =>
    flooded((organization) => addSamlConnection(gateway, organization, { idpInitiated: true })),
  );
  judge([
    ['a foreign signature', 'saml.signature', false, () => answerWith(unasked(attackerKey()))],
    ['another audience, signed', 'saml.audience', true, () => answerWith(unasked(ELSEWHERE))],
    [
      'a sign-out message that nobody signed',
      'saml.encoding',
      false,
      () => postTo(gateway, browserOf(), { ...company, fields: { SAMLRequest: 'gICA' } }),
    ],
    [
      'a signed sign-out message for elsewhere',
      'saml.destination',
      true,
      () => {
        const context = logoutContext(gateway, company.connection, {
          logoutUrl: 'https://elsewhere.example',
        });
        return postTo(gateway, browserOf(), { ...company, fields: requestForm(context) });
      },
    ],
  ]);

  test('S217 that the signature held is said, and the next refusal that is written counts those left out', async () => {
    const { recorded } = await tracesOf(await answerWith(unasked(ELSEWHERE)));
    expect(factOf(recorded, 'Signature')).toEqual([['verified'], true]);
    for (let count = 0; count < 3; count += 1) await answerWith('gICA');
    gateway.clock.advance(seconds(10));
    await answerWith('gICA');
    const rows = await gateway.storage.auditEvents.list(
      company.organization.id,
      { type: 'saml.rejected' },
      { limit: 9 },
    );
    expect(rows.map(({ details }) => [details.reason, details.leftOut])).toEqual([
      ['saml.encoding', 3],
      ['saml.audience', undefined],
    ]);
  });
});

const callBack = (query: string, browser = browserOf()) =>
  browser.request(`${gateway.baseUrl}/oidc-callback/${company.connection.id}?${query}`);

/** The callback of a sign-in that this browser began. */
async function calledBack(next: ForgedAnswer, query = 'code=x') {
  const browser = browserOf();
  const { organization, connection } = company;
  const start = await browser.request(`${gateway.baseUrl}/sign-in/${organization.slug}`);
  const { searchParams } = new URL(start.headers.get('location') ?? '');
  setup.clientId = connection.settings.protocol === 'oidc' ? connection.settings.clientId : '';
  setup.nonce = searchParams.get('nonce') ?? '';
  idp.next = next;
  return callBack(`${query}&state=${searchParams.get('state')}`, browser);
}

const logOutWith = (token: string) =>
  browserOf().request(`${gateway.baseUrl}/oidc-backchannel-logout/${company.connection.id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });

describe('OpenID Connect', () => {
  beforeEach(() => flooded((organization) => addOidcConnection(gateway, organization, { idp })));
  judge([
    ['a callback without a state', 'oidc.state', false, () => callBack('code=x')],
    [
      'a sign-in that nobody began',
      'sign_in.not_pending',
      false,
      () => callBack(`code=x&state=${NO_SUCH_HANDLE}`),
    ],
    ['a person who was denied', 'oidc.denied', true, () => calledBack({}, 'error=access_denied')],
    ['a broken signature, asked for', 'oidc.signature', true, () => calledBack({ signing: 'broken' })],
    ['another audience, asked for', 'oidc.audience', true, () => calledBack({ claims: { aud: 'other' } })],
    ['a logout token that is none', 'oidc.logout_token', false, () => logOutWith('AAAA')],
    [
      'a signed logout token for nobody here',
      'oidc.audience',
      true,
      async () => logOutWith(await idp.sign({ iss: idp.issuer }, { header: { typ: 'logout+jwt' } })),
    ],
  ]);
});
