/** The OIDC seam against the bundled provider, and against one that forges (S68-S73, S75-S77, S84). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createOidcStrategy, type OidcPending, type OidcRelyingParty } from '../../src/http/oidc/strategy.ts';
import type { OidcTrust } from '../../src/http/oidc/trust.ts';
import { isGatehouseError } from '../../src/kernel/errors.ts';
import { createSafeFetch } from '../../src/outbound/safe-fetch.ts';
import type { OidcFacts } from '../../src/protocols/oidc/id-token-facts.ts';
import { createBrowser } from '../support/browser.ts';
import { holdDate } from '../support/held-date.ts';
import { type ForgedAnswer, type ForgingIdp, startForgingIdp } from '../support/idp/forging-oidc.ts';
import { type OidcIdp, startOidcIdp } from '../support/idp/oidc.ts';
import { PATIENT_MS } from '../support/in-time.ts';

const pending: OidcPending = { state: 'state-1', nonce: 'nonce-1', codeVerifier: 'v'.repeat(43) };
/** Nobody listens there: the browser's trip ends at its Location. */
const redirectUri = 'http://127.0.0.1:2/oidc-callback/con_1';
const clientId = 'gatehouse';
const clientSecret = 'a secret: with/odd+chars%';

holdDate();
let clockOffset = 0;
const clock = () => Date.now() + clockOffset;
const fetcher = createSafeFetch({ allow: ['127.0.0.0/8'], timeoutMs: PATIENT_MS });
const relyingParty = (): OidcRelyingParty => createOidcStrategy({ fetcher, clock });

function trust(issuer: string, extra: Partial<OidcTrust> = {}): OidcTrust {
  return {
    connectionId: 'con_1',
    issuer,
    clientId,
    clientSecret,
    redirectUri,
    allowInsecure: true,
    ...extra,
  };
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return 'accepted';
  if (!isGatehouseError(error, 'sign_in_refused')) throw error;
  return String(error.context.reason);
}

