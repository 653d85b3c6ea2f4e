/** Org roles of the operator's own: who makes them, who may give them, and that an edit counts at once everywhere. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { nextText } from '../../support/builders.ts';
import { roleKey } from '../../support/org-roles.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

let organization: Organization;
let base = '';
beforeEach(async () => {
  organization = await world.newOrganization();
  base = `/organizations/${organization.id}`;
});

let ranks = 0;
/** A new rank above the rank of a built-in role. */
const above = (rank: number): number => {
  ranks += 1;
  return rank + ranks;
};
const LEAD = ['members.read', 'members.invite', 'members.update'];

const make = (input: object, sender: Sender = world.operator) =>
  world.send(sender, 'post /roles', { key: nextText('role'), name: 'A role', rank: above(100), ...input });
async function newRole(input: object = {}) {
  const { status, body } = await make(input);
  expect(status).toBe(201);
  return roleKey(body.key);
}
const edit = (key: string, change: object) => world.send(world.operator, `patch /roles/${key}`, change);
const at = ({ membership }: Person) => `${base}/members/${membership.id}`;
const give = (sender: Sender, whom: Person, orgRole: string) =>
  world.send(sender, `patch ${at(whom)}`, { orgRole });

describe('the table', () => {
  test('has the built-in roles, and those made between them, the most powerful first', async () => {
    const [low, high] = [
      await newRole({ rank: 50 }),
      await newRole({ rank: 250, permissions: ['sso.manage'] }),
    ];
    const { body } = await world.send(world.operator, 'get /roles');
    const keys = body.items.map(({ key }: { key: string }) => key);
    const these = ['owner', high, 'admin', 'member', low, 'viewer'];
    expect(keys.filter((key: string) => these.includes(key))).toEqual(these);
    expect((await world.send(world.operator, `get /roles/${low}`)).body).toEqual({
      ...{ key: low, name: 'A role', rank: 50, builtIn: false, permissions: [] },
    });
    for (const key of [low, high])
      expect((await world.send(world.operator, `delete /roles/${key}`)).status).toBe(204);
    expect((await world.send(world.operator, `get /roles/${low}`)).body.code).toBe('not_found');
  });

  const bad: [title: string, input: object, status: number, field: string][] = [
    ['the rank of owner', { rank: 300 }, 422, 'rank'],
    ['a rank above owner', { rank: 301 }, 422, 'rank'],
    ['a rank below viewer', { rank: -1 }, 422, 'rank'],
    ['the rank of admin', { rank: 200 }, 422, 'rank'],
    ['half a rank', { rank: 10.5 }, 422, 'rank'],
    ['the key of a built-in role', { key: 'owner' }, 409, 'key'],
    ['a key in capitals', { key: 'Lead' }, 422, 'key'],
    ['an unknown permission', { permissions: ['members.eat'] }, 422, 'permissions[0]'],
    ['app: and nothing', { permissions: ['app:'] }, 422, 'permissions[0]'],
    ['S147: what only owners have, below admin', { permissions: ['sso.manage'] }, 422, 'permissions'],
    ['S147: what only owners have, below admin', { permissions: ['scim.manage'] }, 422, 'permissions'],
    ['S147: what only owners have, below admin', { permissions: ['sessions.manage'] }, 422, 'permissions'],
    [
      'S147: what only owners have, below admin',
      { permissions: ['organization.remove'] },
      422,
      'permissions',
    ],
  ];
  test.each(bad)('refuses %s: %j', async (_title, input, status, field) => {
    expect((await make(input)).body).toMatchObject({ status, field });
  });

  test('keys and ranks are taken once', async () => {
    const key = await newRole({ rank: 77 });
    expect((await make({ key })).body).toMatchObject({ code: 'already_exists', field: 'key' });
    expect((await make({ rank: 77 })).body).toMatchObject({ code: 'already_exists', field: 'rank' });
    await world.send(world.operator, `delete /roles/${key}`);
  });

  test('S147: is the operator’s: an owner reads it, and is told what they may give', async () => {
    const [owner, admin] = [
      await world.newPerson(organization, 'owner'),
      await world.newPerson(organization, 'admin'),
    ];
    const [lead, deputy, app] = [
      await newRole({ permissions: LEAD }),
      await newRole({ rank: above(200) }),
      await newRole({ permissions: ['app:reports.export'] }),
    ];
    expect((await make({}, owner)).status).toBe(403);
    expect((await world.send(owner, `patch /roles/${lead}`, { rank: 299 })).status).toBe(403);
    expect((await world.send(owner, `delete /roles/${lead}`)).status).toBe(403);
    const mine = async (sender: Sender) => {
      const { body } = await world.send(sender, `get ${base}/roles`);
      const may = body.items.filter((role: { mayGive: boolean }) => role.mayGive);
      const keys = new Set(may.map(({ key }: { key: string }) => key));
      return ['owner', deputy, 'admin', lead, app, 'member', 'viewer'].filter((key) => keys.has(key));
    };
    expect(await mine(owner)).toEqual(['owner', deputy, 'admin', lead, app, 'member', 'viewer']);
    // The admin does not hold app:reports.export, and so cannot hand it on.
    expect(await mine(admin)).toEqual([lead, 'member', 'viewer']);
    expect(await mine(await world.newPerson(organization))).toEqual([]);
  });

  test('each change is told in the audit of the installation, with before and after', async () => {
    const key = await newRole({ permissions: ['audit.read'] });
    await edit(key, { permissions: [] });
    await world.send(world.operator, `delete /roles/${key}`);
    const { body } = await world.send(world.operator, `get /audit-events?target=${key}`);
    expect(body.items.map(({ type }: { type: string }) => type).toSorted()).toEqual([
      'org_role.created',
      'org_role.removed',
      'org_role.updated',
    ]);
    const updated = body.items.find(({ type }: { type: string }) => type === 'org_role.updated');
    expect(updated).toMatchObject({
      actor: { kind: 'operator' },
      details: { before: { permissions: ['audit.read'] }, after: { permissions: [] } },
    });
  });
});

