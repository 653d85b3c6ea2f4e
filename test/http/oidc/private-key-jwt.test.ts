/** Keys in place of secrets (RFC 7523): ours at an identity provider's token endpoint, an application's at our own. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import * as client from 'openid-client';
import { clientAuthentication } from '../../../src/http/oidc/client-authentication.ts';
import { startApplication, type TestApplication } from '../../support/application.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { aMember } from '../../support/page-visits.ts';
import { pushPerson, refusalReasons, sessionStatus } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let idp: OidcIdp;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startOidcIdp();
});
afterAll(async () => {
  await idp.close();
  await gateway.close();
});

/** The management API as the operator. */
async function ask(method: string, path: string, body?: object) {
  const answer = await fetch(`${gateway.baseUrl}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** A company whose connection shows a key, known to its provider by the address of our key set. */
async function aCompany(more: object = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('keyed') });
  const directory = await gateway.createDirectory(organization);
  const clientId = nextText('gatehouse');
  const made = await ask('POST', `/organizations/${organization.id}/connections`, {
    ...{ protocol: 'oidc', name: 'Keyed', issuer: idp.issuer, clientId },
    ...{ tokenEndpointAuthMethod: 'private_key_jwt', ...more },
  });
  expect(made.status).toBe(201);
  const { id, redirectUri, jwksUri } = made.body;
  // Another entry makes the provider read the keys again, as it does by itself after a while.
  const register = (from = jwksUri) =>
    idp.addClient({
      ...{ clientId, clientSecret: '', redirectUris: [redirectUri, `${redirectUri}?${nextText('again')}`] },
      ...{ tokenEndpointAuthMethod: 'private_key_jwt', jwksUri: from },
    });
  register();
  const sub = nextText('sub');
  const email = `${sub}@keyed.example`;
  idp.addUser({ sub, email });
  await pushPerson(gateway, directory, { userName: email, externalId: sub });
  const path = `/organizations/${organization.id}/connections/${id}`;
  const signIn = async () => {
    const browser = createBrowser();
    const start = `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=${encodeURIComponent(email)}`;
    await browser.signIn(start);
    return sessionStatus(gateway, browser);
  };
  const keys = async () => (await fetch(jwksUri)).json();
  return { organization, id, path, made: made.body, signIn, keys, register };
}

describe('towards an identity provider', () => {
  test('a connection without a secret signs people in by its key, before and after a rotation', async () => {
    const { path, signIn, keys, made, register } = await aCompany();
    expect(await signIn()).toBe(200);
    expect(made).toMatchObject({ tokenEndpointAuthMethod: 'private_key_jwt' });
    const [first] = (await keys()).keys;
    expect((await ask('POST', `${path}/sp-keys`)).status).toBe(201);
    const both = (await keys()).keys;
    expect(both.map(({ kid }: { kid: string }) => kid)).toEqual([first.kid, expect.stringMatching(/^spk_/)]);
    register();
    expect(await signIn()).toBe(200);
    const rotated = await ask('POST', `${path}/sp-keys/rotate`);
    expect(rotated.body.spCertificates.map(({ use }: { use: string }) => use)).toEqual([
      'current',
      'previous',
    ]);
    expect((await keys()).keys.map(({ kid }: { kid: string }) => kid)).toEqual([both[1].kid]);
    expect(await signIn()).toBe(200);
  });

  test('S67: the key set holds public halves only, is there for nobody else, and the key is sealed in the store', async () => {
    const { id, keys, organization } = await aCompany();
    for (const key of (await keys()).keys)
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use', 'x5c']);
    const secret = await ask('POST', `/organizations/${organization.id}/connections`, {
      ...{ protocol: 'oidc', name: 'Secret', issuer: idp.issuer, clientId: 'a', clientSecret: 'b' },
    });
    expect(secret.body).toMatchObject({ jwksUri: null, spCertificates: [] });
    for (const unknown of [secret.body.id, 'con_nobody'])
      expect((await fetch(`${gateway.baseUrl}/oidc-keys/${unknown}`)).status).toBe(404);
    expect(
      (await ask('POST', `/organizations/${organization.id}/connections/${secret.body.id}/sp-keys`)).status,
    ).toBe(404);
    const stored = await gateway.storage.connections.findById(id);
    expect(stored?.settings.spKeys?.[0]?.privateKey).toContain('BEGIN PRIVATE KEY');
  });

  test('a key the provider does not know is refused, with the reason inside', async () => {
    const [{ organization, signIn, register }, other] = [await aCompany(), await aCompany()];
    register(other.made.jwksUri);
    expect(await signIn()).toBe(401);
    expect(await refusalReasons(gateway, organization)).toEqual(['oidc.code']);
    register();
    expect(await signIn()).toBe(200);
  });

  test.each([
    ['keycloak', 'issuer'],
    ['okta', 'token_endpoint'],
    ['entra', 'token_endpoint'],
  ])(
    'what is sent to %s is for its %s alone, for a minute, and names the certificate',
    async (preset, audience) => {
      const { keys, id } = await aCompany(preset === 'entra' ? {} : { preset });
      const [key] = (await gateway.storage.connections.findById(id))?.settings.spKeys ?? [];
      if (key === undefined) throw new Error('no key');
      const server = { issuer: 'https://idp.example', token_endpoint: 'https://idp.example/token' };
      const body = new URLSearchParams();
      await clientAuthentication({
        ...{ connectionId: id, issuer: server.issuer, clientId: 'us', clientSecret: '' },
        ...{ redirectUri: 'https://us.example/cb', allowInsecure: false },
        tokenEndpointAuthMethod: 'private_key_jwt',
        clientKey: { ...key, kid: key.id, audience: audience === 'issuer' ? 'issuer' : 'token_endpoint' },
      })(server, { client_id: 'us' }, body, new Headers());
      const assertion = body.get('client_assertion') ?? '';
      const { payload, protectedHeader } = await jwtVerify(assertion, createLocalJWKSet(await keys()));
      expect(payload).toMatchObject({ iss: 'us', sub: 'us', jti: expect.any(String) });
      expect(payload.aud).toBe(audience === 'issuer' ? server.issuer : server.token_endpoint);
      expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(60);
      expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: key.id, 'x5t#S256': expect.any(String) });
      expect(body.get('client_secret')).toBeNull();
    },
  );

  test.each([
    ['a secret beside the key', { tokenEndpointAuthMethod: 'private_key_jwt', clientSecret: 'b' }],
    ['neither secret nor key', {}],
  ])('%s is refused', async (_what, more) => {
    const { id } = await gateway.createOrganization({ slug: nextText('keyed') });
    const { status, body } = await ask('POST', `/organizations/${id}/connections`, {
      ...{ protocol: 'oidc', name: 'A', issuer: 'https://idp.example', clientId: 'a', ...more },
    });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', 'clientSecret']);
  });

  test('a secret that a key has replaced is gone: it cannot be led to another issuer later', async () => {
    const { id } = await gateway.createOrganization({ slug: nextText('keyed') });
    const made = await ask('POST', `/organizations/${id}/connections`, {
      ...{ protocol: 'oidc', name: 'A', issuer: 'https://idp.example', clientId: 'a', clientSecret: 'b' },
    });
    const path = `/organizations/${id}/connections/${made.body.id}`;
    expect((await ask('PATCH', path, { tokenEndpointAuthMethod: 'private_key_jwt' })).status).toBe(200);
    expect((await ask('PATCH', path, { issuer: 'https://evil.example' })).status).toBe(200);
    const back = await ask('PATCH', path, { tokenEndpointAuthMethod: 'client_secret_basic' });
    expect([back.status, back.body.field]).toEqual([422, 'clientSecret']);
    const stored = await gateway.storage.connections.findById(made.body.id);
    expect(stored?.settings).toMatchObject({ clientSecret: null });
  });
});

describe('at our own token endpoint', () => {
  let product: TestApplication;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  beforeAll(async () => {
    keys = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kty: 'EC', kid: 'own', alg: 'ES256', use: 'sig' };
    product = await startApplication(gateway, { authMethod: 'private_key_jwt', jwks: [jwk] });
  });
  afterAll(() => product.close());

  const endpoint = () => `${gateway.baseUrl}/oidc/token`;
  const now = () => Math.floor(Date.now() / 1000);

  async function aCode() {
    const { browser } = await aMember(gateway, await gateway.createOrganization({ slug: nextText('acme') }));
    const departure = await product.begin();
    return { departure, callback: (await browser.follow(departure.url)).url };
  }

  /** An assertion as the application makes it, with one thing changed. */
  const assertion = (change: object = {}, signer = keys.privateKey) =>
    new SignJWT({
      ...{ iss: product.clientId, sub: product.clientId, aud: `${gateway.baseUrl}/oidc` },
      ...{ jti: nextText('jti'), iat: now(), exp: now() + 60, ...change },
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'own' })
      .sign(signer);

  async function redeem(jwt: string, { departure, callback }: Awaited<ReturnType<typeof aCode>>) {
    const answer = await fetch(endpoint(), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(callback).searchParams.get('code') ?? '',
        redirect_uri: product.redirectUri,
        code_verifier: departure.codeVerifier,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: jwt,
      }),
    });
    return { status: answer.status, body: await answer.json() };
  }

  test('openid-client signs in from beginning to end, refresh and introspection included', async () => {
    const configuration = await client.discovery(
      new URL(`${gateway.baseUrl}/oidc`),
      product.clientId,
      { id_token_signed_response_alg: 'ES256' },
      client.PrivateKeyJwt({ key: keys.privateKey, kid: 'own' }),
      { execute: [client.allowInsecureRequests] },
    );
    const { browser } = await aMember(gateway, await gateway.createOrganization({ slug: nextText('acme') }));
    const departure = await product.begin({ scope: 'openid offline_access' });
    const tokens = await client.authorizationCodeGrant(
      configuration,
      new URL((await browser.follow(departure.url)).url),
      {
        pkceCodeVerifier: departure.codeVerifier,
        expectedState: departure.state,
        expectedNonce: departure.nonce,
        idTokenExpected: true,
      },
    );
    expect(tokens.claims()?.aud).toBe(product.clientId);
    const next = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(await client.tokenIntrospection(configuration, next.access_token)).toMatchObject({ active: true });
  });

  test('S98: one assertion, one request: the same again is invalid_client', async () => {
    const jwt = await assertion();
    expect((await redeem(jwt, await aCode())).status).toBe(200);
    expect((await redeem(jwt, await aCode())).body.error).toBe('invalid_client');
  });

  const wrong: readonly [what: string, change: () => object][] = [
    ['for somebody else', () => ({ aud: 'https://evil.example' })],
    ['for us and for somebody else', () => ({ aud: [`${gateway.baseUrl}/oidc`, 'https://evil.example'] })],
    ['that holds for days', () => ({ exp: now() + 3 * 86_400 })],
    ['of another application', () => ({ iss: 'app_other', sub: 'app_other' })],
    ['issued by another', () => ({ iss: 'app_other' })],
    ['over', () => ({ exp: now() - 120 })],
    ['without an end', () => ({ exp: undefined })],
    ['without an id', () => ({ jti: undefined })],
  ];
  test.each(wrong)('S98: an assertion %s gives no token', async (_what, change) => {
    const { status, body } = await redeem(await assertion(change()), await aCode());
    expect([status, body.access_token]).toEqual([expect.any(Number), undefined]);
    expect(['invalid_client', 'invalid_request']).toContain(body.error);
  });

  test('S98: one signed with another key, or no assertion at all, is invalid_client', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    expect((await redeem(await assertion({}, privateKey), await aCode())).body.error).toBe('invalid_client');
    const { departure, callback } = await aCode();
    const bare = await fetch(endpoint(), {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'authorization_code', client_id: product.clientId },
        ...{ code: new URL(callback).searchParams.get('code') ?? '', redirect_uri: product.redirectUri },
        code_verifier: departure.codeVerifier,
      }),
    });
    expect((await bare.json()).error).toBe('invalid_client');
  });
});
