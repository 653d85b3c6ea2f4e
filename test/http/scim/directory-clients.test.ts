/** OAuth 2.0 client credentials for one directory: issued by our own token endpoint, good for that directory alone. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { enter, startApplication } from '../../support/application.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestDirectory, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { aMember } from '../../support/page-visits.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
});
afterAll(() => gateway.close());

async function api(request: string, body?: object) {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${gateway.baseUrl}/api/v1/organizations/${path}`, {
    method,
    headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

async function aClient() {
  const organization = await gateway.createOrganization({ slug: nextText('acme') });
  const directory = await gateway.createDirectory(organization, 'entra');
  const path = `${organization.id}/directories/${directory.directoryId}/clients`;
  const { status, body } = await api(`POST ${path}`, { name: 'Entra gallery' });
  expect(status).toBe(201);
  return { organization, directory, path, clientId: body.clientId, clientSecret: body.clientSecret, body };
}

type TestClient = Pick<Awaited<ReturnType<typeof aClient>>, 'clientId' | 'clientSecret'>;

/** As Entra asks: the credentials in the form; or as the standard prefers them, in the header. */
async function askToken({ clientId, clientSecret }: TestClient, how: 'form' | 'header' = 'form') {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const inForm = { client_id: clientId, client_secret: clientSecret };
  const response = await fetch(`${gateway.baseUrl}/oidc/token`, {
    method: 'POST',
    headers: how === 'header' ? { authorization: `Basic ${basic}` } : {},
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(how === 'form' ? inForm : {}) }),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

const tokenOf = async (client: TestClient): Promise<string> => (await askToken(client)).body.access_token;

const push = async ({ scimPath }: Pick<TestDirectory, 'scimPath'>, token: string) =>
  (
    await fetch(`${gateway.baseUrl}${scimPath}/Users?count=1`, {
      headers: { authorization: `Bearer ${token}` },
    })
  ).status;

describe('2.B-45: client credentials beside long-lived tokens', () => {
  test.each(['form', 'header'] as const)(
    '2.B-45: a token for credentials in the %s opens the directory',
    async (how) => {
      const client = await aClient();
      const { status, body } = await askToken(client, how);
      expect([status, body]).toEqual([
        200,
        { access_token: expect.stringMatching(/^[\w-]{43,}$/), expires_in: 900, token_type: 'Bearer' },
      ]);
      expect(await push(client.directory, body.access_token)).toBe(200);
      expect(await push(client.directory, client.directory.token)).toBe(200);
    },
  );

  test('who pushed is told in the audit', async () => {
    const client = await aClient();
    await fetch(`${gateway.baseUrl}${client.directory.scimPath}/Users`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await tokenOf(client)}`,
        'content-type': 'application/scim+json',
      },
      body: JSON.stringify({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'ada@example.com',
        active: true,
      }),
    });
    const events = await gateway.storage.auditEvents.list(
      client.organization.id,
      { type: 'directory_user.created' },
      { limit: 1 },
    );
    expect(events[0]?.actor).toMatchObject({ kind: 'directory', tokenName: 'Entra gallery' });
  });

  test('the client is listed with its last use, never with its secret', async () => {
    const client = await aClient();
    await push(client.directory, await tokenOf(client));
    const { body } = await api(`GET ${client.path}`);
    expect(body.items).toEqual([
      {
        clientId: client.clientId,
        name: 'Entra gallery',
        createdAt: expect.any(String),
        lastUsedAt: new Date(gateway.clock.now()).toISOString(),
      },
    ]);
    expect(client.body.tokenEndpoint).toBe(`${gateway.baseUrl}/oidc/token`);
  });
});

describe('S112: an access token of a directory client', () => {
  test('opens no other directory, of this organization or of another', async () => {
    const client = await aClient();
    const token = await tokenOf(client);
    const sibling = await gateway.createDirectory(client.organization);
    const { directory: foreign } = await aClient();
    expect([await push(sibling, token), await push(foreign, token)]).toEqual([401, 401]);
  });

  test('opens nothing but SCIM: not the API, not UserInfo', async () => {
    const token = await tokenOf(await aClient());
    for (const path of ['/api/v1/session', '/api/v1/organizations', '/oidc/userinfo'])
      expect(
        (await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })).status,
      ).toBe(401);
  });

  test('and no token of an application opens a directory', async () => {
    const client = await aClient();
    const product = await startApplication(gateway);
    const manual = await gateway.createOrganization({ slug: nextText('manual') });
    const { browser } = await aMember(gateway, manual);
    const { access_token, id_token, refresh_token } = await enter(product, browser, {
      scope: 'openid offline_access',
    });
    for (const token of [access_token, String(id_token), String(refresh_token)])
      expect(await push(client.directory, token)).toBe(401);
    await product.close();
  });

  test('a client signs nobody in and gets no other grant', async () => {
    const { clientId, clientSecret } = await aClient();
    const query = new URLSearchParams({ client_id: clientId, response_type: 'code', scope: 'openid' });
    const page = await fetch(`${gateway.baseUrl}/oidc/authorize?${query}`, { redirect: 'manual' });
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
    const response = await fetch(`${gateway.baseUrl}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ client_id: clientId, client_secret: clientSecret },
        ...{ grant_type: 'refresh_token', refresh_token: 'x' },
      }),
    });
    expect(response.status).toBe(400);
  });
});

describe('it dies', () => {
  test.each<[string, (client: Awaited<ReturnType<typeof aClient>>) => Promise<unknown>]>([
    ['with the client', ({ path, clientId }) => api(`DELETE ${path}/${clientId}`)],
    ['with the directory', ({ path }) => api(`DELETE ${path.replace('/clients', '')}`)],
    [
      'while the directory is switched off',
      ({ path }) => api(`PATCH ${path.replace('/clients', '')}`, { status: 'disabled' }),
    ],
    ['with the organization', ({ organization }) => api(`DELETE ${organization.id}`)],
    ['after 15 minutes', async () => gateway.clock.advance(900_000)],
  ])('%s', async (_when, end) => {
    const client = await aClient();
    const token = await tokenOf(client);
    expect(await push(client.directory, token)).toBe(200);
    await end(client);
    expect(await push(client.directory, token)).toBe(401);
  });

  test('and no new one is issued to a client that is gone, or for a wrong secret', async () => {
    const client = await aClient();
    expect((await askToken({ ...client, clientSecret: 'ghe_wrong' })).body.error).toBe('invalid_client');
    await api(`DELETE ${client.path}/${client.clientId}`);
    expect((await askToken(client)).body.error).toBe('invalid_client');
    expect((await api(`DELETE ${client.path}/${client.clientId}`)).status).toBe(404);
  });
});