describe('a whole trip through the bundled provider', () => {
  let idp: OidcIdp;
  beforeAll(async () => {
    const users = [
      { sub: 'u1', email: 'ann@a.test', name: 'Ann', groups: ['g1', 'g2'] },
      { sub: 'u2', email: 'bob@a.test', emailVerified: false },
    ];
    idp = await startOidcIdp({ clients: [{ clientId, clientSecret, redirectUris: [redirectUri] }], users });
    idp.addClient({
      clientId: 'poster',
      clientSecret: 'posted-secret',
      redirectUris: [redirectUri],
      tokenEndpointAuthMethod: 'client_secret_post',
    });
  });
  afterAll(() => idp.close());

  /** Walks from the authorization URL to the callback's query. */
  async function callbackQuery(start: string): Promise<URLSearchParams> {
    const browser = createBrowser();
    let page = await browser.request(start);
    for (let hop = 0; hop < 5; hop += 1) {
      const location = new URL(page.headers.get('location') ?? '', page.url);
      if (location.href.startsWith(redirectUri)) return location.searchParams;
      page = await browser.request(location.href);
    }
    throw new Error(`no callback: ${page.text} ${idp.errors.join()}`);
  }

  async function signIn(connection: OidcTrust, attempt: Partial<OidcPending> = {}): Promise<OidcFacts> {
    const party = relyingParty();
    const loginHint = 'ann@a.test';
    const query = await callbackQuery(
      await party.startOidc({ connection, ...pending, ...attempt, loginHint }),
    );
    return party.verifyOidcCallback({
      connection,
      query,
      pending: { ...pending, ...attempt },
      now: Date.now(),
    });
  }

  test('code, PKCE, state and nonce give the facts of the person', async () => {
    expect(await signIn(trust(idp.issuer))).toMatchObject({
      issuer: idp.issuer,
      subject: 'u1',
      email: 'ann@a.test',
      emailVerified: true,
      name: 'Ann',
      groups: ['g1', 'g2'],
    });
  });

  test('client_secret_post works where the connection asks for it', async () => {
    const connection = trust(idp.issuer, {
      clientId: 'poster',
      clientSecret: 'posted-secret',
      tokenEndpointAuthMethod: 'client_secret_post',
    });
    expect((await signIn(connection)).subject).toBe('u1');
  });

  test('max_age is sent and the answer held to it', async () => {
    expect((await signIn(trust(idp.issuer), { maxAge: 300 })).authTime).toBeGreaterThan(0);
  });

  test('S73 a code redeemed with another verifier is refused', async () => {
    const party = relyingParty();
    const connection = trust(idp.issuer);
    const query = await callbackQuery(
      await party.startOidc({ connection, ...pending, loginHint: 'ann@a.test' }),
    );
    const victim = { ...pending, codeVerifier: 'w'.repeat(43) };
    expect(
      await reasonOf(party.verifyOidcCallback({ connection, query, pending: victim, now: Date.now() })),
    ).toBe('oidc.code');
  });

  test('a code works once', async () => {
    const party = relyingParty();
    const connection = trust(idp.issuer);
    const query = await callbackQuery(
      await party.startOidc({ connection, ...pending, loginHint: 'ann@a.test' }),
    );
    const callback = { connection, query, pending, now: Date.now() };
    expect(await reasonOf(party.verifyOidcCallback(callback))).toBe('accepted');
    expect(await reasonOf(party.verifyOidcCallback(callback))).toBe('oidc.code');
  });

  test('a wrong secret is a refusal, not an error of ours', async () => {
    expect(await reasonOf(signIn(trust(idp.issuer, { clientSecret: 'wrong' })))).toBe('oidc.code');
  });

  test('S75 an unverified address is told as such', async () => {
    const party = relyingParty();
    const connection = trust(idp.issuer);
    const query = await callbackQuery(
      await party.startOidc({ connection, ...pending, loginHint: 'bob@a.test' }),
    );
    const facts = await party.verifyOidcCallback({ connection, query, pending, now: Date.now() });
    expect([facts.email, facts.emailVerified]).toEqual(['bob@a.test', false]);
  });

  test('the check of a connection says what it found', async () => {
    expect(await relyingParty().checkOidcIssuer(trust(idp.issuer))).toMatchObject({
      ok: true,
      issuer: idp.issuer,
      algorithms: ['RS256'],
      namesItselfInAnswers: true,
    });
  });
});

describe('the authorization request', () => {
  let idp: ForgingIdp;
  beforeAll(async () => {
    idp = await startForgingIdp({ clientId, nonce: pending.nonce });
  });
  afterAll(() => idp.close());

  test('S73 asks for a code with S256 although plain is offered, with state, nonce and our fixed redirect', async () => {
    const url = new URL(await relyingParty().startOidc({ connection: trust(idp.issuer), ...pending }));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      state: 'state-1',
      nonce: 'nonce-1',
      code_challenge: '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM',
      code_challenge_method: 'S256',
    });
  });

  test('hint, prompt, max_age and scopes are passed on', async () => {
    const connection = trust(idp.issuer, { scopes: ['openid', 'groups'] });
    const start = { connection, ...pending, loginHint: 'a@b.test', prompt: 'login' as const, maxAge: 0 };
    const { searchParams } = new URL(await relyingParty().startOidc(start));
    const sent = ['login_hint', 'prompt', 'max_age', 'scope'].map((name) => searchParams.get(name));
    expect(sent).toEqual(['a@b.test', 'login', '0', 'openid groups']);
  });
});

