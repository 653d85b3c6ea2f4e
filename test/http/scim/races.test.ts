/** Requests of one directory at the same moment: one outcome, nothing lost, nothing left over. */
import { describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { bulk, postUser, statusesOf } from '../../support/bulk.ts';
import { membersOf } from '../../support/members.ts';
import { aScimUser, patchOf } from '../../support/scim.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const times = <Result>(count: number, make: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => make(index));

const tally = (answers: readonly Response[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

const add = (...ids: readonly string[]) =>
  patchOf({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) });

const memberIds = async ({ scim }: ScimWorld, group: string): Promise<readonly string[]> => {
  const { body } = await scim.get(`/Groups/${group}`);
  return (body.members ?? []).map(({ value }: { readonly value: string }) => value);
};

describe('races', () => {
  test('R9: of 200 POSTs of one userName in any letters one is 201, all others 409 uniqueness', async () => {
    const { scim, organizationId } = await suite.world();
    const names = ['ada@acme.example', 'ADA@acme.example', 'Ada@Acme.Example'];
    const answers = await Promise.all(
      times(200, (index) => scim.post('/Users', aScimUser({ userName: names[index % 3] }))),
    );
    expect(tally(answers)).toEqual({ 201: 1, 409: 199 });
    const refused = answers.filter(({ status }) => status === 409);
    expect(new Set(refused.map(({ body }) => body.scimType))).toEqual(new Set(['uniqueness']));
    expect((await scim.get('/Users')).body.totalResults).toBe(1);
    expect(await membersOf(suite.gateway, organizationId)).toHaveLength(1);
  });

  test('R9: the same within one Bulk and beside it', async () => {
    const { scim } = await suite.world();
    const operations = times(50, (index) => postUser(`x${index}`, { userName: 'ada' }));
    const [inBulk, ...alone] = await Promise.all([
      bulk(scim, operations),
      ...times(20, () => scim.post('/Users', aScimUser({ userName: 'ADA' }))),
    ]);
    const statuses = [...statusesOf(inBulk), ...alone.map(({ status }) => String(status))];
    expect(statuses.filter((status) => status === '201')).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set(['201', '409']));
  });

  test('R11: of 100 PATCHes that add a member each none is lost, and every one has a version of its own', async () => {
    const world = await suite.world();
    const made = await bulk(
      world.scim,
      times(100, (index) => postUser(`u${index}`)),
    );
    const ids = made.map(({ location = '' }) => location.slice(location.lastIndexOf('/') + 1));
    const group = await world.addGroup();
    const answers = await Promise.all(ids.map((id) => world.scim.patch(`/Groups/${group}`, add(id))));
    expect(tally(answers)).toEqual({ 204: 100 });
    expect((await memberIds(world, group)).toSorted()).toEqual(ids.toSorted());
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(100);
    expect((await world.scim.get(`/Groups/${group}`)).headers.etag).toBe('W/"101"');
  });

  test('R12: PUT racing PATCH on one version: one wins, the other is 412 and has changed nothing', async () => {
    const { scim, addUser } = await suite.world();
    for (const round of times(20, String)) {
      const id = await addUser({ userName: `user${round}` });
      const condition = { 'If-Match': 'W/"1"' };
      const put = () =>
        scim.put(`/Users/${id}`, aScimUser({ userName: `user${round}`, title: 'put' }), condition);
      const patch = () =>
        scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: 'title', value: 'patch' }), condition);
      const racers = Number(round) % 2 === 0 ? [put, patch] : [patch, put];
      const answers = await Promise.all(racers.map((race) => race()));
      expect(tally(answers)).toEqual({ 200: 1, 412: 1 });
      const winner = answers.find(({ status }) => status === 200);
      expect((await scim.get(`/Users/${id}`)).body).toEqual(winner?.body);
    }
  });

  test('R12: without a condition both happen, one after the other', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const answers = await Promise.all([
      scim.put(`/Users/${id}`, aScimUser({ title: 'put' })),
      scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: 'nickName', value: 'patch' })),
    ]);
    expect(tally(answers)).toEqual({ 200: 2 });
    const { body } = await scim.get(`/Users/${id}`);
    expect(body.meta.version).toBe('W/"3"');
    expect(body.title).toBe('put');
    expect([undefined, 'patch']).toContain(body.nickName);
  });

  test('R13: a user deleted while groups take it in is in none of them', async () => {
    const world = await suite.world();
    for (const round of times(15, String)) {
      const user = await world.addUser({ userName: `user${round}` });
      const groups = await Promise.all(times(4, () => world.addGroup()));
      const [gone, ...answers] = await Promise.all([
        world.scim.delete(`/Users/${user}`),
        ...groups.map((group) => world.scim.patch(`/Groups/${group}`, add(user))),
      ]);
      expect(gone?.status).toBe(204);
      for (const { status } of answers) expect([204, 400]).toContain(status);
      for (const group of groups) expect(await memberIds(world, group)).toEqual([]);
    }
  });

  test('R13: a group deleted while another takes it in is in none, and nobody has it among their groups', async () => {
    const world = await suite.world();
    const user = await world.addUser();
    for (const _round of times(10, String)) {
      const [inner, outer] = [await world.addGroup({ members: [{ value: user }] }), await world.addGroup()];
      await Promise.all([
        world.scim.delete(`/Groups/${inner}`),
        world.scim.patch(`/Groups/${outer}`, add(inner)),
      ]);
      expect(await memberIds(world, outer)).toEqual([]);
    }
    expect((await world.scim.get(`/Users/${user}`)).body).not.toHaveProperty('groups');
  });

  test('R24: members and changes that come before their users are refused; the next cycle converges', async () => {
    const world = await suite.world();
    const early = 'du_00000000000000000000000000';
    const group = await world.addGroup();
    expect((await world.scim.patch(`/Groups/${group}`, add(early))).status).toBe(400);
    expect(
      (await world.scim.patch(`/Users/${early}`, patchOf({ op: 'add', path: 'active', value: false })))
        .status,
    ).toBe(404);
    const user = await world.addUser();
    expect((await world.scim.patch(`/Groups/${group}`, add(user))).status).toBe(204);
    expect(await memberIds(world, group)).toEqual([user]);
  });
});
