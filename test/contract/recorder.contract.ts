/** Contract: the recorder keeps the newest exchanges and failures, filters by what admins look for; warnings are given once. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RecorderEntry } from '../../src/core/entities/recorder.ts';
import type { RecorderFilter } from '../../src/core/ports/journal.ts';
import { aDirectoryToken, aRecorderEntry, BUILT_AT, nextId } from '../support/builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import { type OpenStorage, race, type StorageUnderTest } from './storage-under-test.ts';

const REFUSED: Partial<RecorderEntry> = {
  status: 409,
  failure: { code: 'already_exists', scimType: 'uniqueness', detail: 'Taken by 50%_off', field: 'userName' },
};

const PAGE = { limit: 1000 };

/** Registers the suite. */
export function recorder(name: string, open: OpenStorage): void {
  describe(`${name}: recorder and token warnings`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    /** A world without its own entry, and these entries instead, oldest first. */
    const plant = async (kinds: readonly Partial<RecorderEntry>[]) => {
      const world = aWorld();
      const id = world.organization.id;
      const entries = kinds.map((kind) => aRecorderEntry(world.directory, kind));
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, world);
        await tx.recorderEntries.trim(id, { newest: 0, failed: 0 });
        await tx.recorderEntries.append(id, entries);
      });
      const left = async (filter: RecorderFilter = {}) =>
        (await under.storage.recorderEntries.list(id, filter, PAGE)).map((entry) =>
          entries.findIndex((one) => one.id === entry.id),
        );
      return { world, id, entries, left };
    };

    test.each<readonly [string, { newest: number; failed: number }, readonly number[], number]>([
      ['fewer than it may keep', { newest: 10, failed: 10 }, [5, 4, 3, 2, 1, 0], 0],
      ['the newest ones', { newest: 4, failed: 0 }, [5, 4, 3, 2], 2],
      ['failures beyond the newest ones', { newest: 2, failed: 1 }, [5, 4, 2], 3],
      ['all failures while there are few', { newest: 2, failed: 9 }, [5, 4, 2, 0], 2],
      ['nothing', { newest: 0, failed: 0 }, [], 6],
      ['only failures', { newest: 0, failed: 2 }, [5, 2], 4],
    ])('trim leaves %s', async (_title, keep, expected, gone) => {
      const { id, left } = await plant([REFUSED, {}, REFUSED, {}, {}, REFUSED]);
      const trim = () => under.storage.transact((tx) => tx.recorderEntries.trim(id, keep));
      expect(await trim()).toBe(gone);
      expect(await left()).toEqual(expected);
      expect(await trim()).toBe(0);
    });

    test.each<
      readonly [string, (directoryId: RecorderEntry['directoryId']) => RecorderFilter, readonly number[]]
    >([
      ['nothing in particular', () => ({}), [3, 2, 1, 0]],
      ['one kind', () => ({ kind: 'scim' }), [3, 2, 1, 0]],
      ['one directory', (directoryId) => ({ directoryId }), [3, 2, 0]],
      ['what failed', () => ({ isFailed: true }), [2, 1]],
      ['what went well', () => ({ isFailed: false }), [3, 0]],
      ['what failed in one directory', (directoryId) => ({ directoryId, isFailed: true }), [2]],
      ['a word in the path, whatever its case', () => ({ text: 'GROUPS' }), [3]],
      ['a word in the request', () => ({ text: 'ada@' }), [0]],
      ['a word in the answer', () => ({ text: 'totalresults":7' }), [3]],
      ['a word in the failure', () => ({ text: 'uniqueness' }), [2, 1]],
      ['a text whose signs mean something to a pattern', () => ({ text: '50%_o' }), [2, 1]],
      ['a pattern that is none', () => ({ text: '5%off' }), []],
      ['a backslash', () => ({ text: '\\' }), []],
      ['text and outcome together', () => ({ text: 'users', isFailed: true }), [2, 1]],
    ])('a list narrowed to %s', async (_title, filter, expected) => {
      const { world, left } = await plant([
        { requestBody: '{"userName":"Ada@x.example"}' },
        { ...REFUSED, directoryId: nextId('dir') },
        REFUSED,
        { path: '/Groups', responseBody: '{"totalResults":7}' },
      ]);
      expect(await left(filter(world.directory.id))).toEqual(expected);
    });

    test('S217: erases the entries that are named, and no others', async () => {
      const { id, left } = await plant([{ at: BUILT_AT + 1 }, { at: BUILT_AT + 2 }, { at: BUILT_AT + 3 }]);
      const [last, middle] = await under.storage.recorderEntries.list(id, {}, PAGE);
      const ids = [last, middle].flatMap((entry) => entry?.id ?? []);
      const erase = () => under.storage.transact((tx) => tx.recorderEntries.erase(id, ids));
      expect([await erase(), await erase()]).toEqual([2, 0]);
      expect(await left()).toHaveLength(1);
    });

    test('S217: what is older than its time goes, of every organization', async () => {
      const ages = [{ at: BUILT_AT - 1 }, { at: BUILT_AT }, { at: BUILT_AT + 1 }];
      const [one, other] = [await plant(ages), await plant(ages)];
      await under.storage.transact((tx) => tx.recorderEntries.removeExpired(BUILT_AT));
      expect([await one.left(), await other.left()]).toEqual([[2], [2]]);
    });

    test('a warning is given once for each threshold, never a farther one after a nearer one', async () => {
      const { world, id } = await plant([]);
      const claim = (days: number) =>
        under.storage.transact((tx) => tx.directoryTokens.claimWarning(id, world.token.id, days));
      const outcomes = await race(under.storage, 5, (tx) =>
        tx.directoryTokens.claimWarning(id, world.token.id, 30),
      );
      expect(outcomes.filter((outcome) => 'answered' in outcome && outcome.answered === true)).toHaveLength(
        1,
      );
      expect([await claim(7), await claim(7), await claim(14), await claim(1)]).toEqual([
        true,
        false,
        false,
        true,
      ]);
      const [stored] = await under.storage.directoryTokens.list(id, world.directory.id);
      expect(stored?.expiryWarnedDays).toBe(1);
    });

    test('tokens that end inside a span are listed soonest first, its first moment excluded', async () => {
      const { world, id } = await plant([]);
      const far = BUILT_AT + 900_000_000_000;
      const tokens = [far + 3, far + 1, far + 2, far + 4].map((expiresAt) =>
        aDirectoryToken(world.directory, { expiresAt }),
      );
      await under.storage.transact(async (tx) => {
        for (const token of tokens) await tx.directoryTokens.insert(id, token);
      });
      const list = (limit: number) =>
        under.storage.directoryTokens.listExpiring({ after: far + 1, until: far + 3 }, limit);
      expect(await list(10)).toStrictEqual([tokens[2], tokens[0]]);
      expect(await list(1)).toStrictEqual([tokens[2]]);
      const twin = aDirectoryToken(world.directory, { expiresAt: far + 2 });
      await under.storage.transact((tx) => tx.directoryTokens.insert(id, twin));
      const span = { after: far + 2, afterId: tokens[2]?.id, until: far + 3 };
      expect(await under.storage.directoryTokens.listExpiring(span, 10)).toStrictEqual([twin, tokens[0]]);
    });
  });
}
