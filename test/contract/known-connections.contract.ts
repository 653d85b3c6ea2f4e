/** Contract: what was found of a connection before is worth nothing once it has changed (law 6, S62). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aWorld, plantWorld } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function knownConnections(name: string, open: OpenStorage): void {
  describe(`${name}: connections that were found before`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    /** A world whose connection has been found, by those outside transactions and by one inside. */
    const plant = async () => {
      const { storage } = under;
      const world = aWorld();
      await storage.transact((tx) => plantWorld(tx, world));
      const { connection } = world;
      const { organizationId, id } = connection;
      const find = () => storage.connections.findById(id);
      const findInside = () => storage.transact((tx) => tx.connections.find(organizationId, id));
      expect([await find(), await findInside()]).toStrictEqual([connection, connection]);
      return { connection, organizationId, find, findInside };
    };

    test('S62: one that was changed is so for the next who asks, and inside the transaction at once', async () => {
      const { connection, organizationId, find, findInside } = await plant();
      const next = { ...connection, version: 2, status: 'disabled' as const };
      const seen = await under.storage.transact(async (tx) => {
        await tx.connections.update(organizationId, next, 1);
        return tx.connections.find(organizationId, connection.id);
      });
      expect([seen, await find(), await findInside()]).toStrictEqual([next, next, next]);
    });

    test('S62: a change that was taken back was never seen by anybody else, whatever comes in its place', async () => {
      const { connection, organizationId, find, findInside } = await plant();
      const change = (status: 'draft' | 'disabled') =>
        under.storage.transact(async (tx) => {
          await tx.connections.update(organizationId, { ...connection, version: 2, status }, 1);
          expect(await tx.connections.find(organizationId, connection.id)).toMatchObject({
            status,
            version: 2,
          });
          expect(await tx.connections.findById(connection.id)).toMatchObject({ status, version: 2 });
          if (status === 'draft') throw new Error('not after all');
        });
      await expect(change('draft')).rejects.toThrow('not after all');
      await change('disabled');
      const next = { ...connection, version: 2, status: 'disabled' };
      expect([await find(), await findInside()]).toStrictEqual([next, next]);
    });

    test('one that was removed is gone, and is nobody else’s before', async () => {
      const { connection, organizationId, find, findInside } = await plant();
      const other = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, other));
      expect(await under.storage.connections.find(other.organization.id, connection.id)).toBeUndefined();
      await under.storage.transact((tx) => tx.connections.remove(organizationId, connection.id));
      expect([await find(), await findInside()]).toStrictEqual([undefined, undefined]);
    });
  });
}