describe('answers of a provider that forges', () => {
  let idp: ForgingIdp;
  beforeAll(async () => {
    idp = await startForgingIdp({ clientId, nonce: pending.nonce });
  });
  afterAll(() => idp.close());

  const nowSeconds = () => Math.floor(Date.now() / 1000);

  async function redeem(next: ForgedAnswer, extra: Partial<OidcTrust> = {}, max?: Partial<OidcPending>) {
    idp.next = next;
    const query = new URLSearchParams({ code: 'c1', state: pending.state });
    const callback = { query, pending: { ...pending, ...max }, now: Date.now() };
    return relyingParty().verifyOidcCallback({ connection: trust(idp.issuer, extra), ...callback });
  }

  test('the untouched answer is accepted and the code redeemed with verifier and fixed redirect', async () => {
    expect((await redeem({})).subject).toBe('subject-1');
    const sent = idp.tokenRequests.at(-1);
    expect([sent?.get('code_verifier'), sent?.get('redirect_uri')]).toEqual([
      pending.codeVerifier,
      redirectUri,
    ]);
    expect(sent?.get('authorization')).toMatch(/^Basic /);
  });

  const forgeries: readonly (readonly [string, ForgedAnswer, string])[] = [
    ['S68 alg none', { signing: 'none' }, 'oidc.algorithm'],
    ['S68 HS256 keyed with the public key', { signing: 'hs256-public-key' }, 'oidc.algorithm'],
    ['S68 an algorithm the provider does not announce', { signing: 'ps256' }, 'oidc.algorithm'],
    ['S68 a key that is not the provider’s, under its kid', { signing: 'foreign-key' }, 'oidc.signature'],
    ['S68 one bit of the signature', { signing: 'broken' }, 'oidc.signature'],
    ['S68 an unknown kid', { header: { kid: 'nobody' } }, 'oidc.key'],
    ['S69 audience of another application', { claims: { aud: 'another' } }, 'oidc.audience'],
    ['S69 azp of another', { claims: { aud: [clientId, 'b'], azp: 'b' } }, 'oidc.authorized_party'],
    ['S69 two audiences without azp', { claims: { aud: [clientId, 'b'] } }, 'oidc.audience'],
    ['S70 issuer of another', { claims: { iss: 'https://evil.example' } }, 'oidc.issuer'],
    ['S72 nonce of another sign-in', { claims: { nonce: 'other' } }, 'oidc.nonce'],
    ['S72 nonce missing', { claims: { nonce: undefined } }, 'oidc.id_token'],
    ['S76 a number as subject', { claims: { sub: 7 } }, 'oidc.id_token'],
    ['S76 an endless subject', { claims: { sub: 'x'.repeat(256) } }, 'oidc.subject'],
    ['S77 UserInfo of another', { userInfo: { sub: 'somebody-else' } }, 'oidc.userinfo_subject'],
    ['S77 UserInfo says no', { userInfoStatus: 401, userInfo: {} }, 'oidc.userinfo'],
    ['UserInfo is down', { userInfoStatus: 503, userInfo: {} }, 'oidc.unreachable'],
    ['S84 expired two minutes ago', { claims: { exp: nowSeconds() - 120 } }, 'oidc.expired'],
    ['S84 issued in two minutes', { claims: { iat: nowSeconds() + 120 } }, 'oidc.not_yet_valid'],
    ['S84 valid in two minutes', { claims: { nbf: nowSeconds() + 120 } }, 'oidc.not_yet_valid'],
    ['S84 a quarter of an hour old', { claims: { iat: nowSeconds() - 900 } }, 'oidc.too_old'],
    ['no ID token', { tokenBody: { access_token: 'a', token_type: 'Bearer' } }, 'oidc.id_token'],
    [
      'an ID token that is none',
      { tokenBody: { access_token: 'a', token_type: 'Bearer', id_token: 'x' } },
      'oidc.id_token',
    ],
    ['a token answer that is a list', { tokenBody: [] }, 'oidc.id_token'],
    ['the code is refused', { tokenStatus: 400 }, 'oidc.code'],
    ['the token endpoint is down', { tokenStatus: 503, tokenBody: {} }, 'oidc.unreachable'],
  ];
  test.each(forgeries)('%s is refused', async (_title, next, reason) => {
    expect(await reasonOf(redeem(next))).toBe(reason);
  });

  test.each(['jku', 'x5u'])('S81 a %s header is ignored, the announced keys decide', async (name) => {
    const header = { [name]: `${idp.issuer}/evil-keys` };
    expect((await redeem({ header })).subject).toBe('subject-1');
  });

  test.each(['jwk', 'jku', 'x5u'])('S81 a token that brings its own key as %s is refused', async (name) => {
    const value = name === 'jwk' ? idp.broughtKey : `${idp.issuer}/brought-keys`;
    expect(await reasonOf(redeem({ signing: 'brought-key', header: { [name]: value } }))).toBe(
      'oidc.signature',
    );
  });

  test('S84 auth_time older than the max_age asked for is refused', async () => {
    const next = { claims: { auth_time: nowSeconds() - 900 } };
    expect(await reasonOf(redeem(next, {}, { maxAge: 60 }))).toBe('oidc.auth_time');
    expect(await reasonOf(redeem(next, {}, { maxAge: 1800 }))).toBe('accepted');
  });

  test('S70 a pinned tenant refuses a token without it', async () => {
    const tenantId = '11111111-2222-3333-4444-555555555555';
    expect(await reasonOf(redeem({}, { tenantId }))).toBe('oidc.tenant');
    expect(await reasonOf(redeem({ claims: { tid: tenantId } }, { tenantId }))).toBe('accepted');
  });

  test.each([
    ['S72 state of another browser', { code: 'c1', state: 'other' }, pending, 'oidc.state'],
    ['S72 no stored sign-in', { code: 'c1', state: 'state-1' }, undefined, 'oidc.state'],
    [
      'S71 iss of another provider',
      { code: 'c1', state: 'state-1', iss: 'https://b.test' },
      pending,
      'oidc.response_issuer',
    ],
    ['S87 an error answer', { error: 'server_error', state: 'state-1' }, pending, 'oidc.denied'],
  ])('%s is refused before the code is spent', async (_title, query, stored, reason) => {
    const before = idp.tokenRequests.length;
    const callback = { query: new URLSearchParams(query), pending: stored, now: Date.now() };
    const work = relyingParty().verifyOidcCallback({ connection: trust(idp.issuer), ...callback });
    expect(await reasonOf(work)).toBe(reason);
    expect(idp.tokenRequests.length).toBe(before);
  });

  test('S82 a rotated key is fetched at once, then unknown keys at most once a minute', async () => {
    const party = relyingParty();
    const connection = trust(idp.issuer);
    const query = new URLSearchParams({ code: 'c1', state: pending.state });
    const attempt = (next: ForgedAnswer) => {
      idp.next = next;
      return reasonOf(party.verifyOidcCallback({ connection, query, pending, now: Date.now() }));
    };
    const before = idp.keyRequests();
    expect(await attempt({})).toBe('accepted');
    await idp.rotateKeys();
    expect(await attempt({})).toBe('accepted');
    expect(idp.keyRequests() - before).toBe(2);
    for (const kid of ['x1', 'x2', 'x3']) expect(await attempt({ header: { kid } })).toBe('oidc.key');
    expect(idp.keyRequests() - before).toBe(2);
    clockOffset = 61_000;
    expect(await attempt({ header: { kid: 'x4' } })).toBe('oidc.key');
    clockOffset = 0;
    expect(idp.keyRequests() - before).toBe(3);
  });
});

