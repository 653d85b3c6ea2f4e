/** Contract: which sign-ins were sent to a SAML provider and never answered. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionName } from '../../src/core/entities/connection.ts';
import type { PendingSignIn } from '../../src/core/entities/sign-in.ts';
import { aPendingSignIn, nextId } from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

const NOW = 100;
const SENT = { requestId: '_1', createdAt: 1, expiresAt: NOW };

/** Registers the suite. */
export function unanswered(name: string, open: OpenStorage): void {
  describe(`${name}: sign-ins that nobody answered`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const plant = async (rows: readonly Partial<PendingSignIn>[]): Promise<World> => {
      const world = aWorld();
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, world);
        for (const row of rows)
          await tx.pendingSignIns.insert(world.organization.id, aPendingSignIn(world.connection, row));
      });
      return world;
    };

    test('are those whose time is over at now; tests, repetitions and OpenID providers left out', async () => {
      const purposes: readonly PendingSignIn['purpose'][] = [
        { kind: 'sign_in', isRepeated: true },
        { kind: 'test', testSignInId: nextId('tsi') },
        { kind: 'confirmation' },
      ];
      const { organization, connection } = await plant([
        SENT,
        { ...SENT, createdAt: 2, expiresAt: NOW - 1 },
        { ...SENT, createdAt: 3, expiresAt: NOW + 1 },
        { ...SENT, createdAt: 4, requestId: null },
        ...purposes.map((purpose) => ({ ...SENT, createdAt: 5, purpose })),
      ]);
      const atMost = (limit: number) =>
        under.storage.pendingSignIns.listUnanswered(organization.id, {
          ...{ connectionId: connection.id, now: NOW, limit },
        });
      expect((await atMost(99)).toSorted()).toEqual([1, 2]);
      expect(await atMost(0)).toEqual([]);
      const stranger = await plant([]);
      const asked = { connectionId: connection.id, now: NOW, limit: 99 };
      expect(await under.storage.pendingSignIns.listUnanswered(stranger.organization.id, asked)).toEqual([]);
    });

    test('are looked for in every connection that has any, each named once, page by page', async () => {
      const worlds = [await plant([SENT, SENT]), await plant([SENT]), await plant([])];
      const seen: string[] = [];
      let after: ConnectionName | undefined;
      do {
        [after] = await under.storage.pendingSignIns.listConnections(after, 1);
        if (after !== undefined) seen.push(after.connectionId);
      } while (after !== undefined);
      const ids = new Set<string>(worlds.map(({ connection }) => connection.id));
      expect(seen.filter((id) => ids.has(id)).toSorted()).toEqual([...ids].toSorted());
      expect(new Set(seen).size).toBe(seen.length);
    });
  });
}
