/** Doubtful matches: what the policies decide, who waits, and what each decision of an admin does and leaves alone. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../src/core/access/access.ts';
import { type CandidateFacts, decideAdoption } from '../../../src/core/directory/adoption.ts';
import { type ConflictAction, resolveConflict } from '../../../src/core/directory/adoption-conflicts.ts';
import type { AdoptionPolicy, Directory, DirectoryUser } from '../../../src/core/entities/directory.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { nextText } from '../../support/builders.ts';
import { countsOf } from '../../support/core-counts.ts';
import {
  anUpstream,
  callerOf,
  dropUser,
  membershipOf,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  type PersonWishes,
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

const operator: Caller = { kind: 'operator' };

interface Doubt {
  readonly organization: Organization;
  readonly directory: Directory;
  readonly member: Membership;
  readonly pushed: DirectoryUser;
}

interface Wishes extends PersonWishes {
  readonly isProved?: boolean;
  readonly isActive?: boolean;
}

/** A member by hand, and somebody with the same address pushed into a directory that queues. */
async function newDoubt({ isProved = true, isActive = true, ...person }: Wishes = {}): Promise<Doubt> {
  const organization = await newOrganization(world);
  const directory = await newDirectory(world, organization.id, 'queue');
  const domain = `${nextText('corp')}.example`;
  if (isProved) await proveDomain(world, organization.id, domain);
  const member = await newMember(world, organization.id, { email: `Ada@${domain}`, ...person });
  const pushed = await pushUser(world, directory, {
    email: `ada@${domain}`,
    externalId: nextText('ext'),
    isActive,
  });
  return { organization, directory, member, pushed };
}

const findConflict = (directory: Directory, user: DirectoryUser) =>
  world.deps.storage.adoptionConflicts.findByUser(directory.organizationId, user.id);

async function conflictOf({ directory, pushed }: Pick<Doubt, 'directory' | 'pushed'>) {
  const conflict = await findConflict(directory, pushed);
  if (conflict === undefined) throw new Error('no conflict');
  return conflict;
}

async function decide(doubt: Doubt, action: ConflictAction, caller: Caller = operator) {
  const { organization, directory } = doubt;
  const { id } = await conflictOf(doubt);
  const place = { organizationId: organization.id, directoryId: directory.id };
  return resolveConflict(world.deps, { ...place, id, action, caller, cause: OPERATOR });
}

const pushedMember = ({ organization, pushed }: Doubt) =>
  membershipOf(world, organization.id, pushed.membershipId);
const findUser = ({ organization, directory, pushed }: Doubt) =>
  world.deps.storage.directoryUsers.find(organization.id, directory.id, pushed.id);

describe('what a policy decides', () => {
  const rows: readonly [AdoptionPolicy, Partial<CandidateFacts> | undefined, string][] = [
    ['adopt', undefined, 'add'],
    ['adopt', { isProved: true }, 'adopt'],
    ['adopt', { isProved: false }, 'add'],
    ['adopt', { isProved: true, isElsewhere: true }, 'queue'],
    ['adopt', { isProved: false, isElsewhere: true }, 'add'],
    ['reject', { isProved: true, isElsewhere: true }, 'reject'],
    ['queue', undefined, 'add'],
    ['queue', { isProved: true }, 'queue'],
    ['queue', { isProved: false }, 'queue'],
    ['reject', undefined, 'add'],
    ['reject', { isProved: true }, 'reject'],
    ['reject', { isProved: false }, 'add'],
  ];
  test.each(rows)('S119 %s, candidate %j: %s', (policy, candidate, decision) => {
    const facts = candidate && { isProved: false, isElsewhere: false, ...candidate };
    expect(decideAdoption(policy, facts)).toBe(decision);
  });

  test('adoption does not bring back whom an admin suspended', async () => {
    const organization = await newOrganization(world);
    const directory = await newDirectory(world, organization.id, 'adopt');
    const domain = `${nextText('corp')}.example`;
    await proveDomain(world, organization.id, domain);
    const email = `ada@${domain}`;
    const member = await newMember(world, organization.id, { email, status: 'suspended' });
    const pushed = await pushUser(world, directory, { email });
    expect(pushed.membershipId).toBe(member.id);
    expect((await membershipOf(world, organization.id, member.id)).status).toBe('suspended');
  });
});

