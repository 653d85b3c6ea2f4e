/** Rehire, rename, soft and hard delete: the same person comes back as themselves, and never as somebody else. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DirectoryUserInput } from '../../../src/core/directory/pushed-user.ts';
import { choosePerson } from '../../../src/core/directory/removed-users.ts';
import type { RemovedUser } from '../../../src/core/entities/adoption.ts';
import type { Directory } from '../../../src/core/entities/directory.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import type { OrganizationChange } from '../../../src/core/organization/organization-settings.ts';
import { findSignedIn } from '../../../src/core/sign-in/sessions.ts';
import { removeExpired } from '../../../src/jobs/expire.ts';
import { days } from '../../../src/kernel/clock.ts';
import { aRemovedUser } from '../../support/arrival-builders.ts';
import { nextId, nextText } from '../../support/builders.ts';
import { countsOf } from '../../support/core-counts.ts';
import {
  anUpstream,
  dropUser,
  membershipOf,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  proveDomain,
  pushGroup,
  pushUser,
  repushUser,
  signIn,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

async function newPlace(change: Pick<OrganizationChange, 'defaultRole'> = {}) {
  const organization = await newOrganization(world, change);
  return { organization, directory: await newDirectory(world, organization.id) };
}

const memberOf = (directory: Directory, user: { readonly membershipId: RemovedUser['membershipId'] }) =>
  membershipOf(world, directory.organizationId, user.membershipId);

type Keys = Partial<Pick<DirectoryUserInput, 'userName' | 'externalId'>>;

describe('rehire', () => {
  const rows: readonly [title: string, first: Keys, second: Keys, isSame: boolean][] = [
    [
      'the same userName and externalId',
      { userName: 'ada', externalId: 'E1' },
      { userName: 'ada', externalId: 'E1' },
      true,
    ],
    [
      'the same externalId under a new name',
      { userName: 'ada', externalId: 'E1' },
      { userName: 'ada.l', externalId: 'E1' },
      true,
    ],
    ['the same name in other letters, no externalId', { userName: 'Ada' }, { userName: ' ADA ' }, true],
    [
      'the same name, an externalId only now',
      { userName: 'ada' },
      { userName: 'ada', externalId: 'E1' },
      true,
    ],
    [
      'the same name, an externalId only then',
      { userName: 'ada', externalId: 'E1' },
      { userName: 'ada' },
      true,
    ],
    [
      'S116 the same name with another externalId',
      { userName: 'ada', externalId: 'E1' },
      { userName: 'ada', externalId: 'E2' },
      false,
    ],
    [
      'S116 an externalId in other letters',
      { userName: 'ada', externalId: 'e1' },
      { userName: 'eve', externalId: 'E1' },
      false,
    ],
    [
      'nothing in common',
      { userName: 'ada', externalId: 'E1' },
      { userName: 'eve', externalId: 'E2' },
      false,
    ],
  ];
  test.each(rows)('%s', async (_title, first, second, isSame) => {
    const { directory, organization } = await newPlace();
    const gone = await pushUser(world, directory, first);
    await dropUser(world, directory, gone);
    const back = await pushUser(world, directory, second);
    expect(back.id).not.toBe(gone.id);
    expect([back.userId === gone.userId, back.membershipId === gone.membershipId]).toEqual([isSame, isSame]);
    expect(await memberOf(directory, back)).toMatchObject({ status: 'active', source: 'directory' });
    expect((await countsOf(world, organization.id)).kept.seats).toBe(1);
  });

  test('externalId goes before userName, and who has left last before who left earlier', () => {
    const place = { organizationId: nextId('org'), id: nextId('dir') };
    const removed = [
      aRemovedUser(place, { externalId: 'E2' }),
      aRemovedUser(place, { externalId: null }),
      aRemovedUser(place, { externalId: 'E1' }),
      aRemovedUser(place, { externalId: null }),
    ];
    expect(choosePerson(removed, 'E1')).toBe(removed[2]);
    expect(choosePerson(removed, 'E9')).toBe(removed[1]);
    expect(choosePerson(removed, null)).toBe(removed[0]);
    expect(choosePerson(removed.slice(0, 1), 'E9')).toBeUndefined();
    expect(choosePerson([], null)).toBeUndefined();
  });

  test('S144, R26 no session, identity, group, grant or role above member comes back', async () => {
    const { directory, organization } = await newPlace({ defaultRole: 'admin' });
    const connection = await newConnection(world, organization.id);
    const user = await pushUser(world, directory, { externalId: nextText('ext') });
    await pushGroup(world, directory, { name: 'staff', memberIds: [user.id] });
    const identity = anUpstream(connection, { subject: user.externalId ?? '' });
    const { sessionToken } = await signIn(world, connection, identity);
    await dropUser(world, directory, user);
    const back = await pushUser(world, directory, { externalId: user.externalId });
    const { storage } = world.deps;
    expect(await findSignedIn(world.deps, sessionToken)).toBeUndefined();
    expect(await storage.sessions.listByMembership(organization.id, back.membershipId)).toEqual([]);
    expect(await storage.identities.listByMembership(organization.id, back.membershipId)).toEqual([]);
    expect(await storage.groupMembers.listGroupsOf(organization.id, back.id)).toEqual([]);
    const grants = await storage.grants.listByMembership(organization.id, back.membershipId);
    expect(grants.map(({ scope, source }) => [scope, source.kind])).toEqual([
      [{ kind: 'org', role: 'member' }, 'default'],
    ]);
    expect((await memberOf(directory, back)).orgRole).toBe('member');
    expect(await refusalOf(signIn(world, connection, identity))).toBe('done');
  });

  test('S144 whom an admin had suspended comes back suspended; whom the directory had, does not', async () => {
    const { directory, organization } = await newPlace();
    const request = {
      organizationId: organization.id,
      caller: { kind: 'operator' },
      cause: OPERATOR,
    } as const;
    const blocked = await pushUser(world, directory, { userName: 'blocked' });
    await changeMember(world.deps, { ...request, id: blocked.membershipId, change: { status: 'suspended' } });
    const idle = await pushUser(world, directory, { userName: 'idle', isActive: false });
    for (const user of [blocked, idle]) await dropUser(world, directory, user);
    const back = [
      await pushUser(world, directory, { userName: 'blocked' }),
      await pushUser(world, directory, { userName: 'idle' }),
    ];
    const statuses = await Promise.all(back.map(async (user) => (await memberOf(directory, user)).status));
    expect(statuses).toEqual(['suspended', 'active']);
  });

  test('S115 only in the directory that removed them', async () => {
    const here = await newPlace();
    const there = await newPlace();
    const sibling = await newDirectory(world, here.organization.id);
    const gone = await pushUser(world, here.directory, { userName: 'ada', externalId: 'E1' });
    await dropUser(world, here.directory, gone);
    for (const directory of [there.directory, sibling]) {
      const other = await pushUser(world, directory, { userName: 'ada', externalId: 'E1' });
      expect(other.userId).not.toBe(gone.userId);
    }
    const back = await pushUser(world, here.directory, { userName: 'ada', externalId: 'E1' });
    expect(back.userId).toBe(gone.userId);
  });

  test('S118 an account of their own is found again, untouched', async () => {
    const { directory, organization } = await newPlace();
    const domain = `${nextText('corp')}.example`;
    await proveDomain(world, organization.id, domain);
    const email = `a@${domain}`;
    const member = await newMember(world, organization.id, { email, password: 'x', role: 'admin' });
    const account = await world.deps.storage.users.find(member.userId);
    const pushed = await pushUser(world, directory, { email, userName: 'ada' });
    await dropUser(world, directory, pushed);
    const back = await pushUser(world, directory, { email: 'new@elsewhere.example', userName: 'ada' });
    expect(back).toMatchObject({ userId: member.userId, membershipId: member.id });
    expect(await memberOf(directory, back)).toMatchObject({
      orgRole: 'member',
      email: 'new@elsewhere.example',
    });
    expect(await world.deps.storage.users.find(member.userId)).toEqual(account);
  });

  test('for 180 days, and not a moment longer', async () => {
    const { directory } = await newPlace();
    const gone = [
      await pushUser(world, directory, { userName: 'ada' }),
      await pushUser(world, directory, { userName: 'eve' }),
    ];
    for (const user of gone) await dropUser(world, directory, user);
    world.time.now += days(180) - 1;
    await removeExpired(world.deps);
    expect((await pushUser(world, directory, { userName: 'ada' })).userId).toBe(gone[0]?.userId);
    world.time.now += 1;
    expect((await pushUser(world, directory, { userName: 'eve' })).userId).not.toBe(gone[1]?.userId);
    await removeExpired(world.deps);
    const { removedUsers } = world.deps.storage;
    const match = { userNameKey: 'eve', externalId: null, now: 0 };
    expect(await removedUsers.listMatching(directory.organizationId, directory.id, match)).toEqual([]);
  });

  test('who has become a member by another way in the meantime is not made one twice', async () => {
    const { directory, organization } = await newPlace();
    const domain = `${nextText('corp')}.example`;
    const email = `ada@${domain}`;
    await proveDomain(world, organization.id, domain);
    const member = await newMember(world, organization.id, { email });
    const pushed = await pushUser(world, directory, { email, userName: 'ada' });
    await dropUser(world, directory, pushed);
    const { storage } = world.deps;
    await storage.transact((tx) => tx.memberships.insert(organization.id, { ...member, id: nextId('mem') }));
    const back = await pushUser(world, directory, { userName: 'ada' });
    expect(back.userId).not.toBe(member.userId);
    expect(await refusalOf(pushUser(world, directory, { userName: 'ada' }))).toBe('already_exists');
  });
});

describe('soft delete', () => {
  test('2.B-40, 2.B-41 deactivated and activated: the same SCIM id, the same person, no old session', async () => {
    const { directory, organization } = await newPlace();
    const connection = await newConnection(world, organization.id);
    const user = await pushUser(world, directory, { externalId: nextText('ext') });
    const identity = anUpstream(connection, { subject: user.externalId ?? '' });
    const { sessionToken } = await signIn(world, connection, identity);
    await repushUser(world, directory, { id: user.id, isActive: false });
    const back = await repushUser(world, directory, { id: user.id, isActive: true });
    expect(back).toMatchObject({ id: user.id, userId: user.userId, membershipId: user.membershipId });
    expect(await findSignedIn(world.deps, sessionToken)).toBeUndefined();
    expect((await memberOf(directory, back)).status).toBe('active');
  });
});

describe('rename', () => {
  test('L40, S134: the old name is free at once; of 20 who want it one gets it', async () => {
    const { directory } = await newPlace();
    const ada = await pushUser(world, directory, { userName: 'ada' });
    const others = await Promise.all(Array.from({ length: 10 }, () => pushUser(world, directory)));
    await repushUser(world, directory, { id: ada.id, userName: 'ada.l' });
    const races = [
      ...others.map(({ id }) => repushUser(world, directory, { id, userName: 'ADA' })),
      ...Array.from({ length: 10 }, () => pushUser(world, directory, { userName: 'Ada' })),
    ];
    const outcomes = await Promise.all(races.map(refusalOf));
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    const { rows } = await world.deps.storage.directoryUsers.query(
      directory.organizationId,
      directory.id,
      { kind: 'equals', field: 'userName', value: 'ada' },
      { offset: 0, limit: 10 },
    );
    expect(rows).toHaveLength(1);
  });

  test('two may swap names by way of a third', async () => {
    const { directory } = await newPlace();
    const a = await pushUser(world, directory, { userName: 'a' });
    const b = await pushUser(world, directory, { userName: 'b' });
    expect(await refusalOf(repushUser(world, directory, { id: a.id, userName: 'b' }))).toBe('already_exists');
    await repushUser(world, directory, { id: a.id, userName: 'c' });
    await repushUser(world, directory, { id: b.id, userName: 'a' });
    expect((await repushUser(world, directory, { id: a.id, userName: 'b' })).userNameKey).toBe('b');
  });
});

describe('R10: at once', () => {
  test('of 20 who push somebody removed, one brings them back and nobody else is added', async () => {
    const { directory, organization } = await newPlace();
    const gone = await pushUser(world, directory, { userName: 'ada', externalId: 'E1' });
    await dropUser(world, directory, gone);
    const pushes = Array.from({ length: 20 }, () =>
      refusalOf(pushUser(world, directory, { userName: 'ada', externalId: 'E1' })),
    );
    const outcomes = await Promise.all(pushes);
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    const members = await world.deps.storage.memberships.list(organization.id, {}, { limit: 10 });
    expect(members.map(({ userId }) => userId)).toEqual([gone.userId]);
  });
});
