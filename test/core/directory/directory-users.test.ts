/** The life of a pushed person: comes into one organization only, is cut off at once, and comes back without a past. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createDirectory,
  removeDirectory,
  updateDirectory,
} from '../../../src/core/directory/directories.ts';
import { changeDirectoryUser } from '../../../src/core/directory/directory-users.ts';
import type { Directory, DirectoryUser } from '../../../src/core/entities/directory.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { findSignedIn } from '../../../src/core/sign-in/sessions.ts';
import { nextText } from '../../support/builders.ts';
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
import { rowsIn } from '../../support/journal-rows.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

interface Place {
  readonly organization: Organization;
  readonly directory: Directory;
}

async function newPlace(adoption: Directory['adoption'] = 'adopt'): Promise<Place> {
  const organization = await newOrganization(world);
  return { organization, directory: await newDirectory(world, organization.id, adoption) };
}

const memberOf = ({ organization }: Place, user: DirectoryUser) =>
  membershipOf(world, organization.id, user.membershipId);

async function userOf(membership: Membership) {
  const user = await world.deps.storage.users.find(membership.userId);
  if (user === undefined) throw new Error('no user');
  return user;
}

/** A pushed person who is signed in by SSO; answers the session's token. */
async function signedIn(place: Place) {
  const connection = await newConnection(world, place.organization.id);
  const user = await pushUser(world, place.directory, { externalId: nextText('ext') });
  const identity = anUpstream(connection, { subject: user.externalId ?? '' });
  const { sessionToken } = await signIn(world, connection, identity);
  return { user, connection, identity, sessionToken };
}

describe('coming in', () => {
  test('S115 provisioning adds a membership here and writes nothing about the same person elsewhere', async () => {
    const here = await newPlace();
    const there = await newPlace();
    const email = `${nextText('ada')}@both.example`;
    const before = await pushUser(world, there.directory, { userName: 'ada', externalId: 'E1', email });
    const account = await newMember(world, there.organization.id, { email, role: 'owner' });
    const pushed = await pushUser(world, here.directory, { userName: 'ada', externalId: 'E1', email });
    expect(pushed.userId).not.toBe(before.userId);
    expect(pushed.userId).not.toBe(account.userId);
    expect(await memberOf(there, before)).toMatchObject({ name: 'Ada Pushed', status: 'active', version: 1 });
    expect(await membershipOf(world, there.organization.id, account.id)).toEqual(account);
    expect(await world.deps.storage.users.findByEmail(email)).toMatchObject({
      id: account.userId,
      version: 1,
    });
  });

  test('S117 a directory never gives a person a global sign-in address or a password', async () => {
    const place = await newPlace();
    const pushed = await pushUser(world, place.directory, { email: `${nextText('eve')}@x.example` });
    expect(await userOf(await memberOf(place, pushed))).toMatchObject({
      email: null,
      emailKey: null,
      passwordHash: null,
    });
  });

  test('a pushed person starts with the default role, active or suspended as the directory says', async () => {
    const place = await newPlace();
    const active = await pushUser(world, place.directory);
    const idle = await pushUser(world, place.directory, { isActive: false });
    expect(await memberOf(place, active)).toMatchObject({
      orgRole: 'member',
      status: 'active',
      source: 'directory',
    });
    expect(await memberOf(place, idle)).toMatchObject({ orgRole: 'member', status: 'suspended' });
  });

  const taken: [first: string, second: string, code: string][] = [
    ['Ada', 'ADA', 'already_exists'],
    ['straße', 'STRASSE', 'done'],
    ['ada@x.example', ' ada@x.example ', 'already_exists'],
    ['ａｄａ', 'ada', 'already_exists'],
    ['ada', 'ada2', 'done'],
  ];
  test.each(taken)('userName %j then %j in one directory: %s', async (first, second, code) => {
    const place = await newPlace();
    await pushUser(world, place.directory, { userName: first });
    expect(await refusalOf(pushUser(world, place.directory, { userName: second }))).toBe(code);
  });

  test('a refused creation leaves no person, no membership and no seat behind', async () => {
    const place = await newPlace();
    await pushUser(world, place.directory, { userName: 'ada' });
    const before = { users: rowsIn(world.path, 'users'), memberships: rowsIn(world.path, 'memberships') };
    expect(await refusalOf(pushUser(world, place.directory, { userName: 'Ada' }))).toBe('already_exists');
    expect({ users: rowsIn(world.path, 'users'), memberships: rowsIn(world.path, 'memberships') }).toEqual(
      before,
    );
    expect((await world.deps.storage.organizations.find(place.organization.id))?.seatsUsed).toBe(1);
  });

  test('a rename frees the old userName and keeps id, membership and roles', async () => {
    const place = await newPlace();
    const ada = await pushUser(world, place.directory, { userName: 'ada' });
    const renamed = await repushUser(world, place.directory, { id: ada.id, userName: 'ada.lovelace' });
    expect(renamed).toMatchObject({
      id: ada.id,
      membershipId: ada.membershipId,
      userNameKey: 'ada.lovelace',
    });
    expect(await refusalOf(pushUser(world, place.directory, { userName: 'ada' }))).toBe('done');
    expect(await refusalOf(repushUser(world, place.directory, { id: ada.id, userName: 'ADA' }))).toBe(
      'already_exists',
    );
  });
});

