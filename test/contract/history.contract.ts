/** Contract: what ends is kept, and what held at an instant is told; nothing of it hangs on what is gone. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PastMembership } from '../../src/core/entities/history.ts';
import { aGrant, aMembership, aUser, BUILT_AT, nextId, nextText } from '../support/builders.ts';
import { anEnding, aPastName } from '../support/history-builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function history(name: string, open: OpenStorage): void {
  describe(`${name}: history`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    const id = world.organization.id;
    beforeAll(async () => {
      under = await open();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    const addMember = async () => {
      const user = aUser();
      const membership = aMembership(id, user.id);
      await under.storage.transact(async (tx) => {
        await tx.users.insert(user);
        await tx.memberships.insert(id, membership);
      });
      return membership;
    };
    const begunBy = { actor: { kind: 'system' }, requestId: nextText('request') } as const;

    test('an ended grant is out of the ledger and stands in it as of every instant of its life', async () => {
      const { id: membershipId } = await addMember();
      const grant = aGrant(id, membershipId, {
        scope: { kind: 'resource', resource: { type: 'bot', id: 'Ä:1' }, role: 'editor' },
        createdAt: 1_000,
      });
      await under.storage.transact((tx) => tx.grants.insert(id, grant, begunBy));
      const asOf = (at: number) => under.storage.grants.listAsOf(id, membershipId, at);
      expect(await asOf(5_000)).toStrictEqual([{ grant, begunBy, ended: null }]);
      const ending = anEnding(2_000);
      const ended = await under.storage.transact(async (tx) => [
        await tx.grants.end(id, grant, ending),
        await tx.grants.end(id, grant, ending),
      ]);
      expect(ended).toEqual([true, false]);
      expect(await under.storage.grants.listByMembership(id, membershipId)).toEqual([]);
      const kept = [{ grant, begunBy, ended: ending }];
      expect([await asOf(999), await asOf(2_000)]).toEqual([[], []]);
      expect([await asOf(1_000), await asOf(1_999)]).toStrictEqual([kept, kept]);
    });

    test('a grant that moves keeps its birth; one that has ended, or is not there, does not move', async () => {
      const { id: membershipId } = await addMember();
      const grant = aGrant(id, membershipId, { rank: 2, createdAt: 1_000 });
      await under.storage.transact((tx) => tx.grants.insert(id, grant, begunBy));
      const move = (rank: number) => under.storage.transact((tx) => tx.grants.rerank(id, grant, rank));
      expect(await move(5)).toBe(true);
      const asOf = (at: number) => under.storage.grants.listAsOf(id, membershipId, at);
      expect(await asOf(1_000)).toStrictEqual([{ grant: { ...grant, rank: 5 }, begunBy, ended: null }]);
      await under.storage.transact((tx) => tx.grants.end(id, grant, anEnding(2_000)));
      expect(await move(9)).toBe(false);
      expect(await asOf(1_000)).toMatchObject([{ grant: { rank: 5 } }]);
    });

    test('all grants of a membership end at once, and stay known when the membership is gone', async () => {
      const { id: membershipId } = await addMember();
      const grants = [aGrant(id, membershipId), aGrant(id, membershipId, { rank: 7 })];
      await under.storage.transact(async (tx) => {
        for (const grant of grants) await tx.grants.insert(id, grant);
        await tx.grants.endByMembership(id, membershipId, anEnding(BUILT_AT + 10));
        await tx.memberships.remove(id, membershipId);
      });
      const found = await under.storage.grants.listAsOf(id, membershipId, BUILT_AT + 9);
      expect(found.map(({ grant }) => grant)).toStrictEqual(grants);
      expect(found.map((one) => one.begunBy)).toEqual([null, null]);
    });

    test('a past value holds until it ended; of several at one instant the first stays', async () => {
      const subjectId = nextId('team');
      const row = (until: number, value: string) => aPastName(id, { subjectId, until, value });
      await under.storage.transact(async (tx) => {
        await tx.pastValues.append(id, row(100, 'first'));
        await tx.pastValues.append(id, row(200, 'second'));
        await tx.pastValues.append(id, row(200, 'of no length'));
      });
      const at = (instant: number) =>
        under.storage.pastValues.find(id, { kind: 'name', id: subjectId }, instant);
      expect(await at(99)).toStrictEqual(row(100, 'first'));
      expect([await at(100), await at(199)]).toStrictEqual([row(200, 'second'), row(200, 'second')]);
      expect(await at(200)).toBeUndefined();
      const other = { kind: 'mapping', id: subjectId } as const;
      expect(await under.storage.pastValues.find(id, other, 0)).toBeUndefined();
    });

    test('what ended first is forgotten first, at most so much at once, and nothing that stands or ended later', async () => {
      const other = aWorld();
      const { organization, membership } = other;
      const owner = organization.id;
      const grants = [1, 2, 3].map(() => aGrant(owner, membership.id, { createdAt: 10 }));
      const name = (until: number, value: string) => aPastName(owner, { until, value });
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, other);
        for (const [index, grant] of grants.entries()) {
          await tx.grants.insert(owner, grant);
          await tx.grants.end(owner, grant, anEnding(100 + index));
          await tx.pastValues.append(owner, name(100 + index, `${index}`));
        }
      });
      const both = (before: number, limit: number) =>
        under.storage.transact(async (tx) => [
          await tx.grants.prune(owner, before, limit),
          await tx.pastValues.prune(owner, before, limit),
        ]);
      const left = async () => [
        (await under.storage.grants.listAsOf(owner, membership.id, 99)).map(({ grant }) => grant.id),
        (await under.storage.pastValues.find(owner, { kind: 'name', id: 'team_1' }, 0))?.value,
      ];
      const [, second, third] = grants.map((grant) => grant.id);
      expect([await both(100, 9), await left()]).toMatchObject([
        [0, 0],
        [{ length: 3 }, '0'],
      ]);
      expect([await both(102, 1), await left()]).toEqual([
        [1, 1],
        [[second, third], '1'],
      ]);
      expect([await both(102, 9), await left()]).toEqual([
        [1, 1],
        [[third], '2'],
      ]);
      expect(await under.storage.grants.listByMembership(owner, membership.id)).toHaveLength(1);
      // S106: what is as old elsewhere stays.
      const { subjectId } = world.pastName;
      await both(BUILT_AT * 2, 99);
      expect(await under.storage.pastValues.find(id, { kind: 'name', id: subjectId }, 0)).toBeDefined();
    });

    test('a value kept as the only one takes the place of all before; what was never recorded is not pruned', async () => {
      const since = (until: number) => ({
        ...{ organizationId: id, kind: 'unrecorded' as const, subjectId: nextIds, until },
        ...{ value: null, endedBy: null },
      });
      const nextIds = nextId('org');
      const found = () => under.storage.pastValues.find(id, { kind: 'unrecorded', id: nextIds }, -1);
      await under.storage.transact(async (tx) => {
        await tx.pastValues.replace(id, since(5));
        await tx.pastValues.replace(id, since(9));
        await tx.pastValues.prune(id, 1_000, 1_000);
      });
      expect(await found()).toStrictEqual(since(9));
    });

    test('S217: what a membership was loses name and address, and keeps everything else', async () => {
      const subjectId = nextId('mem');
      const value: PastMembership = {
        ...{ userId: nextId('usr'), email: 'ada@example.com', name: 'Ada' },
        ...{ status: 'active', source: 'directory', createdAt: 50 },
      };
      const row = {
        organizationId: id,
        kind: 'membership',
        subjectId,
        until: 100,
        value,
        endedBy: null,
      } as const;
      await under.storage.transact(async (tx) => {
        await tx.pastValues.append(id, row);
        await tx.pastValues.append(id, { ...row, until: 200 });
        await tx.pastValues.erase(id, subjectId);
      });
      for (const at of [99, 199])
        expect(
          (await under.storage.pastValues.find(id, { kind: 'membership', id: subjectId }, at))?.value,
        ).toStrictEqual({ ...value, email: null, name: 'erased' });
    });

    test('it ends with the organization', async () => {
      const gone = aWorld();
      const { organization, membership, grant } = gone;
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, gone);
        await tx.grants.end(organization.id, grant, anEnding(BUILT_AT + 10));
        await tx.organizations.remove(organization.id);
      });
      expect(await under.storage.grants.listAsOf(organization.id, membership.id, BUILT_AT)).toEqual([]);
    });
  });
}
