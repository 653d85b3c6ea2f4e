/** /organizations/{org}/teams: teams and who is in them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nextText } from '../../support/builders.ts';
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

describe('a team with an owner', () => {
  const put = (sender: Person | typeof world.operator, path: string, role: string) =>
    world.send(sender, `put ${path}`, { role });

  /** A team of an owner who is only a viewer in the organization, with an admin and a member. */
  async function ownedTeam() {
    const organization = await world.newOrganization();
    const here = `/organizations/${organization.id}`;
    const [head, deputy, plain] = [
      await world.newPerson(organization, 'viewer'),
      await world.newPerson(organization, 'viewer'),
      await world.newPerson(organization),
    ];
    const [manager, chief, guest] = [
      await world.newPerson(organization, 'admin'),
      await world.newPerson(organization, 'owner'),
      await world.newPerson(organization, 'viewer'),
    ];
    const { body: team } = await world.send(manager, `post ${here}/teams`, { name: 'Red' });
    const of = (person: Person) => `${here}/teams/${team.id}/members/${person.membership.id}`;
    for (const [person, role] of [
      [deputy, 'admin'],
      [plain, 'member'],
      [head, 'owner'],
    ] as const)
      expect((await put(manager, of(person), role)).status).toBe(200);
    return { here, of, head, deputy, plain, manager, chief, guest };
  }

  test('S147: is its owners’ alone: whoever administers the organization makes teams, and stays out of this one', async () => {
    const { of, head, plain, manager, chief, guest } = await ownedTeam();
    expect((await put(manager, of(plain), 'admin')).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await put(manager, of(manager), 'owner')).status).toBe(403);
    expect((await world.send(manager, `delete ${of(head)}`)).status).toBe(403);
    expect((await put(head, of(guest), 'owner')).status).toBe(200);
    expect((await put(chief, of(guest), 'member')).status).toBe(200);
    expect((await put(world.operator, of(guest), 'admin')).status).toBe(200);
    expect((await world.send(head, `delete ${of(guest)}`)).status).toBe(204);
  });

  test('S147: its admins look after plain members; members and strangers look on, and may go', async () => {
    const { of, head, deputy, plain, guest } = await ownedTeam();
    expect((await put(deputy, of(guest), 'member')).status).toBe(200);
    expect((await put(deputy, of(guest), 'admin')).status).toBe(403);
    expect((await put(deputy, of(deputy), 'owner')).status).toBe(403);
    expect((await put(deputy, of(head), 'member')).status).toBe(403);
    expect((await world.send(deputy, `delete ${of(guest)}`)).status).toBe(204);
    expect((await put(guest, of(guest), 'member')).status).toBe(403);
    expect((await put(plain, of(plain), 'admin')).status).toBe(403);
    expect((await world.send(plain, `delete ${of(deputy)}`)).status).toBe(403);
    expect((await world.send(plain, `delete ${of(plain)}`)).status).toBe(204);
  });

  test.each<[string, string, object | undefined]>([
    ['suspends', 'patch', { status: 'suspended' }],
    ['removes', 'delete', undefined],
  ])(
    'S147: whoever %s its only owner does not come into it: it passes to the owners of the organization',
    async (_what, method, body) => {
      const { here, of, head, deputy, plain, manager, chief } = await ownedTeam();
      const path = `${method} ${here}/members/${head.membership.id}`;
      expect((await world.send(manager, path, body)).status).toBeLessThan(300);
      for (const [whom, role] of [
        [manager, 'owner'],
        [plain, 'owner'],
        [plain, 'admin'],
      ] as const)
        expect((await put(manager, of(whom), role)).status).toBe(403);
      const rule = {
        match: { claim: 'a', value: 'b' },
        grants: [{ scope: 'team', team: of(plain).split('/')[4], role: 'owner' }],
      };
      expect((await world.send(manager, `post ${here}/group-mappings`, rule)).status).toBe(403);
      expect((await put(deputy, of(manager), 'member')).status).toBe(200);
      expect((await put(chief, of(plain), 'owner')).status).toBe(200);
      expect((await put(plain, of(manager), 'admin')).status).toBe(200);
    },
  );

  test('S147: nor whoever manages teams once its only owner has gone down by themselves', async () => {
    const { of, head, manager, chief } = await ownedTeam();
    expect((await put(head, of(head), 'member')).status).toBe(200);
    expect((await put(manager, of(manager), 'owner')).status).toBe(403);
    expect((await put(chief, of(head), 'owner')).status).toBe(200);
  });

  test('S162: an invitation promises more than plain membership only for whoever decides there, then and at acceptance', async () => {
    const { here, of, head, manager, chief } = await ownedTeam();
    const team = of(head).split('/')[4];
    const invite = (sender: Person, role: string) =>
      world.send(sender, `post ${here}/invitations`, {
        ...{ email: `${nextText('new')}@example.com`, delivery: 'link', teams: [{ team, role }] },
      });
    expect((await invite(manager, 'owner')).body).toMatchObject({ status: 403, field: 'teams[0]' });
    expect((await invite(manager, 'member')).status).toBe(201);
    expect((await invite(chief, 'admin')).status).toBe(201);
    const { body } = await invite(chief, 'owner');
    const heir = await world.send(world.operator, `patch ${here}/members/${manager.membership.id}`, {
      orgRole: 'owner',
    });
    expect(heir.status).toBe(200);
    await world.send(world.operator, `patch ${here}/members/${chief.membership.id}`, { orgRole: 'admin' });
    const token = body.url.slice(body.url.lastIndexOf('/') + 1);
    const password = 'a sentence nobody guesses';
    const accepted = await world.send(world.nobody, `post /invitations/${token}/accept`, {
      name: 'Max',
      password,
    });
    const path = `get ${here}/members/${accepted.body.membershipId}`;
    expect((await world.send(world.operator, path)).body.teams).toMatchObject([{ id: team, role: 'member' }]);
  });

  test('200: whoever is in it sees who is in it, a viewer of the organization too; a stranger does not', async () => {
    const { here, of, head, deputy, plain, manager, guest } = await ownedTeam();
    const path = of(head).replace(`/${head.membership.id}`, '');
    const { body } = await world.send(deputy, `get ${path}`);
    const ids = body.items.map(({ id }: { id: string }) => id).toSorted();
    expect(ids).toEqual([head, deputy, plain].map(({ membership }) => membership.id).toSorted());
    expect((await world.send(manager, `get ${path}?limit=2`)).body.items).toHaveLength(2);
    const red = of(head).split('/')[4];
    for (const { teams } of body.items) expect(teams).toMatchObject([{ id: red }]);
    expect((await world.send(deputy, `get ${path.replace('/members', '')}`)).status).toBe(200);
    expect((await world.send(guest, `get ${path}`)).status).toBe(403);
    expect((await world.send(deputy, `get ${here}/members`)).status).toBe(403);
    const other = (await world.send(manager, `post ${here}/teams`, { name: 'Blue' })).body.id;
    expect((await world.send(deputy, `get ${here}/teams/${other}/members`)).status).toBe(403);
  });
});
