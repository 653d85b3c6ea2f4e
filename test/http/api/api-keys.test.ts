/** API keys: what a program may do with one, and when it ends. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { apiRoutes } from '../../../src/http/api/routes.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  base = `/organizations/${organization.id}`;
});
afterAll(() => world.close());

const make = (sender: Sender, input: object) =>
  world.send(sender, `post ${base}/api-keys`, {
    ...{ name: 'Nightly', kind: 'personal', scopes: ['members.read'] },
    ...input,
  });
const withToken = (token: string): Sender => ({ headers: { authorization: `Bearer ${token}` } });
const program = async (sender: Sender, input: object = {}): Promise<Sender & { readonly id: string }> => {
  const { status, body } = await make(sender, input);
  expect(status).toBe(201);
  return { ...withToken(body.token), id: body.id };
};
const listMembers = async (sender: Sender) => (await world.send(sender, `get ${base}/members`)).status;

describe('a key', () => {
  test('is shown once, kept as a hash, and says when it was used', async () => {
    const { status, body } = await make(owner, { name: 'Export', expiresAt: '2027-01-01T00:00:00Z' });
    expect(status).toBe(201);
    expect(body.token).toMatch(/^ghk_[A-Za-z0-9_-]{43}$/);
    expect(await listMembers(withToken(body.token))).toBe(200);
    const list = (await world.send(owner, `get ${base}/api-keys`)).body.items;
    const { token, ...told } = body;
    expect(list.find(({ id }: { id: string }) => id === body.id)).toEqual({
      ...told,
      lastUsedAt: expect.any(String),
    });
    expect(JSON.stringify(list)).not.toContain(token);
    const rows = await world.send(owner, `get ${base}/audit-events?type=api_key.created`);
    expect(JSON.stringify(rows.body)).not.toContain(token);
  });

  test('a refusal says whether the key lacks the scope or its maker the permission', async () => {
    const key = await program(owner, { kind: 'team', scopes: ['teams.manage'] });
    const { body } = await world.send(key, `get ${base}/members`);
    expect(body.code).toBe('forbidden');
    expect(body.detail).toContain('members.read, which is not among the scopes of this key');
    const weak = await program(await world.newPerson(organization), { scopes: ['members.read'] });
    const refused = await world.send(weak, `get ${base}/audit-events`);
    expect(refused.body.detail).toContain('audit.read, which your role does not carry');
  });

  test('S147: does what its scopes say and nothing else; what it does is told with its name', async () => {
    const key = await program(owner, { kind: 'team', scopes: ['teams.manage'], name: 'Teams' });
    const { body: team } = await world.send(key, `post ${base}/teams`, { name: 'By a program' });
    const [row] = (await world.send(owner, `get ${base}/audit-events?target=${team.id}`)).body.items;
    expect(row.actor).toEqual({ kind: 'api_key', apiKeyId: key.id, name: 'Teams', membershipId: null });
    const byKey = await world.send(owner, `get ${base}/audit-events?actor=${key.id}`);
    expect(byKey.body.items).toHaveLength(1);
    for (const request of [`get ${base}/members`, `get ${base}/audit-events`, `get ${base}/connections`])
      expect((await world.send(key, request)).status).toBe(403);
  });

  test('S106, S112: opens no other organization, nothing of the operator, no page, no SCIM', async () => {
    const key = await program(owner);
    const other = await world.newOrganization();
    expect((await world.send(key, `get /organizations/${other.id}/members`)).status).toBe(404);
    expect((await world.send(key, 'post /organizations', { name: 'A' })).status).toBe(403);
    expect((await world.send(key, 'get /session')).status).toBe(401);
    expect((await world.send(key, `post ${base}/leave`)).status).toBe(401);
    const { baseUrl } = world.gateway;
    const { directory } = await world.gateway.createDirectory(other);
    const scim = await fetch(`${baseUrl}/scim/v2/${directory.id}/Users`, { headers: key.headers });
    expect(scim.status).toBe(401);
    const account = await fetch(`${baseUrl}/account`, { headers: key.headers, redirect: 'manual' });
    expect([302, 303, 401]).toContain(account.status);
  });

  test('S147: never makes keys, owners or admins, and touches none of them', async () => {
    const scopes = ['members.read', 'members.update', 'members.remove', 'roles.manage', 'sso.manage'];
    const key = await program(owner, { kind: 'team', scopes });
    const [admin, member] = [
      await world.newPerson(organization, 'admin'),
      await world.newPerson(organization),
    ];
    const at = ({ membership }: Person) => `${base}/members/${membership.id}`;
    expect((await make(key, { kind: 'team' })).status).toBe(403);
    expect((await world.send(key, `patch ${at(member)}`, { orgRole: 'admin' })).status).toBe(403);
    expect((await world.send(key, `patch ${at(admin)}`, { orgRole: 'viewer' })).status).toBe(403);
    expect((await world.send(key, `delete ${at(owner)}`)).status).toBe(403);
    expect((await world.send(key, `post ${at(member)}/transfer-ownership`, {})).status).toBe(403);
    const code = await world.send(key, `post ${base}/emergency-codes`, { member: owner.membership.id });
    expect(code.status).toBe(403);
    expect((await world.send(key, `patch ${at(member)}`, { orgRole: 'viewer' })).status).toBe(200);
  });
});

describe('making one', () => {
  test('S147: nobody gives a key what they do not hold', async () => {
    const [admin, member] = [
      await world.newPerson(organization, 'admin'),
      await world.newPerson(organization),
    ];
    const refused = await make(member, { scopes: ['members.read', 'members.update'] });
    expect(refused.body).toMatchObject({ status: 403, field: 'scopes' });
    expect((await make(admin, { scopes: ['scim.manage'] })).body).toMatchObject({
      status: 403,
      field: 'scopes',
    });
    expect((await make(member, { kind: 'team' })).body).toMatchObject({ status: 403, field: 'kind' });
    expect((await make(world.operator, {})).body).toMatchObject({ status: 422, field: 'kind' });
    expect((await make(owner, { expiresAt: '2020-01-01T00:00:00Z' })).body).toMatchObject({
      status: 422,
      field: 'expiresAt',
    });
    for (const scopes of [[], ['everything'], 'members.read'])
      expect((await make(owner, { scopes })).body).toMatchObject({ status: 422, code: 'invalid' });
  });

  test('S192: it wants a fresh sign-in', async () => {
    const eve = await world.newPerson(organization, 'member');
    world.gateway.clock.advance(11 * 60_000);
    expect((await make(eve, {})).body.code).toBe('step_up_required');
  });

  test('people see and take back their own; those who manage roles all', async () => {
    const [eve, bob] = [await world.newPerson(organization), await world.newPerson(organization)];
    const [mine, theirs] = [await program(eve), await program(bob)];
    const idsOf = async (sender: Sender) =>
      (await world.send(sender, `get ${base}/api-keys`)).body.items.map(({ id }: { id: string }) => id);
    expect(await idsOf(eve)).toEqual([mine.id]);
    expect((await world.send(eve, `delete ${base}/api-keys/${theirs.id}`)).status).toBe(404);
    expect((await world.send(eve, `delete ${base}/api-keys/${mine.id}`)).status).toBe(204);
    expect((await world.send(world.operator, `delete ${base}/api-keys/${theirs.id}`)).status).toBe(204);
    expect([await listMembers(mine), await listMembers(theirs)]).toEqual([401, 401]);
  });
});

describe('a key of one team', () => {
  const scopes = ['members.read', 'teams.manage'];
  /** A team owned by a plain member of the organization, with a key of that team. */
  async function teamWithKey() {
    const head = await world.newPerson(organization);
    const { body } = await world.send(world.operator, `post ${base}/teams`, { name: 'Red' });
    const team: string = body.id;
    const at = (of: string, { membership }: Person) => `${base}/teams/${of}/members/${membership.id}`;
    await world.send(world.operator, `put ${at(team, head)}`, { role: 'owner' });
    const key = await program(head, { kind: 'team', teamId: team, scopes });
    return { head, team, at, key };
  }

  test('S147: acts in its team and nowhere else', async () => {
    const { head, team, at, key } = await teamWithKey();
    const { body: other } = await world.send(world.operator, `post ${base}/teams`, { name: 'Blue' });
    const person = await world.newPerson(organization);
    const allowed: [request: string, body?: object][] = [
      [`put ${at(team, person)}`, { role: 'admin' }],
      [`get ${base}/members?team=${team}`],
      [`get ${base}/members/export?team=${team}`],
      [`get ${base}/teams/${team}`],
      [`get ${base}/teams/${team}/members`],
      [`delete ${at(team, person)}`],
    ];
    for (const [request, body] of allowed)
      expect([request, (await world.send(key, request, body)).status < 300]).toEqual([request, true]);
    const refused: [request: string, body?: object][] = [
      [`put ${at(other.id, person)}`, { role: 'member' }],
      [`get ${base}/teams/${other.id}`],
      [`get ${base}/members?team=${other.id}`],
      [`get ${base}/members?team=${team}&team=${other.id}`],
      [`get ${base}/members`],
      [`get ${base}/members/${head.membership.id}`],
      [`get ${base}/teams`],
      [`post ${base}/teams`, { name: 'Green' }],
      [`patch ${base}/teams/${team}`, { name: 'Mine' }],
      [`delete ${base}/teams/${team}`],
      [`get ${base}/api-keys`],
    ];
    for (const [request, body] of refused)
      expect([request, (await world.send(key, request, body)).status]).toEqual([request, 403]);
  });

  test('S147: to name its team in a query opens no read that does not keep to it', async () => {
    const { team, key } = await teamWithKey();
    const filtered = ['/organizations/:org/members', '/organizations/:org/members/export'];
    const others = apiRoutes.filter(
      ({ guard, method, path }) =>
        guard.kind === 'organization' &&
        method === 'get' &&
        !path.includes(':team') &&
        !filtered.includes(path),
    );
    expect(others.length).toBeGreaterThan(40);
    for (const { path } of others) {
      const address = path.replace(':org', organization.id).replace(':member', owner.membership.id);
      const { status, body } = await world.send(key, `get ${address}?team=${team}`);
      expect([path, status, body.detail]).toEqual([path, 403, 'This key acts in its own team only.']);
    }
  });

  test('goes on when its maker leaves, is for the owners of the team to see and take, and goes with the team', async () => {
    const { head, team, at, key } = await teamWithKey();
    const next = await world.newPerson(organization);
    await world.send(head, `put ${at(team, next)}`, { role: 'owner' });
    await world.send(world.operator, `delete ${base}/members/${head.membership.id}`);
    expect((await world.send(key, `get ${base}/teams/${team}`)).status).toBe(200);
    const listed = await world.send(next, `get ${base}/api-keys`);
    expect(listed.body.items).toMatchObject([{ id: key.id, teamId: team, kind: 'team' }]);
    const second = await program(next, { kind: 'team', teamId: team, scopes });
    expect((await world.send(next, `delete ${base}/api-keys/${key.id}`)).status).toBe(204);
    await world.send(world.operator, `delete ${base}/teams/${team}`);
    expect((await world.send(second, `get ${base}/teams/${team}`)).status).toBe(401);
  });

  test('S147: is made by whoever decides who is in the team, with what counts there', async () => {
    const { head, team } = await teamWithKey();
    const admin = await world.newPerson(organization, 'admin');
    const foreign = await world.newOrganization();
    const { body: theirs } = await world.send(world.operator, `post /organizations/${foreign.id}/teams`, {
      name: 'A',
    });
    const told = async (sender: Sender, input: object) => {
      const { body } = await make(sender, { kind: 'team', teamId: team, scopes, ...input });
      return [body.status, body.field];
    };
    expect(await told(admin, {})).toEqual([403, 'teamId']);
    expect(await told(await world.newPerson(organization), {})).toEqual([403, 'teamId']);
    expect(await told(head, { scopes: ['audit.read'] })).toEqual([422, 'scopes']);
    expect(await told(head, { kind: 'personal' })).toEqual([422, 'teamId']);
    expect(await told(head, { teamId: theirs.id })).toEqual([422, 'teamId']);
    expect(await told(head, { teamId: 'team_1' })).toEqual([422, 'teamId']);
  });
});

