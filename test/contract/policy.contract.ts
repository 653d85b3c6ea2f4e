/** Contract: test sign-ins and emergency codes are settled once, in time, and found by exactly the questions core asks. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EmergencyCode } from '../../src/core/entities/sso-policy.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import type { ApiKeyId } from '../../src/kernel/ids.ts';

import { BUILT_AT } from '../support/builders.ts';
import { anApiKey, anEmergencyCode, aTestSignIn } from '../support/policy-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import { type OpenStorage, outcomeOf, type StorageUnderTest } from './storage-under-test.ts';

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

    test('a key of a team goes with the team; one of another organization’s team is refused', async () => {
      const { organization, membership, team } = world;
      const { id } = organization;
      const key = anApiKey(membership, { kind: 'team', membershipId: null, teamId: team.id });
      await write((tx) => tx.apiKeys.insert(id, key));
      expect(await under.storage.apiKeys.find(id, key.id)).toStrictEqual(key);
      const other = aWorld();
      await write((tx) => plantWorld(tx, other));
      const foreign = anApiKey(other.membership, { kind: 'team', membershipId: null, teamId: team.id });
      expect(await outcomeOf(write((tx) => tx.apiKeys.insert(other.organization.id, foreign)))).toMatchObject(
        {
          refused: 'not_found',
        },
      );
      await write((tx) => tx.teams.remove(id, team.id));
      expect(await under.storage.apiKeys.find(id, key.id)).toBeUndefined();
    });

    test('keys that end inside a span are listed soonest first, and each warning is given once', async () => {
      const { organization, membership } = world;
      const { id } = organization;
      const far = BUILT_AT + 800_000_000_000;
      const keys = [far + 3, far + 1, far + 2, far + 2].map((expiresAt) =>
        anApiKey(membership, { expiresAt }),
      );
      await write(async (tx) => {
        for (const key of keys) await tx.apiKeys.insert(id, key);
      });
      const list = async (span: { after: number; afterId?: ApiKeyId | undefined }) =>
        (await under.storage.apiKeys.listExpiring({ ...span, until: far + 3 }, 10)).map((key) =>
          keys.findIndex((one) => one.id === key.id),
        );
      expect(await list({ after: far + 1 })).toEqual([2, 3, 0]);
      expect(await list({ after: far + 2, afterId: keys[2]?.id })).toEqual([3, 0]);
      const first = keys[0]?.id;
      if (first === undefined) throw new Error('no key');
      const claim = (days: number) => write((tx) => tx.apiKeys.claimWarning(id, first, days));
      expect([await claim(7), await claim(7), await claim(14), await claim(1)]).toEqual([
        true,
        false,
        false,
        true,
      ]);
      expect((await under.storage.apiKeys.find(id, first))?.expiryWarnedDays).toBe(1);
    });

    test('members are connected by an identity at an active connection, or by an active directory that holds them as active', async () => {
      const { organization, membership, connection, directory, directoryUser } = world;
      const { memberships } = under.storage;
      const connectedBy = async () => {
        const seen: string[] = [];
        for (const by of ['identity', 'directory'] as const) {
          const is = (isConnected: boolean) =>
            memberships.list(organization.id, { connected: { by, isConnected } }, { limit: 9 });
          const [yes, no] = [await is(true), await is(false)];
          expect([...yes, ...no].map(({ id }) => id)).toEqual([membership.id]);
          if (yes.length > 0) seen.push(by);
        }
        return seen;
      };
      expect(await connectedBy()).toEqual(['identity', 'directory']);
      const { id } = organization;
      await write((tx) =>
        tx.connections.update(id, { ...connection, status: 'disabled' }, connection.version),
      );
      expect(await connectedBy()).toEqual(['directory']);
      const resting = { ...directoryUser, isActive: false };
      await write((tx) => tx.directoryUsers.update(id, resting, directoryUser.version));
      expect(await connectedBy()).toEqual([]);
      const [user, at] = [{ ...resting, isActive: true }, directoryUser.version + 1];
      await write((tx) => tx.directoryUsers.update(id, user, at));
      expect(await connectedBy()).toEqual(['directory']);
      await write((tx) => tx.directories.update(id, { ...directory, status: 'draft' }, directory.version));
      expect(await connectedBy()).toEqual([]);
    });
  });
}
