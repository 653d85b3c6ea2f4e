/** Organizations beside each other: what one directory does, another neither sees nor feels, nor can it tell. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { scimRoutes } from '../../../src/http/scim/router.ts';
import { membersOf } from '../../support/members.ts';
import { aScimGroup, aScimUser, ENTERPRISE_URN, patchOf } from '../../support/scim.ts';
import { dumpOf, type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

interface Neighbour extends ScimWorld {
  readonly user: string;
  readonly group: string;
}

async function populated(world: ScimWorld): Promise<Neighbour> {
  const user = await world.addUser();
  return { ...world, user, group: await world.addGroup({ members: [{ value: user }] }) };
}

/** Ours; another organization's; another directory's of our own organization. */
let ours: Neighbour;
let theirs: Neighbour;
let sibling: Neighbour;

beforeAll(async () => {
  ours = await populated(await suite.world());
  theirs = await populated(await suite.world());
  sibling = await populated(await suite.worldIn({ id: ours.organizationId }));
});

const METHODS = ['get', 'put', 'patch', 'delete'] as const;
const UNKNOWN = { Users: 'du_0123456789abcdefghjkmnpqrs', Groups: 'dg_0123456789abcdefghjkmnpqrs' };

async function ask(method: (typeof METHODS)[number], path: string) {
  const body = { ...aScimUser(), displayName: 'x' };
  if (method === 'get' || method === 'delete') return ours.scim[method](path);
  return ours.scim[method](
    path,
    method === 'put' ? body : patchOf({ op: 'add', path: 'externalId', value: 'x' }),
  );
}

describe('ids of others', () => {
  test('the table covers every route with an id', () => {
    const withId = scimRoutes.filter(({ path }) => path.endsWith('/:id')).map(({ path }) => path);
    expect(withId.sort()).toEqual(['/Groups/:id', '/ResourceTypes/:id', '/Schemas/:id', '/Users/:id']);
  });

  test.each(
    METHODS.flatMap((method) => (['Users', 'Groups'] as const).map((kind) => [method, kind] as const)),
  )(
    'S106: %s /%s/{id} answers a foreign id exactly as an unknown one, and nothing changes',
    async (method, kind) => {
      const before = [await dumpOf(theirs.scim), await dumpOf(sibling.scim)];
      const expected = await ask(method, `/${kind}/${UNKNOWN[kind]}`);
      for (const world of [theirs, sibling]) {
        const id = kind === 'Users' ? world.user : world.group;
        const answer = await ask(method, `/${kind}/${id}`);
        expect(answer.status).toBe(404);
        expect(answer.text.replaceAll(id, '#')).toBe(expected.text.replaceAll(UNKNOWN[kind], '#'));
        expect(Object.keys(answer.headers).sort()).toEqual(Object.keys(expected.headers).sort());
      }
      expect([await dumpOf(theirs.scim), await dumpOf(sibling.scim)]).toEqual(before);
    },
  );

  test('S106: a user id is no group id and the other way round', async () => {
    expect((await ours.scim.get(`/Users/${ours.group}`)).status).toBe(404);
    expect((await ours.scim.get(`/Groups/${ours.user}`)).status).toBe(404);
  });

  test('S106: foreign ids are no members, and tell nothing', async () => {
    const refusals = [];
    for (const value of [UNKNOWN.Users, theirs.user, theirs.group, sibling.user, sibling.group]) {
      for (const answer of [
        await ours.scim.post('/Groups', aScimGroup({ members: [{ value }] })),
        await ours.scim.put(`/Groups/${ours.group}`, aScimGroup({ members: [{ value }] })),
        await ours.scim.patch(
          `/Groups/${ours.group}`,
          patchOf({ op: 'add', path: 'members', value: [{ value }] }),
        ),
      ]) {
        refusals.push(`${answer.status} ${answer.text.replaceAll(value, '#')}`);
      }
    }
    expect(new Set(refusals).size).toBe(1);
    expect(refusals[0]).toMatch(/^400 .*invalidValue/);
  });

  test('S106: a foreign manager looks exactly as an unknown one: left out', async () => {
    const world = await suite.world();
    const manager = { value: theirs.user };
    const id = await world.addUser({ [ENTERPRISE_URN]: { manager } });
    const unknown = await world.addUser({
      ...{ userName: 'b', [ENTERPRISE_URN]: { manager: { value: UNKNOWN.Users } } },
    });
    const shown = [await world.scim.get(`/Users/${id}`), await world.scim.get(`/Users/${unknown}`)];
    for (const { body } of shown) expect(body).not.toHaveProperty([ENTERPRISE_URN]);
  });

  test.each([
    ['/Users', () => `id eq "${theirs.user}"`],
    ['/Users', () => `groups.value eq "${theirs.group}"`],
    ['/Users', () => `groups.value eq "${sibling.group}"`],
    ['/Groups', () => `id eq "${theirs.group}"`],
    ['/Groups', () => `members eq "${theirs.user}"`],
    ['/Groups', () => `members eq "${sibling.user}"`],
  ])('S106: no filter on %s finds a foreign thing', async (path, filter) => {
    const answer = await ours.scim.get(`${path}?filter=${encodeURIComponent(filter())}`);
    expect(answer.body.totalResults).toBe(0);
  });

  test('S106: lists hold what is ours', async () => {
    const users = await ours.scim.get('/Users?filter=userName%20pr');
    expect(users.body.Resources.map(({ id }: { id: string }) => id)).toEqual([ours.user]);
    const groups = await ours.scim.get('/Groups');
    expect(groups.body.Resources.map(({ id }: { id: string }) => id)).toEqual([ours.group]);
  });
});