describe('its end', () => {
  test('S141, S144: a personal key is dead with the suspension and does not come back; a team key goes on', async () => {
    const admin = await world.newPerson(organization, 'admin');
    const [personal, team] = [await program(admin), await program(admin, { kind: 'team' })];
    const path = `patch ${base}/members/${admin.membership.id}`;
    await world.send(world.operator, path, { status: 'suspended' });
    expect([await listMembers(personal), await listMembers(team)]).toEqual([401, 200]);
    await world.send(world.operator, path, { status: 'active' });
    expect(await listMembers(personal)).toBe(401);
    await world.send(world.operator, `delete ${base}/members/${admin.membership.id}`);
    expect(await listMembers(team)).toBe(200);
  });

  test('S141: a personal key ends with the membership, and shrinks with the role', async () => {
    const eve = await world.newPerson(organization, 'admin');
    const key = await program(eve, { scopes: ['members.read', 'teams.manage'] });
    const path = `${base}/members/${eve.membership.id}`;
    await world.send(owner, `patch ${path}`, { orgRole: 'member' });
    expect((await world.send(key, `post ${base}/teams`, { name: 'A' })).status).toBe(403);
    expect(await listMembers(key)).toBe(200);
    await world.send(world.operator, `delete ${path}`);
    expect(await listMembers(key)).toBe(401);
  });

  test('at its time', async () => {
    const eve = await world.newPerson(organization);
    const soon = new Date(world.gateway.clock.now() + 60_000).toISOString();
    const key = await program(eve, { expiresAt: soon });
    expect(await listMembers(key)).toBe(200);
    world.gateway.clock.advance(60_000);
    expect(await listMembers(key)).toBe(401);
  });
});

test('S157: a personal key from before single sign-on was required is refused, wherever it was left over', async () => {
  const elsewhere = await world.newOrganization();
  const admin = await world.newPerson(elsewhere, 'admin');
  const path = `/organizations/${elsewhere.id}`;
  const input = { name: 'Nightly', kind: 'personal', scopes: ['members.read'] };
  const { body } = await world.send(admin, `post ${path}/api-keys`, input);
  const reads = async () => (await world.send(withToken(body.token), `get ${path}/members`)).status;
  expect(await reads()).toBe(200);
  await world.gateway.storage.transact(async (tx) => {
    const row = await tx.organizations.find(elsewhere.id);
    if (row !== undefined)
      await tx.organizations.update(elsewhere.id, { ...row, ssoPolicy: 'required' }, row.version);
  });
  expect(await reads()).toBe(401);
});
