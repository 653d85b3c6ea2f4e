/** Several tokens of one directory: overlap, separate ends, and when each was used last (S110, S111). */
import { describe, expect, test } from '@jest/globals';
import { startApiWorld } from '../api/api-world.ts';

describe('what was let in a moment ago', () => {
  test('S108: is refused by the very next request once the directory is disabled or the token taken back', async () => {
    const world = await startApiWorld();
    try {
      const organization = await world.newOrganization();
      const { directoryId, scimPath, token } = await world.gateway.createDirectory(organization);
      const directory = `/organizations/${organization.id}/directories/${directoryId}`;
      const use = async () =>
        (await world.gateway.request().get(`${scimPath}/Users`).set('Authorization', `Bearer ${token}`))
          .status;
      const set = (status: string) => world.send(world.operator, `patch ${directory}`, { status });
      expect([await use(), await use(), await use()]).toEqual([200, 200, 200]);
      await set('disabled');
      expect([await use(), await use()]).toEqual([401, 401]);
      await set('active');
      expect([await use(), await use()]).toEqual([200, 200]);
      const [{ id }] = (await world.send(world.operator, `get ${directory}/tokens`)).body.items;
      expect((await world.send(world.operator, `delete ${directory}/tokens/${id}`)).status).toBe(204);
      expect(await use()).toBe(401);
    } finally {
      await world.close();
    }
  });
});

describe('rotation', () => {
  test('S111: two tokens live side by side; the old one ends alone, at its next request', async () => {
    const world = await startApiWorld();
    try {
      const organization = await world.newOrganization();
      const { directoryId, scimPath } = await world.gateway.createDirectory(organization, 'entra');
      const base = `/organizations/${organization.id}/directories/${directoryId}/tokens`;
      const make = async (name: string, expiresAt?: string) =>
        (await world.send(world.operator, `post ${base}`, { name, expiresAt })).body;
      const use = async (token: string) =>
        (await world.gateway.request().get(`${scimPath}/Users`).set('Authorization', `Bearer ${token}`))
          .status;
      const [old, next] = [await make('old'), await make('next')];
      expect([await use(old.token), await use(next.token)]).toEqual([200, 200]);
      await world.send(world.operator, `delete ${base}/${old.id}`);
      expect([await use(old.token), await use(next.token)]).toEqual([401, 200]);
      const soon = new Date(world.gateway.clock.now() + 1000).toISOString();
      const brief = await make('brief', soon);
      expect(await use(brief.token)).toBe(200);
      world.gateway.clock.advance(1000);
      expect([await use(brief.token), await use(next.token)]).toEqual([401, 200]);
    } finally {
      await world.close();
    }
  });

  test('S110: each says when it was used last, to the minute, and whether it was used at all', async () => {
    const world = await startApiWorld();
    try {
      const organization = await world.newOrganization();
      const { directoryId, scimPath, token } = await world.gateway.createDirectory(organization);
      const base = `/organizations/${organization.id}/directories/${directoryId}/tokens`;
      await world.send(world.operator, `post ${base}`, { name: 'spare' });
      const lastUsed = async () =>
        (await world.send(world.operator, `get ${base}`)).body.items
          .map(({ name, lastUsedAt }: { name: string; lastUsedAt: string | null }) => `${name} ${lastUsedAt}`)
          .sort();
      const use = () =>
        world.gateway.request().get(`${scimPath}/Users`).set('Authorization', `Bearer ${token}`);
      expect(await lastUsed()).toEqual(['spare null', 'test null']);
      await use();
      world.gateway.clock.advance(59_999);
      await use();
      expect(await lastUsed()).toEqual(['spare null', 'test 2026-03-01T12:00:00.000Z']);
      world.gateway.clock.advance(1);
      await use();
      expect(await lastUsed()).toEqual(['spare null', 'test 2026-03-01T12:01:00.000Z']);
    } finally {
      await world.close();
    }
  });
});
