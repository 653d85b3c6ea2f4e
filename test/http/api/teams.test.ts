/** /organizations/{org}/teams: teams and who is in them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let admin: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  const organization = await world.newOrganization();
  // Ids sort by age only when their times differ.
  world.gateway.clock.advance(1);
  admin = await world.newPerson(organization, 'admin');
  base = `/organizations/${organization.id}/teams`;
});
afterAll(() => world.close());

const newTeam = async (name: string): Promise<string> =>
  (await world.send(admin, `post ${base}`, { name })).body.id;

describe('teams', () => {
  test('201, 200, 200, 204, 404: made, listed beside the default team, renamed, removed, gone', async () => {
    const made = await world.send(admin, `post ${base}`, { name: 'Red' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ id: expect.stringMatching(/^team_/), name: 'Red', isDefault: false });
    const list = await world.send(admin, `get ${base}`);
    expect(list.body).toMatchObject({
      items: [{ name: 'Everyone', isDefault: true }, { id: made.body.id }],
      nextCursor: null,
    });
    const one = `${base}/${made.body.id}`;
    expect((await world.send(admin, `patch ${one}`, { name: 'Blue' })).body.name).toBe('Blue');
    expect((await world.send(admin, `get ${one}`)).body.name).toBe('Blue');
    expect((await world.send(admin, `delete ${one}`)).status).toBe(204);
    expect((await world.send(admin, `get ${one}`)).status).toBe(404);
    expect((await world.send(admin, `delete ${one}`)).status).toBe(404);
  });

  test.each([
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ name: 'A\nB' }, 'name'],
    [{ name: 'A', id: 'team_1' }, 'id'],
  ])('422 invalid: %j', async (body, field) => {
    const answer = await world.send(admin, `post ${base}`, body);
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'invalid', field]);
  });

  test('403 plan_lacks: a plan with one team makes no second one', async () => {
    const { id } = await world.newOrganization({ plan: { preset: 'team' } });
    const { status, body } = await world.send(world.operator, `post /organizations/${id}/teams`, {
      name: 'B',
    });
    expect([status, body.code]).toEqual([403, 'plan_lacks']);
  });

  test('403: the default team stays', async () => {
    const { body } = await world.send(admin, `get ${base}`);
    const { status } = await world.send(admin, `delete ${base}/${body.items[0].id}`);
    expect(status).toBe(403);
  });
});

describe('members of a team', () => {
  test('200, 200, 204, 204: put in, given another role, taken out, taken out again', async () => {
    const team = await newTeam('Green');
    const path = `${base}/${team}/members/${admin.membership.id}`;
    for (const role of ['member', 'owner']) {
      const { status, body } = await world.send(admin, `put ${path}`, { role });
      expect([status, body]).toEqual([200, { teamId: team, memberId: admin.membership.id, role }]);
    }
    const shown = await world.send(admin, `get ${base.replace('/teams', '')}/members?team=${team}`);
    expect(shown.body.items).toMatchObject([
      { id: admin.membership.id, teams: [{ id: team, role: 'owner' }] },
    ]);
    expect((await world.send(admin, `delete ${path}`)).status).toBe(204);
    expect((await world.send(admin, `delete ${path}`)).status).toBe(204);
    const { body } = await world.send(admin, `get ${base.replace('/teams', '')}/members?team=${team}`);
    expect(body.items).toEqual([]);
  });

  test.each([
    [{}, 'role'],
    [{ role: 'viewer' }, 'role'],
    [{ role: 'member', until: 1 }, 'until'],
  ])('422 invalid: %j', async (body, field) => {
    const path = `${base}/${await newTeam('Grey')}/members/${admin.membership.id}`;
    const answer = await world.send(admin, `put ${path}`, body);
    expect([answer.status, answer.body.field]).toEqual([422, field]);
  });

  test('404: a team, a member that is not here', async () => {
    const team = await newTeam('Pink');
    const nobody = `mem_${'0'.repeat(26)}`;
    const noTeam = `team_${'0'.repeat(26)}`;
    const rows = [`${base}/${team}/members/${nobody}`, `${base}/${noTeam}/members/${admin.membership.id}`];
    for (const path of rows) {
      expect((await world.send(admin, `put ${path}`, { role: 'member' })).status).toBe(404);
      expect((await world.send(admin, `delete ${path}`)).status).toBe(404);
    }
  });
});
