/** An identity provider that falters: keys that rotate or vanish, descriptions that cannot be had, answers that are too much (S80, S82, R38). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fetchKeys, noKeysYet } from '../../../src/http/oidc/signing-keys.ts';
import { createOidcStrategy, type OidcPending } from '../../../src/http/oidc/strategy.ts';
import type { OidcTrust } from '../../../src/http/oidc/trust.ts';
import { hours, minutes } from '../../../src/kernel/clock.ts';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import { createSafeFetch } from '../../../src/outbound/safe-fetch.ts';
import { holdDate } from '../../support/held-date.ts';
import { type ForgedAnswer, type ForgingIdp, startForgingIdp } from '../../support/idp/forging-oidc.ts';
import { PATIENT_MS } from '../../support/in-time.ts';
import { refusalOf } from '../../support/refusals.ts';

const pending: OidcPending = { state: 'state-1', nonce: 'nonce-1', codeVerifier: 'v'.repeat(43) };
const clientId = 'gatehouse';

let idp: ForgingIdp;
let now: number;
beforeAll(async () => {
  idp = await startForgingIdp({ clientId, nonce: pending.nonce });
});
beforeEach(() => {
  now = holdDate();
  Object.assign(idp, { down: {}, extraKeys: [], discovery: {}, next: {} });
});
afterAll(() => idp.close());

function aParty(extra: Partial<OidcTrust> = {}) {
  const party = createOidcStrategy({
    fetcher: createSafeFetch({ allow: ['127.0.0.0/8'], timeoutMs: PATIENT_MS }),
    clock: () => now,
  });
  const connection: OidcTrust = {
    ...{ connectionId: 'con_1', issuer: idp.issuer, clientId, clientSecret: 'secret' },
    ...{ redirectUri: 'http://127.0.0.1:2/oidc-callback/con_1', allowInsecure: true },
    ...extra,
  };
  const query = new URLSearchParams({ code: 'c1', state: pending.state });
  return {
    start: () => refusalOf(party.startOidc({ connection, ...pending })),
    signIn: (next: ForgedAnswer = {}, wants?: readonly string[]) => {
      idp.next = next;
      // The times of a token are today's.
      return refusalOf(party.verifyOidcCallback({ connection, query, pending, now: Date.now(), wants }));
    },
  };
}

describe('S82 keys that rotate', () => {
  test('no sign-in fails, however often they do', async () => {
    const party = aParty();
    expect(await party.signIn()).toBe('done');
    for (let round = 0; round < 3; round += 1) {
      await idp.rotateKeys();
      expect([await party.signIn(), await party.signIn()]).toEqual(['done', 'done']);
      now += minutes(2);
    }
  });

  test('one that the provider has taken back is believed for five minutes at most', async () => {
    const party = aParty();
    expect(await party.signIn()).toBe('done');
    const at = Math.floor(Date.now() / 1000);
    const said = { iss: idp.issuer, aud: clientId, sub: 'subject-1', nonce: pending.nonce };
    const stolen = await idp.sign({ ...said, iat: at, exp: at + 300 });
    await idp.rotateKeys();
    const tokenBody = { access_token: 'a', token_type: 'Bearer', id_token: stolen };
    now += minutes(5) - 1;
    expect(await party.signIn({ tokenBody })).toBe('done');
    now += 1;
    expect(await party.signIn({ tokenBody })).toBe('sign_in_refused oidc.key');
  });
});

describe('S80 keys that cannot be had', () => {
  test('the ones seen last go on; an unknown key stays unknown', async () => {
    const party = aParty();
    expect(await party.signIn()).toBe('done');
    idp.down = { '/jwks': 500 };
    now += minutes(2);
    expect(await party.signIn({ header: { kid: 'unknown' } })).toBe('sign_in_refused oidc.key');
    expect(await party.signIn()).toBe('done');
  });

  test('nobody has ever seen one: refused as an outage, and asked again next time', async () => {
    const party = aParty();
    idp.down = { '/jwks': 503 };
    expect(await party.signIn()).toBe('sign_in_refused oidc.unreachable');
    idp.down = {};
    expect(await party.signIn()).toBe('done');
  });

  const keys =
    (text: string, status = 200) =>
    async () =>
      new Response(text, { status });
  const GOOD = '{"keys":[{"kty":"RSA","kid":"a"}]}';
  const failures: readonly (readonly [string, () => Promise<Response>])[] = [
    ['500', keys('{"keys":[]}', 500)],
    ['a page', keys('<html>')],
    ['no list', keys('{"keys":{}}')],
    ['null', keys('null')],
    ['10,000 keys', keys(JSON.stringify({ keys: Array(10_000).fill({ kty: 'RSA' }) }))],
    [
      'nothing in time, or too much of it',
      () => Promise.reject(new GatehouseError('upstream_unreachable', 'The address gave no usable answer.')),
    ],
  ];
  test.each(failures)('%s: the last good answer for 24 hours, then the truth', async (_title, ask) => {
    const known = noKeysYet();
    const fetched = (at: number, how: () => Promise<Response>) =>
      fetchKeys({ keys: known, now: at, ask: how });
    expect(await refusalOf(fetched(now, ask))).toBe('upstream_unreachable');
    await fetched(now, keys(GOOD));
    expect(JSON.stringify({ keys: await fetched(now + hours(24), ask) })).toBe(GOOD);
    expect(await refusalOf(fetched(now + hours(24) + 1, ask))).toBe('upstream_unreachable');
  });

  test('S79 keys at an address that may not be called are never replaced by old ones', async () => {
    const known = noKeysYet();
    await fetchKeys({ keys: known, now, ask: keys(GOOD) });
    const ask = () => Promise.reject(new GatehouseError('egress_refused', 'no'));
    expect(await refusalOf(fetchKeys({ keys: known, now, ask }))).toBe('egress_refused');
  });
});

describe('R38 a description that cannot be had', () => {
  test('a sign-in under way ends by what was known; a start says that the provider is down', async () => {
    const party = aParty();
    expect(await party.signIn()).toBe('done');
    idp.down = { '/.well-known/openid-configuration': 503 };
    now += minutes(10);
    expect(await party.signIn()).toBe('done');
    expect(await party.start()).toBe('sign_in_refused oidc.unreachable');
    now += hours(24);
    expect(await party.signIn()).toBe('sign_in_refused oidc.unreachable');
  });

  test('one that has become another is believed at once', async () => {
    const party = aParty();
    expect(await party.signIn()).toBe('done');
    idp.discovery = { issuer: 'https://evil.example' };
    now += minutes(10);
    expect(await party.signIn()).toBe('sign_in_refused oidc.discovery');
  });
});

describe('S68 S83 what a connection accepts', () => {
  test.each<readonly [string, readonly string[] | undefined, ForgedAnswer, string]>([
    ['the usual algorithm', undefined, {}, 'done'],
    ['one that is not pinned', ['ES256'], {}, 'oidc.algorithm'],
    ['a pinned one that the provider does not use', ['RS256', 'ES256'], {}, 'done'],
    ['S83 an encrypted token, unread', undefined, { signing: 'encrypted' }, 'oidc.encrypted'],
    ['S81 a key that the token brings along', undefined, { header: { jwk: { kty: 'RSA' } } }, 'done'],
  ])('%s', async (_title, idTokenAlgs, next, expected) => {
    const outcome = await aParty({ idTokenAlgs }).signIn(next);
    expect(outcome.replace('sign_in_refused ', '')).toBe(expected);
  });
});

describe('UserInfo is asked for what the ID token lacks', () => {
  const asked = async (claims: object, wants: readonly string[]) => {
    const before = idp.userInfoRequests();
    expect(await aParty().signIn({ claims: { ...claims } }, wants)).toBe('done');
    return idp.userInfoRequests() - before;
  };

  test('e-mail or groups missing: once; nothing missing: never', async () => {
    expect(await asked({}, ['email'])).toBe(1);
    expect(await asked({ email: 'a@b.test' }, ['email', 'groups'])).toBe(1);
    expect(await asked({ email: 'a@b.test', groups: [] }, ['email', 'groups'])).toBe(0);
  });

  test.each<readonly [string, Parameters<ForgingIdp['sign']>[1], object, string]>([
    ['signed by a published key', {}, {}, 'done'],
    ['signed by nobody', { signing: 'none' }, {}, 'oidc.userinfo'],
    ['signed by another key under its id', { signing: 'foreign-key' }, {}, 'oidc.userinfo'],
    ['with a broken signature', { signing: 'broken' }, {}, 'oidc.userinfo'],
    ['S77 signed, of another person', {}, { sub: 'somebody-else' }, 'oidc.userinfo_subject'],
  ])('S68 an answer that is a token, %s', async (_title, how, claims, expected) => {
    idp.discovery = { userinfo_signing_alg_values_supported: ['RS256'] };
    const told = { iss: idp.issuer, aud: clientId, sub: 'subject-1', email: 'a@b.test', ...claims };
    const userInfoToken = await idp.sign(told, how);
    const outcome = await aParty().signIn({ userInfoToken }, ['email']);
    expect(outcome.replace('sign_in_refused ', '')).toBe(expected);
  });

  test('a UserInfo that is down stops nobody whose token says everything', async () => {
    idp.down = { '/userinfo': 503 };
    expect(await aParty().signIn({ claims: { email: 'a@b.test' } }, ['email'])).toBe('done');
    expect(await aParty().signIn({}, ['email'])).toBe('sign_in_refused oidc.unreachable');
  });
});
