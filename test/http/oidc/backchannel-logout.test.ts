/** The back-channel logout receiver: which tokens end which sessions, and that everything else gets one and the same 400 (S88). */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/kernel/clock.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type ForgedAnswer, type ForgingIdp, startForgingIdp } from '../../support/idp/forging-oidc.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { addOidcConnection, pushPerson, refusalReasons, sessionStatus } from '../../support/sign-in-stage.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

let gateway: TestGateway;
let idp: ForgingIdp;
/** What the provider puts into its next ID token. */
const setup = { clientId: '', nonce: '' };

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startForgingIdp(setup);
});

afterAll(async () => {
  await idp.close();
  await gateway.close();
});

type Company = Awaited<ReturnType<typeof aCompany>>;

async function aCompany(choice: Partial<Parameters<typeof addOidcConnection>[2]> = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('contoso') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addOidcConnection(gateway, organization, { idp, ...choice });
  const { settings } = connection;
  const clientId = settings.protocol === 'oidc' ? settings.clientId : '';
  for (const externalId of ['sub-ada', 'sub-eve'])
    await pushPerson(gateway, directory, { userName: `${externalId}@contoso.example`, externalId });
  return { organization, directory, connection, clientId };
}

/** A browser of its own in which this subject is signed in. */
async function signedIn(company: Company, claims: { sub: string; sid?: string }): Promise<Browser> {
  const browser = createBrowser();
  const start = await browser.request(`${gateway.baseUrl}/sign-in/${company.organization.slug}`);
  const { searchParams } = new URL(start.headers.get('location') ?? '');
  setup.clientId = company.clientId;
  setup.nonce = searchParams.get('nonce') ?? '';
  idp.next = { claims };
  const { id } = company.connection;
  const state = searchParams.get('state') ?? '';
  const page = await browser.request(`${gateway.baseUrl}/oidc-callback/${id}?code=x&state=${state}`);
  if (page.status !== 303) throw new Error(`not signed in: ${page.status} ${page.text}`);
  return browser;
}

type Claims = Readonly<Record<string, unknown>>;

const claimsFor = ({ clientId }: Company, over: Claims = {}): Claims => {
  const now = Math.floor(gateway.clock.now() / 1000);
  return {
    ...{ iss: idp.issuer, aud: clientId, iat: now, exp: now + 120, jti: nextText('jti') },
    ...{ sub: 'sub-ada', events: { [EVENT]: {} } },
    ...over,
  };
};

const TYPED = { header: { typ: 'logout+jwt' } };