describe('giving one', () => {
  test('S147: its holder gives what is below, with no permission they lack, and touches nobody beside or above', async () => {
    const [lead, beside] = [await newRole({ permissions: LEAD }), await newRole({ rank: 101 + ranks })];
    const [weaker, stronger] = [
      await newRole({ rank: 20 }),
      await newRole({ rank: 21, permissions: ['audit.read'] }),
    ];
    const holder = await world.newPerson(organization, lead);
    const [admin, other, member] = [
      await world.newPerson(organization, 'admin'),
      await world.newPerson(organization, beside),
      await world.newPerson(organization),
    ];
    const outcomes: [string, number][] = [];
    for (const role of ['owner', 'admin', lead, stronger, 'viewer', weaker, 'member'])
      outcomes.push([role, (await give(holder, member, role)).status]);
    expect(outcomes).toEqual([
      ...[
        ['owner', 403],
        ['admin', 403],
        [lead, 403],
        [stronger, 403],
      ],
      ...[
        ['viewer', 200],
        [weaker, 200],
        ['member', 200],
      ],
    ]);
    expect((await give(holder, admin, 'member')).status).toBe(403);
    expect((await give(holder, other, 'member')).status).toBe(403);
    expect((await give(holder, holder, 'viewer')).status).toBe(403);
    const invite = (role: string) =>
      world.send(holder, `post ${base}/invitations`, { email: `${nextText('new')}@example.com`, role });
    expect([
      (await invite(weaker)).status,
      (await invite(stronger)).status,
      (await invite('admin')).status,
    ]).toEqual([201, 403, 403]);
  });

  test('S147: above admin only an owner gives and takes it', async () => {
    const deputy = await newRole({ rank: above(200), permissions: [...LEAD, 'sso.manage'] });
    const [owner, admin] = [
      await world.newPerson(organization, 'owner'),
      await world.newPerson(organization, 'admin'),
    ];
    const person = await world.newPerson(organization);
    expect((await give(admin, person, deputy)).status).toBe(403);
    expect((await give(owner, person, deputy)).status).toBe(200);
    expect((await give(admin, person, 'member')).status).toBe(403);
    // And its holder is no owner: admins are out of reach.
    expect((await give(person, admin, 'member')).status).toBe(403);
    expect((await world.send(person, `get ${base}/connections`)).status).toBe(200);
  });

  test('59: such a role may hold the keys of SSO and SCIM: its holder makes a connection, a directory and its token', async () => {
    const permissions = [...LEAD, 'sso.manage', 'scim.manage'];
    const deputy = await newRole({ rank: above(200), permissions });
    const [owner, admin] = [
      await world.newPerson(organization, 'owner'),
      await world.newPerson(organization, 'admin'),
    ];
    const person = await world.newPerson(organization);
    const idp = { protocol: 'oidc', name: 'Acme', issuer: 'https://idp.example', clientId: 'gatehouse' };
    const connect = (sender: Sender) =>
      world.send(sender, `post ${base}/connections`, { ...idp, clientSecret: 'a secret' });
    const provision = (sender: Sender) =>
      world.send(sender, `post ${base}/directories`, { kind: 'okta', status: 'draft' });
    for (const sender of [admin, person])
      expect([(await connect(sender)).status, (await provision(sender)).status]).toEqual([403, 403]);
    expect((await give(admin, person, deputy)).status).toBe(403);
    expect((await give(owner, person, deputy)).status).toBe(200);
    expect((await connect(person)).status).toBe(201);
    const directory = await provision(person);
    const tokens = `${base}/directories/${directory.body.id}/tokens`;
    const token = await world.send(person, `post ${tokens}`, { name: 'Okta' });
    expect([directory.status, token.status, typeof token.body.token]).toEqual([201, 201, 'string']);
    expect((await world.send(admin, `post ${tokens}`, { name: 'Mine' })).status).toBe(403);
  });

  const unknown: [title: string, request: string, body: object, field: string][] = [
    ['an invitation', 'post BASE/invitations', { email: 'a@example.com', role: 'boss' }, 'role'],
    ['a link', 'post BASE/invitation-links', { role: 'boss', expiresIn: '1h' }, 'role'],
    ['the default role', 'patch BASE', { defaultRole: 'boss' }, 'defaultRole'],
    ['the filter of members', 'get BASE/members?role=boss', {}, 'role'],
    ...[{ match: { groupName: 'A' }, grants: [{ scope: 'org', role: 'boss' }] }].map(
      (body): [string, string, object, string] => [
        'a rule',
        'post BASE/group-mappings',
        body,
        'grants[0].role',
      ],
    ),
    [
      'a mapping test',
      'post BASE/mapping-tests',
      { name: 'A', given: {}, expect: { orgRole: 'boss' } },
      'expect.orgRole',
    ],
  ];
  test.each(unknown)(
    '%s of a role that is not there is refused, and says so',
    async (_title, request, body, field) => {
      const told = request.replace('BASE', base);
      const answer = await world.send(world.operator, told, told.startsWith('get') ? undefined : body);
      expect(answer.body).toMatchObject({ status: 422, code: 'invalid', field });
    },
  );

  test('S137: a rule by name gives a role above member to nobody; one by the group itself does', async () => {
    const [low, lead] = [await newRole({ rank: 30 }), await newRole({ permissions: LEAD })];
    const rule = (match: object, role: string) =>
      world.send(world.operator, `post ${base}/group-mappings`, { match, grants: [{ scope: 'org', role }] });
    expect((await rule({ groupName: 'Staff' }, lead)).body).toMatchObject({
      status: 422,
      field: 'grants[0].role',
    });
    expect((await rule({ groupPattern: 'S*' }, lead)).body).toMatchObject({
      status: 422,
      field: 'grants[0].role',
    });
    expect((await rule({ groupPattern: 'S*' }, low)).status).toBe(201);
    expect((await rule({ claim: 'groups', value: 'staff' }, lead)).status).toBe(201);
  });

  test('the default role may be one, and everybody who joins is told with it', async () => {
    const guest = await newRole({ rank: 40 });
    expect((await world.send(world.operator, `patch ${base}`, { defaultRole: guest })).body.defaultRole).toBe(
      guest,
    );
    const { body } = await world.send(world.operator, `post ${base}/invitation-links`, {
      role: guest,
      expiresIn: '1h',
    });
    expect(body.role).toBe(guest);
    const person = await world.newPerson(organization, guest);
    const told = await world.send(person, 'get /session');
    expect(told.body.orgRole).toBe(guest);
    const explained = await world.send(world.operator, `get ${at(person)}/explain`);
    expect(explained.body.orgRole.role).toBe(guest);
    const listed = await world.send(world.operator, `get ${base}/members?role=${guest}`);
    expect(listed.body.items.map(({ id }: { id: string }) => id)).toEqual([person.membership.id]);
  });
});

