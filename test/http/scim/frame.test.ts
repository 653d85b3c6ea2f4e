/** The HTTP frame of SCIM: media types, bodies, methods, unknown paths, credentials, and errors in SCIM's own form. */
import { get } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import {
  createDirectoryToken,
  removeDirectoryToken,
  updateDirectory,
} from '../../../src/core/directory/directories.ts';
import { testCause } from '../../support/gateway.ts';
import { aScimUser, ERROR_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

function expectScimError(answer: Response, status: number, scimType?: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/scim\+json/);
  expect(answer.body).toEqual({
    schemas: [ERROR_URN],
    status: String(status),
    detail: expect.stringMatching(/\S/),
    ...(scimType === undefined ? {} : { scimType }),
  });
}

describe('media types', () => {
  test.each([
    ['application/scim+json', 'application/scim+json'],
    ['application/json', 'application/json'],
    ['application/json, text/plain;q=0.5', 'application/json'],
    ['application/scim+json, application/json;q=0.8', 'application/scim+json'],
    ['*/*', 'application/scim+json'],
    ['text/html', 'application/scim+json'],
  ])('L1: Accept %s is answered with %s', async (accept, expected) => {
    const { scim } = await suite.world();
    const answer = await scim.get('/Users', { Accept: accept });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(`${expected}; charset=utf-8`);
  });

  test('L1: an error has the label of an answer', async () => {
    const { scim } = await suite.world();
    const answer = await scim.get('/Users/x', { Accept: 'application/json' });
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/json; charset=utf-8']);
  });

  test.each([
    'application/scim+json',
    'application/json',
    'application/scim+json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
  ])('L2: a body of %s is read', async (type) => {
    const { scim } = await suite.world();
    expect((await scim.post('/Users', aScimUser(), { 'Content-Type': type })).status).toBe(201);
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    '',
  ])('L3, S129: a body of type "%s" answers 415 and changes nothing', async (type) => {
    const { scim } = await suite.world();
    expectScimError(await scim.post('/Users', JSON.stringify(aScimUser()), { 'Content-Type': type }), 415);
    expect((await scim.get('/Users')).body.totalResults).toBe(0);
  });

  test('L4: a GET with a Content-Type and no body is answered', async () => {
    const { scim } = await suite.world();
    const answer = await scim.get('/Users', { 'Content-Type': 'application/scim+json; charset=utf-8' });
    expect(answer.status).toBe(200);
  });

  test('every answer forbids caching', async () => {
    const { scim } = await suite.world();
    for (const path of ['/Users', '/nothing', '/Schemas', '/Users/du_x']) {
      expect((await scim.get(path)).headers['cache-control']).toBe('no-store');
    }
  });
});

