/** Contract: group members are rows; a change names what really changed and costs by what it names (R11, R20). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DirectoryGroup } from '../../src/core/entities/directory.ts';
import type { MemberRef } from '../../src/core/ports/directories.ts';
import type { Queries } from '../../src/core/ports/storage.ts';
import { aDirectory, aDirectoryGroup, aDirectoryUser, nextId, nextText } from '../support/builders.ts';
import { aWorld, plantWorld } from '../support/world.ts';
import { type OpenStorage, race, type StorageUnderTest } from './storage-under-test.ts';

const userRef = (): MemberRef => ({ memberId: nextId('du'), memberKind: 'user' });
const groupRef = (): MemberRef => ({ memberId: nextId('dg'), memberKind: 'group' });
const idsOf = (members: readonly MemberRef[]) => members.map((member) => member.memberId).sort();

const ODD_NAMES = [
  'Ada',
  'x"y',
  '\\',
  '{',
  'ä😀',
  '\u2028',
  '\n\t',
  '\u0000z',
  '\u0001',
  '*',
  ',',
  "'",
  '</a>',
];

/** Every member as it is written, four at a time; `called`: how names are introduced. */
async function writtenOf(
  groupMembers: Queries['groupMembers'],
  { organizationId, id }: DirectoryGroup,
  called: string | null,
): Promise<readonly unknown[]> {
  const wording = { user: '{"u":"*/*"', group: '{"g":"*"', mark: '*', name: called };
  const seen: unknown[] = [];
  for (let after: string | undefined; ; ) {
    const page = await groupMembers.listWritten(organizationId, id, { after, limit: 4 }, wording);
    const members: readonly unknown[] = JSON.parse(`[${page.text}]`);
    expect(page.count).toBe(members.length);
    expect(page.last === undefined).toBe(page.count === 0);
    seen.push(...members);
    if (page.count < 4) return seen;
    after = page.last;
  }
}