describe('an edit', () => {
  test('S146: counts on the next request of everybody who holds it, and of their keys', async () => {
    const lead = await newRole({ permissions: [...LEAD, 'roles.manage'] });
    const person = await world.newPerson(organization, lead);
    const newKey = async (kind: string) => {
      const input = { name: 'A', kind, scopes: ['members.read'] };
      const { body } = await world.send(person, `post ${base}/api-keys`, input);
      return { headers: { authorization: `Bearer ${body.token}` } };
    };
    const everybody = [person, await newKey('personal'), await newKey('team')];
    const read = () =>
      Promise.all(everybody.map(async (sender) => (await world.send(sender, `get ${base}/members`)).status));
    expect(await read()).toEqual([200, 200, 200]);
    expect((await edit(lead, { permissions: ['audit.read'] })).status).toBe(200);
    expect(await read()).toEqual([403, 403, 403]);
    await edit(lead, { permissions: ['members.read'] });
    expect(await read()).toEqual([200, 200, 200]);
  });

  test('S162: what an inviter could no longer give becomes what anybody may have', async () => {
    const [lead, guest] = [await newRole({ permissions: LEAD }), await newRole({ rank: 60 })];
    const inviter = await world.newPerson(organization, lead);
    const invite = async () => {
      const input = { email: `${nextText('new')}@example.com`, role: guest, delivery: 'link' };
      const { body } = await world.send(inviter, `post ${base}/invitations`, input);
      return body.url.slice(body.url.lastIndexOf('/') + 1);
    };
    const accept = async (token: string) =>
      (
        await world.send(world.nobody, `post /invitations/${token}/accept`, {
          ...{ name: 'Ada', password: 'a sentence nobody guesses' },
        })
      ).body.orgRole;
    const [kept, lowered] = [await invite(), await invite()];
    expect(await accept(kept)).toBe(guest);
    await edit(guest, { permissions: ['audit.read'] });
    expect(await accept(lowered)).toBe('viewer');
  });

  test('a built-in role takes a name and keys of the product, which those above it have too', async () => {
    const held = async (key: string) => (await world.send(world.operator, `get /roles/${key}`)).body;
    const before = await held('member');
    const after = await edit('member', { name: 'Colleague', permissions: ['app:chat', 'members.read'] });
    expect(after.body).toEqual({ ...before, name: 'Colleague', permissions: ['members.read', 'app:chat'] });
    for (const key of ['admin', 'owner']) expect((await held(key)).permissions).toContain('app:chat');
    expect((await held('viewer')).permissions).toEqual([]);
    for (const [change, field] of [
      [{ rank: 120 }, 'rank'],
      [{ permissions: ['audit.read'] }, 'permissions'],
    ] as const)
      expect((await edit('member', change)).body).toMatchObject({ status: 422, field });
    expect((await world.send(world.operator, 'delete /roles/member')).status).toBe(403);
    await edit('member', { name: 'Member', permissions: [] });
    expect(await held('member')).toEqual(before);
  });
});