describe('discovery', () => {
  let idp: ForgingIdp;
  beforeAll(async () => {
    idp = await startForgingIdp({ clientId, nonce: pending.nonce });
  });
  afterAll(() => idp.close());

  const documents: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['S78 the issuer of another', { issuer: 'https://evil.example' }, 'oidc.discovery'],
    ['S78 no issuer', { issuer: undefined }, 'oidc.discovery'],
    ['S78 no token endpoint', { token_endpoint: undefined }, 'oidc.discovery'],
    [
      'S78 an authorization endpoint that is script',
      { authorization_endpoint: 'javascript:alert(1)' },
      'oidc.discovery',
    ],
    [
      'S79 a token endpoint on a metadata address',
      { token_endpoint: 'https://169.254.169.254/t' },
      'oidc.egress',
    ],
    ['S79 keys on a private address', { jwks_uri: 'https://10.0.0.1/keys' }, 'oidc.egress'],
    ['S79 UserInfo on a local file', { userinfo_endpoint: 'file:///etc/passwd' }, 'oidc.egress'],
    [
      'S68 only unusable algorithms',
      { id_token_signing_alg_values_supported: ['HS256', 'none'] },
      'oidc.algorithm',
    ],
  ];
  test.each(documents)('%s is refused', async (_title, discovery, reason) => {
    idp.discovery = discovery;
    expect(await reasonOf(relyingParty().startOidc({ connection: trust(idp.issuer), ...pending }))).toBe(
      reason,
    );
    expect(await relyingParty().checkOidcIssuer(trust(idp.issuer))).toEqual({ ok: false, reason });
    idp.discovery = {};
  });

  test('S78 an issuer in another spelling is another one: identities are kept by the exact text', async () => {
    idp.discovery = { issuer: `${idp.issuer}/` };
    const reason = await reasonOf(relyingParty().startOidc({ connection: trust(idp.issuer), ...pending }));
    idp.discovery = {};
    expect(reason).toBe('oidc.discovery');
  });

  test.each([
    ['https:', true],
    ['http:', false],
    ['javascript:', false],
  ])('S78 an https issuer sends browsers to %s: %s', async (scheme, ok) => {
    const issuer = 'https://idp.example';
    const document = {
      ...{ issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, keys: [] },
      authorization_endpoint: `${scheme}//idp.example/authorize`,
    };
    const answering = { ...fetcher, fetch: async () => Response.json(document), checkUrl: () => undefined };
    const party = createOidcStrategy({ fetcher: answering, clock });
    expect(await party.checkOidcIssuer(trust(issuer, { allowInsecure: false }))).toMatchObject({ ok });
  });

  test.each([
    ['a closed port', 'http://127.0.0.1:2', 'oidc.unreachable'],
    ['a private address outside the list', 'https://10.0.0.1', 'oidc.egress'],
    ['plain http outside the list', 'http://idp.invalid', 'oidc.unreachable'],
    ['no URL', 'nonsense', 'oidc.discovery'],
    ['a template issuer without a tenant', 'https://login.microsoftonline.com/common/v2.0', 'oidc.tenant'],
  ])('an issuer on %s refuses the start and the callback alike', async (_title, issuer, reason) => {
    const query = new URLSearchParams({ code: 'c1', state: pending.state });
    const connection = trust(issuer);
    expect(await reasonOf(relyingParty().startOidc({ connection, ...pending }))).toBe(reason);
    const callback = { connection, query, pending, now: Date.now() };
    expect(await reasonOf(relyingParty().verifyOidcCallback(callback))).toBe(reason);
  });

  test('plain http needs allowInsecure although the address is allowed', async () => {
    const connection = trust(idp.issuer, { allowInsecure: false });
    expect(await reasonOf(relyingParty().startOidc({ connection, ...pending }))).toBe('oidc.egress');
  });

  test('is cached for ten minutes per connection, and a failure is not cached', async () => {
    let calls = 0;
    const counting = {
      ...fetcher,
      fetch: (...args: Parameters<typeof fetcher.fetch>) => {
        calls += 1;
        return fetcher.fetch(...args);
      },
    };
    let now = Date.now();
    const party = createOidcStrategy({ fetcher: counting, clock: () => now });
    const start = (connectionId: string) =>
      party.startOidc({ connection: trust(idp.issuer, { connectionId }), ...pending });
    idp.discovery = { issuer: 'https://evil.example' };
    expect(await reasonOf(start('con_1'))).toBe('oidc.discovery');
    idp.discovery = {};
    await Promise.all([start('con_1'), start('con_1'), start('con_1')]);
    expect(calls).toBe(2);
    await start('con_2');
    expect(calls).toBe(3);
    now += 600_001;
    await start('con_1');
    expect(calls).toBe(4);
  });
});