describe('who waits', () => {
  test.each([true, false])(
    'S117 is stored as pushed, holds no seat, and touches nobody (proved: %s)',
    async (isProved) => {
      const doubt = await newDoubt({ isProved });
      const { organization, member, pushed } = doubt;
      expect(pushed.isActive).toBe(true);
      expect(pushed.userId).not.toBe(member.userId);
      expect(await pushedMember(doubt)).toMatchObject({ status: 'suspended', source: 'directory' });
      expect(await membershipOf(world, organization.id, member.id)).toEqual(member);
      expect(await conflictOf(doubt)).toMatchObject({
        candidateMembershipId: member.id,
        reason: isProved ? 'proved_address' : 'unproved_address',
        status: 'open',
      });
      expect((await countsOf(world, organization.id)).kept.seats).toBe(1);
    },
  );

  test.each(['open', 'rejected'])('cannot sign in while %s, whatever is pushed again', async (status) => {
    const doubt = await newDoubt();
    const { organization, directory, pushed } = doubt;
    if (status === 'rejected') await decide(doubt, 'reject');
    await repushUser(world, directory, { id: pushed.id, isActive: false });
    await repushUser(world, directory, { id: pushed.id, isActive: true, personName: 'Ada New' });
    expect(await pushedMember(doubt)).toMatchObject({ status: 'suspended', name: 'Ada New' });
    const connection = await newConnection(world, organization.id);
    const identity = anUpstream(connection, { subject: pushed.externalId ?? '' });
    expect(await refusalOf(signIn(world, connection, identity))).toBe('sign_in_refused identity.inactive');
  });

  test('cannot be let in by the switch of a member', async () => {
    const { organization, pushed } = await newDoubt();
    const request = {
      organizationId: organization.id,
      id: pushed.membershipId,
      caller: operator,
      cause: OPERATOR,
    };
    expect(await refusalOf(changeMember(world.deps, { ...request, change: { status: 'active' } }))).toBe(
      'role_from_directory',
    );
  });

  test('S144 cannot come in by being deleted and pushed again', async () => {
    const doubt = await newDoubt();
    const { directory, pushed, member } = doubt;
    await dropUser(world, directory, pushed);
    expect(await findConflict(directory, pushed)).toBeUndefined();
    const again = await pushUser(world, directory, {
      userName: pushed.userName,
      externalId: pushed.externalId,
      email: member.email ?? '',
    });
    expect(await pushedMember({ ...doubt, pushed: again })).toMatchObject({ status: 'suspended' });
    expect(await conflictOf({ directory, pushed: again })).toMatchObject({ status: 'open' });
  });

  test('two may wait for one member; nobody waits for a member whom a directory holds', async () => {
    const doubt = await newDoubt();
    const { directory, member } = doubt;
    const email = member.email ?? '';
    const twin = await pushUser(world, directory, { email });
    expect(await findConflict(directory, twin)).toMatchObject({ candidateMembershipId: member.id });
    await decide(doubt, 'adopt');
    const late = await pushUser(world, directory, { email });
    const other = await pushUser(world, directory, { email: 'nobody@else.example' });
    for (const user of [late, other]) {
      expect(await findConflict(directory, user)).toBeUndefined();
      expect((await pushedMember({ ...doubt, pushed: user })).status).toBe('active');
    }
  });
});