describe('a role in use', () => {
  test('is neither removed nor moved to another rank; the refusal says where it is', async () => {
    const lead = await newRole({ permissions: LEAD });
    const person = await world.newPerson(organization, lead);
    await world.send(world.operator, `post ${base}/invitations`, { email: 'x@example.com', role: lead });
    const refused = await world.send(world.operator, `delete /roles/${lead}`);
    expect(refused.body).toMatchObject({ status: 409, code: 'role_in_use' });
    for (const part of [organization.slug, 'members (1)', 'invitations (1)'])
      expect(refused.body.detail).toContain(part);
    expect((await edit(lead, { rank: above(100) })).body.code).toBe('role_in_use');
    expect((await edit(lead, { name: 'Team lead' })).status).toBe(200);
    const [pending] = (await world.send(world.operator, `get ${base}/invitations?status=pending`)).body.items;
    await world.send(world.operator, `delete ${base}/invitations/${pending.id}`);
    expect((await give(world.operator, person, 'member')).status).toBe(200);
    expect((await edit(lead, { rank: above(100) })).status).toBe(200);
    expect((await world.send(world.operator, `delete /roles/${lead}`)).status).toBe(204);
  });

  test('that is removed is still told of the past', async () => {
    const lead = await newRole({ permissions: LEAD });
    const person = await world.newPerson(organization, lead);
    const then = new Date(world.gateway.clock.now()).toISOString();
    world.gateway.clock.advance(60_000);
    await give(world.operator, person, 'viewer');
    expect((await world.send(world.operator, `delete /roles/${lead}`)).status).toBe(204);
    const explained = await world.send(world.operator, `get ${at(person)}/explain?at=${then}`);
    expect(explained.body.orgRole.role).toBe(lead);
    const now = await world.send(world.operator, `get ${at(person)}/explain`);
    expect(now.body.orgRole.role).toBe('viewer');
  });

  test('under parallel gifts and removals: nobody is left with a role that is gone', async () => {
    const people = await Promise.all([1, 2, 3].map(() => world.newPerson(organization)));
    const outcomes = new Set<string>();
    for (let round = 0; round < 15; round += 1) {
      const key = await newRole({ rank: above(100) });
      const gifts = people.slice(0, round % 4).map((person) => give(world.operator, person, key));
      const removal = () => world.send(world.operator, `delete /roles/${key}`);
      const answers = await Promise.all(round % 2 === 0 ? [...gifts, removal()] : [removal(), ...gifts]);
      outcomes.add(
        answers
          .map(({ status }) => status)
          .toSorted()
          .join(),
      );
      const isGone = (await world.send(world.operator, `get /roles/${key}`)).status === 404;
      const { body } = await world.send(world.operator, `get ${base}/members`);
      const holders = body.items.filter(({ orgRole }: { orgRole: string }) => orgRole === key);
      if (isGone) expect(holders).toEqual([]);
      for (const person of people) await give(world.operator, person, 'member');
    }
    expect(outcomes).toContain('204');
    expect(outcomes.size).toBeGreaterThan(1);
  });
});
