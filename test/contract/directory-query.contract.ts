/** Contract: a compiled directory query answers exactly the rows that the reference evaluator lets through. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type {
  DirectoryQuery,
  GroupField,
  GroupQuery,
  UserField,
  UserQuery,
} from '../../src/core/directory/directory-query.ts';
import type { DirectoryGroup, DirectoryUser } from '../../src/core/entities/directory.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import {
  aDirectory,
  aDirectoryGroup,
  aDirectoryUser,
  aMembership,
  aUser,
  nextText,
} from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import { fitsQuery, shownOf } from './fits-query.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Few and close to each other, so that random queries hit; among them what LIKE, ranges and collations get wrong. */
const WORDS = [
  'a',
  'ab',
  'abc',
  'A',
  'b',
  '%',
  'a%',
  'a_',
  '_',
  "a'b",
  'a"b',
  'a\\',
  'é',
  'e\u0301',
  'e',
  '𝒜',
  '𝒜𝒜',
  '\uffff',
  '\u{10ffff}',
  '\u{10ffff}a',
  '0',
  '00',
  ' a',
  'a ',
];

const word = fc.constantFrom(...WORDS);
const nullable = fc.option(word, { nil: null });

interface Plan {
  readonly users: readonly {
    readonly externalId: string | null;
    readonly displayNameKey: string | null;
    readonly emailKeys: readonly string[];
    readonly groups: readonly number[];
  }[];
  readonly groups: readonly { readonly displayNameKey: string; readonly externalId: string | null }[];
}

const GROUPS = 4;

const planOfDirectory: fc.Arbitrary<Plan> = fc.record({
  users: fc.array(
    fc.record({
      externalId: nullable,
      displayNameKey: nullable,
      emailKeys: fc.uniqueArray(word, { maxLength: 3 }),
      groups: fc.uniqueArray(fc.integer({ min: 0, max: GROUPS - 1 }), { maxLength: 3 }),
    }),
    { maxLength: 12 },
  ),
  groups: fc.array(fc.record({ displayNameKey: word, externalId: nullable }), {
    minLength: GROUPS,
    maxLength: GROUPS,
  }),
});

/** A stored directory beside what the reference evaluator needs to know of it. */
interface Planted {
  readonly directory: World['directory'];
  readonly users: readonly DirectoryUser[];
  readonly groups: readonly DirectoryGroup[];
  readonly membersOf: ReadonlyMap<string, readonly string[]>;
}

async function plantDirectory(tx: Repositories, world: World, plan: Plan): Promise<Planted> {
  const id = world.organization.id;
  const directory = aDirectory(id);
  await tx.directories.insert(id, directory);
  const groups = plan.groups.map((fields) => aDirectoryGroup(directory, fields));
  for (const group of groups) await tx.directoryGroups.insert(id, group);
  const users: DirectoryUser[] = [];
  const membersOf = new Map<string, string[]>(groups.map((group) => [group.id, []]));
  for (const [index, { groups: memberOf, ...fields }] of plan.users.entries()) {
    const person = aUser();
    const member = aMembership(id, person.id);
    await tx.users.insert(person);
    await tx.memberships.insert(id, member);
    // User names are unique: the pool's words in turn.
    const userName = WORDS[(index * 5) % WORDS.length] ?? nextText('name');
    const user = aDirectoryUser(directory.id, member, { ...fields, userName, userNameKey: userName });
    await tx.directoryUsers.insert(id, user);
    await tx.uniqueValues.replace(id, user, [{ path: 'p', key: user.userName }]);
    users.push(user);
    for (const at of memberOf) {
      const group = groups[at];
      if (group === undefined) continue;
      await tx.groupMembers.insert(id, group.id, [{ memberId: user.id, memberKind: 'user' }]);
      membersOf.get(group.id)?.push(user.id);
    }
  }
  return { directory, users, groups, membersOf };
}

const present = (value: string | null): readonly string[] => (value === null ? [] : [value]);

function valuesOfUser(
  { groups, membersOf }: Planted,
  user: DirectoryUser,
  field: UserField,
): readonly string[] {
  switch (field) {
    case 'id':
      return [user.id];
    case 'userName':
      return [user.userNameKey];
    case 'externalId':
      return present(user.externalId);
    case 'displayName':
      return present(user.displayNameKey);
    case 'email':
      return user.emailKeys;
    case 'uniqueValue':
      return [user.userName];
    case 'group':
      return groups.map((group) => group.id).filter((groupId) => membersOf.get(groupId)?.includes(user.id));
  }
}

