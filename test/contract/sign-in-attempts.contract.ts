/** Contract: attempts to sign in are kept by outcome, so that neither pushes the other out, and found by what admins look for. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SignInAttempt } from '../../src/core/entities/sign-in-attempt.ts';
import type { SignInAttemptFilter } from '../../src/core/ports/sign-in-attempts.ts';
import { aSignInAttempt } from '../support/attempt-builders.ts';
import { BUILT_AT, nextId } from '../support/builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

const FAILED: Partial<SignInAttempt> = {
  outcome: null,
  failure: { code: 'sign_in_refused', reason: 'saml.audience' },
};

const STRANGERS: Partial<SignInAttempt> = {
  outcome: null,
  signInId: null,
  facts: [{ name: 'NameID', values: ['ada'], count: 1, isVerified: false }],
  failure: { code: 'sign_in_refused', reason: 'saml.encoding' },
};

/** Registers the suite. */
export function signInAttempts(name: string, open: OpenStorage): void {
  describe(`${name}: attempts to sign in`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    /** A world without its own attempt, and these instead, oldest first. */
    const plant = async (kinds: readonly Partial<SignInAttempt>[]) => {
      const world = aWorld();
      const id = world.organization.id;
      const attempts = kinds.map((kind) => aSignInAttempt(id, kind));
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, world);
        await tx.signInAttempts.trim(id, { ok: 0, failed: 0, strangers: 0 });
        await tx.signInAttempts.append(id, attempts);
      });
      const left = async (filter: SignInAttemptFilter = {}) =>
        (await under.storage.signInAttempts.list(id, filter, { limit: 1000 })).map((attempt) =>
          attempts.findIndex((one) => one.id === attempt.id),
        );
      return { id, left };
    };

    test.each<
      readonly [string, { ok: number; failed: number; strangers: number }, readonly number[], number]
    >([
      ['fewer than it may keep', { ok: 10, failed: 10, strangers: 10 }, [7, 6, 5, 4, 3, 2, 1, 0], 0],
      ['the newest of each', { ok: 1, failed: 2, strangers: 1 }, [7, 5, 4, 2], 4],
      ['no failures', { ok: 9, failed: 0, strangers: 0 }, [4, 3, 1], 5],
      ['what is somebody’s alone', { ok: 0, failed: 9, strangers: 0 }, [5, 2, 0], 5],
      ['nothing', { ok: 0, failed: 0, strangers: 0 }, [], 8],
    ])('trim leaves %s', async (_title, keep, expected, gone) => {
      const { id, left } = await plant([FAILED, {}, FAILED, {}, {}, FAILED, STRANGERS, STRANGERS]);
      const trim = () => under.storage.transact((tx) => tx.signInAttempts.trim(id, keep));
      expect(await trim()).toBe(gone);
      expect(await left()).toEqual(expected);
      expect(await trim()).toBe(0);
    });

    const connectionId = nextId('con');
    test.each<readonly [string, SignInAttemptFilter, readonly number[]]>([
      ['nothing in particular', {}, [3, 2, 1, 0]],
      ['one connection', { connectionId }, [3, 1]],
      ['what failed', { isFailed: true }, [1, 0]],
      ['what went well', { isFailed: false }, [3, 2]],
      ['what failed at one connection', { connectionId, isFailed: true }, [1]],
      ['a reference', { text: 'REF-3' }, [3]],
      ['a reason', { text: 'saml.audience' }, [1]],
      ['a fact', { text: '"quoted" 50%_\\' }, [2]],
      ['a pattern that is none', { text: '5%off' }, []],
    ])('a list narrowed to %s', async (_title, filter, expected) => {
      const { left } = await plant([
        STRANGERS,
        { ...FAILED, connectionId },
        { facts: [{ name: 'name', values: ['a "quoted" 50%_\\ one'], count: 1, isVerified: true }] },
        { connectionId, requestId: 'ref-3' },
      ]);
      expect(await left(filter)).toEqual(expected);
    });

    test('S217: erases the attempts that are named, and no others', async () => {
      const { id, left } = await plant([{ at: BUILT_AT + 1 }, { at: BUILT_AT + 2 }, { at: BUILT_AT + 3 }]);
      const [last, middle] = await under.storage.signInAttempts.list(id, {}, { limit: 10 });
      const ids = [last, middle].flatMap((attempt) => attempt?.id ?? []);
      const erase = () => under.storage.transact((tx) => tx.signInAttempts.erase(id, ids));
      expect([await erase(), await erase()]).toEqual([2, 0]);
      expect(await left()).toHaveLength(1);
    });

    test('S217: what is older than its time goes, of every organization', async () => {
      const ages = [{ at: BUILT_AT - 1 }, { at: BUILT_AT }, { at: BUILT_AT + 1 }];
      const [one, other] = [await plant(ages), await plant(ages)];
      await under.storage.transact((tx) => tx.signInAttempts.removeExpired(BUILT_AT));
      expect([await one.left(), await other.left()]).toEqual([[2], [2]]);
    });
  });
}
