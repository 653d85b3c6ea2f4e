/** Contract: no method of any repository sees or changes another organization's rows (law 1, S106, S115). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Queries, Repositories, WriteVerb } from '../../src/core/ports/storage.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { aDirectoryGroup } from '../support/builders.ts';
import { aWorld, plantWorld, readWorld, SHARED, type World } from '../support/world.ts';
import { GLOBAL_METHODS } from './global-methods.ts';
import { type OpenStorage, type Outcome, outcomeOf, type StorageUnderTest } from './storage-under-test.ts';
import { FURTHER_CALLS, ISOLATION_TABLE } from './tenant-isolation-table.ts';

const WRITE_VERBS: Readonly<Record<WriteVerb, true>> = {
  insert: true,
  prune: true,
  erase: true,
  rewriteMail: true,
  eraseDetails: true,
  eraseUse: true,
  eraseProofs: true,
  update: true,
  updateLastUsed: true,
  updateLastSeen: true,
  updateLastActive: true,
  rotate: true,
  confirm: true,
  remove: true,
  removeByMembership: true,
  end: true,
  endByMembership: true,
  rerank: true,
  removeByUser: true,
  removeEverywhere: true,
  removeExpired: true,
  replace: true,
  moveCounts: true,
  claim: true,
  claimWarning: true,
  consume: true,
  settle: true,
  cancel: true,
  append: true,
  trim: true,
};

const TABLE = Object.entries(ISOLATION_TABLE).flatMap(([repository, methods]) =>
  Object.entries(methods).map(([method, entry]) => ({ repository, method, entry })),
);
type Entry = (typeof TABLE)[number]['entry'];
type Bounded = Extract<Entry, { call: unknown }>;
type Read = Bounded & { call: (store: Queries, b: OrganizationId, a: World) => Promise<unknown> };

const BOUNDED = TABLE.flatMap(({ repository, method, entry }) =>
  'call' in entry ? [{ title: `${repository}.${method}`, method, entry }] : [],
);

function reads(method: string, entry: Bounded): entry is Read {
  return !Object.hasOwn(WRITE_VERBS, method) && 'call' in entry;
}

const READS = BOUNDED.flatMap(({ title, method, entry }) => (reads(method, entry) ? [{ title, entry }] : []));

/** Those that are given something of the other organization to name. */
const NAMING = BOUNDED.filter(
  ({ title, entry }) => !('answersOwn' in entry) && !title.startsWith('organizations.'),
);

/** Every function an object answers to, whether its own or of its class. */
function methodsOf(object: object): readonly string[] {
  const names = new Set<string>();
  for (let at: object = object; Object.getPrototypeOf(at) !== null; at = Object.getPrototypeOf(at)) {
    for (const key of Object.getOwnPropertyNames(at)) {
      if (key !== 'constructor' && typeof Reflect.get(object, key) === 'function') names.add(key);
    }
  }
  return [...names];
}

function idsIn(world: World): readonly string[] {
  const { organization, membership, user, team, directory, directoryUser, group, connection } = world;
  return [organization, membership, user, team, directory, directoryUser, group, connection].map(
    (row) => row.id,
  );
}

/** The organization that a row says it belongs to; an organization belongs to itself. */
function ownerOf(row: unknown): unknown {
  if (typeof row !== 'object' || row === null) return undefined;
  return 'organizationId' in row ? row.organizationId : 'id' in row ? row.id : undefined;
}

function expectTold(entry: Bounded, outcome: Outcome, b: World): void {
  if ('refuses' in entry) expect(outcome).toMatchObject({ refused: entry.refuses });
  if ('answers' in entry) expect(outcome).toEqual({ answered: entry.answers });
  if (!('answersOwn' in entry)) return;
  const answered = 'answered' in outcome ? outcome.answered : undefined;
  const rows: readonly unknown[] = Array.isArray(answered) ? answered : [answered];
  expect(rows.map(ownerOf)).toEqual(Array.from({ length: entry.answersOwn }, () => b.organization.id));
}

/** Registers the suite. */
export function tenantIsolation(name: string, open: OpenStorage): void {
  describe(`${name}: tenant isolation`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const plantTwo = () => {
      const [a, b] = [aWorld(), aWorld()];
      return under.storage.transact(async (tx) => {
        await plantWorld(tx, a);
        await plantWorld(tx, b);
        const parent = aDirectoryGroup(a.directory);
        await tx.directoryGroups.insert(a.organization.id, parent);
        const nested = { memberId: a.group.id, memberKind: 'group' } as const;
        await tx.groupMembers.insert(a.organization.id, parent.id, [nested]);
        return { a, b };
      });
    };

    /** The world, and the group that its own group is nested in. */
    const readAll = async (a: World) => ({
      ...(await readWorld(under.storage, a)),
      groupsOfGroup: await under.storage.groupMembers.listGroupsOf(a.organization.id, a.group.id),
    });

    const isolated = async (told: (a: World, b: World) => Promise<Outcome>, entry: Bounded) => {
      const { a, b } = await plantTwo();
      const before = await readAll(a);
      const outcome = await told(a, b);
      expectTold(entry, outcome, b);
      for (const foreign of idsIn(a)) expect(JSON.stringify(outcome)).not.toContain(foreign);
      expect(await readAll(a)).toStrictEqual(before);
      const claim = (assertionId: string) =>
        under.storage.transact((tx) =>
          tx.consumedAssertions.claim(a.organization.id, a.connection.id, assertionId, 9),
        );
      expect([await claim(SHARED.assertionId), await claim('_another')]).toEqual([false, true]);
    };

    const within = (entry: Bounded, b: World, a: World) =>
      outcomeOf(under.storage.transact((tx: Repositories) => entry.call(tx, b.organization.id, a)));

    test('the table names every method of the live repositories, and no other', async () => {
      const live = await under.storage.transact(async (tx) =>
        Object.entries(tx).flatMap(([repository, methods]: [string, object]) =>
          methodsOf(methods).map((method) => `${repository}.${method}`),
        ),
      );
      expect(live.length).toBeGreaterThan(100);
      expect([...live].sort()).toEqual(
        TABLE.map(({ repository, method }) => `${repository}.${method}`).sort(),
      );
    });

    test('outside a transaction the same repositories answer every question', () => {
      const missing = TABLE.filter(({ repository, method }) => {
        const found: unknown = Reflect.get(under.storage, repository);
        const isThere = typeof found === 'object' && found !== null && methodsOf(found).includes(method);
        return !isThere && !Object.hasOwn(WRITE_VERBS, method);
      });
      expect(missing).toEqual([]);
    });

    test('only the closed list of methods is global', () => {
      const global = TABLE.filter(({ entry }) => 'global' in entry);
      expect(global.map(({ repository, method }) => `${repository}.${method}`).sort()).toEqual(
        GLOBAL_METHODS,
      );
    });

    test.each([...BOUNDED, ...FURTHER_CALLS])(
      "S106 $title cannot see or change another organization's rows",
      ({ entry }) => isolated((a, b) => within(entry, b, a), entry),
    );

    test.each(READS)(
      "S106 $title outside a transaction cannot see another organization's rows",
      ({ entry }) => isolated((a, b) => outcomeOf(entry.call(under.storage, b.organization.id, a)), entry),
    );

    test.each(NAMING)('S106 $title tells about a foreign row what it tells about none', async ({ entry }) => {
      const { a, b } = await plantTwo();
      const unknown = await within(entry, b, aWorld());
      expectTold(entry, unknown, b);
      expect(await within(entry, b, a)).toEqual(unknown);
    });
  });
}
