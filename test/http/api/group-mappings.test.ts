/** /organizations/{org}/group-mappings: rules, their refusals, and the look ahead. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let pushed: Awaited<ReturnType<typeof pushGroup>>;
let base = '';
let team = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  pushed = await pushGroup(world.gateway, organization);
  base = `/organizations/${organization.id}/group-mappings`;
  const made = await world.send(world.operator, `post /organizations/${organization.id}/teams`, {
    name: 'Red',
  });
  team = made.body.id;
});
afterAll(() => world.close());

const rolesNow = async (): Promise<string[]> => {
  const { body } = await world.send(world.operator, `get /organizations/${organization.id}/members`);
  return body.items.map((member: { orgRole: string }) => member.orgRole);
};

describe('rules', () => {
  test.each([
    ['a group by id', () => ({ groupId: pushed.group.id })],
    ['a group by name', () => ({ groupName: 'Engineering' })],
    ['groups by a pattern over their names', () => ({ groupPattern: 'Eng*' })],
    ['a claim', () => ({ claim: 'department', value: 'R&D' })],
  ])('201, 200, 204: %s, in the shape it was sent', async (_what, match) => {
    const grants = [
      { scope: 'org', role: 'viewer' },
      { scope: 'team', team, role: 'admin' },
      { scope: 'resource', resource: { type: 'chatbot', id: 'Support-1' }, role: 'editor' },
    ];
    const made = await world.send(world.operator, `post ${base}`, { match: match(), grants });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ id: expect.stringMatching(/^map_/), match: match(), grants });
    expect((await world.send(world.operator, `get ${base}/${made.body.id}`)).body).toEqual(made.body);
    expect((await world.send(world.operator, `get ${base}`)).body.items).toEqual([made.body]);
    expect((await world.send(world.operator, `delete ${base}/${made.body.id}`)).status).toBe(204);
    expect((await world.send(world.operator, `get ${base}/${made.body.id}`)).status).toBe(404);
  });

  test('S137: a pattern follows names and gives at most member', async () => {
    const grants = [{ scope: 'team', team, role: 'admin' }];
    const match = { groupPattern: `${pushed.group.displayName.slice(0, 3).toUpperCase()}*` };
    const ahead = await world.send(world.operator, `post ${base}/preview`, { match, grants });
    expect(ahead.body.items).toHaveLength(2);
    const made = await world.send(world.operator, `post ${base}`, { match, grants });
    const inTeam = async () =>
      (await world.send(world.operator, `get /organizations/${organization.id}/members?team=${team}`)).body
        .items;
    expect(await inTeam()).toHaveLength(2);
    const admin = [{ scope: 'org', role: 'admin' }];
    for (const refused of [
      await world.send(world.operator, `post ${base}`, { match, grants: admin }),
      await world.send(world.operator, `patch ${base}/${made.body.id}`, { grants: admin }),
    ]) {
      expect([refused.status, refused.body.code, refused.body.field]).toEqual([
        422,
        'invalid',
        'grants[0].role',
      ]);
    }
    const empty = await world.send(world.operator, `post ${base}`, { match: { groupPattern: '*' }, grants });
    expect([empty.status, empty.body.field]).toEqual([422, 'match.groupPattern']);
    await world.send(world.operator, `delete ${base}/${made.body.id}`);
    expect(await inTeam()).toHaveLength(0);
  });

  test('S137: nobody, the operator included, makes a name give admin: not in a rule, a change or a preview', async () => {
    const match = { groupName: pushed.group.displayName };
    const grants = [{ scope: 'org', role: 'admin' }];
    const made = await world.send(world.operator, `post ${base}`, {
      match,
      grants: [{ scope: 'org', role: 'viewer' }],
    });
    expect(await rolesNow()).toEqual(['viewer', 'viewer']);
    const byId = { match: { groupId: pushed.group.id }, grants };
    const { body: exact } = await world.send(world.operator, `post ${base}`, byId);
    expect(await rolesNow()).toEqual(['admin', 'admin']);
    for (const refused of [
      await world.send(world.operator, `post ${base}`, { match, grants }),
      await world.send(world.operator, `post ${base}/preview`, { match, grants }),
      await world.send(world.operator, `patch ${base}/${made.body.id}`, { grants }),
      await world.send(world.operator, `patch ${base}/${exact.id}`, { match }),
    ]) {
      expect([refused.status, refused.body.code, refused.body.field]).toEqual([
        422,
        'invalid',
        'grants[0].role',
      ]);
    }
    for (const { id } of [made.body, exact]) await world.send(world.operator, `delete ${base}/${id}`);
  });

  test('a rule gives roles on resources, told before and after, and takes them with it', async () => {
    const resource = { type: 'chatbot', id: 'Support-1' };
    const rule = {
      match: { groupId: pushed.group.id },
      grants: [{ scope: 'resource', resource, role: 'editor' }],
    };
    const ahead = await world.send(world.operator, `post ${base}/preview`, rule);
    const gain = { scope: 'resource', resource, before: null, after: 'editor' };
    expect(ahead.body.items).toMatchObject([
      { gains: [gain], losses: [] },
      { gains: [gain], losses: [] },
    ]);
    const member = `/organizations/${organization.id}/members/${ahead.body.items[0].id}`;
    const made = await world.send(world.operator, `post ${base}`, rule);
    const held = async () => (await world.send(world.operator, `get ${member}/resources`)).body.items;
    expect(await held()).toEqual([{ resource, role: 'editor' }]);
    const one = `${member}/resources/chatbot/Support-1`;
    const taken = await world.send(world.operator, `delete ${one}`);
    expect([taken.status, taken.body.code]).toEqual([409, 'role_from_directory']);
    expect((await world.send(world.operator, `put ${one}`, { role: 'admin' })).status).toBe(200);
    await world.send(world.operator, `delete ${base}/${made.body.id}`);
    expect(await held()).toEqual([{ resource, role: 'admin' }]);
  });

  test('everybody it concerns has the roles when the answer leaves, and loses them with the rule', async () => {
    expect(await rolesNow()).toEqual(['member', 'member']);
    const match = { groupId: pushed.group.id };
    const made = await world.send(world.operator, `post ${base}`, {
      match,
      grants: [{ scope: 'org', role: 'admin' }],
    });
    expect(await rolesNow()).toEqual(['admin', 'admin']);
    const one = `${base}/${made.body.id}`;
    await world.send(world.operator, `patch ${one}`, { grants: [{ scope: 'org', role: 'viewer' }], rank: 3 });
    expect(await rolesNow()).toEqual(['viewer', 'viewer']);
    expect((await world.send(world.operator, `get ${one}`)).body).toMatchObject({ match, rank: 3 });
    await world.send(world.operator, `delete ${one}`);
    expect(await rolesNow()).toEqual(['member', 'member']);
  });

  test('403 (law 8): an admin makes no rule that gives admin, and changes none that does', async () => {
    const other = await world.newOrganization();
    const admin = await world.newPerson(other, 'admin');
    const rules = `/organizations/${other.id}/group-mappings`;
    const match = { claim: 'department', value: 'Boss' };
    const high = { match, grants: [{ scope: 'org', role: 'admin' }] };
    expect((await world.send(admin, `post ${rules}`, high)).status).toBe(403);
    const { body } = await world.send(world.operator, `post ${rules}`, high);
    const low = { grants: [{ scope: 'org', role: 'viewer' }] };
    expect((await world.send(admin, `patch ${rules}/${body.id}`, low)).status).toBe(403);
    expect((await world.send(admin, `delete ${rules}/${body.id}`)).status).toBe(403);
    expect((await world.send(admin, `post ${rules}`, { match, ...low })).status).toBe(201);
  });
});

describe('422 invalid, naming the field', () => {
  const grants = [{ scope: 'org', role: 'member' }];
  const match = { groupName: 'A' };
  test.each([
    ['owner by a rule', { match, grants: [{ scope: 'org', role: 'owner' }] }, 'grants[0].role'],
    [
      'owner as second grant',
      { match, grants: [...grants, { scope: 'org', role: 'owner' }] },
      'grants[1].role',
    ],
    ['a role nobody has', { match, grants: [{ scope: 'org', role: 'boss' }] }, 'grants[0].role'],
    ['a scope nobody has', { match, grants: [{ scope: 'world', role: 'member' }] }, 'grants[0].scope'],
    ['no grants', { match, grants: [] }, 'grants'],
    ['no match', { grants }, 'match'],
    ['an empty match', { match: {}, grants }, 'match'],
    ['two kinds of match', { match: { groupName: 'A', groupId: `dg_${'0'.repeat(26)}` }, grants }, 'match'],
    ['a claim without a value', { match: { claim: 'groups' }, grants }, 'match'],
    ['a value without a claim', { match: { groupName: 'A', value: 'x' }, grants }, 'match'],
    ['a group of the wrong shape', { match: { groupId: 'engineering' }, grants }, 'match.groupId'],
    ['an unknown group', { match: { groupId: `dg_${'0'.repeat(26)}` }, grants }, 'match.groupId'],
    [
      'a team of the wrong shape',
      { match, grants: [{ scope: 'team', team: 'red', role: 'member' }] },
      'grants[0].team',
    ],
    [
      'an unknown team',
      { match, grants: [{ scope: 'team', team: `team_${'0'.repeat(26)}`, role: 'member' }] },
      'grants[0].team',
    ],
    ['a rank below nothing', { match, grants, rank: -1 }, 'rank'],
    ['a key nobody knows', { match, grants, priority: 1 }, 'priority'],
  ])('%s', async (_what, input, field) => {
    const { status, body } = await world.send(world.operator, `post ${base}`, input);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
    expect((await world.send(world.operator, `get ${base}`)).body.items).toEqual([]);
  });

  test('another organization\u2019s group and team are told the same as unknown ones (S106)', async () => {
    const other = await world.newOrganization();
    const path = `post /organizations/${other.id}/group-mappings`;
    const rows = [
      [
        { match: { groupId: pushed.group.id }, grants },
        { match: { groupId: `dg_${'0'.repeat(26)}` }, grants },
      ],
      [
        { match, grants: [{ scope: 'team', team, role: 'member' }] },
        { match, grants: [{ scope: 'team', team: `team_${'0'.repeat(26)}`, role: 'member' }] },
      ],
    ];
    for (const [foreign, unknown] of rows) {
      const [one, two] = [
        await world.send(world.operator, path, foreign),
        await world.send(world.operator, path, unknown),
      ];
      expect({ ...one.body, instance: '' }).toEqual({ ...two.body, instance: '' });
      expect(one.status).toBe(422);
    }
  });
});

describe('preview', () => {
  test('200: who gains what from a new rule; nothing is stored', async () => {
    const input = {
      match: { groupId: pushed.group.id },
      grants: [
        { scope: 'org', role: 'admin' },
        { scope: 'team', team, role: 'member' },
      ],
    };
    const { status, body } = await world.send(world.operator, `post ${base}/preview`, input);
    expect(status).toBe(200);
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({
      id: pushed.users[0]?.membershipId,
      gains: [
        { scope: 'org', before: 'member', after: 'admin' },
        { scope: 'team', team, before: null, after: 'member' },
      ],
      losses: [],
    });
    expect((await world.send(world.operator, `get ${base}`)).body.items).toEqual([]);
    expect(await rolesNow()).toEqual(['member', 'member']);
  });

  test('200: who loses what without a rule, and with another in its place', async () => {
    const match = { groupId: pushed.group.id };
    const { body: rule } = await world.send(world.operator, `post ${base}`, {
      match,
      grants: [{ scope: 'org', role: 'admin' }],
    });
    const without = await world.send(world.operator, `post ${base}/preview`, { replaces: rule.id });
    expect(without.body.items[0]).toMatchObject({
      gains: [],
      losses: [{ scope: 'org', before: 'admin', after: 'member' }],
    });
    const replaced = await world.send(world.operator, `post ${base}/preview`, {
      match,
      grants: [{ scope: 'org', role: 'viewer' }],
      replaces: rule.id,
    });
    expect(replaced.body.items[0].losses).toMatchObject([{ before: 'admin', after: 'viewer' }]);
    await world.send(world.operator, `delete ${base}/${rule.id}`);
  });

  test.each([
    [{}, 422, undefined],
    [{ match: { groupName: 'A' } }, 422, undefined],
    [{ grants: [{ scope: 'org', role: 'member' }] }, 422, undefined],
    [{ replaces: 7 }, 422, 'replaces'],
    [{ replaces: 'first' }, 404, undefined],
    [{ replaces: `map_${'0'.repeat(26)}` }, 404, undefined],
  ])('refused: %j', async (input, expected, field) => {
    const { status, body } = await world.send(world.operator, `post ${base}/preview`, input);
    expect([status, body.field]).toEqual([expected, field]);
  });
});
