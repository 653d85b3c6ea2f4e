/** Contract: what an active directory says of a member, and when none says anything. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../src/kernel/ids.ts';
import { aDirectory, aDirectoryUser, aMembership, aUser } from '../support/builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function holds(name: string, open: OpenStorage): void {
  describe(`${name}: who holds a member`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    test('whoever was pushed, active or not, while their directory is active; nobody else', async () => {
      const { storage } = under;
      const world = aWorld();
      const { organization, membership } = world;
      const { id } = organization;
      const second = aDirectory(id);
      const user = aUser();
      const other = aMembership(id, user.id);
      await storage.transact(async (tx) => {
        await plantWorld(tx, world);
        await tx.users.insert(user);
        await tx.memberships.insert(id, other);
        await tx.directories.insert(id, second);
      });
      const hold = (member = other.id) => storage.directoryUsers.findHold(id, member);
      expect(await hold()).toBeUndefined();
      await storage.transact((tx) =>
        tx.directoryUsers.insert(id, aDirectoryUser(second.id, other, { isActive: false })),
      );
      expect(await hold()).toStrictEqual({ isActive: false });
      expect(await hold(membership.id)).toStrictEqual({ isActive: true });
      expect(await hold(newId('mem', 0))).toBeUndefined();
      await storage.transact((tx) =>
        tx.directories.update(id, { ...second, version: 2, status: 'disabled' }, 1),
      );
      expect(await hold()).toBeUndefined();
      expect(await hold(membership.id)).toStrictEqual({ isActive: true });
    });
  });
}