describe('adoption of a member who was here before', () => {
  const rows: [
    title: string,
    proved: 'here' | 'elsewhere' | 'nowhere',
    adoption: Directory['adoption'],
    outcome: string,
  ][] = [
    ['adopt, inside a proved domain: the same member', 'here', 'adopt', 'adopted'],
    ['adopt, outside every proved domain: somebody new', 'nowhere', 'adopt', 'added'],
    ['S119 adopt, in a domain somebody else proved: somebody new', 'elsewhere', 'adopt', 'added'],
    ['reject, inside a proved domain: refused', 'here', 'reject', 'already_exists'],
    ['reject, outside: somebody new', 'nowhere', 'reject', 'added'],
    ['queue, inside a proved domain: not without confirmation', 'here', 'queue', 'added'],
    ['queue, outside: not without confirmation', 'nowhere', 'queue', 'added'],
  ];
  test.each(rows)('%s', async (_title, proved, adoption, outcome) => {
    const place = await newPlace(adoption);
    const domain = `${nextText('corp')}.example`;
    if (proved === 'here') await proveDomain(world, place.organization.id, domain);
    if (proved === 'elsewhere') await proveDomain(world, (await newOrganization(world)).id, domain);
    const member = await newMember(world, place.organization.id, { email: `Ada@${domain}`, role: 'admin' });
    const work = pushUser(world, place.directory, { email: `ada@${domain}` });
    if (outcome === 'already_exists') {
      expect(await refusalOf(work)).toBe(outcome);
      return;
    }
    expect((await work).membershipId === member.id).toBe(outcome === 'adopted');
  });

  test("an adopted member keeps role, sign-in address and password, and is the directory's from now on", async () => {
    const place = await newPlace();
    const domain = `${nextText('corp')}.example`;
    await proveDomain(world, place.organization.id, domain);
    const member = await newMember(world, place.organization.id, {
      email: `a@${domain}`,
      role: 'admin',
      password: 'x',
    });
    const account = await userOf(member);
    const pushed = await pushUser(world, place.directory, { email: `a@${domain}` });
    expect(await memberOf(place, pushed)).toMatchObject({
      id: member.id,
      orgRole: 'admin',
      source: 'directory',
    });
    expect(await userOf(member)).toEqual(account);
    await dropUser(world, place.directory, pushed);
    expect(await userOf(member)).toEqual(account);
  });

  test('a member is adopted once: a second push with the same address is somebody else', async () => {
    const place = await newPlace();
    const domain = `${nextText('corp')}.example`;
    await proveDomain(world, place.organization.id, domain);
    const member = await newMember(world, place.organization.id, { email: `a@${domain}` });
    expect((await pushUser(world, place.directory, { email: `a@${domain}` })).membershipId).toBe(member.id);
    expect((await pushUser(world, place.directory, { email: `a@${domain}` })).membershipId).not.toBe(
      member.id,
    );
  });
});

