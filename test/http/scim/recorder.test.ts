/** The recorder: every exchange of a directory, with what came of it and why it failed, for the admins of its organization. */
import { describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import {
  createDirectoryToken,
  removeDirectoryToken,
  updateDirectory,
} from '../../../src/core/directory/directories.ts';
import { testCause } from '../../support/gateway.ts';
import { aScimGroup, aScimUser, patchOf, scimCaller } from '../../support/scim.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

/** An item of the recorder, as far as these tests look into it. */
interface Item {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly requestBody: string | null;
  readonly responseBody: string | null;
  readonly failure: { readonly code: string; readonly cause: string; readonly where: object } | null;
}

const ask = (world: ScimWorld, query = ''): Promise<Response> =>
  suite.gateway
    .request()
    .get(`/api/v1/organizations/${world.organizationId}/recorder${query}`)
    .set('Authorization', `Bearer ${suite.gateway.operatorKey}`)
    .then((answer) => answer);

async function recorded(world: ScimWorld, query = ''): Promise<readonly Item[]> {
  const answer = await ask(world, query);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body.items;
}

async function last(world: ScimWorld): Promise<Item> {
  const [item] = await recorded(world, '?limit=1');
  if (item === undefined) throw new Error('nothing was recorded');
  return item;
}

/** Items are ordered by their time, and this clock stands still by itself. */
const later = () => suite.gateway.clock.advance(1);

describe('an exchange', () => {
  test('a read shows its path with the query, its answer, and no change', async () => {
    const world = await suite.world('okta');
    const { headers } = await world.scim.get('/Users?startIndex=1&count=2');
    expect(await last(world)).toEqual({
      id: expect.stringMatching(/^rec_/),
      at: new Date(suite.gateway.clock.now()).toISOString(),
      kind: 'scim',
      directoryId: world.directoryId,
      tokenName: 'test',
      replayOf: null,
      requestId: headers['x-request-id'],
      method: 'GET',
      path: '/Users?startIndex=1&count=2',
      status: 200,
      ms: expect.any(Number),
      requestBody: null,
      responseBody: expect.stringContaining('"totalResults":0'),
      tolerances: [],
      unknownAttributes: [],
      change: null,
      failure: null,
      isReplayable: false,
    });
  });

  test('a create shows both bodies, and the change by the audit rows that tell it (pain 15)', async () => {
    const world = await suite.world();
    const body = aScimUser();
    const { text } = await world.scim.post('/Users', body);
    const item = await last(world);
    expect(item).toMatchObject({
      method: 'POST',
      path: '/Users',
      status: 201,
      requestBody: JSON.stringify(body),
      responseBody: text,
      change: { type: 'directory_user.created', targetId: JSON.parse(text).id, auditEventCount: 2 },
    });
    const events = await suite.gateway.storage.auditEvents.list(world.organizationId, {}, { limit: 50 });
    const ofRequest = events.filter(({ requestId }) => requestId === Reflect.get(item, 'requestId'));
    expect(Reflect.get(item, 'change').auditEventIds.toSorted()).toEqual(
      ofRequest.map(({ id }) => id).sort(),
    );
  });

  test('2.I-68: the tolerances that fired and the attributes nobody knows are named', async () => {
    const world = await suite.world('entra');
    const id = await world.addUser();
    later();
    const operations = [
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Add', value: { favouriteColour: 'red' } },
    ];
    await world.scim.patch(`/Users/${id}`, patchOf(...operations));
    expect(await last(world)).toMatchObject({
      tolerances: expect.arrayContaining(['op_case', 'boolean_text', 'unknown_attribute']),
      unknownAttributes: ['favouriteColour'],
      change: { type: 'directory_user.updated', targetId: id },
    });
  });

  test('what changed nothing shows no change', async () => {
    const world = await suite.world();
    const id = await world.addUser();
    later();
    await world.scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path: 'active', value: true }));
    expect(await last(world)).toMatchObject({ status: 200, change: null });
  });

  test('a group change of many members names at most 50 audit rows and counts all', async () => {
    const world = await suite.world();
    const group = await world.addGroup();
    const members = [];
    for (let index = 0; index < 60; index += 1) {
      members.push({
        value: await world.addUser({ userName: `u${index}`, emails: [], externalId: `${index}` }),
      });
    }
    later();
    await world.scim.patch(`/Groups/${group}`, patchOf({ op: 'add', path: 'members', value: members }));
    const { change } = (await last(world)) as unknown as {
      change: { auditEventIds: string[]; auditEventCount: number };
    };
    expect(change.auditEventIds.length).toBeLessThanOrEqual(50);
    expect(change.auditEventCount).toBeGreaterThanOrEqual(change.auditEventIds.length);
  });

  test('a request of 16 KB and an answer of 4 KB are kept whole, longer ones are cut with a mark', async () => {
    const world = await suite.world();
    const wide = aScimUser({ title: 'é'.repeat(10_000) });
    await world.scim.post('/Users', wide);
    const { requestBody, responseBody } = await last(world);
    expect(requestBody).toMatch(/é \[cut: 20\d{3} in all\]$/);
    expect(Buffer.byteLength(requestBody ?? '')).toBeLessThan(16_500);
    expect(responseBody).toMatch(/é \[cut: 10\d{3} in all\]$/);
    expect(responseBody?.length).toBeLessThan(4200);
  });

  test('a body that is not JSON is shown as it came', async () => {
    const world = await suite.world();
    await world.scim.post('/Users', '{"userName": nobody');
    expect(await last(world)).toMatchObject({
      requestBody: '{"userName": nobody',
      failure: { code: 'invalid_syntax', scimType: 'invalidSyntax' },
    });
  });
});

