/** /applications: registered by the operator alone, every setting judged, secrets shown once and replaced with overlap. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hours } from '../../../src/kernel/clock.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld({ egressAllow: ['app.internal'] });
});
afterAll(() => world.close());

const REDIRECT = 'https://app.example/callback';
const PUBLIC_KEY = { kty: 'EC', crv: 'P-256', x: 'a', y: 'b', kid: 'one' };
const create = (input: object = {}) =>
  world.send(world.operator, 'post /applications', { name: 'Product', redirectUris: [REDIRECT], ...input });

describe('POST /applications', () => {
  test('201: client id and secret, everything else at its default', async () => {
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(body).toEqual({
      clientId: expect.stringMatching(/^app_/),
      clientSecret: expect.stringMatching(/^gha_[\w-]{43}$/),
      name: 'Product',
      redirectUris: [REDIRECT],
      postLogoutRedirectUris: [],
      backchannelLogoutUri: null,
      organizations: null,
      authMethod: 'client_secret_basic',
      jwks: { keys: [] },
      idTokenAlgorithm: 'ES256',
      secrets: [
        { id: expect.stringMatching(/^sec_/), createdAt: '2026-03-01T12:00:00.000Z', expiresAt: null },
      ],
      createdAt: '2026-03-01T12:00:00.000Z',
      updatedAt: '2026-03-01T12:00:00.000Z',
    });
  });

  test('S98: the secret is nowhere in the store, and is never shown again', async () => {
    const { body } = await create();
    const stored = await world.gateway.storage.applications.find(body.clientId);
    expect(JSON.stringify(stored)).not.toContain(body.clientSecret);
    expect(stored?.secrets[0]?.secretHash).toBe(world.gateway.deps.hashToken(body.clientSecret));
    const again = await world.send(world.operator, `get /applications/${body.clientId}`);
    const { clientSecret: _secret, ...rest } = body;
    expect(again.body).toEqual(rest);
  });

  test.each([
    ['none', {}],
    ['private_key_jwt', { jwks: { keys: [PUBLIC_KEY] } }],
  ])('201: %s has no secret', async (authMethod, input) => {
    const { status, body } = await create({ authMethod, ...input });
    expect([status, body.clientSecret, body.secrets]).toEqual([201, null, []]);
  });

  test('201: organizations by id or slug, each once', async () => {
    const one = await world.newOrganization();
    const two = await world.newOrganization();
    const { status, body } = await create({ organizations: [one.slug, two.id, one.id] });
    expect([status, body.organizations]).toEqual([201, [one.id, two.id]]);
  });

  test.each([
    ['https', 'https://app.example/a?b=c'],
    ['this machine', 'http://127.0.0.1:4000/callback'],
    ['localhost', 'http://localhost/callback'],
    ['a host the operator allows', 'http://app.internal/callback'],
  ])('201: an address on %s', async (_what, uri) => {
    expect((await create({ redirectUris: [uri], postLogoutRedirectUris: [uri] })).status).toBe(201);
  });

  test.each([
    ['a scheme of its own for a program without a secret', { authMethod: 'none' }, 201],
    ['a scheme of its own for one with a secret', {}, 422],
  ])('%s: %s', async (_what, input, expected) => {
    const { status } = await create({ redirectUris: ['com.example.app:/callback'], ...input });
    expect(status).toBe(expected);
  });

  test.each([
    ['no name', { name: undefined }, 'name'],
    ['no address', { redirectUris: [] }, 'redirectUris'],
    ['a relative address', { redirectUris: ['/callback'] }, 'redirectUris'],
    ['S89: a wildcard', { redirectUris: ['https://*.app.example/'] }, 'redirectUris'],
    ['S89: a fragment', { redirectUris: ['https://app.example/#a'] }, 'redirectUris'],
    ['S89: credentials', { redirectUris: ['https://a:b@app.example/'] }, 'redirectUris'],
    ['plain http elsewhere', { redirectUris: ['http://app.example/'] }, 'redirectUris'],
    ['script', { redirectUris: ['javascript:alert(1)'] }, 'redirectUris'],
    ['a scheme without a dot', { redirectUris: ['app:/a'], authMethod: 'none' }, 'redirectUris'],
    ['data', { postLogoutRedirectUris: ['data:text/html,x'] }, 'postLogoutRedirectUris'],
    ['white space', { redirectUris: ['https://app.example/a b'] }, 'redirectUris'],
    ['an unknown organization', { organizations: ['nobody-knows'] }, 'organizations'],
    ['no organization', { organizations: [] }, 'organizations'],
    ['an unknown method', { authMethod: 'client_secret_jwt' }, 'authMethod'],
    ['S97: no algorithm', { idTokenAlgorithm: 'none' }, 'idTokenAlgorithm'],
    ['private_key_jwt without keys', { authMethod: 'private_key_jwt' }, 'jwks'],
    ['keys with a secret', { jwks: { keys: [PUBLIC_KEY] } }, 'jwks'],
    ['a private key', { authMethod: 'private_key_jwt', jwks: { keys: [{ ...PUBLIC_KEY, d: 'c' }] } }, 'jwks'],
    ['half a key', { authMethod: 'private_key_jwt', jwks: { keys: [{ kty: 'RSA', n: 'a' }] } }, 'jwks'],
    ['a shared key', { authMethod: 'private_key_jwt', jwks: { keys: [{ kty: 'oct', k: 'a' }] } }, 'jwks'],
    ['an unknown field', { scopes: ['x'] }, undefined],
  ])('422 invalid: %s', async (_what, input, field) => {
    const { status, body } = await create(input);
    expect([status, body.code]).toEqual([422, 'invalid']);
    if (field !== undefined) expect(String(body.field)).toMatch(new RegExp(`^${field}`));
  });

  test.each(['http://app.example/logout', 'https://10.0.0.1/logout', 'https://app.example:25/logout'])(
    '422 egress_refused: log-out notices to %s',
    async (backchannelLogoutUri) => {
      const { status, body } = await create({ backchannelLogoutUri });
      expect([status, body.code, body.field]).toEqual([422, 'egress_refused', 'backchannelLogoutUri']);
    },
  );
});

describe('PATCH and DELETE /applications/{id}', () => {
  test('200: what is named changes, the rest stays; the operator reads it in the audit', async () => {
    const { body: before } = await create({ backchannelLogoutUri: 'https://app.example/logout' });
    const path = `/applications/${before.clientId}`;
    const change = { name: 'New', backchannelLogoutUri: null };
    const { status, body } = await world.send(world.operator, `patch ${path}`, change);
    const { clientSecret: _secret, ...rest } = before;
    expect([status, body]).toEqual([200, { ...rest, ...change }]);
    const { body: audit } = await world.send(world.operator, 'get /audit-events?type=application.updated');
    expect(audit.items[0]).toMatchObject({
      target: { kind: 'application', id: before.clientId },
      details: { before: { name: 'Product' }, after: { name: 'New' } },
    });
    expect(JSON.stringify(audit)).not.toContain('secretHash');
  });

  test.each([
    ['nothing', {}],
    ['a method that needs a secret where there is none', { authMethod: 'client_secret_post' }],
    ['a bad address', { redirectUris: ['http://elsewhere.example'] }],
  ])('422: %s', async (_what, change) => {
    const { body } = await create({ authMethod: 'none' });
    const answer = await world.send(world.operator, `patch /applications/${body.clientId}`, change);
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid']);
  });

  test('204 and gone', async () => {
    const { body } = await create();
    const path = `/applications/${body.clientId}`;
    expect((await world.send(world.operator, `delete ${path}`)).status).toBe(204);
    for (const method of ['get', 'delete'])
      expect((await world.send(world.operator, `${method} ${path}`)).status).toBe(404);
  });

  test('people of organizations have no part in it: 403', async () => {
    const owner = await world.newPerson(await world.newOrganization(), 'owner');
    const { body } = await create();
    for (const request of [
      'get /applications',
      `get /applications/${body.clientId}`,
      `delete /applications/${body.clientId}`,
      'get /audit-events',
    ])
      expect((await world.send(owner, request)).status).toBe(403);
  });
});

describe('secrets', () => {
  test('S98: a new one is shown once; the one before works for a day more', async () => {
    const { body } = await create();
    const path = `/applications/${body.clientId}/secrets`;
    const made = await world.send(world.operator, `post ${path}`, {});
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^sec_/),
        clientSecret: expect.stringMatching(/^gha_/),
        createdAt: '2026-03-01T12:00:00.000Z',
        expiresAt: null,
      },
    ]);
    const { body: after } = await world.send(world.operator, `get /applications/${body.clientId}`);
    expect(after.secrets.map((row: { expiresAt: string | null }) => row.expiresAt)).toEqual([
      null,
      '2026-03-02T12:00:00.000Z',
    ]);
  });

  test('no overlap ends the one before at once; a later rotation never prolongs an end', async () => {
    const { body } = await create();
    const path = `/applications/${body.clientId}/secrets`;
    await world.send(world.operator, `post ${path}`, { overlap: '2h' });
    world.gateway.clock.advance(hours(1));
    await world.send(world.operator, `post ${path}`, { overlap: '7d' });
    const read = async () =>
      (await world.send(world.operator, `get /applications/${body.clientId}`)).body.secrets;
    const [, , oldest] = await read();
    expect(oldest.expiresAt).toBe('2026-03-01T14:00:00.000Z');
    await world.send(world.operator, `post ${path}`, { overlap: '0h' });
    expect(await read()).toHaveLength(1);
  });

  test.each([5, 'x', '31d'])('422 invalid: an overlap of %s, told which ones there are', async (overlap) => {
    const { body: application } = await create();
    const path = `/applications/${application.clientId}/secrets`;
    const { status, body } = await world.send(world.operator, `post ${path}`, { overlap });
    expect([status, body.field]).toEqual([422, 'overlap']);
    expect(body.detail).toMatch(/1h to 30d; 0h|At most 30 days/);
  });

  test('one is removed at once, the last one never; an application without secrets gets none', async () => {
    const { body } = await create();
    const path = `/applications/${body.clientId}/secrets`;
    const [first] = body.secrets;
    expect((await world.send(world.operator, `delete ${path}/${first.id}`)).status).toBe(422);
    await world.send(world.operator, `post ${path}`, {});
    expect((await world.send(world.operator, `delete ${path}/${first.id}`)).status).toBe(204);
    expect((await world.send(world.operator, `delete ${path}/${first.id}`)).status).toBe(404);
    const { body: open } = await create({ authMethod: 'none' });
    const refused = await world.send(world.operator, `post /applications/${open.clientId}/secrets`, {});
    expect([refused.status, refused.body.code]).toEqual([422, 'invalid']);
  });
});
