/** Contract: lists come in the order asked for, from any offset or position, with exact totals while rows come and go. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type {
  GroupOrder,
  GroupQuery,
  UserOrder,
  UserQuery,
} from '../../src/core/directory/directory-query.ts';
import type { DirectoryGroup, DirectoryUser } from '../../src/core/entities/directory.ts';
import type { OrderedPage, Position, SortKey } from '../../src/core/ports/paging.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { aDirectory, aDirectoryGroup, aDirectoryUser, aMembership, aUser } from '../support/builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import { shownOf } from './fits-query.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Ordered by code point: the last two show an adapter that compares UTF-16 units. */
const WORDS = ['', 'A', 'B', 'a', 'ab', 'b', 'z', 'é', 'ü', '\uffff', '𝒜'];
const word = fc.constantFrom(...WORDS);
const nullable = fc.option(word, { nil: null, freq: 2 });

const USER_ORDERS: readonly UserOrder[] = ['id', 'userName', 'displayName', 'externalId', 'updatedAt'];
const GROUP_ORDERS: readonly GroupOrder[] = ['id', 'displayName', 'externalId'];
const DIRECTIONS = ['ascending', 'descending'] as const;

const userKeys: Readonly<Record<UserOrder, (user: DirectoryUser) => SortKey>> = {
  id: () => null,
  userName: (user) => user.userNameKey,
  displayName: (user) => user.displayNameKey,
  externalId: (user) => user.externalId,
  updatedAt: (user) => user.updatedAt,
};
const groupKeys: Readonly<Record<GroupOrder, (group: DirectoryGroup) => SortKey>> = {
  id: () => null,
  displayName: (group) => group.displayNameKey,
  externalId: (group) => group.externalId,
};

const compareText = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));

/** The order the port promises, ascending. */
function comparePositions(left: Position, right: Position): number {
  if (left.key === null || right.key === null) {
    return Number(left.key === null) - Number(right.key === null) || compareText(left.id, right.id);
  }
  const byKey =
    typeof left.key === 'number' && typeof right.key === 'number'
      ? left.key - right.key
      : compareText(String(left.key), String(right.key));
  return byKey || compareText(left.id, right.id);
}

interface Wanted<Row extends { readonly id: string }, By extends string> {
  readonly rows: readonly Row[];
  readonly page: OrderedPage<By>;
  readonly keyOf: (row: Row) => SortKey;
}

/** What a page must hold. */
function pageOf<Row extends { readonly id: string }, By extends string>({
  rows,
  page,
  keyOf,
}: Wanted<Row, By>) {
  const sign = page.order?.direction === 'descending' ? -1 : 1;
  const place = (row: Row): Position => ({ key: keyOf(row), id: row.id });
  const sorted = rows.toSorted((left, right) => sign * comparePositions(place(left), place(right)));
  const { after } = page;
  const rest =
    after === undefined ? sorted : sorted.filter((row) => sign * comparePositions(place(row), after) > 0);
  return { rows: rest.slice(page.offset, page.offset + page.limit), total: rows.length };
}

const cut = fc.record({ offset: fc.integer({ min: 0, max: 9 }), limit: fc.integer({ min: 0, max: 9 }) });