describe('failures', () => {
  test('what the directory was told, a cause in plain words, and the screen where it is mended', async () => {
    const world = await suite.world('okta');
    await world.addUser();
    later();
    await world.scim.post('/Users', aScimUser());
    const { failure } = await last(world);
    expect(failure).toMatchObject({
      code: 'already_exists',
      scimType: 'uniqueness',
      field: 'userName',
      detail: expect.any(String),
      cause: expect.stringContaining('same user name'),
      where: {
        okta: expect.stringContaining('To App'),
        entra: expect.stringContaining('Attribute mapping'),
        google: expect.stringContaining('Autoprovisioning'),
      },
    });
  });

  test.each([
    ['an expired token', 'unauthenticated', (world: ScimWorld) => expired(world)],
    ['a disabled directory', 'unauthenticated', (world: ScimWorld) => switchTo(world, 'disabled')],
    ['a draft', 'forbidden', (world: ScimWorld) => switchTo(world, 'draft')],
  ])('S108: %s is refused and shown, so that the admin need not guess', async (_title, code, prepare) => {
    const world = await suite.world();
    const scim = await prepare(world);
    later();
    expect((await scim.get('/Users')).status).toBe(code === 'forbidden' ? 403 : 401);
    expect(await last(world)).toMatchObject({ path: '/Users', requestBody: null, failure: { code } });
  });

  test('S108: strangers, with a made-up, revoked or foreign token, leave no trace in anybody’s recorder', async () => {
    const [world, other] = [await suite.world(), await suite.world()];
    const { row, token } = await newToken(world);
    const request = {
      organizationId: world.organizationId,
      cause: testCause,
      directoryId: world.directoryId,
    };
    await removeDirectoryToken(suite.gateway.deps, { ...request, id: row.id });
    for (const wrong of ['ghd_nonsense', token, other.token]) {
      const { scimPath } = world;
      expect((await scimCaller(suite.gateway, { scimPath, token: wrong }).get('/Users')).status).toBe(401);
    }
    expect([await recorded(world), await recorded(other)]).toEqual([[], []]);
  });

  test('refusals at the door that follow each other fast are kept once in ten seconds', async () => {
    const world = await suite.world();
    const scim = await switchTo(world, 'draft');
    for (let count = 0; count < 5; count += 1) await scim.get('/Users');
    expect(await recorded(world)).toHaveLength(1);
    suite.gateway.clock.advance(10_000);
    await scim.get('/Users');
    expect(await recorded(world)).toHaveLength(2);
  });
});

const newToken = ({ organizationId, directoryId }: ScimWorld, expiresAt?: number) =>
  createDirectoryToken(suite.gateway.deps, {
    organizationId,
    cause: testCause,
    directoryId,
    name: 'second',
    expiresAt,
  });

async function expired(world: ScimWorld) {
  const { token } = await newToken(world, suite.gateway.clock.now() + 1000);
  suite.gateway.clock.advance(1000);
  return scimCaller(suite.gateway, { scimPath: world.scimPath, token });
}

async function switchTo(world: ScimWorld, status: 'draft' | 'disabled') {
  const { organizationId, directoryId: id } = world;
  await updateDirectory(suite.gateway.deps, { organizationId, cause: testCause, id, change: { status } });
  return world.scim;
}

describe('the list', () => {
  const mixed = async () => {
    const world = await suite.world();
    const second = await suite.worldIn({ id: world.organizationId }, 'entra');
    await world.scim.get('/Users');
    later();
    await world.scim.get('/Users/du_nobody');
    later();
    await second.scim.post('/Groups', aScimGroup());
    later();
    await second.scim.post('/Users', {});
    return { world, second };
  };

  test('is narrowed by outcome, directory, kind and text', async () => {
    const { world, second } = await mixed();
    const paths = async (query: string) =>
      (await recorded(world, query)).map(({ method, path }) => `${method} ${path}`);
    const all = ['POST /Users', 'POST /Groups', 'GET /Users/du_nobody', 'GET /Users'];
    expect(await paths('')).toEqual(all);
    expect(await paths('?kind=scim&outcome=')).toEqual(all);
    expect(await paths('?outcome=failed')).toEqual(['POST /Users', 'GET /Users/du_nobody']);
    expect(await paths('?outcome=ok')).toEqual(['POST /Groups', 'GET /Users']);
    expect(await paths(`?directory=${second.directoryId}`)).toEqual(['POST /Users', 'POST /Groups']);
    expect(await paths('?q=ENGINEERING')).toEqual(['POST /Groups']);
    expect(await paths('?q=nobody&outcome=failed')).toEqual(['GET /Users/du_nobody']);
  });

  test('is walked by cursor, newest first, each once', async () => {
    const { world } = await mixed();
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await ask(world, `?limit=1&cursor=${cursor}`);
      seen.push(...body.items.map(({ path }: Item) => path));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(['/Users', '/Groups', '/Users/du_nobody', '/Users']);
  });

  test.each(['kind=nonsense', 'outcome=maybe', 'directory=dir_1', 'limit=0', 'cursor=x', 'nothing=1'])(
    '422 for ?%s',
    async (query) => {
      const world = await suite.world();
      expect((await ask(world, `?${query}`)).status).toBe(422);
    },
  );

  test('S216: one organization sees its own exchanges only, by list and by id', async () => {
    const [world, other] = [await suite.world(), await suite.world()];
    await other.scim.get('/Users');
    expect(await recorded(world)).toEqual([]);
    const { id } = await last(other);
    expect((await ask(other, `/${id}`)).body.id).toBe(id);
    expect((await ask(world, `/${id}`)).status).toBe(404);
  });
});
