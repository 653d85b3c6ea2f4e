/** /organizations/{org}/members: who is here, with which roles, and why. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let admin: Person;
let member: Person;
let viewer: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner', 'olga@example.com');
  world.gateway.clock.advance(1);
  admin = await world.newPerson(organization, 'admin', 'adam@example.com');
  world.gateway.clock.advance(1);
  member = await world.newPerson(organization, 'member', 'mia@example.com');
  world.gateway.clock.advance(1);
  viewer = await world.newPerson(organization, 'viewer', 'vera@example.com');
  base = `/organizations/${organization.id}/members`;
});
afterAll(() => world.close());

const emailsOf = (items: readonly { readonly email: string }[]) => items.map(({ email }) => email);

describe('GET members', () => {
  test('200: exactly the promised keys', async () => {
    const { status, body } = await world.send(member, `get ${base}?q=mia`);
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [
        {
          id: member.membership.id,
          userId: member.membership.userId,
          email: 'mia@example.com',
          name: 'Ada',
          status: 'active',
          orgRole: 'member',
          teams: [],
          source: 'invitation',
          lastActiveAt: '2026-03-01T12:00:00.002Z',
        },
      ],
      nextCursor: null,
    });
  });

  test.each([
    ['', ['olga', 'adam', 'mia', 'vera']],
    ['role=owner', ['olga']],
    ['role=viewer&status=active', ['vera']],
    ['role=&status=&q=&team=&cursor=&limit=', ['olga', 'adam', 'mia', 'vera']],
    ['status=suspended', []],
    ['q=ADAM', ['adam']],
    ['q=example.com&role=admin', ['adam']],
    ['q=%25', []],
    ['q=_', []],
    [`team=team_${'0'.repeat(26)}`, []],
  ])('200: ?%s', async (query, names) => {
    const { status, body } = await world.send(member, `get ${base}?${query}`);
    expect(status).toBe(200);
    expect(emailsOf(body.items)).toEqual(names.map((name) => `${name}@example.com`));
  });

  test('200: page by page, each once, oldest first', async () => {
    const first = await world.send(member, `get ${base}?limit=3`);
    const second = await world.send(member, `get ${base}?limit=3&cursor=${first.body.nextCursor}`);
    expect([first.body.items.length, second.body.items.length, second.body.nextCursor]).toEqual([3, 1, null]);
    const exact = await world.send(member, `get ${base}?limit=4`);
    expect(exact.body.nextCursor).toBeNull();
    expect(emailsOf(exact.body.items)).toEqual(emailsOf([...first.body.items, ...second.body.items]));
  });

  test('200: a search has pages of its own; its cursors serve no other list', async () => {
    const first = await world.send(member, `get ${base}?q=a&limit=2`);
    // Addresses that start with the text come first: adam, then those that hold it anywhere.
    expect(first.body.items[0].email).toBe('adam@example.com');
    const second = await world.send(member, `get ${base}?q=a&limit=2&cursor=${first.body.nextCursor}`);
    expect(emailsOf([...first.body.items, ...second.body.items]).toSorted()).toEqual(
      ['adam', 'mia', 'olga', 'vera'].map((name) => `${name}@example.com`),
    );
    expect(second.body.nextCursor).toBeNull();
    const { body: plain } = await world.send(member, `get ${base}?limit=2`);
    for (const query of [`cursor=${first.body.nextCursor}`, `q=a&cursor=${plain.nextCursor}`]) {
      const { status, body } = await world.send(member, `get ${base}?${query}`);
      expect([status, body.field]).toEqual([422, 'cursor']);
    }
  });

  test.each([
    ['role=boss', 'role'],
    ['status=gone', 'status'],
    ['team=red', 'team'],
    ['team=mem_1', 'team'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['q=a%0Ab', 'q'],
    ['q=a&q=b', 'q'],
    ['sort=name', 'sort'],
    ['cursor=%F0%9F%98%80', 'cursor'],
  ])('422 invalid: ?%s', async (query, field) => {
    const { status, body } = await world.send(member, `get ${base}?${query}`);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });
});

describe('one member', () => {
  test('200: the same as in the list; 404: unknown', async () => {
    const { body } = await world.send(member, `get ${base}/${admin.membership.id}`);
    const list = await world.send(member, `get ${base}?q=adam`);
    expect([body]).toEqual(list.body.items);
    const gone = await world.send(member, `get ${base}/mem_${'0'.repeat(26)}`);
    expect([gone.status, gone.body.code]).toEqual([404, 'not_found']);
  });

  test('explain 200: every role with the grants behind it, in words', async () => {
    const { status, body } = await world.send(member, `get ${base}/${owner.membership.id}/explain`);
    expect(status).toBe(200);
    expect(body.orgRole).toMatchObject({
      role: 'owner',
      because: [
        { scope: 'org', role: 'owner', decides: true, sentence: 'Given by the operator of this gateway.' },
      ],
    });
    expect(body.grants.map((grant: { source: { kind: string } }) => grant.source.kind).sort()).toEqual([
      'default',
      'manual',
    ]);
  });

  test('explain names the directory group behind a role', async () => {
    const directed = await world.newOrganization();
    const { group, users } = await pushGroup(world.gateway, directed, { name: 'Admins', count: 1 });
    await world.send(world.operator, `post /organizations/${directed.id}/group-mappings`, {
      match: { groupId: group.id },
      grants: [{ scope: 'org', role: 'admin' }],
    });
    const path = `/organizations/${directed.id}/members/${users[0]?.membershipId}/explain`;
    const { body } = await world.send(world.operator, `get ${path}`);
    expect(body.orgRole).toMatchObject({
      role: 'admin',
      because: [{ source: { kind: 'directory_group', groupName: 'Admins', directoryName: 'Okta' } }],
    });
  });
});

describe('PATCH a member', () => {
  const patch = (sender: Person, who: Person, change: unknown) =>
    world.send(sender, `patch ${base}/${who.membership.id}`, change);

  test('200: role and status change; a suspended session is dead on the next request', async () => {
    const eve = await world.newPerson(organization, 'member');
    expect((await patch(admin, eve, { orgRole: 'viewer' })).body.orgRole).toBe('viewer');
    expect((await world.send(eve, 'get /session')).body.orgRole).toBe('viewer');
    const { status, body } = await patch(admin, eve, { status: 'suspended' });
    expect([status, body.status]).toEqual([200, 'suspended']);
    expect((await world.send(eve, 'get /session')).status).toBe(401);
    expect((await patch(admin, eve, { status: 'active' })).body.status).toBe('active');
    expect((await world.send(eve, 'get /session')).status).toBe(401);
  });

  test('403 (S162, law 8): admins make no admins or owners and touch none; nothing changes', async () => {
    const rows = [
      [member, { orgRole: 'admin' }],
      [member, { orgRole: 'owner' }],
      [owner, { orgRole: 'viewer' }],
      [owner, { status: 'suspended' }],
      [admin, { orgRole: 'owner' }],
    ] as const;
    const before = await world.send(member, `get ${base}`);
    for (const [who, change] of rows) {
      const { status, body } = await patch(admin, who, change);
      expect([status, body.code]).toEqual([403, 'forbidden']);
    }
    expect((await world.send(member, `get ${base}`)).body).toEqual(before.body);
  });

  test('409 last_owner: one active owner remains, whoever asks', async () => {
    const rows = [
      [owner, { orgRole: 'admin' }],
      [owner, { status: 'suspended' }],
    ] as const;
    for (const [who, change] of rows) {
      const { status, body } = await patch(owner, who, change);
      expect([status, body.code]).toEqual([409, 'last_owner']);
    }
    const removal = await world.send(world.operator, `delete ${base}/${owner.membership.id}`);
    expect([removal.status, removal.body.code]).toEqual([409, 'last_owner']);
  });

  test('409 role_from_directory: what a group gives, or a push has ended, is changed there', async () => {
    const directed = await world.newOrganization();
    const { group, users } = await pushGroup(world.gateway, directed, { count: 1 });
    const people = `/organizations/${directed.id}/members`;
    const path = `${people}/${users[0]?.membershipId}`;
    await world.send(world.operator, `post /organizations/${directed.id}/group-mappings`, {
      match: { groupId: group.id },
      grants: [{ scope: 'org', role: 'admin' }],
    });
    const lower = await world.send(world.operator, `patch ${path}`, { orgRole: 'viewer' });
    expect([lower.status, lower.body.code, lower.body.field]).toEqual([
      409,
      'role_from_directory',
      'orgRole',
    ]);
    expect((await world.send(world.operator, `delete ${path}`)).body.code).toBe('role_from_directory');
  });

  test.each([
    [{}, undefined],
    [{ orgRole: 'boss' }, 'orgRole'],
    [{ status: 'deleted' }, 'status'],
    [{ orgRole: null }, 'orgRole'],
    [{ email: 'new@example.com' }, 'email'],
  ])('422 invalid: %j', async (change, field) => {
    const { status, body } = await world.send(owner, `patch ${base}/${member.membership.id}`, change);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });
});

describe('DELETE a member', () => {
  test('204: gone with the session; 404 afterwards', async () => {
    const eve = await world.newPerson(organization, 'member');
    const path = `${base}/${eve.membership.id}`;
    expect((await world.send(admin, `delete ${path}`)).status).toBe(204);
    expect((await world.send(eve, 'get /session')).status).toBe(401);
    expect((await world.send(admin, `get ${path}`)).status).toBe(404);
    expect((await world.send(admin, `delete ${path}`)).status).toBe(404);
  });

  test('403: an admin removes no admin; a viewer and a member remove nobody', async () => {
    const path = `${base}/${admin.membership.id}`;
    for (const sender of [admin, member, viewer]) {
      expect((await world.send(sender, `delete ${path}`)).status).toBe(403);
    }
  });
});