/** Registers the suite. */
export function groupMembers(name: string, open: OpenStorage): void {
  describe(`${name}: group members`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    const id = world.organization.id;
    beforeAll(async () => {
      under = await open();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    const plantGroup = async () => {
      const group = aDirectoryGroup(world.directory);
      await under.storage.transact((tx) => tx.directoryGroups.insert(id, group));
      const add = (members: readonly MemberRef[]) =>
        under.storage.transact((tx) => tx.groupMembers.insert(id, group.id, members));
      const remove = (members: readonly string[]) =>
        under.storage.transact((tx) => tx.groupMembers.remove(id, group.id, members));
      const list = () => under.storage.groupMembers.list(id, group.id, { limit: 10_000 });
      return { group, add, remove, list };
    };

    test('R20 adding answers only the members that were not in', async () => {
      const { add, list } = await plantGroup();
      const [a, b, c] = [userRef(), groupRef(), userRef()];
      expect(await add([a, b])).toEqual([a, b]);
      expect(await add([a, b])).toEqual([]);
      expect(await add([b, c])).toEqual([c]);
      expect(await add([])).toEqual([]);
      expect(idsOf(await list())).toEqual(idsOf([a, b, c]));
    });

    test('R20 candidates are the users and groups of that directory, in the order of the ids; nobody else is one', async () => {
      const { group } = await plantGroup();
      const elsewhere = aDirectory(id);
      const stranger = aDirectoryUser(elsewhere.id, world.membership);
      await under.storage.transact(async (tx) => {
        await tx.directories.insert(id, elsewhere);
        await tx.directoryUsers.insert(id, stranger);
      });
      const ids = [nextId('du'), group.id, stranger.id, 'x"\u0000', '', world.directoryUser.id];
      expect(await under.storage.groupMembers.listCandidates(id, world.directory.id, ids)).toEqual([
        { memberId: group.id, memberKind: 'group' },
        { memberId: world.directoryUser.id, memberKind: 'user' },
      ]);
    });

    test('R20 a member named twice in one call is added once', async () => {
      const { add, list } = await plantGroup();
      const member = userRef();
      expect(await add([member, member])).toEqual([member]);
      expect(await list()).toEqual([member]);
    });

    test('R20 removing answers only the members that were in', async () => {
      const { add, remove, list } = await plantGroup();
      const [a, b, c] = [userRef(), groupRef(), userRef()];
      await add([a, b]);
      expect(await remove([a.memberId, c.memberId])).toEqual([a]);
      expect(await remove([a.memberId])).toEqual([]);
      expect(await remove([])).toEqual([]);
      expect(await remove([b.memberId, b.memberId])).toEqual([b]);
      expect(await list()).toEqual([]);
    });

    test('R20 members are named as they are called now: displayName, else userName; a group by its name; nobody by null', async () => {
      const { group, add } = await plantGroup();
      const user = aDirectoryUser(world.directory.id, world.membership, {
        userName: 'ada',
        attributes: { userName: 'ada' },
      });
      const nested = aDirectoryGroup(world.directory, { displayName: 'Inner' });
      await under.storage.transact(async (tx) => {
        await tx.directoryUsers.insert(id, user);
        await tx.directoryGroups.insert(id, nested);
      });
      const absent = userRef();
      await add([
        absent,
        { memberId: user.id, memberKind: 'user' },
        { memberId: nested.id, memberKind: 'group' },
      ]);
      const names = async () => {
        const members = await under.storage.groupMembers.listNamed(id, group.id, { limit: 10 });
        return [user.id, nested.id, absent.memberId].map(
          (memberId) => members.find((member) => member.memberId === memberId)?.name,
        );
      };
      expect(await names()).toEqual(['ada', 'Inner', null]);
      await under.storage.transact(async (tx) => {
        await tx.directoryUsers.update(id, { ...user, attributes: { displayName: 'Ada "L"' } }, 1);
        await tx.directoryGroups.update(id, { ...nested, displayName: 'Core' }, 1);
      });
      expect(await names()).toEqual(['Ada "L"', 'Core', null]);
      await under.storage.transact(async (tx) => {
        const found = await tx.directoryUsers.find(id, user.directoryId, user.id);
        await tx.directoryUsers.update(id, { ...user, userName: 'countess', attributes: {} }, found ?? 2);
      });
      expect(await names()).toEqual(['countess', 'Core', null]);
    });

    test('R11 100 parallel adds of one member each leave 100 members', async () => {
      const { group, list } = await plantGroup();
      const members = Array.from({ length: 100 }, userRef);
      const outcomes = await race(under.storage, members.length, (tx, index) =>
        tx.groupMembers.insert(id, group.id, members.slice(index, index + 1)),
      );
      for (const [index, outcome] of outcomes.entries()) {
        expect(outcome).toEqual({ answered: [members[index]] });
      }
      expect(idsOf(await list())).toEqual(idsOf(members));
    });

    test('of 50 parallel adds of the same member one answers it, of 50 removals likewise', async () => {
      const { group, list } = await plantGroup();
      const member = userRef();
      const added = await race(under.storage, 50, (tx) => tx.groupMembers.insert(id, group.id, [member]));
      expect(added.filter((outcome) => JSON.stringify(outcome).includes(member.memberId))).toHaveLength(1);
      const removed = await race(under.storage, 50, (tx) =>
        tx.groupMembers.remove(id, group.id, [member.memberId]),
      );
      expect(removed.filter((outcome) => JSON.stringify(outcome).includes(member.memberId))).toHaveLength(1);
      expect(await list()).toEqual([]);
    });

    test('the groups of a member are listed by id, whole', async () => {
      const member = userRef();
      const groups = [await plantGroup(), await plantGroup(), await plantGroup()];
      for (const { add } of groups) await add([member, userRef()]);
      const found = await under.storage.groupMembers.listGroupsOf(id, member.memberId);
      expect(found).toStrictEqual(groups.map(({ group }) => group));
      expect(await under.storage.groupMembers.listGroupsOf(id, nextId('du'))).toEqual([]);
    });

    test('the groups of many members are told pair by pair, ordered by member and group', async () => {
      const [a, b, stranger] = [userRef(), userRef(), nextId('du')];
      const groups = [await plantGroup(), await plantGroup()];
      for (const { add } of groups) await add([b, userRef()]);
      await groups[1]?.add([a]);
      const pair = (member: MemberRef, at: number) => ({
        memberId: member.memberId,
        groupId: groups[at]?.group.id,
        displayName: groups[at]?.group.displayName,
        isContained: at === 1,
      });
      const outer = await plantGroup();
      await outer.add([{ memberId: groups[1]?.group.id ?? nextId('dg'), memberKind: 'group' }]);
      const ask = (...ids: readonly string[]) => under.storage.groupMembers.listContaining(id, ids);
      expect(await ask(b.memberId, stranger, a.memberId)).toStrictEqual([pair(a, 1), pair(b, 0), pair(b, 1)]);
      expect(await ask(a.memberId)).toStrictEqual([pair(a, 1)]);
      expect(await ask(stranger)).toEqual([]);
      expect(await ask()).toEqual([]);
    });

    test('named members carry displayName, else userName, a group its name, and what is gone null', async () => {
      const { group, add } = await plantGroup();
      const nested = aDirectoryGroup(world.directory, { displayName: 'Ops "1"' });
      const people = [
        aDirectoryUser(world.directory.id, world.membership, {
          userName: nextText('named'),
          attributes: { displayName: 'Ada Ä' },
        }),
        aDirectoryUser(world.directory.id, world.membership, { userName: nextText('Plain') }),
      ];
      await under.storage.transact(async (tx) => {
        await tx.directoryGroups.insert(id, nested);
        for (const user of people) await tx.directoryUsers.insert(id, user);
      });
      const gone = userRef();
      const users = people.map((user) => ({ memberId: user.id, memberKind: 'user' as const }));
      await add([...users, { memberId: nested.id, memberKind: 'group' }, gone]);
      const found = await under.storage.groupMembers.listNamed(id, group.id, { limit: 10 });
      expect(new Map(found.map(({ memberId, name: called }) => [memberId, called]))).toEqual(
        new Map<string, string | null>([
          [nested.id, 'Ops "1"'],
          [people[0]?.id ?? '', 'Ada Ä'],
          [people[1]?.id ?? '', people[1]?.userName ?? ''],
          [gone.memberId, null],
        ]),
      );
      const after = found[1]?.memberId;
      const rest = await under.storage.groupMembers.listNamed(id, group.id, { after, limit: 1 });
      expect(rest).toStrictEqual(found.slice(2, 3));
    });

    test('L62: members are written as they are named, whatever their names are made of', async () => {
      const { group, add } = await plantGroup();
      const people = ODD_NAMES.map((displayName) =>
        aDirectoryUser(world.directory.id, world.membership, {
          userName: nextText('odd'),
          attributes: { displayName },
        }),
      );
      const nested = aDirectoryGroup(world.directory, { displayName: 'In "1"' });
      await under.storage.transact(async (tx) => {
        await tx.directoryGroups.insert(id, nested);
        for (const user of people) await tx.directoryUsers.insert(id, user);
      });
      await add([
        ...people.map((user) => ({ memberId: user.id, memberKind: 'user' as const })),
        { memberId: nested.id, memberKind: 'group' },
        userRef(),
      ]);
      const { groupMembers } = under.storage;
      const listed = await groupMembers.listNamed(id, group.id, { limit: 50 });
      for (const called of [',"n":', null]) {
        const shown = listed.map(({ memberId, memberKind, name: known }) => ({
          ...(memberKind === 'user' ? { u: `${memberId}/${memberId}` } : { g: memberId }),
          ...(called === null || known === null ? {} : { n: known }),
        }));
        expect(await writtenOf(groupMembers, group, called)).toEqual(shown);
      }
    });

    test('removeEverywhere takes one member out of its groups, names them, and touches nobody else', async () => {
      const member = userRef();
      const other = userRef();
      const groups = [await plantGroup(), await plantGroup(), await plantGroup()];
      for (const { add } of groups.slice(0, 2)) await add([member, other]);
      await groups[2]?.add([other]);
      const removeEverywhere = () =>
        under.storage.transact((tx) => tx.groupMembers.removeEverywhere(id, member.memberId));
      const touched = groups.slice(0, 2).map(({ group }) => group.id);
      expect([...(await removeEverywhere())].sort()).toEqual(touched);
      expect(await removeEverywhere()).toEqual([]);
      for (const { list } of groups) expect(await list()).toEqual([other]);
    });

    test('a group of 5,000 takes members in one call and answers single changes exactly', async () => {
      const { add, remove, list } = await plantGroup();
      const members = Array.from({ length: 5_000 }, userRef);
      const known = members[2_500];
      if (known === undefined) throw new Error('no member');
      expect(await add(members)).toHaveLength(5_000);
      const fresh = userRef();
      expect(await add([known, fresh])).toEqual([fresh]);
      expect(await remove([known.memberId, nextId('du')])).toEqual([known]);
      expect(await add(members)).toEqual([known]);
      expect(await list()).toHaveLength(5_001);
      expect(await remove(idsOf(members))).toHaveLength(5_000);
      expect(await list()).toEqual([fresh]);
    });

    test('a change of members does not move the version of the group: that is the decision of the caller', async () => {
      const { group, add } = await plantGroup();
      await add([userRef()]);
      expect(await under.storage.directoryGroups.find(id, world.directory.id, group.id)).toStrictEqual(group);
    });
  });
}