describe('adopt', () => {
  test('S117, S118 the member stays who they are: id, role, account, password; the directory holds them from now on', async () => {
    const doubt = await newDoubt({ role: 'admin', password: 'x' });
    const { organization, member, pushed } = doubt;
    const account = await world.deps.storage.users.find(member.userId);
    const view = await decide(doubt, 'adopt');
    expect(view.conflict).toMatchObject({ status: 'adopted', version: 2 });
    const user = await findUser(doubt);
    expect(user).toMatchObject({ id: pushed.id, membershipId: member.id, userId: member.userId, version: 2 });
    expect(await membershipOf(world, organization.id, member.id)).toMatchObject({
      orgRole: 'admin',
      source: 'directory',
      status: 'active',
      name: 'Ada Pushed',
      email: member.email,
    });
    expect(await world.deps.storage.users.find(member.userId)).toEqual(account);
    const { memberships, users } = world.deps.storage;
    expect(await memberships.find(organization.id, pushed.membershipId)).toBeUndefined();
    expect(await users.find(pushed.userId)).toBeUndefined();
    expect((await countsOf(world, organization.id)).kept).toEqual({ seats: 1, owners: 0 });
  });

  test('roles of the groups the pushed person is in come over; deactivation reaches the member', async () => {
    const doubt = await newDoubt();
    const { organization, directory, member, pushed } = doubt;
    const group = await pushGroup(world, directory, { name: 'staff', memberIds: [pushed.id] });
    await createGroupMapping(world.deps, {
      organizationId: organization.id,
      cause: OPERATOR,
      caller: operator,
      mapping: { match: { kind: 'group_id', groupId: group.id }, grants: [{ scope: 'org', role: 'viewer' }] },
    });
    expect((await membershipOf(world, organization.id, member.id)).orgRole).toBe('member');
    await decide(doubt, 'adopt');
    expect((await membershipOf(world, organization.id, member.id)).orgRole).toBe('viewer');
    await repushUser(world, directory, { id: pushed.id, isActive: false });
    expect((await membershipOf(world, organization.id, member.id)).status).toBe('suspended');
  });

  test('somebody pushed as inactive takes the member along', async () => {
    const doubt = await newDoubt({ isActive: false });
    await decide(doubt, 'adopt');
    const member = await membershipOf(world, doubt.organization.id, doubt.member.id);
    expect(member.status).toBe('suspended');
  });

  const unproved: readonly [title: string, hasAccount: boolean, outcome: string][] = [
    ['an account of their own is not given away', true, 'invalid'],
    ['somebody known only here may be', false, 'done'],
  ];
  test.each(unproved)('S119 outside the proved domains: %s', async (_title, hasAccount, outcome) => {
    const doubt = await newDoubt({ isProved: false, hasAccount });
    expect(await refusalOf(decide(doubt, 'adopt'))).toBe(outcome);
    expect((await conflictOf(doubt)).status).toBe(outcome === 'done' ? 'adopted' : 'open');
  });

  const callers: readonly [role: 'admin' | 'owner', target: 'member' | 'admin' | 'owner', outcome: string][] =
    [
      ['admin', 'member', 'done'],
      ['admin', 'admin', 'forbidden'],
      ['admin', 'owner', 'forbidden'],
      ['owner', 'admin', 'done'],
      ['owner', 'owner', 'done'],
    ];
  test.each(callers)('an %s hands a %s over to the directory: %s', async (role, target, outcome) => {
    const doubt = await newDoubt({ role: target });
    const caller = callerOf(await newMember(world, doubt.organization.id, { role }));
    expect(await refusalOf(decide(doubt, 'adopt', caller))).toBe(outcome);
  });

  test('the last owner is not suspended by it', async () => {
    const doubt = await newDoubt({ role: 'owner', isActive: false });
    expect(await refusalOf(decide(doubt, 'adopt'))).toBe('last_owner');
    expect((await findUser(doubt))?.membershipId).toBe(doubt.pushed.membershipId);
  });

  test('of two who may be one member, the first decision has them', async () => {
    const doubt = await newDoubt();
    const twin = await pushUser(world, doubt.directory, { email: doubt.member.email ?? '' });
    await decide(doubt, 'adopt');
    expect(await refusalOf(decide({ ...doubt, pushed: twin }, 'adopt'))).toBe('already_exists');
    expect(await refusalOf(decide({ ...doubt, pushed: twin }, 'separate'))).toBe('done');
  });

  test('R10 of 20 decisions at once one holds', async () => {
    const doubt = await newDoubt();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => refusalOf(decide(doubt, 'adopt'))));
    expect(outcomes.sort()).toEqual(['done', ...Array<string>(19).fill('version_conflict')].sort());
    const { memberships } = world.deps.storage;
    expect(await memberships.list(doubt.organization.id, {}, { limit: 10 })).toHaveLength(1);
  });
});