function valuesOfGroup({ membersOf }: Planted, group: DirectoryGroup, field: GroupField): readonly string[] {
  switch (field) {
    case 'id':
      return [group.id];
    case 'displayName':
      return [group.displayNameKey];
    case 'externalId':
      return present(group.externalId);
    case 'member':
      return membersOf.get(group.id) ?? [];
  }
}

/** Random trees over `fields`; values come from the words, from the given ids, or from their beginnings. */
function queryOver<Field extends string>(
  fields: readonly Field[],
  ids: readonly string[],
): fc.Arbitrary<DirectoryQuery<Field>> {
  const field = fc.constantFrom(...fields);
  const id = fc.constantFrom(...ids, 'du_absent');
  const value = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: id });
  const prefix = fc.oneof(value, fc.constantFrom('', 'd', 'du_', 'dg_0'));
  const { tree } = fc.letrec<{ tree: DirectoryQuery<Field> }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.record({ kind: fc.constant('equals' as const), field, value }),
      fc.record({ kind: fc.constant('startsWith' as const), field, value: prefix }),
      fc.record({ kind: fc.constant('all' as const) }),
      fc.record({ kind: fc.constant('none' as const) }),
      fc.record({ kind: fc.constant('and' as const), operands: fc.array(tie('tree'), { maxLength: 3 }) }),
      fc.record({ kind: fc.constant('or' as const), operands: fc.array(tie('tree'), { maxLength: 3 }) }),
      fc.record({ kind: fc.constant('not' as const), operand: tie('tree') }),
    ),
  }));
  return tree;
}

const USER_FIELDS: readonly UserField[] = [
  'id',
  'userName',
  'externalId',
  'email',
  'displayName',
  'uniqueValue',
  'group',
];
const GROUP_FIELDS: readonly GroupField[] = ['id', 'displayName', 'externalId', 'member'];

const cut = fc.record({ offset: fc.integer({ min: 0, max: 14 }), limit: fc.integer({ min: 0, max: 14 }) });

const equals = <Field extends string>(field: Field, value: string) =>
  ({ kind: 'equals', field, value }) as const;
const startsWith = <Field extends string>(field: Field, value: string) =>
  ({ kind: 'startsWith', field, value }) as const;

/** Trees that random search might miss: three-valued logic, empty operands, literal wildcards, the end of the range. */
const TELLING: readonly (readonly [title: string, query: UserQuery])[] = [
  ['not equals matches rows whose value is absent', { kind: 'not', operand: equals('externalId', 'a') }],
  [
    'not startsWith matches rows whose value is absent',
    { kind: 'not', operand: startsWith('displayName', 'a') },
  ],
  ['startsWith nothing matches only rows that have a value', startsWith('externalId', '')],
  ['an empty and is true', { kind: 'and', operands: [] }],
  ['an empty or is false', { kind: 'or', operands: [] }],
  ['not of an empty or is true', { kind: 'not', operand: { kind: 'or', operands: [] } }],
  ['a per cent sign is no wildcard', startsWith('userName', 'a%')],
  ['an underscore is no wildcard', startsWith('email', '_')],
  ['a prefix ending in the last code point', startsWith('email', '\u{10ffff}')],
  ['a prefix ending in the last unit', startsWith('email', '\uffff')],
  ['two e-mails of one user count it once', startsWith('email', '')],
  [
    'both values may be met by different e-mails',
    { kind: 'and', operands: [equals('email', 'a'), equals('email', 'b')] },
  ],
];