describe('being cut off', () => {
  test('S141 isActive: false ends every session in the same transaction', async () => {
    const place = await newPlace();
    const { user, sessionToken } = await signedIn(place);
    expect(await findSignedIn(world.deps, sessionToken)).toBeDefined();
    await repushUser(world, place.directory, { id: user.id, isActive: false });
    expect(await findSignedIn(world.deps, sessionToken)).toBeUndefined();
    expect(
      await world.deps.storage.sessions.listByMembership(place.organization.id, user.membershipId),
    ).toEqual([]);
  });

  test('S144 reactivation resurrects no session; roles are what they were', async () => {
    const place = await newPlace();
    const { user, sessionToken } = await signedIn(place);
    const before = await memberOf(place, user);
    await repushUser(world, place.directory, { id: user.id, isActive: false });
    await repushUser(world, place.directory, { id: user.id, isActive: true });
    expect(await findSignedIn(world.deps, sessionToken)).toBeUndefined();
    expect(await memberOf(place, user)).toMatchObject({ status: 'active', orgRole: before.orgRole });
  });

  test('S143 DELETE ends sessions, membership, grants, identities and group places here, and nothing elsewhere', async () => {
    const place = await newPlace();
    const { user, sessionToken, connection, identity } = await signedIn(place);
    const elsewhere = await signedIn(await newPlace());
    const group = await pushGroup(world, place.directory, { name: 'staff', memberIds: [user.id] });
    await dropUser(world, place.directory, user);
    const { storage } = world.deps;
    const { id } = place.organization;
    expect(await findSignedIn(world.deps, sessionToken)).toBeUndefined();
    expect(await storage.memberships.find(id, user.membershipId)).toBeUndefined();
    expect(await storage.users.find(user.userId)).toBeUndefined();
    expect(await storage.grants.listByMembership(id, user.membershipId)).toEqual([]);
    expect(
      await storage.identities.find(id, connection.id, identity.issuer, identity.subject),
    ).toBeUndefined();
    expect(await storage.groupMembers.list(id, group.id, { limit: 10 })).toEqual([]);
    expect((await storage.directoryGroups.findInOrganization(id, group.id))?.version).toBe(group.version + 1);
    expect(await findSignedIn(world.deps, elsewhere.sessionToken)).toBeDefined();
  });

  test('S143 somebody with an account of their own loses the membership here and keeps account and other memberships', async () => {
    const place = await newPlace();
    const domain = `${nextText('corp')}.example`;
    await proveDomain(world, place.organization.id, domain);
    const member = await newMember(world, place.organization.id, { email: `a@${domain}` });
    const pushed = await pushUser(world, place.directory, { email: `a@${domain}` });
    await dropUser(world, place.directory, pushed);
    expect(await world.deps.storage.users.find(member.userId)).toBeDefined();
    expect(await world.deps.storage.memberships.listByUser(member.userId)).toEqual([]);
  });

  test('S144, R26 a person deleted and pushed again is the same person, with the default role only', async () => {
    const place = await newPlace();
    const { user, connection, identity } = await signedIn(place);
    const caller = { kind: 'operator' } as const;
    const request = { organizationId: place.organization.id, cause: OPERATOR, caller };
    await changeMember(world.deps, { ...request, id: user.membershipId, change: { orgRole: 'admin' } });
    await dropUser(world, place.directory, user);
    expect(await refusalOf(signIn(world, connection, identity))).toBe(
      'sign_in_refused identity.not_in_directory',
    );
    const again = await pushUser(world, place.directory, {
      userName: user.userName,
      externalId: user.externalId,
    });
    expect(again.id).not.toBe(user.id);
    expect([again.userId, again.membershipId]).toEqual([user.userId, user.membershipId]);
    expect((await memberOf(place, again)).orgRole).toBe('member');
    expect(await refusalOf(signIn(world, connection, identity))).toBe('done');
  });

  test('somebody an admin suspended stays suspended when the directory pushes an unrelated change', async () => {
    const place = await newPlace();
    const user = await pushUser(world, place.directory);
    const request = {
      organizationId: place.organization.id,
      cause: OPERATOR,
      caller: { kind: 'operator' } as const,
    };
    await changeMember(world.deps, { ...request, id: user.membershipId, change: { status: 'suspended' } });
    await repushUser(world, place.directory, { id: user.id, personName: 'Ada Renamed' });
    expect(await memberOf(place, user)).toMatchObject({ status: 'suspended', name: 'Ada Renamed' });
  });

  test('an admin cannot bring back whom the directory deactivated, nor remove whom it holds', async () => {
    const place = await newPlace();
    const user = await pushUser(world, place.directory, { isActive: false });
    const caller = { kind: 'operator' } as const;
    const request = { organizationId: place.organization.id, cause: OPERATOR, caller, id: user.membershipId };
    expect(await refusalOf(changeMember(world.deps, { ...request, change: { status: 'active' } }))).toBe(
      'role_from_directory',
    );
  });

  test('a push that changes nothing leaves version, dates and journal alone', async () => {
    const place = await newPlace();
    const user = await pushUser(world, place.directory);
    const before = rowsIn(world.path, 'audit_events');
    const request = {
      organizationId: place.organization.id,
      directoryId: place.directory.id,
      cause: OPERATOR,
    };
    expect(
      await changeDirectoryUser(world.deps, { ...request, id: user.id, change: () => undefined }),
    ).toEqual(user);
    expect(rowsIn(world.path, 'audit_events')).toBe(before);
  });
});