/** Registers the suite. */
export function directoryOrder(name: string, open: OpenStorage): void {
  describe(`${name}: directory order`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    const id = world.organization.id;
    const directory = aDirectory(id);
    const users: DirectoryUser[] = [];
    const groups: DirectoryGroup[] = [];

    const addUser = async (tx: Repositories, fields: Partial<DirectoryUser>, into = directory) => {
      const person = aUser();
      const member = aMembership(id, person.id);
      await tx.users.insert(person);
      await tx.memberships.insert(id, member);
      const user = aDirectoryUser(into.id, member, fields);
      await tx.directoryUsers.insert(id, user);
      return user;
    };

    beforeAll(async () => {
      under = await open();
      const fields = fc.record({
        externalId: nullable,
        displayNameKey: nullable,
        updatedAt: fc.integer({ min: 1, max: 4 }),
      });
      const named = fc.record({ externalId: nullable, displayNameKey: word });
      await under.storage.transact(async (tx) => {
        users.length = 0;
        groups.length = 0;
        await plantWorld(tx, world);
        await tx.directories.insert(id, directory);
        // A neighbour whose rows must never be met.
        const other = aDirectory(id);
        await tx.directories.insert(id, other);
        for (const [index, row] of fc.sample(fields, { numRuns: 14, seed: 3 }).entries()) {
          const userName = `${WORDS[(index * 4) % WORDS.length]}${index}`;
          users.push(await addUser(tx, { ...row, userName, userNameKey: userName }));
          await addUser(tx, { ...row, userName, userNameKey: userName }, other);
        }
        for (const row of fc.sample(named, { numRuns: 14, seed: 4 })) {
          const group = aDirectoryGroup(directory, row);
          await tx.directoryGroups.insert(id, group);
          groups.push(group);
        }
      });
    });
    afterAll(() => under.close());

    const userQueries: readonly { query: UserQuery; fits: (user: DirectoryUser) => boolean }[] = [
      { query: { kind: 'all' }, fits: () => true },
      { query: { kind: 'none' }, fits: () => false },
      {
        query: { kind: 'not', operand: { kind: 'equals', field: 'externalId', value: 'a' } },
        fits: (user) => user.externalId !== 'a',
      },
    ];

    test.each(USER_ORDERS)('L57: users by %s, from any offset and behind any position', async (by) => {
      const keyOf = userKeys[by];
      const places = fc.constantFrom(undefined, ...positionsIn(users, keyOf));
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...userQueries),
          fc.constantFrom(...DIRECTIONS),
          places,
          cut,
          async ({ query, fits }, direction, after, { offset, limit }) => {
            const page = { offset, limit, order: { by, direction }, after };
            const answer = await under.storage.directoryUsers.query(id, directory.id, query, page);
            expect(answer).toStrictEqual(pageOf({ rows: users.filter(fits), page, keyOf }));
            const shown = await under.storage.directoryUsers.queryShown(id, directory.id, query, page);
            expect(shown).toStrictEqual({ rows: answer.rows.map(shownOf), total: answer.total });
          },
        ),
        { numRuns: 150 },
      );
    });

    test.each(GROUP_ORDERS)('L57: groups by %s, from any offset and behind any position', async (by) => {
      const keyOf = groupKeys[by];
      const query: GroupQuery = { kind: 'all' };
      const places = fc.constantFrom(undefined, ...positionsIn(groups, keyOf));
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...DIRECTIONS),
          places,
          cut,
          async (direction, after, { offset, limit }) => {
            const page = { offset, limit, order: { by, direction }, after };
            const answer = await under.storage.directoryGroups.query(id, directory.id, query, page);
            expect(answer).toStrictEqual(pageOf({ rows: groups, page, keyOf }));
          },
        ),
        { numRuns: 150 },
      );
    });

    type Step =
      | { readonly kind: 'append' | 'insertBefore' | 'rollBack'; readonly at: number }
      | { readonly kind: 'remove'; readonly at: number }
      | {
          readonly kind: 'read';
          readonly offset: number;
          readonly limit: number;
          readonly direction: (typeof DIRECTIONS)[number];
        };

    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({
        kind: fc.constantFrom('append' as const, 'insertBefore', 'rollBack', 'remove'),
        at: fc.nat(30),
      }),
      fc.record({
        kind: fc.constant('read' as const),
        offset: fc.nat(30),
        limit: fc.nat(6),
        direction: fc.constantFrom(...DIRECTIONS),
      }),
    );

    test('L61: every page of the list by id is exact between inserts, removals and rollbacks', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
          const place = aDirectory(id);
          await under.storage.transact((tx) => tx.directories.insert(id, place));
          let rows: DirectoryUser[] = [];
          for (const one of steps) rows = await take(one, rows, place);
        }),
        { numRuns: 25 },
      );
    });

    async function take(one: Step, rows: DirectoryUser[], place: typeof directory): Promise<DirectoryUser[]> {
      const { storage } = under;
      const target = rows[one.kind === 'read' ? 0 : one.at % Math.max(1, rows.length)];
      switch (one.kind) {
        case 'append':
          return [...rows, await storage.transact((tx) => addUser(tx, {}, place))];
        case 'insertBefore': {
          if (target === undefined) return rows;
          // A clock that went back, or a second process: the new id sorts before one that is there.
          const early = `${target.id.slice(0, -1)}${String.fromCharCode(target.id.charCodeAt(target.id.length - 1) - 1)}`;
          if (rows.some((row) => row.id === early)) return rows;
          const user = await storage.transact((tx) =>
            addUser(tx, { id: early as DirectoryUser['id'] }, place),
          );
          return [...rows, user].sort((left, right) => compareText(left.id, right.id));
        }
        case 'remove':
          if (target === undefined) return rows;
          await storage.transact((tx) => tx.directoryUsers.remove(id, place.id, target.id));
          return rows.filter((row) => row !== target);
        case 'rollBack': {
          const page = { offset: one.at, limit: 3 };
          const interrupted = storage.transact(async (tx) => {
            if (target !== undefined) await tx.directoryUsers.remove(id, place.id, target.id);
            await tx.directoryUsers.query(id, place.id, { kind: 'all' }, page);
            throw new Error('interrupted');
          });
          await expect(interrupted).rejects.toThrow('interrupted');
          return rows;
        }
        case 'read': {
          const { offset, limit, direction } = one;
          const page = { offset, limit, order: { by: 'id' as const, direction } };
          const answer = await storage.directoryUsers.query(id, place.id, { kind: 'all' }, page);
          expect(answer).toStrictEqual(pageOf({ rows, page, keyOf: () => null }));
          const shown = await storage.directoryUsers.queryShown(id, place.id, { kind: 'all' }, page);
          expect(shown).toStrictEqual({ rows: answer.rows.map(shownOf), total: answer.total });
          return rows;
        }
      }
    }
  });
}

/** The places of the rows, and places between and beyond them. */
function positionsIn<Row extends { readonly id: string }>(
  rows: readonly Row[],
  keyOf: (row: Row) => SortKey,
): readonly Position[] {
  return rows.flatMap((row) => [
    { key: keyOf(row), id: row.id },
    { key: keyOf(row), id: `${row.id}z` },
    { key: null, id: row.id },
  ]);
}
