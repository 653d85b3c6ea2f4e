/** /organizations/{org}/directories: SCIM endpoints, the switch they turn, and their tokens. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DIRECTORY_KINDS } from '../../../src/core/entities/directory.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

async function newDirectory(input: object = { kind: 'okta' }) {
  const organization = await world.newOrganization();
  const base = `/organizations/${organization.id}/directories`;
  const { body } = await world.send(world.operator, `post ${base}`, input);
  return { organization, base, directory: body, path: `${base}/${body.id}` };
}

const provisioningOf = async (id: string): Promise<string> =>
  (await world.send(world.operator, `get /organizations/${id}`)).body.provisioning;

describe('POST', () => {
  test.each(DIRECTORY_KINDS)(
    '201: %s, active at once, with the address its identity provider is given',
    async (kind) => {
      const { organization, directory } = await newDirectory({ kind });
      expect(directory).toMatchObject({
        kind,
        status: 'active',
        adoption: 'adopt',
        scimBaseUrl: `${world.gateway.baseUrl}/scim/v2/${directory.id}`,
      });
      expect(await provisioningOf(organization.id)).toBe('directory');
    },
  );

  test('201: a draft leaves the organization manual until it is activated', async () => {
    const { organization, directory, path } = await newDirectory({
      kind: 'entra',
      name: 'Head office',
      status: 'draft',
      adoption: 'reject',
    });
    expect(directory).toMatchObject({ name: 'Head office', status: 'draft', adoption: 'reject' });
    expect(await provisioningOf(organization.id)).toBe('manual');
    expect((await world.send(world.operator, `patch ${path}`, { status: 'active' })).status).toBe(200);
    expect(await provisioningOf(organization.id)).toBe('directory');
    expect((await world.send(world.operator, `patch ${path}`, { status: 'disabled' })).status).toBe(200);
    expect(await provisioningOf(organization.id)).toBe('manual');
  });

  test.each([
    [{}, 'kind'],
    [{ kind: 'ldap' }, 'kind'],
    [{ kind: 'okta', status: 'disabled' }, 'status'],
    [{ kind: 'okta', adoption: 'ask' }, 'adoption'],
    [{ kind: 'okta', name: '' }, 'name'],
    [{ kind: 'okta', token: 'mine' }, 'token'],
  ])('422 invalid: %j', async (input, field) => {
    const { id } = await world.newOrganization();
    const { status, body } = await world.send(world.operator, `post /organizations/${id}/directories`, input);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
    expect(await provisioningOf(id)).toBe('manual');
  });

  test('403 plan_lacks: a plan without SCIM', async () => {
    const { id } = await world.newOrganization({ plan: { preset: 'business' } });
    const { status, body } = await world.send(world.operator, `post /organizations/${id}/directories`, {
      kind: 'okta',
    });
    expect([status, body.code]).toEqual([403, 'plan_lacks']);
  });
});

describe('GET, PATCH, DELETE', () => {
  test('200: listed, read, renamed', async () => {
    const { base, path, directory } = await newDirectory();
    expect((await world.send(world.operator, `get ${base}`)).body).toEqual({
      items: [directory],
      nextCursor: null,
    });
    expect((await world.send(world.operator, `get ${path}`)).body).toEqual(directory);
    const { body } = await world.send(world.operator, `patch ${path}`, { name: 'New', adoption: 'reject' });
    expect(body).toMatchObject({ name: 'New', adoption: 'reject', status: 'active' });
  });

  test.each([
    [{}, undefined],
    [{ kind: 'entra' }, 'kind'],
    [{ status: 'gone' }, 'status'],
  ])('422 invalid: %j', async (change, field) => {
    const { path } = await newDirectory();
    const { status, body } = await world.send(world.operator, `patch ${path}`, change);
    expect([status, body.field]).toEqual([422, field]);
  });

  test.each([
    ['', 'admin'],
    ['?grants=keep', 'admin'],
    ['?grants=drop', 'member'],
  ])('204: DELETE%s leaves its people with the role %s, and the organization manual', async (query, role) => {
    const organization = await world.newOrganization();
    const { directory, group, users } = await pushGroup(world.gateway, organization, { count: 1 });
    const base = `/organizations/${organization.id}`;
    await world.send(world.operator, `post ${base}/group-mappings`, {
      match: { groupId: group.id },
      grants: [{ scope: 'org', role: 'admin' }],
    });
    const answer = await world.send(world.operator, `delete ${base}/directories/${directory.id}${query}`);
    expect(answer.status).toBe(204);
    expect(await provisioningOf(organization.id)).toBe('manual');
    const member = await world.send(world.operator, `get ${base}/members/${users[0]?.membershipId}`);
    expect(member.body).toMatchObject({ orgRole: role, status: 'active' });
    expect((await world.send(world.operator, `get ${base}/directories/${directory.id}`)).status).toBe(404);
  });

  test('422: another word for what happens to grants changes nothing', async () => {
    const { path, organization } = await newDirectory();
    const { status, body } = await world.send(world.operator, `delete ${path}?grants=maybe`);
    expect([status, body.field]).toEqual([422, 'grants']);
    expect(await provisioningOf(organization.id)).toBe('directory');
  });
});

describe('tokens', () => {
  test('201: shown once; the list and the store know it no more (S110, S213)', async () => {
    const { path } = await newDirectory();
    const made = await world.send(world.operator, `post ${path}/tokens`, {
      name: 'Okta',
      expiresAt: '2027-01-01T02:00:00+02:00',
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: 'Okta',
      expiresAt: '2027-01-01T00:00:00.000Z',
      lastUsedAt: null,
    });
    expect(made.body.token).toMatch(/^ghd_[\w-]{43}$/);
    const list = await world.send(world.operator, `get ${path}/tokens`);
    const { token, ...shown } = made.body;
    expect(list.body).toEqual({ items: [shown], nextCursor: null });
    expect(JSON.stringify(list.body)).not.toContain(token);
  });

  test('two live tokens, one revoked alone: 204, and 404 the second time (S111)', async () => {
    const { path } = await newDirectory();
    const [one, two] = [
      await world.send(world.operator, `post ${path}/tokens`, { name: 'one' }),
      await world.send(world.operator, `post ${path}/tokens`, { name: 'two', expiresAt: null }),
    ];
    const first = `${path}/tokens/${one?.body.id}`;
    expect((await world.send(world.operator, `delete ${first}`)).status).toBe(204);
    expect((await world.send(world.operator, `delete ${first}`)).status).toBe(404);
    const list = await world.send(world.operator, `get ${path}/tokens`);
    expect(list.body.items).toMatchObject([{ id: two?.body.id, expiresAt: null }]);
  });

  test.each([
    [{}, 'name'],
    [{ name: 'A', expiresAt: '2026-03-01T11:59:59Z' }, 'expiresAt'],
    [{ name: 'A', expiresAt: '2027-01-01' }, 'expiresAt'],
    [{ name: 'A', expiresAt: '2027-01-01T00:00:00' }, 'expiresAt'],
    [{ name: 'A', expiresAt: '2027-02-30T00:00:00Z' }, 'expiresAt'],
    [{ name: 'A', expiresAt: 1_800_000_000 }, 'expiresAt'],
  ])('422 invalid: %j', async (input, field) => {
    const { path } = await newDirectory();
    const { status, body } = await world.send(world.operator, `post ${path}/tokens`, input);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('404: the token of another directory of the same organization', async () => {
    const { path, base } = await newDirectory();
    const other = await world.send(world.operator, `post ${base}`, { kind: 'entra' });
    const { body } = await world.send(world.operator, `post ${path}/tokens`, { name: 'one' });
    const crossed = `delete ${base}/${other.body.id}/tokens/${body.id}`;
    expect((await world.send(world.operator, crossed)).status).toBe(404);
    expect((await world.send(world.operator, `get ${path}/tokens`)).body.items).toHaveLength(1);
  });
});
