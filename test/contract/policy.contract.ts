/** Contract: test sign-ins and emergency codes are settled once, in time, and found by exactly the questions core asks. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EmergencyCode } from '../../src/core/entities/sso-policy.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { BUILT_AT } from '../support/builders.ts';
import { anEmergencyCode, aTestSignIn } from '../support/policy-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

const REPORT = { reason: null, facts: null, decision: null };

/** Registers the suite. */
export function policy(name: string, open: OpenStorage): void {
  describe(`${name}: requiring single sign-on`, () => {
    let under: StorageUnderTest;
    let world: World;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());
    beforeEach(async () => {
      world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    const write = <Result>(work: (tx: Repositories) => Promise<Result>) => under.storage.transact(work);

    test('a test is settled in time and once, and read back with its result; newest first', async () => {
      const { id } = world.organization;
      const { testSignIn, connection } = world;
      const later = aTestSignIn(connection);
      await write((tx) => tx.testSignIns.insert(id, later));
      const settle = (now: number) =>
        write((tx) =>
          tx.testSignIns.claim(id, testSignIn.id, {
            status: 'passed',
            report: REPORT,
            now,
            expiresAt: now + 9,
          }),
        );
      expect(await settle(testSignIn.expiresAt)).toBe(false);
      expect(await settle(testSignIn.expiresAt - 1)).toBe(true);
      expect(await settle(testSignIn.expiresAt - 1)).toBe(false);
      const now = testSignIn.expiresAt - 1;
      const settled = {
        ...testSignIn,
        ...{ status: 'passed', report: REPORT, finishedAt: now, expiresAt: now + 9 },
      };
      const { testSignIns } = under.storage;
      expect(await testSignIns.list(id, connection.id, 10)).toStrictEqual([later, settled]);
      expect(await testSignIns.list(id, connection.id, 1)).toStrictEqual([later]);
      expect(await testSignIns.findByTokenHash(later.tokenHash)).toStrictEqual(later);
      expect(await write((tx) => tx.testSignIns.removeExpired(now + 8))).toBe(1);
      expect(await write((tx) => tx.testSignIns.removeExpired(now + 9))).toBe(1);
    });

    const dead: [title: string, code: Partial<EmergencyCode>, now: number][] = [
      ['used', { usedAt: BUILT_AT }, BUILT_AT + 1],
      ['revoked', { revokedAt: BUILT_AT }, BUILT_AT + 1],
      ['expired', { expiresAt: BUILT_AT + 5 }, BUILT_AT + 5],
    ];
    test.each(dead)('an emergency code that is %s is not claimed', async (_title, overrides, now) => {
      const { id } = world.organization;
      const code = anEmergencyCode(world.membership, overrides);
      await write((tx) => tx.emergencyCodes.insert(id, code));
      expect(await write((tx) => tx.emergencyCodes.claim(id, code.id, now))).toBe(false);
      expect(await under.storage.emergencyCodes.find(id, code.id)).toStrictEqual(code);
    });

    test('a claimed emergency code says when, and raises its version', async () => {
      const { id } = world.organization;
      const { emergencyCode } = world;
      expect(await write((tx) => tx.emergencyCodes.claim(id, emergencyCode.id, BUILT_AT + 7))).toBe(true);
      expect(await under.storage.emergencyCodes.findByHash(emergencyCode.codeHash)).toStrictEqual({
        ...emergencyCode,
        version: 2,
        usedAt: BUILT_AT + 7,
      });
    });
  });
}