describe('the same names beside each other', () => {
  test('S115: equal userName, externalId and e-mail are 201 everywhere, without a word about the others', async () => {
    for (const world of [await suite.world(), await suite.world()]) {
      const answer = await world.scim.post('/Users', aScimUser());
      expect(answer.status).toBe(201);
      expect((await world.scim.get('/Users')).body.totalResults).toBe(1);
    }
  });

  test('S117: a person known elsewhere is a new person here, and nothing of the other one moves', async () => {
    const { storage } = suite.gateway;
    const [before] = await membersOf(suite.gateway, theirs.organizationId);
    const global = before && (await storage.users.find(before.userId));
    const here = await suite.world();
    const id = await here.addUser({ displayName: 'Impostor' });
    await here.scim.patch(`/Users/${id}`, patchOf({ op: 'replace', value: { active: false } }));
    await here.scim.delete(`/Users/${id}`);
    const [after] = await membersOf(suite.gateway, theirs.organizationId);
    expect(after).toEqual(before);
    expect(after && (await storage.users.find(after.userId))).toEqual(global);
  });

  test('S118: a pushed address is never a sign-in address', async () => {
    const { organizationId, addUser, scim } = await suite.world();
    const id = await addUser();
    const [member] = await membersOf(suite.gateway, organizationId);
    const emails = [{ value: 'new@acme.example', primary: true }];
    await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path: 'emails', value: emails }));
    const user = member && (await suite.gateway.storage.users.find(member.userId));
    expect(user).toMatchObject({ email: null, emailKey: null, passwordHash: null });
  });

  test('S116: an externalId is text and resolves to nobody', async () => {
    const { addUser, scim, user: internal } = { ...(await suite.world()), user: ours.user };
    for (const [index, externalId] of ['1', '-1', 'admin', internal, '1e400', '../x', '%00'].entries()) {
      const id = await addUser({ userName: `u${index}`, externalId });
      expect((await scim.get(`/Users/${id}`)).body).toMatchObject({ id, externalId });
    }
    expect((await scim.get('/Users/1')).status).toBe(404);
    expect((await ours.scim.get(`/Users/${ours.user}`)).body.externalId).toBe('ext-ada');
  });
});

describe('what a token opens', () => {
  test('S112: a directory token is nothing on the management API and in the browser', async () => {
    const { request } = suite.gateway;
    const bearer = `Bearer ${ours.token}`;
    for (const path of [
      '/api/v1/session',
      '/api/v1/organizations',
      `/api/v1/organizations/${ours.organizationId}`,
    ]) {
      expect((await request().get(path).set('Authorization', bearer)).status).toBe(401);
    }
    const cookie = await request()
      .get('/api/v1/session')
      .set('Cookie', `__Host-gatehouse-session=${ours.token}`);
    expect(cookie.status).toBe(401);
  });
});
