/** Presets of connections: what each product sends is expected, and its admin is told what to type where. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IDENTITY_PROVIDERS } from '../../../src/core/entities/connection.ts';
import { createBrowser } from '../../support/browser.ts';
import { startOidcIdp } from '../../support/idp/oidc.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  base = `/organizations/${(await world.newOrganization()).id}/connections`;
});
afterAll(() => world.close());

async function make(wishes: object) {
  const { status, body } = await world.send(world.operator, `post ${base}`, {
    ...{ protocol: 'saml', name: 'Corp', entityId: 'https://idp.example' },
    ...{ ssoUrl: 'https://idp.example/sso', certificates: [testCertificate('idp')] },
    ...wishes,
  });
  expect(status).toBe(201);
  return body;
}

const valuesOf = (body: { idpSetup: { fields: { value: string }[] } }) =>
  body.idpSetup.fields.map(({ value }) => value);

describe('the set-up of an identity provider', () => {
  test.each([...IDENTITY_PROVIDERS, undefined])('%s: its admin is given our addresses', async (preset) => {
    const body = await make(preset === undefined ? {} : { preset });
    expect(valuesOf(body)).toEqual(expect.arrayContaining([body.acsUrl, body.spEntityId]));
    for (const value of valuesOf(body)) expect(value).not.toMatch(/^=|^acsUrl$|^spEntityId$/);
  });

  test('names the entity id that was chosen', async () => {
    expect(valuesOf(await make({ preset: 'okta', spEntityId: 'urn:ours' }))).toContain('urn:ours');
  });

  test.each(IDENTITY_PROVIDERS)('%s: what is read is what its admin is told to send', async (preset) => {
    const body = await make({ preset });
    const sent = body.idpSetup.attributes.map(({ name }: { name: string }) => name);
    expect(Object.keys(body.attributes)).toEqual(expect.arrayContaining(['email', 'groups']));
    expect(sent).toEqual(expect.arrayContaining(Object.values(body.attributes)));
  });

  test('what the admin says wins over the preset', async () => {
    expect((await make({ preset: 'okta', attributes: { email: 'mail' } })).attributes).toEqual({
      email: 'mail',
    });
  });
});

describe('the set-up of an OpenID provider', () => {
  const makeOidc = async (wishes: object) => {
    const { status, body } = await world.send(world.operator, `post ${base}`, {
      ...{ protocol: 'oidc', name: 'Corp', issuer: 'https://idp.example' },
      ...{ clientId: 'gatehouse', clientSecret: 'a secret of the provider', ...wishes },
    });
    expect(status).toBe(201);
    return body;
  };

  test.each([...IDENTITY_PROVIDERS, undefined])('%s: its admin is given our addresses', async (preset) => {
    const body = await makeOidc(preset === undefined ? {} : { preset });
    const ours = Object.keys(body).concat('initiateLoginUri', 'clientAuthentication');
    expect(valuesOf(body)).toContain(body.redirectUri);
    for (const value of valuesOf(body)) {
      expect(value).not.toMatch(/^=|^$/);
      expect(ours).not.toContain(value);
    }
    const sent = body.idpSetup.attributes.map(({ name }: { name: string }) => name);
    expect(sent).toEqual(expect.arrayContaining(Object.values(body.attributes)));
  });

  test('one that nobody named is told all there is: signing out both ways, where a sign-in begins, scopes, how we show who we are', async () => {
    const body = await makeOidc({ scopes: ['openid', 'email'] });
    expect(valuesOf(body)).toEqual([
      body.redirectUri,
      body.postLogoutRedirectUri,
      body.backchannelLogoutUri,
      expect.stringMatching(new RegExp(`/sign-in\\?connection=${body.id}$`)),
      'Client Secret Basic',
      'openid email',
    ]);
  });

  test('with a key of ours it is told where the key is read', async () => {
    const body = await makeOidc({
      ...{ preset: 'okta', clientSecret: undefined, tokenEndpointAuthMethod: 'private_key_jwt' },
    });
    expect(valuesOf(body)).toEqual(expect.arrayContaining(['Private Key JWT', body.jwksUri]));
  });

  test('the address where a sign-in begins leads to the provider of the connection, whatever is added to it', async () => {
    const { gateway } = world;
    const idp = await startOidcIdp();
    try {
      const { slug } = await gateway.createOrganization({ name: 'Initiated', slug: 'initiated' });
      const { body } = await world.send(world.operator, `post /organizations/${slug}/connections`, {
        ...{ protocol: 'oidc', name: 'Corp', issuer: idp.issuer, clientId: 'c', clientSecret: 's' },
      });
      const [, , , start] = valuesOf(body);
      // OIDC Core §4: what a provider adds.
      const added = `&iss=${encodeURIComponent(idp.issuer)}&target_link_uri=https%3A%2F%2Fevil.example`;
      const browser = createBrowser();
      const { status, text } = await browser.request(`${start}${added}`);
      expect([status, text.includes('evil')]).toEqual([200, false]);
      const [way = ''] = /\/sign-in\/initiated\?[^"';]+/.exec(text.replaceAll('&amp;', '&')) ?? [];
      const page = await browser.request(`${gateway.baseUrl}${way}`);
      expect(page.status).toBe(303);
      expect(page.headers.get('location')).toMatch(new RegExp(`^${idp.issuer}/`));
    } finally {
      await idp.close();
    }
  });
});
