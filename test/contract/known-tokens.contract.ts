/** Contract: what was found of a token a moment ago is worth nothing once a transaction has changed it (law 6, S108). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Durability, Repositories } from '../../src/core/ports/storage.ts';
import { aDirectoryToken } from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** What somebody does to the token or its directory, and what is found afterwards. */
type Change = readonly [
  string,
  (tx: Repositories, world: World) => Promise<unknown>,
  (world: World) => object | undefined,
];

const CHANGES: readonly Change[] = [
  [
    'a token that was taken back',
    (tx, { organization, directory, token }) =>
      tx.directoryTokens.remove(organization.id, directory.id, token.id),
    () => undefined,
  ],
  [
    'a directory that was disabled',
    (tx, { organization, directory }) =>
      tx.directories.update(organization.id, { ...directory, version: 2, status: 'disabled' }, 1),
    ({ directory, token }) => ({ token, directory: { ...directory, version: 2, status: 'disabled' } }),
  ],
  [
    'a use that was noted',
    (tx, { organization, token }) => tx.directoryTokens.updateLastUsed(organization.id, token.id, 7),
    ({ directory, token }) => ({ directory, token: { ...token, lastUsedAt: 7 } }),
  ],
];

const DURABILITIES: readonly Durability[] = ['durable', 'relaxed', 'brief', 'alone'];

/** Registers the suite. */
export function knownTokens(name: string, open: OpenStorage): void {
  describe(`${name}: tokens that were found before`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    /** A world whose token has been found twice. */
    const plant = async () => {
      const world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
      const find = () => under.storage.directoryTokens.findByHash(world.token.tokenHash);
      const { token, directory } = world;
      expect([await find(), await find()]).toStrictEqual([
        { token, directory },
        { token, directory },
      ]);
      return { world, find };
    };

    const cases = DURABILITIES.flatMap((durability) =>
      CHANGES.map(([title, change, after]) => [title, durability, change, after] as const),
    );

    test.each(cases)(
      'S108: %s is so for the next who asks (%s)',
      async (_title, durability, change, after) => {
        const { world, find } = await plant();
        await under.storage.transact((tx) => change(tx, world), durability);
        expect(await find()).toStrictEqual(after(world));
      },
    );

    test.each(CHANGES)('S108: %s is so for whoever asked meanwhile, too', async (_title, change, after) => {
      const { world, find } = await plant();
      await under.storage.transact(async (tx) => {
        await change(tx, world);
        await find();
        await find();
      });
      expect(await find()).toStrictEqual(after(world));
    });

    test('a token that nobody knew is known as soon as it is there', async () => {
      const { world, find } = await plant();
      const next = aDirectoryToken(world.directory);
      const findNext = () => under.storage.directoryTokens.findByHash(next.tokenHash);
      expect(await findNext()).toBeUndefined();
      await under.storage.transact((tx) => tx.directoryTokens.insert(world.organization.id, next));
      expect((await findNext())?.token).toStrictEqual(next);
      expect((await find())?.token).toStrictEqual(world.token);
    });
  });
}