/** Registers the suite. */
export function directoryQuery(name: string, open: OpenStorage): void {
  describe(`${name}: directory queries`, () => {
    let under: StorageUnderTest;
    const planted: Planted[] = [];
    const world = aWorld();
    const id = world.organization.id;
    beforeAll(async () => {
      under = await open();
      await under.storage.transact(async (tx) => {
        planted.length = 0;
        await plantWorld(tx, world);
        for (const plan of fc.sample(planOfDirectory, { numRuns: 12, seed: 7 })) {
          planted.push(await plantDirectory(tx, world, plan));
        }
      });
    });
    afterAll(() => under.close());

    const agreeOnUsers = async (one: Planted, query: UserQuery, page = { offset: 0, limit: 100 }) => {
      const fitting = one.users.filter((user) => fitsQuery(query, (field) => valuesOfUser(one, user, field)));
      const { offset, limit } = page;
      const answer = await under.storage.directoryUsers.query(id, one.directory.id, query, page);
      expect(answer).toStrictEqual({ rows: fitting.slice(offset, offset + limit), total: fitting.length });
      const shown = await under.storage.directoryUsers.queryShown(id, one.directory.id, query, page);
      const rows = shown.rows.map(({ isInNoGroup: _, ...row }) => row);
      expect({ rows, total: shown.total }).toStrictEqual({
        rows: answer.rows.map(shownOf),
        total: answer.total,
      });
      for (const { id: userId, isInNoGroup } of shown.rows) {
        if (isInNoGroup === undefined) continue;
        const around = await under.storage.groupMembers.listContaining(id, [userId]);
        expect(isInNoGroup).toBe(around.length === 0);
      }
      const scanned = await under.storage.directoryUsers.scan(id, one.directory.id, query, { limit: 100 });
      expect(scanned).toStrictEqual(fitting);
    };

    const agreeOnGroups = async (one: Planted, query: GroupQuery, page = { offset: 0, limit: 100 }) => {
      const fitting = one.groups.filter((group) =>
        fitsQuery(query, (field) => valuesOfGroup(one, group, field)),
      );
      const { offset, limit } = page;
      const answer = await under.storage.directoryGroups.query(id, one.directory.id, query, page);
      expect(answer).toStrictEqual({ rows: fitting.slice(offset, offset + limit), total: fitting.length });
      const scanned = await under.storage.directoryGroups.scan(id, one.directory.id, query, { limit: 100 });
      expect(scanned).toStrictEqual(fitting);
    };

    test('random user queries over random directories agree with the reference, totals included', async () => {
      const someUsers = planted.flatMap((one) => one.users.slice(0, 2).map((user) => user.id));
      const someGroups = planted.flatMap((one) => one.groups.slice(0, 2).map((group) => group.id));
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...planted),
          queryOver(USER_FIELDS, [...someUsers, ...someGroups]),
          cut,
          (one, query, page) => agreeOnUsers(one, query, page),
        ),
        { numRuns: 400 },
      );
    });

    test('random group queries over random directories agree with the reference, totals included', async () => {
      const someUsers = planted.flatMap((one) => one.users.slice(0, 2).map((user) => user.id));
      const someGroups = planted.flatMap((one) => one.groups.slice(0, 2).map((group) => group.id));
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...planted),
          queryOver(GROUP_FIELDS, [...someUsers, ...someGroups]),
          cut,
          (one, query, page) => agreeOnGroups(one, query, page),
        ),
        { numRuns: 300 },
      );
    });

    test.each(TELLING)('%s', async (_title, query) => {
      for (const one of planted) await agreeOnUsers(one, query);
    });

    /** Every word and every group id as the value of both kinds of leaf. */
    const leavesOf = <Field extends string>(field: Field) => {
      const values = [...WORDS, ...planted.flatMap((one) => one.groups.map((group) => group.id))];
      return values.flatMap((value) => [equals(field, value), startsWith(field, value)]);
    };

    test.each(USER_FIELDS)('every value of %s finds its users, whole and by its beginning', async (field) => {
      for (const one of planted.slice(0, 3)) {
        for (const leaf of leavesOf(field)) await agreeOnUsers(one, leaf);
      }
    });

    test.each(GROUP_FIELDS)(
      'every value of %s finds its groups, whole and by its beginning',
      async (field) => {
        for (const one of planted.slice(0, 3)) {
          for (const leaf of leavesOf(field)) await agreeOnGroups(one, leaf);
        }
      },
    );

    test('S106 a query sees its own directory only, and a group is found only through members of its own', async () => {
      const [first, second] = planted.filter((one) => one.users.length > 0);
      const foreign = second?.users[0];
      if (first === undefined || foreign === undefined)
        throw new Error('the samples hold no two directories');
      const { directoryUsers, directoryGroups } = under.storage;
      const none = { rows: [], total: 0 };
      const page = { offset: 0, limit: 10 };
      const byId = equals('id', foreign.id);
      expect(await directoryUsers.query(id, first.directory.id, byId, page)).toEqual(none);
      const byMember = equals('member', foreign.id);
      expect(await directoryGroups.query(id, first.directory.id, byMember, page)).toEqual(none);
    });

    test('a scan goes on after the id it is given', async () => {
      const one = planted.find((each) => each.users.length > 3);
      const after = one?.users[1]?.id;
      if (one === undefined) throw new Error('the samples hold no directory of that size');
      const page = { after, limit: 1 };
      const scanned = await under.storage.directoryUsers.scan(id, one.directory.id, { kind: 'all' }, page);
      expect(scanned).toStrictEqual(one.users.slice(2, 3));
    });

    test('totals stay exact through removals, cascades and rollbacks, on whole, cut and empty pages', async () => {
      const directory = aDirectory(id);
      const people = Array.from({ length: 6 }, () => aUser());
      const members = people.map((person) => aMembership(id, person.id));
      const users = members.map((member) => aDirectoryUser(directory.id, member));
      await under.storage.transact(async (tx) => {
        await tx.directories.insert(id, directory);
        for (const person of people) await tx.users.insert(person);
        for (const member of members) await tx.memberships.insert(id, member);
        for (const user of users) await tx.directoryUsers.insert(id, user);
      });
      const totals = async () => {
        const pages = [0, 1, 3, 10].flatMap((limit) => [0, 2, 50].map((offset) => ({ offset, limit })));
        const { directoryUsers } = under.storage;
        const answers = await Promise.all(
          pages.map((page) => directoryUsers.query(id, directory.id, { kind: 'all' }, page)),
        );
        return [...new Set(answers.map(({ total }) => total))];
      };
      const removeFirst = (count: number) => async (tx: Repositories) => {
        for (const user of users.slice(0, count)) await tx.directoryUsers.remove(id, directory.id, user.id);
        if (count > 2) throw new Error('interrupted');
      };
      expect(await totals()).toEqual([6]);
      await under.storage.transact(removeFirst(2));
      expect(await totals()).toEqual([4]);
      await expect(under.storage.transact(removeFirst(4))).rejects.toThrow('interrupted');
      expect(await totals()).toEqual([4]);
      await under.storage.transact(removeFirst(2));
      expect(await totals()).toEqual([4]);
      await under.storage.transact((tx) => tx.directories.remove(id, directory.id));
      expect(await totals()).toEqual([0]);
    });

    test('an address that is the name of its user as well is found, whichever of the two changes', async () => {
      const directory = aDirectory(id);
      const person = aUser();
      const member = aMembership(id, person.id);
      const user = aDirectoryUser(directory.id, member, { userNameKey: 'a@two.example', emailKeys: [] });
      await under.storage.transact(async (tx) => {
        await tx.directories.insert(id, directory);
        await tx.users.insert(person);
        await tx.memberships.insert(id, member);
        await tx.directoryUsers.insert(id, user);
      });
      const found = async (value: string) => {
        const page = { offset: 0, limit: 5 };
        return (await under.storage.directoryUsers.query(id, directory.id, equals('email', value), page))
          .total;
      };
      const both = ['a@two.example', 'b@two.example'];
      const steps = [
        { userNameKey: 'a@two.example', emailKeys: both, found: [1, 1] },
        { userNameKey: 'other', emailKeys: both, found: [1, 1] },
        { userNameKey: 'b@two.example', emailKeys: both, found: [1, 1] },
        { userNameKey: 'b@two.example', emailKeys: ['a@two.example'], found: [1, 0] },
        { userNameKey: 'a@two.example', emailKeys: [], found: [0, 0] },
      ];
      for (const [index, { found: expected, ...keys }] of steps.entries()) {
        await under.storage.transact((tx) =>
          tx.directoryUsers.update(id, { ...user, ...keys }, user.version + index),
        );
        expect([await found('a@two.example'), await found('b@two.example')]).toEqual(expected);
      }
    });

    test('a tree of 200 terms is answered', async () => {
      const operands = Array.from({ length: 200 }, (_, index) => equals('email', WORDS[index % 5] ?? ''));
      for (const one of planted) await agreeOnUsers(one, { kind: 'or', operands });
    });
  });
}