describe('ids that belong to others', () => {
  test('S115 S116 an id of another directory, an externalId and a membership id are all unknown', async () => {
    const here = await newPlace();
    const there = await newPlace();
    const foreign = await pushUser(world, there.directory, { externalId: 'E9' });
    const own = await pushUser(world, here.directory, { externalId: foreign.id });
    for (const id of [foreign.id, 'E9', own.membershipId, own.userId, '']) {
      const asUser = { id: id as DirectoryUser['id'] };
      expect(await refusalOf(repushUser(world, here.directory, asUser))).toBe('not_found');
      expect(await refusalOf(dropUser(world, here.directory, asUser))).toBe('not_found');
      expect(await refusalOf(pushGroup(world, here.directory, { name: 'g', memberIds: [id] }))).toBe(
        'invalid_value',
      );
    }
    expect(
      await world.deps.storage.directoryUsers.find(there.organization.id, there.directory.id, foreign.id),
    ).toEqual(foreign);
  });

  test('a second directory of the same organization does not see the people of the first', async () => {
    const place = await newPlace();
    const second = await createDirectory(world.deps, {
      organizationId: place.organization.id,
      cause: OPERATOR,
      kind: 'entra',
    });
    const user = await pushUser(world, place.directory);
    expect(await refusalOf(repushUser(world, second, { id: user.id }))).toBe('not_found');
    expect(await refusalOf(pushGroup(world, second, { name: 'g', memberIds: [user.id] }))).toBe(
      'invalid_value',
    );
    expect(await refusalOf(pushUser(world, second, { userName: user.userName }))).toBe('done');
  });
});

describe('a directory that is switched off', () => {
  test('nobody comes in on the word of a disabled directory while another one manages the organization', async () => {
    const place = await newPlace();
    const { connection, identity } = await signedIn(place);
    await createDirectory(world.deps, {
      organizationId: place.organization.id,
      cause: OPERATOR,
      kind: 'entra',
    });
    const request = { organizationId: place.organization.id, cause: OPERATOR, id: place.directory.id };
    await updateDirectory(world.deps, { ...request, change: { status: 'disabled' } });
    expect(await refusalOf(signIn(world, connection, identity))).toBe(
      'sign_in_refused identity.not_in_directory',
    );
  });

  test.each(['keep', 'drop'] as const)('its people stay members when it is removed (%s)', async (grants) => {
    const place = await newPlace();
    const user = await pushUser(world, place.directory);
    const request = { organizationId: place.organization.id, cause: OPERATOR, id: place.directory.id };
    await removeDirectory(world.deps, { ...request, grants });
    expect(await memberOf(place, user)).toMatchObject({ status: 'active', orgRole: 'member' });
  });
});
