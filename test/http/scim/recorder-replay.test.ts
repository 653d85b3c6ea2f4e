/** Replay: a failed write runs again as its directory, in the name of the admin, and only such a one (moonshot 4). */
import { describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { removeDirectory, updateDirectory } from '../../../src/core/directory/directories.ts';
import { testCause } from '../../support/gateway.ts';
import { aScimUser, patchOf } from '../../support/scim.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const api = (method: 'get' | 'post', world: ScimWorld, path: string): Promise<Response> =>
  suite.gateway
    .request()
    [method](`/api/v1/organizations/${world.organizationId}/recorder${path}`)
    .set('Authorization', `Bearer ${suite.gateway.operatorKey}`)
    .then((answer) => answer);

/** The newest entry's id, when the next one is to be newer. */
async function lastId(world: ScimWorld): Promise<string> {
  const { body } = await api('get', world, '?limit=1');
  suite.gateway.clock.advance(1);
  return body.items[0].id;
}

const NEW_NAME = { userName: 'grace@acme.example' };
const RENAME = { op: 'Replace', path: 'userName', value: NEW_NAME.userName };

const replay = async (world: ScimWorld, id: string) => api('post', world, `/${id}/replay`);

/** A failed create: somebody else has the user name. */
async function failedCreate(world: ScimWorld, overrides: object = {}) {
  const older = await world.addUser({ externalId: 'older' });
  suite.gateway.clock.advance(1);
  expect((await world.scim.post('/Users', aScimUser({ externalId: 'newer', ...overrides }))).status).toBe(
    409,
  );
  return { older, id: await lastId(world) };
}

describe('a failed write', () => {
  test('runs again as its directory; the audit names the admin as the actor', async () => {
    const world = await suite.world('okta');
    const { older, id } = await failedCreate(world);
    await world.scim.delete(`/Users/${older}`);
    suite.gateway.clock.advance(1);
    const answer = await replay(world, id);
    expect([answer.status, answer.body.status]).toEqual([200, 201]);
    const created = JSON.parse(answer.body.body);
    expect(created).toMatchObject({ userName: 'ada@acme.example', externalId: 'newer' });
    expect((await world.scim.get(`/Users/${created.id}`)).body.meta.location).toBe(created.meta.location);
    const { auditEvents } = suite.gateway.storage;
    const made = await auditEvents.list(world.organizationId, { targetId: created.id }, { limit: 5 });
    expect(made).toMatchObject([
      {
        type: 'directory_user.created',
        actor: { kind: 'operator' },
        requestId: answer.headers['x-request-id'],
      },
    ]);
    const told = await auditEvents.list(world.organizationId, { targetId: id }, { limit: 5 });
    expect(told).toMatchObject([
      {
        type: 'recorder_entry.replayed',
        actor: { kind: 'operator' },
        details: { directoryId: world.directoryId, status: 201 },
      },
    ]);
  });

  test('is recorded again, as a replay of the first; a replay is not replayed', async () => {
    const world = await suite.world();
    const { id } = await failedCreate(world);
    await replay(world, id);
    const { body } = await api('get', world, '?limit=1');
    expect(body.items[0]).toMatchObject({
      replayOf: id,
      tokenName: null,
      method: 'POST',
      path: '/Users',
      status: 409,
      failure: { code: 'already_exists' },
      isReplayable: false,
    });
    expect((await replay(world, body.items[0].id)).status).toBe(422);
  });

  test('that fails again changes nothing and answers why', async () => {
    const world = await suite.world();
    const { id } = await failedCreate(world);
    const before = (await world.scim.get('/Users')).body.Resources;
    const { body } = await replay(world, id);
    expect(body.status).toBe(409);
    expect(JSON.parse(body.body)).toMatchObject({ status: '409', scimType: 'uniqueness' });
    expect((await world.scim.get('/Users')).body.Resources).toEqual(before);
  });

  test.each([
    ['PATCH', ({ scim }: ScimWorld, id: string) => scim.patch(`/Users/${id}`, patchOf(RENAME))],
    ['PUT', ({ scim }: ScimWorld, id: string) => scim.put(`/Users/${id}`, aScimUser(NEW_NAME))],
  ])('a %s that met another person’s name succeeds once that one is renamed', async (_method, send) => {
    const world = await suite.world('entra');
    const holder = await world.addUser({ ...NEW_NAME, externalId: 'holder' });
    const id = await world.addUser({ externalId: 'renamed' });
    suite.gateway.clock.advance(1);
    expect((await send(world, id)).status).toBe(409);
    const entry = await lastId(world);
    await world.scim.patch(`/Users/${holder}`, patchOf({ op: 'replace', path: 'userName', value: 'gone' }));
    const { body } = await replay(world, entry);
    expect([body.status, JSON.parse(body.body).userName]).toEqual([200, 'grace@acme.example']);
    expect((await world.scim.get(`/Users/${id}`)).body.userName).toBe('grace@acme.example');
  });

  test('a DELETE that met nothing answers 404 again', async () => {
    const world = await suite.world();
    await world.scim.delete(`/Users/du_${'0'.repeat(26)}`);
    expect((await replay(world, await lastId(world))).body).toMatchObject({ status: 404 });
  });

  test('a create with a password runs again without it, as it would have the first time', async () => {
    const world = await suite.world('okta');
    const { older, id } = await failedCreate(world, { password: 'Correct horse' });
    await world.scim.delete(`/Users/${older}`);
    expect((await replay(world, id)).body.status).toBe(201);
  });
});

describe('what is not run again answers 422 and changes nothing', () => {
  const cases: Readonly<Record<string, (world: ScimWorld, user: string) => Promise<unknown>>> = {
    'a write that went well': ({ scim }, user) => scim.put(`/Users/${user}`, aScimUser({ title: 'x' })),
    'a failed look-up': ({ scim }) => scim.get('/Users?filter=nonsense'),
    'a failed search': ({ scim }) => scim.post('/Users/.search', { filter: 'nonsense' }),
    'a failed condition': ({ scim }, user) =>
      scim.put(`/Users/${user}`, aScimUser({ title: 'x' }), { 'If-Match': 'W/"99"' }),
    'a body that was cut': ({ scim }) => scim.post('/Users', aScimUser({ title: 'x'.repeat(20_000) })),
    'a body from which more than a password was taken': ({ scim }) =>
      scim.post('/Users', aScimUser({ title: 'Bearer abcdefghijkl' })),
  };
  test.each(Object.entries(cases))('%s', async (_title, send) => {
    const world = await suite.world();
    const user = await world.addUser();
    suite.gateway.clock.advance(1);
    await send(world, user);
    const before = (await world.scim.get('/Users')).body;
    const { body } = await api('get', world, '');
    const item = body.items.find(
      ({ path, method }: { path: string; method: string }) => `${method} ${path}` !== 'GET /Users',
    );
    const { status, body: problem } = await replay(world, item.id);
    expect([status, problem.code, item.isReplayable]).toEqual([422, 'invalid', false]);
    expect((await world.scim.get('/Users')).body).toEqual(before);
  });

  test('an entry whose directory is not active: 403; is gone: 404', async () => {
    const world = await suite.world();
    const { id } = await failedCreate(world);
    const { deps } = suite.gateway;
    const request = { organizationId: world.organizationId, cause: testCause, id: world.directoryId };
    await updateDirectory(deps, { ...request, change: { status: 'disabled' } });
    expect((await replay(world, id)).status).toBe(403);
    await removeDirectory(deps, { ...request, grants: 'drop' });
    expect((await replay(world, id)).status).toBe(404);
  });

  test('S106: another organization’s entry is no entry', async () => {
    const [world, other] = [await suite.world(), await suite.world()];
    const { id } = await failedCreate(other);
    expect((await replay(world, id)).status).toBe(404);
  });
});
