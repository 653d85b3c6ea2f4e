/** /organizations/{org}/connections: SAML and OIDC identity providers, made, shown without secrets, changed and checked. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { type SamlIdp, startSamlIdp } from '../../support/idp/saml.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let saml: SamlIdp;
let oidc: OidcIdp;
let odd: Server;
let oddUrl = '';
let base = '';
beforeAll(async () => {
  world = await startApiWorld({ now: holdDate() });
  saml = await startSamlIdp();
  oidc = await startOidcIdp();
  odd = createServer((request, response) => answerOddly(request.url ?? '', response));
  await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
  const address = odd.address();
  oddUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  base = `/organizations/${(await world.newOrganization()).id}/connections`;
});
afterAll(async () => {
  await Promise.all([world.close(), saml.close(), oidc.close()]);
  odd.close();
});

function answerOddly(path: string, response: import('node:http').ServerResponse): void {
  if (path === '/missing') response.writeHead(404).end('no');
  else if (path === '/moved') response.writeHead(302, { location: saml.entityId }).end();
  else if (path === '/broken') response.destroy();
  else if (path === '/large') response.end('x'.repeat(600_000));
  else response.end('<html>not metadata</html>');
}

const single = () => ({
  protocol: 'saml',
  name: 'Company',
  entityId: 'https://idp.example.com/entity',
  ssoUrl: 'https://idp.example.com/sso',
  certificates: [testCertificate('idp')],
});
const SECRET = 'a secret nobody shows';
const relying = () => ({
  protocol: 'oidc',
  name: 'Company',
  issuer: 'https://idp.example.com',
  clientId: 'gatehouse',
  clientSecret: SECRET,
});
const create = (input: object) => world.send(world.operator, `post ${base}`, input);

describe('POST saml', () => {
  test('201: everything the identity provider must be told, and safe defaults', async () => {
    const { status, body } = await create(single());
    const own = `${world.gateway.baseUrl}/saml/${body.id}`;
    expect(status).toBe(201);
    expect(body).toMatchObject({
      protocol: 'saml',
      status: 'active',
      jit: false,
      idpInitiated: false,
      signatures: 'any',
      attributes: {},
      userNameClaim: null,
      entityId: 'https://idp.example.com/entity',
      acsUrl: `${own}/acs`,
      spEntityId: `${own}/metadata`,
      metadataUrl: `${own}/metadata`,
      sloUrl: null,
      sloBinding: 'redirect',
      logoutUrl: `${own}/logout`,
    });
    expect(body.certificates).toMatchObject([{ fingerprint: expect.stringMatching(/^[0-9A-F:]{95}$/) }]);
  });

  test.each([
    ['metadata as text', () => ({ metadataXml: saml.metadataXml() })],
    ['the address of metadata', () => ({ metadataUrl: saml.entityId })],
  ])('201: %s of a running identity provider', async (_what, source) => {
    const { status, body } = await create({ protocol: 'saml', name: 'Live', ...source() });
    expect(status).toBe(201);
    expect(body).toMatchObject({ entityId: saml.entityId, ssoUrl: saml.ssoUrl });
    expect(body.certificates).toHaveLength(1);
  });

  test('200: where single logout is taken can be said, changed and taken away', async () => {
    const sloUrl = 'https://idp.example.com/slo';
    const { body } = await create({ ...single(), sloUrl });
    expect(body.sloUrl).toBe(sloUrl);
    const change = (to: string | null) =>
      world.send(world.operator, `patch ${base}/${body.id}`, { sloUrl: to });
    expect((await change(`${sloUrl}2`)).body.sloUrl).toBe(`${sloUrl}2`);
    expect((await change('javascript:alert(1)')).body).toMatchObject({ code: 'invalid', field: 'sloUrl' });
    expect((await change('https://10.0.0.1/slo')).body).toMatchObject({
      code: 'egress_refused',
      field: 'sloUrl',
    });
    expect((await change(null)).body.sloUrl).toBeNull();
  });

  test('201: every switch is kept as sent', async () => {
    const switches = {
      status: 'draft',
      jit: true,
      idpInitiated: true,
      signatures: 'both',
      attributes: { email: 'mail', groups: 'memberOf' },
      userNameClaim: 'uid',
    };
    expect((await create({ ...single(), ...switches })).body).toMatchObject(switches);
  });

  test.each([
    ['no source at all', { entityId: undefined, ssoUrl: undefined, certificates: undefined }, 'entityId'],
    ['no address', { ssoUrl: undefined }, 'ssoUrl'],
    ['no certificates', { certificates: undefined }, 'certificates'],
    ['an empty list of certificates (S60)', { certificates: [] }, 'certificates'],
    [
      'a weak key (S21)',
      { certificates: [testCertificate('idp'), testCertificate('weak')] },
      'certificates[1]',
    ],
    ['no certificate but a word', { certificates: ['trust me'] }, 'certificates[0]'],
    ['metadata and single values', { metadataXml: '<a/>' }, 'metadataXml'],
    ['an address that is none', { ssoUrl: 'idp.example.com' }, 'ssoUrl'],
    ['a script as address', { ssoUrl: 'javascript:alert(1)' }, 'ssoUrl'],
    ['an address with a password', { ssoUrl: 'https://a:b@idp.example.com/' }, 'ssoUrl'],
    ['an address with a fragment', { ssoUrl: 'https://idp.example.com/#x' }, 'ssoUrl'],
    ['a line end in the entity id (S204)', { entityId: 'https://a\r\nb' }, 'entityId'],
    ['an unknown signature policy', { signatures: 'none' }, 'signatures'],
    ['an attribute mapping nobody reads', { attributes: { role: 'r' } }, 'attributes.role'],
    ['a preset nobody knows', { preset: 'acme' }, 'preset'],
    ['a key of the other protocol', { issuer: 'https://idp.example.com' }, 'issuer'],
    ['disabled at birth', { status: 'disabled' }, 'status'],
    ['another protocol', { protocol: 'ldap' }, 'protocol'],
  ])('422 invalid, naming the field: %s', async (_what, change, field) => {
    const { status, body } = await create({ ...single(), ...change });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test.each([
    ['not XML', 'hello'],
    ['a DOCTYPE (S63)', '<!DOCTYPE a><a/>'],
    ['something else', '<a/>'],
  ])('422 invalid: metadata that is %s', async (_what, metadataXml) => {
    const { status, body } = await create({ protocol: 'saml', name: 'A', metadataXml });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', 'metadataXml']);
  });

  test.each([
    ['/missing', 'upstream_unreachable'],
    ['/moved', 'egress_refused'],
    ['/large', 'upstream_unreachable'],
    ['/page', 'invalid'],
    ['/broken', 'upstream_unreachable'],
  ])('422: a metadata address that answers %s is %s', async (path, code) => {
    const { status, body } = await create({ protocol: 'saml', name: 'A', metadataUrl: `${oddUrl}${path}` });
    expect([status, body.code, body.field]).toEqual([422, code, 'metadataUrl']);
  });
});

describe('POST oidc', () => {
  test('201: the redirect URI comes back, the secret never does (S213)', async () => {
    const { status, body } = await create(relying());
    expect(status).toBe(201);
    expect(body).toMatchObject({
      protocol: 'oidc',
      issuer: 'https://idp.example.com',
      clientId: 'gatehouse',
      tokenEndpointAuthMethod: 'client_secret_basic',
      scopes: ['openid', 'email', 'profile'],
      redirectUri: `${world.gateway.baseUrl}/oidc-callback/${body.id}`,
      userNameClaim: null,
    });
    const shown = [
      body,
      (await world.send(world.operator, `get ${base}/${body.id}`)).body,
      (await world.send(world.operator, `get ${base}`)).body,
      (await world.send(world.operator, `get ${base.replace('/connections', '/audit-events')}`)).body,
    ];
    expect(JSON.stringify(shown)).not.toContain(SECRET);
  });

  test('201: the entra preset compares preferred_username, unless told otherwise', async () => {
    const entra = { ...relying(), preset: 'entra' };
    expect((await create(entra)).body.userNameClaim).toBe('preferred_username');
    expect((await create({ ...entra, userNameClaim: 'upn' })).body.userNameClaim).toBe('upn');
    expect((await create({ ...entra, userNameClaim: null })).body.userNameClaim).toBeNull();
  });

  const TENANT = '11111111-2222-3333-4444-aaaaaaaaaaaa';
  const shared = 'https://login.microsoftonline.com/organizations/v2.0';

  test.each<readonly [string, object, object]>([
    ['the usual algorithms', {}, { idTokenAlgs: ['RS256', 'ES256', 'PS256'], tenantId: null, preset: null }],
    ['algorithms of its own', { idTokenAlgs: ['EdDSA'] }, { idTokenAlgs: ['EdDSA'] }],
    [
      'the tenant that an issuer of Entra names',
      { issuer: `https://login.microsoftonline.com/${TENANT.toUpperCase()}/v2.0`, preset: 'entra' },
      { tenantId: TENANT, preset: 'entra' },
    ],
    ['the same of the older issuer', { issuer: `https://sts.windows.net/${TENANT}/` }, { tenantId: TENANT }],
    [
      'a shared issuer with its tenant',
      { issuer: shared, tenantId: TENANT.toUpperCase() },
      { tenantId: TENANT },
    ],
    [
      'a template issuer with its tenant',
      { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', tenantId: TENANT },
      { tenantId: TENANT },
    ],
    [
      'okta',
      { preset: 'okta' },
      { scopes: ['openid', 'email', 'profile', 'groups'], userNameClaim: 'preferred_username' },
    ],
    ['google', { preset: 'google' }, { userNameClaim: null }],
    [
      'keycloak with scopes of its own',
      { preset: 'keycloak', scopes: ['openid', 'x'] },
      { scopes: ['openid', 'x'] },
    ],
  ])('S68 S70: 201 pins %s', async (_title, change, expected) => {
    const { status, body } = await create({ ...relying(), ...change });
    expect([status, body]).toMatchObject([201, expected]);
  });

  test('S70: another issuer takes the tenant along, or forgets it', async () => {
    const { body: made } = await create({ ...relying(), issuer: shared, tenantId: TENANT });
    const patch = (change: object) => world.send(world.operator, `patch ${base}/${made.id}`, change);
    expect((await patch({ tenantId: null })).body.field).toBe('issuer');
    const moved = await patch({ issuer: 'https://other.example.com', clientSecret: 'x' });
    expect(moved.body.tenantId).toBeNull();
  });

  test.each([
    ['no issuer', { issuer: undefined }, 'issuer'],
    ['no secret', { clientSecret: undefined }, 'clientSecret'],
    ['an empty secret', { clientSecret: '' }, 'clientSecret'],
    ['an issuer with a query', { issuer: 'https://idp.example.com/?t=1' }, 'issuer'],
    [
      'everybody\u2019s Entra issuer (S70)',
      { issuer: 'https://login.microsoftonline.com/common/v2.0' },
      'issuer',
    ],
    ['a template issuer (S70)', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }, 'issuer'],
    ['alg none (S68)', { idTokenAlgs: ['none'] }, 'idTokenAlgs[0]'],
    ['a shared secret as key (S68)', { idTokenAlgs: ['RS256', 'HS256'] }, 'idTokenAlgs[1]'],
    ['no algorithm at all (S68)', { idTokenAlgs: [] }, 'idTokenAlgs'],
    ['a tenant that is no GUID (S70)', { tenantId: 'contoso.com' }, 'tenantId'],
    [
      'a tenant beside the issuer of another (S70)',
      { issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`, tenantId: TENANT.replaceAll('1', '2') },
      'tenantId',
    ],
    ['scopes without openid', { scopes: ['email'] }, 'scopes'],
    ['two scopes in one', { scopes: ['openid email'] }, 'scopes[0]'],
    ['a sign-in that starts at the IdP', { idpInitiated: true }, 'idpInitiated'],
    ['a method of another kind', { tokenEndpointAuthMethod: 'none' }, 'tokenEndpointAuthMethod'],
    ['a key of the other protocol', { ssoUrl: 'https://idp.example.com' }, 'ssoUrl'],
  ])('422 invalid, naming the field: %s', async (_what, change, field) => {
    const { status, body } = await create({ ...relying(), ...change });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('403 plan_lacks: a plan without single sign-on', async () => {
    const { id } = await world.newOrganization({ plan: { preset: 'team' } });
    const answer = await world.send(world.operator, `post /organizations/${id}/connections`, relying());
    expect([answer.status, answer.body.code]).toEqual([403, 'plan_lacks']);
  });
});

describe('PATCH and DELETE', () => {
  test('200: what is not named stays; status, switches and trust change', async () => {
    const { body: before } = await create(single());
    const path = `${base}/${before.id}`;
    const change = { status: 'disabled', jit: true, certificates: [testCertificate('next')] };
    const { status, body } = await world.send(world.operator, `patch ${path}`, change);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'disabled',
      jit: true,
      entityId: before.entityId,
      name: before.name,
    });
    expect(body.certificates[0].fingerprint).not.toBe(before.certificates[0].fingerprint);
    const live = await world.send(world.operator, `patch ${path}`, { metadataUrl: saml.entityId });
    expect(live.body).toMatchObject({ entityId: saml.entityId, ssoUrl: saml.ssoUrl, status: 'disabled' });
  });

  test('another issuer needs its own secret: the stored one is not led out', async () => {
    const { body: made } = await create(relying());
    const path = `patch ${base}/${made.id}`;
    const moved = { issuer: 'https://attacker.example.com' };
    const refused = await world.send(world.operator, path, moved);
    expect([refused.status, refused.body.field]).toEqual([422, 'clientSecret']);
    const changed = await world.send(world.operator, path, { ...moved, clientSecret: 'theirs' });
    expect(changed.body.issuer).toBe(moved.issuer);
    expect(
      (await world.send(world.operator, path, { clientId: 'new', scopes: ['openid'] })).body,
    ).toMatchObject({
      clientId: 'new',
      scopes: ['openid'],
      issuer: moved.issuer,
    });
  });

  test.each([
    ['saml', { issuer: 'https://idp.example.com' }, 'issuer'],
    ['saml', { clientSecret: 'x' }, 'clientSecret'],
    ['oidc', { ssoUrl: 'https://idp.example.com' }, 'ssoUrl'],
    ['oidc', { idpInitiated: true }, 'idpInitiated'],
    ['oidc', { issuer: 'nonsense', clientSecret: 'x' }, 'issuer'],
    ['saml', { ssoUrl: 'nonsense' }, 'ssoUrl'],
    ['saml', { protocol: 'oidc' }, 'protocol'],
    ['saml', {}, undefined],
  ])('422 invalid on a connection of %s: %j', async (protocol, change, field) => {
    const { body: made } = await create(protocol === 'saml' ? single() : relying());
    const { status, body } = await world.send(world.operator, `patch ${base}/${made.id}`, change);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
    expect((await world.send(world.operator, `get ${base}/${made.id}`)).body).toEqual(made);
  });

  test('204: gone; then 404 everywhere', async () => {
    const { body } = await create(single());
    const path = `${base}/${body.id}`;
    expect((await world.send(world.operator, `delete ${path}`)).status).toBe(204);
    for (const request of [`get ${path}`, `delete ${path}`, `post ${path}/check`])
      expect((await world.send(world.operator, request)).status).toBe(404);
    expect((await world.send(world.operator, `patch ${path}`, { jit: true })).status).toBe(404);
  });
});

describe('POST check', () => {
  const check = async (input: object) => {
    const { body } = await create(input);
    return world.send(world.operator, `post ${base}/${body.id}/check`);
  };

  test('200: an OIDC provider that answers is described', async () => {
    const { status, body } = await check({ ...relying(), issuer: oidc.issuer });
    expect(status).toBe(200);
    expect(body).toMatchObject({ protocol: 'oidc', ok: true, reason: null, explanation: null });
    expect([body.issuer, body.signingKeys]).toEqual([oidc.issuer, 1]);
    expect(body.tokenEndpoint).toContain(oidc.issuer);
    expect(body.algorithms).toContain('RS256');
  });

  test('200: one that does not is an answer too, never an outage of ours', async () => {
    const { status, body } = await check({ ...relying(), issuer: oddUrl });
    expect([status, body.ok, body.tokenEndpoint]).toEqual([200, false, null]);
    expect(body.reason).toMatch(/^oidc\./);
    expect(body.explanation.cause.length).toBeGreaterThan(40);
  });

  test('200: SAML certificates, and when they end (S21)', async () => {
    const good = await check(single());
    expect(good.body).toMatchObject({ ok: true, reason: null, certificates: [{ isExpired: false }] });
    const expired = await check({ ...single(), certificates: [testCertificate('expired')] });
    expect(expired.body).toMatchObject({
      ok: false,
      reason: 'saml.certificate_expired',
      certificates: [{ isExpired: true }],
    });
  });
});

describe('422 egress_refused, when the operator allows a range', () => {
  test('a browser does not look at ranges: plain http needs the name itself in the list', async () => {
    const ranged = await startApiWorld({ egressAllow: ['10.0.0.0/8', 'idp.corp'] });
    const { id } = await ranged.newOrganization();
    const path = `post /organizations/${id}/connections`;
    const ask = (input: object) => ranged.send(ranged.operator, path, { ...single(), ...input });
    for (const field of ['ssoUrl', 'sloUrl']) {
      const { status, body } = await ask({ [field]: 'http://idp.example.com/sso' });
      expect([status, body.code, body.field]).toEqual([422, 'egress_refused', field]);
      for (const url of ['http://idp.corp/sso', 'http://10.1.2.3/sso'])
        expect((await ask({ [field]: url })).status).toBe(201);
    }
    await ranged.close();
  });
});

describe('422 egress_refused, when the operator allows nothing special', () => {
  let strict: ApiWorld;
  let path = '';
  beforeAll(async () => {
    strict = await startApiWorld({ egressAllow: [] });
    path = `post /organizations/${(await strict.newOrganization()).id}/connections`;
  });
  afterAll(() => strict.close());

  test.each([
    ['plain http', 'http://idp.example.com/sso'],
    ['the metadata service of a cloud (S194)', 'https://169.254.169.254/latest'],
    ['the same over http', 'http://169.254.169.254/latest'],
    ['this machine', 'https://127.1/sso'],
    ['a private address', 'https://10.0.0.1/sso'],
    ['a private address in new clothes', 'https://[::ffff:10.0.0.1]/sso'],
    ['a local name', 'https://localhost/sso'],
    ['an odd port', 'https://idp.example.com:22/'],
  ])('%s: as sign-on address, metadata address and issuer', async (_what, url) => {
    const rows = [
      [{ ...single(), ssoUrl: url }, 'ssoUrl'],
      [{ protocol: 'saml', name: 'A', metadataUrl: url }, 'metadataUrl'],
      [{ ...relying(), issuer: url }, 'issuer'],
    ] as const;
    for (const [input, field] of rows) {
      const { status, body } = await strict.send(strict.operator, path, input);
      expect([status, body.code, body.field]).toEqual([422, 'egress_refused', field]);
    }
  });
});