describe('separate and reject', () => {
  test('separate: two people, each as pushed and as before; only now a seat is taken', async () => {
    const doubt = await newDoubt();
    await decide(doubt, 'separate');
    expect(await pushedMember(doubt)).toMatchObject({ status: 'active' });
    expect(await membershipOf(world, doubt.organization.id, doubt.member.id)).toEqual(doubt.member);
    expect((await countsOf(world, doubt.organization.id)).kept.seats).toBe(2);
    await repushUser(world, doubt.directory, { id: doubt.pushed.id, isActive: false });
    await repushUser(world, doubt.directory, { id: doubt.pushed.id, isActive: true });
    expect((await pushedMember(doubt)).status).toBe('active');
  });

  test('separate stays suspended when pushed as inactive', async () => {
    const doubt = await newDoubt({ isActive: false });
    await decide(doubt, 'separate');
    expect((await pushedMember(doubt)).status).toBe('suspended');
  });

  test('separate without a free seat is refused and decides nothing', async () => {
    const organization = await newOrganization(world, { plan: { preset: 'enterprise', seats: 1 } });
    const directory = await newDirectory(world, organization.id, 'queue');
    const member = await newMember(world, organization.id, { email: 'a@corp.example' });
    const pushed = await pushUser(world, directory, { email: 'a@corp.example' });
    const doubt = { organization, directory, member, pushed };
    expect(await refusalOf(decide(doubt, 'separate'))).toBe('seats_exhausted');
    expect(await conflictOf(doubt)).toMatchObject({ status: 'open', version: 1 });
  });

  test.each(['adopt', 'separate'] as const)(
    'a rejected conflict may still be decided: %s',
    async (action) => {
      const doubt = await newDoubt();
      await decide(doubt, 'reject');
      expect((await decide(doubt, action)).conflict.version).toBe(3);
      for (const again of ['adopt', 'separate', 'reject'] as const) {
        expect(await refusalOf(decide(doubt, again))).toBe('version_conflict');
      }
    },
  );

  test('the decisions are told in the audit', async () => {
    const doubt = await newDoubt();
    await decide(doubt, 'reject');
    const { auditEvents } = world.deps.storage;
    const { id } = await conflictOf(doubt);
    const events = await auditEvents.list(doubt.organization.id, { targetId: id }, { limit: 10 });
    expect(events.map(({ type, details }) => [type, details.action]).sort()).toEqual([
      ['adoption_conflict.opened', undefined],
      ['adoption_conflict.resolved', 'reject'],
    ]);
  });
});

describe('a conflict of others', () => {
  test('S106 is not found by another directory or organization', async () => {
    const doubt = await newDoubt();
    const { id } = await conflictOf(doubt);
    const sibling = await newDirectory(world, doubt.organization.id);
    const stranger = await newDoubt();
    for (const { organizationId, id: directoryId } of [sibling, stranger.directory]) {
      const request = {
        organizationId,
        directoryId,
        id,
        action: 'adopt',
        caller: operator,
        cause: OPERATOR,
      } as const;
      expect(await refusalOf(resolveConflict(world.deps, request))).toBe('not_found');
    }
  });
});