const send = (company: Pick<Company, 'connection'>, body: string) =>
  createBrowser().request(`${gateway.baseUrl}/oidc-backchannel-logout/${company.connection.id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });

const sendToken = (company: Pick<Company, 'connection'>, token: string) =>
  send(company, new URLSearchParams({ logout_token: token }).toString());

describe('a genuine token', () => {
  test.each([
    ['logout+jwt', TYPED],
    ['JWT, as before the final specification', { header: { typ: 'JWT' } }],
    ['no type', {}],
  ])('S88 of type %s ends the sessions of its subject: 200, not to be stored', async (_title, how) => {
    const company = await aCompany();
    const [one, two] = [
      await signedIn(company, { sub: 'sub-ada' }),
      await signedIn(company, { sub: 'sub-ada' }),
    ];
    const eve = await signedIn(company, { sub: 'sub-eve' });
    const page = await sendToken(company, await idp.sign(claimsFor(company), how));
    expect([page.status, page.text, page.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
    expect(await countOfType(gateway.storage, company.organization.id, 'oidc.logout')).toBe(1);
    const states = await Promise.all([one, two, eve].map((browser) => sessionStatus(gateway, browser)));
    expect(states).toEqual([401, 401, 200]);
  });

  test('S88 with sid ends that session alone, with or without sub', async () => {
    const company = await aCompany();
    const one = await signedIn(company, { sub: 'sub-ada', sid: 's1' });
    const two = await signedIn(company, { sub: 'sub-ada', sid: 's2' });
    const states = () => Promise.all([one, two].map((browser) => sessionStatus(gateway, browser)));
    await sendToken(company, await idp.sign(claimsFor(company, { sub: 'sub-eve', sid: 's1' }), TYPED));
    expect(await states()).toEqual([200, 200]);
    await sendToken(company, await idp.sign(claimsFor(company, { sid: 's1' }), TYPED));
    expect(await states()).toEqual([401, 200]);
    await sendToken(company, await idp.sign(claimsFor(company, { sub: undefined, sid: 's2' }), TYPED));
    expect(await states()).toEqual([401, 401]);
  });

  test('S88 of one connection ends nothing of another of the same provider', async () => {
    const [a, b] = [await aCompany(), await aCompany()];
    const atB = await signedIn(b, { sub: 'sub-ada', sid: 'shared' });
    const token = await idp.sign(claimsFor(a, { sid: 'shared' }), TYPED);
    expect((await sendToken(a, token)).status).toBe(200);
    expect((await sendToken(b, token)).status).toBe(400);
    expect(await sessionStatus(gateway, atB)).toBe(200);
  });

  test('S88 the same jti is taken once, also of 30 at a time', async () => {
    const company = await aCompany();
    const token = await idp.sign(claimsFor(company), TYPED);
    const pages = await Promise.all(Array.from({ length: 30 }, () => sendToken(company, token)));
    expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
    const browser = await signedIn(company, { sub: 'sub-ada' });
    const again = await sendToken(company, token);
    expect(again.status).toBe(400);
    expect(await refusalReasons(gateway, company.organization, again)).toEqual(['oidc.logout_replayed']);
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test('S82 keys rotated since the last sign-in: the new key is fetched, the old one is refused', async () => {
    const company = await aCompany();
    const browser = await signedIn(company, { sub: 'sub-ada' });
    const old = await idp.sign(claimsFor(company), TYPED);
    gateway.clock.advance(minutes(2));
    await idp.rotateKeys();
    const fresh = await idp.sign(claimsFor(company), TYPED);
    expect((await sendToken(company, fresh)).status).toBe(200);
    expect(await sessionStatus(gateway, browser)).toBe(401);
    expect((await sendToken(company, old)).status).toBe(400);
  });
});

interface Row {
  readonly title: string;
  readonly reason: string;
  readonly claims?: Claims;
  readonly how?: Pick<ForgedAnswer, 'signing' | 'header'>;
}

const seconds = (count: number) => Math.floor(gateway.clock.now() / 1000) + count;

const bad: () => readonly Row[] = () => [
  { title: 'alg none', reason: 'oidc.algorithm', how: { signing: 'none' } },
  { title: 'HS256 with the public key', reason: 'oidc.algorithm', how: { signing: 'hs256-public-key' } },
  { title: 'a foreign key', reason: 'oidc.signature', how: { signing: 'foreign-key' } },
  { title: 'a broken signature', reason: 'oidc.signature', how: { signing: 'broken' } },
  { title: 'an unknown key', reason: 'oidc.key', how: { header: { typ: 'logout+jwt', kid: 'other' } } },
  { title: 'the type of an access token', reason: 'oidc.logout_token', how: { header: { typ: 'at+jwt' } } },
  { title: 'another issuer', reason: 'oidc.issuer', claims: { iss: 'https://other.example' } },
  { title: 'no issuer', reason: 'oidc.issuer', claims: { iss: undefined } },
  { title: 'another audience', reason: 'oidc.audience', claims: { aud: 'somebody-else' } },
  { title: 'no audience', reason: 'oidc.audience', claims: { aud: undefined } },
  { title: 'a nonce', reason: 'oidc.logout_token', claims: { nonce: 'n' } },
  { title: 'an empty nonce', reason: 'oidc.logout_token', claims: { nonce: '' } },
  { title: 'no events', reason: 'oidc.logout_token', claims: { events: undefined } },
  { title: 'another event', reason: 'oidc.logout_token', claims: { events: { 'https://x': {} } } },
  { title: 'events as a list', reason: 'oidc.logout_token', claims: { events: [EVENT] } },
  { title: 'the event as text', reason: 'oidc.logout_token', claims: { events: { [EVENT]: 'x' } } },
  { title: 'no jti', reason: 'oidc.logout_token', claims: { jti: undefined } },
  { title: 'a jti that is a number', reason: 'oidc.logout_token', claims: { jti: 7 } },
  { title: 'a jti of 256 characters', reason: 'oidc.logout_token', claims: { jti: 'x'.repeat(256) } },
  { title: 'neither sub nor sid', reason: 'oidc.logout_token', claims: { sub: undefined } },
  { title: 'a sub that is a list', reason: 'oidc.logout_token', claims: { sub: ['sub-ada'] } },
  { title: 'an empty sid', reason: 'oidc.logout_token', claims: { sid: '' } },
  { title: 'no iat', reason: 'oidc.time', claims: { iat: undefined } },
  { title: 'an iat as text', reason: 'oidc.time', claims: { iat: 'now' } },
  { title: 'issued 61 seconds from now', reason: 'oidc.not_yet_valid', claims: { iat: seconds(62) } },
  { title: 'issued eleven minutes and a second ago', reason: 'oidc.too_old', claims: { iat: seconds(-662) } },
  { title: 'expired by more than the skew', reason: 'oidc.expired', claims: { exp: seconds(-61) } },
];

describe('everything else', () => {
  test('S88 ends no session and gets one and the same 400, for the exact reason inside', async () => {
    const company = await aCompany();
    const browser = await signedIn(company, { sub: 'sub-ada', sid: 's1' });
    const answers = new Set<string>();
    const outcomes: unknown[] = [];
    for (const { title, claims = {}, how = TYPED } of bad()) {
      const page = await sendToken(company, await idp.sign(claimsFor(company, claims), how));
      const [reason] = await refusalReasons(gateway, company.organization, page);
      outcomes.push({ title, status: page.status, reason });
      answers.add(`${page.text} ${page.headers.get('cache-control')} ${page.headers.get('content-type')}`);
    }
    expect(outcomes).toEqual(bad().map(({ title, reason }) => ({ title, status: 400, reason })));
    expect([...answers]).toEqual([
      '{"error":"invalid_request","error_description":"The logout token was not accepted."} no-store application/json; charset=utf-8',
    ]);
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test.each([
    ['no token', ''],
    ['an empty token', 'logout_token='],
    ['a doubled token', 'logout_token=a&logout_token=b'],
    ['no JWT', 'logout_token=garbage'],
    ['three dots', 'logout_token=...'],
    ['20 KB', `logout_token=${'a'.repeat(20_000)}`],
  ])('S88 %s', async (_title, body) => {
    const company = await aCompany();
    const page = await send(company, body);
    expect([page.status, page.headers.get('cache-control')]).toEqual([400, 'no-store']);
  });

  test('S68 an algorithm that the connection does not list is refused although the key is genuine', async () => {
    idp.discovery = { id_token_signing_alg_values_supported: ['RS256', 'PS256'] };
    const company = await aCompany({ settings: { idTokenAlgs: ['PS256'] } });
    const page = await sendToken(company, await idp.sign(claimsFor(company), TYPED));
    idp.discovery = {};
    expect(page.status).toBe(400);
    expect(await refusalReasons(gateway, company.organization, page)).toEqual(['oidc.algorithm']);
  });

  test('S88 an ID token of this very person is no logout token', async () => {
    const company = await aCompany();
    const browser = await signedIn(company, { sub: 'sub-ada' });
    const idToken = claimsFor(company, { events: undefined, jti: undefined, nonce: 'n' });
    expect((await sendToken(company, await idp.sign(idToken))).status).toBe(400);
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test('law 10: unknown and disabled connections answer as any refusal; GET is 405, JSON 415', async () => {
    const company = await aCompany();
    const token = await idp.sign(claimsFor(company), TYPED);
    const disabled = await addOidcConnection(gateway, company.organization, { idp, status: 'disabled' });
    const pages = [
      await sendToken({ connection: disabled }, token),
      await sendToken({ connection: { ...disabled, id: 'con_nobody' as typeof disabled.id } }, token),
    ];
    expect(pages.map(({ status }) => status)).toEqual([400, 400]);
    const url = `${gateway.baseUrl}/oidc-backchannel-logout/${company.connection.id}`;
    expect((await createBrowser().request(url)).status).toBe(405);
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await createBrowser().request(url, json)).status).toBe(415);
  });

  test('a token of 80 KB is 413, and every refusal is JSON', async () => {
    const { connection } = await aCompany();
    const page = await sendToken({ connection }, 'x'.repeat(80_000));
    expect(page.status).toBe(413);
    expect(page.headers.get('content-type')).toContain('application/json');
    expect(JSON.parse(page.text)).toMatchObject({ error: 'invalid_request' });
  });
});