describe('bodies that are none', () => {
  const broken: readonly (readonly [string, string, string])[] = [
    ['cut off', '{"userName":', 'invalidSyntax'],
    ['empty', ' ', 'invalidSyntax'],
    ['a list', '[]', 'invalidSyntax'],
    ['a text', '"x"', 'invalidSyntax'],
    ['a number', '1', 'invalidSyntax'],
    ['null', 'null', 'invalidSyntax'],
    ['doubled keys', '{"userName":"a","userName":"b"}', 'invalidSyntax'],
    ['a lone surrogate', '{"userName":"\\ud800"}', 'invalidSyntax'],
    ['1000 levels', `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`, 'invalidSyntax'],
    ['__proto__', '{"userName":"a","__proto__":{"x":1}}', 'invalidPath'],
  ];

  test.each(broken)('L8, S129: %s answers 400 on POST and changes nothing', async (_name, body, scimType) => {
    const { scim } = await suite.world();
    expectScimError(await scim.post('/Users', body), 400, scimType);
    expectScimError(await scim.post('/Groups', body), 400, scimType);
    expect((await scim.get('/Users')).body.totalResults).toBe(0);
  });

  test.each(broken)(
    'L8, S129: %s answers 400 on PUT and PATCH and changes nothing',
    async (_n, body, scimType) => {
      const { scim, addUser } = await suite.world();
      const id = await addUser();
      const before = await dumpOf(scim);
      expectScimError(await scim.put(`/Users/${id}`, body), 400, scimType);
      expectScimError(await scim.patch(`/Users/${id}`, body), 400, scimType);
      expect(await dumpOf(scim)).toEqual(before);
    },
  );

  test('L8: no body at all answers 400', async () => {
    const { scimPath, token } = await suite.world();
    const answer = await suite.gateway
      .request()
      .post(`${scimPath}/Users`)
      .set('Authorization', `Bearer ${token}`);
    expectScimError(answer, 400, 'invalidSyntax');
  });

  test('S129: bytes that are not UTF-8 answer 400', async () => {
    const { scimPath, token } = await suite.world();
    const answer = await suite.gateway
      .request()
      .post(`${scimPath}/Users`)
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/scim+json')
      .serialize((value) => value as unknown as string)
      .send(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expectScimError(answer, 400, 'invalidSyntax');
  });

  test('L11, S129: a body of 10 MB answers 413', async () => {
    const { scim } = await suite.world();
    expectScimError(await scim.post('/Users', `{"title":"${'x'.repeat(10_000_000)}"}`), 413);
  });

  test('S129: a compressed body is not unpacked', async () => {
    const { scimPath, token } = await suite.world();
    const answer = await suite.gateway
      .request()
      .post(`${scimPath}/Users`)
      .set({
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Content-Encoding': 'gzip',
      })
      .serialize((value) => value as unknown as string)
      .send(gzipSync(JSON.stringify(aScimUser())));
    expectScimError(answer, 415);
  });

  test('a body of 2 MiB is taken', async () => {
    const { scim } = await suite.world();
    const entitlements = Array.from({ length: 40 }, (_, index) => ({
      value: `${index}${'x'.repeat(55_000)}`,
    }));
    expect((await scim.post('/Users', aScimUser({ entitlements }))).status).toBe(201);
  });
});

describe('addresses and methods', () => {
  test.each(['/nothing', '/Users/x/y', '/users', '/Users/', '/', '/Schemas/x/y', '/Bulk/x', '/.well-known'])(
    'L7, S107: %s below the base answers 404 in SCIM form',
    async (path) => {
      const { scim } = await suite.world();
      expectScimError(await scim.get(path), 404);
    },
  );

  test.each(['/scim/v2', '/scim/v2/'])(
    'L7: %s without a directory answers 404 in SCIM form',
    async (path) => {
      expectScimError(await suite.gateway.request().get(path), 404);
    },
  );

  test('S107: an address that cannot be decoded answers 400 in SCIM form', async () => {
    const { scim } = await suite.world();
    expectScimError(await scim.get('/Users/%E0%A4%A'), 400, 'invalidSyntax');
  });

  test.each([
    ['put', '/Users', 'HEAD, GET, POST'],
    ['patch', '/Users', 'HEAD, GET, POST'],
    ['delete', '/Users', 'HEAD, GET, POST'],
    ['put', '/Groups', 'HEAD, GET, POST'],
    ['patch', '/Groups', 'HEAD, GET, POST'],
    ['delete', '/Groups', 'HEAD, GET, POST'],
    ['post', '/Users/du_00000000000000000000000000', 'HEAD, GET, PUT, PATCH, DELETE'],
    ['post', '/Groups/dg_00000000000000000000000000', 'HEAD, GET, PUT, PATCH, DELETE'],
    ['post', '/ServiceProviderConfig', 'HEAD, GET'],
    ['put', '/ServiceProviderConfig', 'HEAD, GET'],
    ['delete', '/Schemas', 'HEAD, GET'],
    ['patch', `/Schemas/${USER_URN}`, 'HEAD, GET'],
    ['post', '/ResourceTypes', 'HEAD, GET'],
    ['delete', '/ResourceTypes/User', 'HEAD, GET'],
    ['delete', '/Users/.search', 'POST'],
    ['get', '/Bulk', 'POST'],
    ['put', '/Bulk', 'POST'],
  ] as const)('L9: %s %s answers 405 with Allow and changes nothing', async (method, path, allow) => {
    const { scim, addUser } = await suite.world();
    await addUser();
    const before = await dumpOf(scim);
    const isBare = method === 'delete' || method === 'get';
    const answer = isBare ? await scim[method](path) : await scim[method](path, aScimUser());
    expectScimError(answer, 405);
    expect(answer.headers.allow).toBe(allow);
    expect(await dumpOf(scim)).toEqual(before);
  });

  test.each(['get', 'post', 'put', 'patch', 'delete'] as const)(
    'L64: %s /Me answers 501: a token of an organization is nobody',
    async (method) => {
      const { scim } = await suite.world();
      const isBare = method === 'delete' || method === 'get';
      expectScimError(isBare ? await scim[method]('/Me') : await scim[method]('/Me', aScimUser()), 501);
    },
  );

  test('HEAD answers as GET does, without a body', async () => {
    const { scimPath, token, addUser } = await suite.world();
    const id = await addUser();
    const answer = await suite.gateway
      .request()
      .head(`${scimPath}/Users/${id}`)
      .set('Authorization', `Bearer ${token}`);
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([200, undefined, 'W/"1"']);
  });
});

describe('credentials', () => {
  const cases = [
    ['none', () => ({})],
    ['no scheme (Okta)', (token: string) => ({ Authorization: token })],
    ['another scheme', (token: string) => ({ Authorization: `Basic ${token}` })],
    ['unknown', () => ({ Authorization: 'Bearer ghd_unknown' })],
    ['cut off', (token: string) => ({ Authorization: `Bearer ${token.slice(0, -1)}` })],
    ['two in one header', (token: string) => ({ Authorization: `Bearer ${token}, Bearer ${token}` })],
    ['empty', () => ({ Authorization: 'Bearer ' })],
    ['the operator key (S112)', () => ({ Authorization: `Bearer ${suite.gateway.operatorKey}` })],
    ['a session cookie (S112)', () => ({ Cookie: '__Host-gatehouse-session=ghs_x' })],
  ] as const;

  test.each(cases)('L6, S108: %s answers 401 with WWW-Authenticate', async (_name, headers) => {
    const { scimPath, token } = await suite.world();
    for (const path of ['/Users', '/nothing', '/Me', '/Schemas']) {
      const answer = await suite.gateway.request().get(`${scimPath}${path}`).set(headers(token));
      expectScimError(answer, 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  test('L13, S108: a token in the query string opens nothing', async () => {
    const { scimPath, token } = await suite.world();
    for (const name of ['access_token', 'token', 'authorization']) {
      expectScimError(await suite.gateway.request().get(`${scimPath}/Users?${name}=${token}`), 401);
    }
  });

  test("S108: another directory's path answers 401, in one's own organization too", async () => {
    const [one, other] = [await suite.world(), await suite.world()];
    const sibling = await suite.gateway.createDirectory({ id: one.organizationId });
    for (const { scimPath } of [other, sibling]) {
      const answer = await suite.gateway
        .request()
        .get(`${scimPath}/Users`)
        .set('Authorization', `Bearer ${one.token}`);
      expectScimError(answer, 401);
    }
  });

  test('S108: two Authorization headers answer 401, even when both are right', async () => {
    const { scimPath, token } = await suite.world();
    const status = await new Promise((resolve, reject) => {
      const headers = { Authorization: [`Bearer ${token}`, `Bearer ${token}`] };
      get(`${suite.gateway.origin}${scimPath}/Users`, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(401);
  });

  test('S108: an expired token answers 401 from its last millisecond on', async () => {
    const { organizationId, directory, scimPath } = await suite.world();
    const { clock, deps, request } = suite.gateway;
    const { token } = await createDirectoryToken(deps, {
      ...{ organizationId, directoryId: directory.id, cause: testCause, name: 'short' },
      expiresAt: clock.now() + 1000,
    });
    const ask = () => request().get(`${scimPath}/Users`).set('Authorization', `Bearer ${token}`);
    expect((await ask()).status).toBe(200);
    clock.advance(1000);
    expectScimError(await ask(), 401);
  });

  test('S108, S111: a revoked token answers 401 on the next request, the other one still works', async () => {
    const { organizationId, directory, scimPath, scim } = await suite.world();
    const { deps, request } = suite.gateway;
    const input = { organizationId, directoryId: directory.id, cause: testCause };
    const { token, row } = await createDirectoryToken(deps, { ...input, name: 'second' });
    await removeDirectoryToken(deps, { ...input, id: row.id });
    expectScimError(await request().get(`${scimPath}/Users`).set('Authorization', `Bearer ${token}`), 401);
    expect((await scim.get('/Users')).status).toBe(200);
  });

  test('S114: a disabled directory answers 401, a draft one 403', async () => {
    const { organizationId, directory, scim } = await suite.world();
    const change = (status: 'disabled' | 'draft') =>
      updateDirectory(suite.gateway.deps, {
        ...{ organizationId, id: directory.id, cause: testCause, change: { status } },
      });
    await change('disabled');
    expectScimError(await scim.get('/Users'), 401);
    await change('draft');
    expectScimError(await scim.get('/Users'), 403);
  });

  test('a stranger does not get to make us read a body', async () => {
    const { scimPath } = await suite.world();
    const answer = await suite.gateway
      .request()
      .post(`${scimPath}/Users`)
      .set('Content-Type', 'text/plain')
      .send('not even JSON');
    expectScimError(answer, 401);
  });

  test('no refusal tells what it runs on (S135)', async () => {
    const { scim } = await suite.world();
    const answers = [
      await scim.get('/Users/x'),
      await scim.post('/Users', '{'),
      await scim.get('/Users?filter=x'),
      await scim.patch('/Users/x', patchOf({ op: 'x' })),
    ];
    for (const { text } of answers) expect(text).not.toMatch(/sqlite|node_modules|\.ts|stack|<html/i);
  });
});
