/** Contract: `update` is compare-and-swap, so that of two writers who read the same row one is told (R12). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nextText } from '../support/builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import { ROW_KINDS } from './rows.ts';
import {
  expectOneWinner,
  type OpenStorage,
  outcomeOf,
  race,
  type StorageUnderTest,
} from './storage-under-test.ts';

const VERSIONED = ROW_KINDS.filter((kind) => kind.make(aWorld(), nextText('probe')).update !== undefined);

/** Registers the suite. */
export function versions(name: string, open: OpenStorage): void {
  describe(`${name}: versions`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    beforeAll(async () => {
      under = await open();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    const planted = async (kind: (typeof ROW_KINDS)[number]) => {
      const row = kind.make(world, nextText('text'));
      const { update } = row;
      if (update === undefined) throw new Error(`${kind.name} has no update`);
      await under.storage.transact((tx) => row.insert(tx));
      const write = (text: string, version: number) =>
        outcomeOf(under.storage.transact((tx) => update(tx, text, version)));
      return { row, update, write };
    };

    test('these kinds of rows are versioned', () => {
      expect(VERSIONED.map((kind) => kind.name).sort()).toEqual([
        'accessReviews',
        'adoptionConflicts',
        'applicationGrants',
        'applications',
        'connections',
        'cutovers',
        'directories',
        'directoryGroups',
        'directoryUsers',
        'domains',
        'emergencyCodes',
        'groupMappings',
        'invitations',
        'jobs',
        'mappingDrafts',
        'mappingTests',
        'memberships',
        'orgRoles',
        'organizations',
        'reviewItems',
        'shareableLinks',
        'signingKeys',
        'teams',
        'users',
        'webhooks',
      ]);
    });

    test.each(VERSIONED)('$name: an update stores the value under the next version', async (kind) => {
      const { row, write } = await planted(kind);
      expect(await write('first', 1)).toEqual({ answered: undefined });
      expect(await row.find(under.storage)).toMatchObject({ version: 2 });
      expect(await write('second', 2)).toEqual({ answered: undefined });
      const found = await row.find(under.storage);
      expect(found).toMatchObject({ version: 3 });
      expect(JSON.stringify(found)).toContain('second');
    });

    test.each(VERSIONED)('$name: a stale, a future and a zero version change nothing', async (kind) => {
      const { row, write } = await planted(kind);
      await write('first', 1);
      const before = await row.find(under.storage);
      for (const version of [1, 3, 0, -1]) {
        expect(await write('stale', version)).toEqual({ refused: 'version_conflict', field: undefined });
      }
      expect(await row.find(under.storage)).toStrictEqual(before);
    });

    test.each(VERSIONED)(
      'R12 $name: of 20 parallel writers with one version exactly one wins',
      async (kind) => {
        const { row, update } = await planted(kind);
        const outcomes = await race(under.storage, 20, (tx, index) => update(tx, `writer ${index}`, 1));
        expectOneWinner(outcomes, 'version_conflict');
        expect(await row.find(under.storage)).toMatchObject({ version: 2 });
      },
    );

    test.each(VERSIONED)('$name: a row that was never stored cannot be updated into being', async (kind) => {
      const row = kind.make(world, nextText('absent'));
      const updating = under.storage.transact(async (tx) => row.update?.(tx, 'ghost', 1));
      expect(await outcomeOf(updating)).toEqual({ refused: 'version_conflict', field: undefined });
      expect(await row.find(under.storage)).toBeUndefined();
    });

    test.each(VERSIONED)(
      '$name: 20 writers who read and swap inside one transaction all get through',
      async (kind) => {
        const { row, update } = await planted(kind);
        const outcomes = await race(under.storage, 20, async (tx, index) => {
          const found: unknown = await row.find(tx);
          if (typeof found !== 'object' || found === null || !('version' in found))
            throw new Error('no version');
          await update(tx, `writer ${index}`, Number(found.version));
        });
        for (const outcome of outcomes) expect(outcome).toEqual({ answered: undefined });
        expect(await row.find(under.storage)).toMatchObject({ version: 21 });
      },
    );
  });
}
