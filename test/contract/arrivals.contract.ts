/** Contract: unique values, doubtful matches and removed people are found by exactly the questions core asks. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { uniqueValue } from '../../src/core/entities/directory-extension.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { anAdoptionConflict, aRemovedUser } from '../support/arrival-builders.ts';
import { aDirectory, aDirectoryUser, aMembership, aUser, BUILT_AT, nextId } from '../support/builders.ts';
import { aCutoverMember } from '../support/cutover-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import {
  expectOneWinner,
  type OpenStorage,
  outcomeOf,
  race,
  type StorageUnderTest,
} from './storage-under-test.ts';

async function newUser(tx: Repositories, { organization, directory }: World, directoryId = directory.id) {
  const person = aUser();
  const member = aMembership(organization.id, person.id);
  const user = aDirectoryUser(directoryId, member);
  await tx.users.insert(person);
  await tx.memberships.insert(organization.id, member);
  await tx.directoryUsers.insert(organization.id, user);
  return user;
}

const PATH = 'urn:a:b:badge';

/** Registers the suite. */
export function arrivals(name: string, open: OpenStorage): void {
  describe(`${name}: arrivals`, () => {
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

    describe('unique values', () => {
      const valuesOf = async () => {
        const id = world.organization.id;
        const listed = await under.storage.uniqueValues.list(id, world.directoryUser);
        return listed.map(({ key }) => key);
      };

      test('S134 of 50 who want one value one gets it, and the others are told its path', async () => {
        const id = world.organization.id;
        const users = await write((tx) => Promise.all(Array.from({ length: 50 }, () => newUser(tx, world))));
        const outcomes = await race(under.storage, 50, async (tx, index) => {
          const user = users[index];
          if (user !== undefined) await tx.uniqueValues.replace(id, user, [uniqueValue(PATH, 'x')]);
        });
        expectOneWinner(outcomes, 'already_exists', PATH);
      });

      test('a replacement is whole: what is left out is free again, what stays does not clash with itself', async () => {
        const { organization, directoryUser } = world;
        const [a, b, c] = ['a', 'b', 'c'].map((value) => uniqueValue(PATH, value));
        if (a === undefined || b === undefined || c === undefined) throw new Error('no values');
        await write((tx) => tx.uniqueValues.replace(organization.id, directoryUser, [a, b]));
        await write((tx) => tx.uniqueValues.replace(organization.id, directoryUser, [c, b]));
        expect(await valuesOf()).toEqual([b.key, c.key]);
        const other = await write((tx) => newUser(tx, world));
        const taking = (value: typeof a) =>
          outcomeOf(write((tx) => tx.uniqueValues.replace(organization.id, other, [value])));
        expect(await taking(a)).toEqual({ answered: undefined });
        expect(await taking(b)).toEqual({ refused: 'already_exists', field: PATH });
      });

      test('S115 the same value in another directory is another value', async () => {
        const { organization, directoryUser } = world;
        const sibling = aDirectory(organization.id);
        await write(async (tx) => {
          await tx.directories.insert(organization.id, sibling);
          const user = await newUser(tx, world, sibling.id);
          await tx.uniqueValues.replace(organization.id, directoryUser, [uniqueValue(PATH, 'x')]);
          await tx.uniqueValues.replace(organization.id, user, [uniqueValue(PATH, 'x')]);
        });
        await write((tx) => tx.uniqueValues.remove(organization.id, sibling.id, PATH));
        expect(await valuesOf()).toEqual([`${PATH} x`]);
      });
    });

    describe('doubtful matches', () => {
      test('one for each user, found by it, listed by directory and status', async () => {
        const { organization, directory, directoryUser, membership, conflict } = world;
        const { adoptionConflicts } = under.storage;
        const twin = anAdoptionConflict(directoryUser, membership.id);
        expect(await outcomeOf(write((tx) => tx.adoptionConflicts.insert(organization.id, twin)))).toEqual({
          refused: 'already_exists',
          field: 'directoryUserId',
        });
        const second = await write(async (tx) => {
          const row = anAdoptionConflict(await newUser(tx, world), membership.id, { status: 'rejected' });
          await tx.adoptionConflicts.insert(organization.id, row);
          return row;
        });
        expect(await adoptionConflicts.findByUser(organization.id, second.directoryUserId)).toEqual(second);
        const list = (status?: 'open' | 'rejected' | 'adopted', after?: string) =>
          adoptionConflicts.list(
            organization.id,
            { directoryId: directory.id, status },
            { after, limit: 10 },
          );
        expect(await list()).toEqual([conflict, second]);
        expect(await list(undefined, conflict.id)).toEqual([second]);
        expect(await list('open')).toEqual([conflict]);
        expect(await list('rejected')).toEqual([second]);
        expect(await list('rejected', second.id)).toEqual([]);
        expect(await list('adopted')).toEqual([]);
      });
    });

    describe('shadows', () => {
      test('a shadow needs no membership, whoever ceases to be one does, and anybody else did', async () => {
        const { organization, directory, membership } = world;
        const nobody = { ...membership, id: nextId<'mem'>('mem'), userId: nextId<'usr'>('usr') };
        const shadow = aDirectoryUser(directory.id, nobody, { shadow: { name: 'Ada', email: null } });
        const insert = (user: typeof shadow) =>
          outcomeOf(write((tx) => tx.directoryUsers.insert(organization.id, user)));
        const update = (user: typeof shadow, version: number) =>
          outcomeOf(write((tx) => tx.directoryUsers.update(organization.id, user, version)));
        const refused = { refused: 'not_found' };
        expect(await insert({ ...shadow, shadow: null })).toMatchObject(refused);
        expect(await insert(shadow)).toEqual({ answered: undefined });
        const { directoryUsers } = under.storage;
        expect(await directoryUsers.find(organization.id, directory.id, shadow.id)).toStrictEqual(shadow);
        expect(await update({ ...shadow, shadow: null }, 1)).toMatchObject(refused);
        const moved = { ...shadow, shadow: null, membershipId: membership.id };
        expect(await update(moved, 1)).toEqual({ answered: undefined });
        expect(await update({ ...moved, membershipId: nobody.id }, 2)).toMatchObject(refused);
        expect(await update(shadow, 2)).toEqual({ answered: undefined });
      });
    });

    describe('members that a cut-over remembers', () => {
      test('listed by membership, whole; gone once their time is over, and only those', async () => {
        const { organization, directory, membership, cutoverMember, grant } = world;
        const person = aUser();
        const other = aMembership(organization.id, person.id);
        const old = aCutoverMember(directory, other, { expiresAt: 5, grants: [grant] });
        await write((tx) => tx.cutoverMembers.insert(organization.id, old));
        const list = () => under.storage.cutoverMembers.list(organization.id, directory.id, { limit: 9 });
        const byId = (a: string, b: string) => (a < b ? -1 : 1);
        expect((await list()).map(({ membershipId }) => membershipId)).toEqual(
          [membership.id, other.id].sort(byId),
        );
        expect(await list()).toContainEqual(old);
        expect(await write((tx) => tx.cutoverMembers.removeExpired(5))).toBe(1);
        expect(await list()).toStrictEqual([cutoverMember]);
      });
    });

    describe('what an erasure takes from a cut-over', () => {
      test('one remembered member, once; its own words by its version', async () => {
        const { organization, directory, cutover, cutoverMember } = world;
        const { id } = organization;
        const { membershipId } = cutoverMember;
        const erase = () => write((tx) => tx.cutoverMembers.erase(id, directory.id, membershipId));
        expect([await erase(), await erase()]).toEqual([true, false]);
        expect(await under.storage.cutoverMembers.list(id, directory.id, { limit: 9 })).toEqual([]);
        const next = { ...cutover, voided: [] };
        const put = () => outcomeOf(write((tx) => tx.cutovers.erase(id, next, cutover.version)));
        expect(await put()).toEqual({ answered: undefined });
        expect(await put()).toMatchObject({ refused: 'version_conflict' });
        expect(await under.storage.cutovers.find(id, directory.id)).toMatchObject({ voided: [] });
      });
    });

    describe('removed people', () => {
      const NOW = BUILT_AT + 1000;

      test('found by the membership they had, the last removed first', async () => {
        const { organization, directory, removedUser } = world;
        const { membershipId } = removedUser;
        const later = aRemovedUser(directory, { membershipId, removedAt: BUILT_AT + 5 });
        await write((tx) => tx.removedUsers.insert(organization.id, later));
        const { removedUsers } = under.storage;
        const find = (id: typeof membershipId) =>
          removedUsers.findByMembership(organization.id, directory.id, id);
        expect(await find(membershipId)).toStrictEqual(later);
        expect(await find(nextId('mem'))).toBeUndefined();
      });

      test('matched by either key, the last removed first, until they expire', async () => {
        const { organization, directory } = world;
        const rows = [
          aRemovedUser(directory, { userNameKey: 'ada', removedAt: 1 }),
          aRemovedUser(directory, { userNameKey: 'ada', externalId: 'E1', removedAt: 3 }),
          aRemovedUser(directory, { userNameKey: 'eve', externalId: 'E1', removedAt: 2 }),
          aRemovedUser(directory, { userNameKey: 'ada', externalId: 'E1', expiresAt: NOW }),
          aRemovedUser(directory, { userNameKey: 'kim' }),
        ];
        await write(async (tx) => {
          for (const row of rows) await tx.removedUsers.insert(organization.id, row);
        });
        const matching = async (userNameKey: string, externalId: string | null) => {
          const match = { userNameKey, externalId, now: NOW };
          const found = await under.storage.removedUsers.listMatching(organization.id, directory.id, match);
          return found.map((row) => rows.findIndex(({ id }) => id === row.id));
        };
        expect(await matching('ada', null)).toEqual([1, 0]);
        expect(await matching('ada', 'E1')).toEqual([1, 2, 0]);
        expect(await matching('x', 'E1')).toEqual([1, 2]);
        expect(await matching('x', 'e1')).toEqual([]);
        expect(await matching('kim', 'x')).toEqual([4]);
        expect(await write((tx) => tx.removedUsers.removeExpired(NOW))).toBe(1);
        expect(await matching('ada', 'E1')).toEqual([1, 2, 0]);
      });

      test('R14 one of 50 takes somebody out', async () => {
        const { organization, directory, removedUser } = world;
        const outcomes = await race(under.storage, 50, (tx) =>
          tx.removedUsers.consume(organization.id, directory.id, removedUser.id),
        );
        const won = outcomes.filter((outcome) => 'answered' in outcome && outcome.answered === true);
        expect([won.length, outcomes.length]).toEqual([1, 50]);
      });
    });
  });
}
