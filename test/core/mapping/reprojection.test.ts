/** Rules carried over to a whole organization: by a job in steps, and at the door for whoever comes earlier. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createApiKey, findKeyCaller } from '../../../src/core/applications/api-keys.ts';
import { findApplicationPerson } from '../../../src/core/applications/application-people.ts';
import type {
  Directory,
  DirectoryGroup,
  DirectoryUser,
  MappingGrant,
} from '../../../src/core/entities/directory.ts';
import type { Job } from '../../../src/core/entities/job.ts';
import { getJob, runDueJobs } from '../../../src/core/jobs.ts';
import {
  createGroupMapping,
  removeGroupMapping,
  updateGroupMapping,
} from '../../../src/core/mapping/group-mappings.ts';
import {
  reprojectSome,
  requestReprojection,
  settleMemberById,
} from '../../../src/core/mapping/reprojection.ts';
import { createTeam } from '../../../src/core/members/teams.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import { findSignedIn } from '../../../src/core/sign-in/sessions.ts';
import type { GroupMappingId, MembershipId, OrganizationId } from '../../../src/kernel/ids.ts';
import { aGroupMapping } from '../../support/builders.ts';
import {
  anUpstream,
  callerOf,
  causeOfMember,
  membershipOf,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  pushGroup,
  pushUser,
  signIn,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { anEnding } from '../../support/history-builders.ts';
import { journalOf } from '../../support/journal-rows.ts';
import { refusalOf } from '../../support/refusals.ts';

const PEOPLE = 5;
let world: CoreWorld;
let organizationId: OrganizationId;
let directory: Directory;
let people: readonly DirectoryUser[];
let group: DirectoryGroup;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  organizationId = (await newOrganization(world)).id;
  directory = await newDirectory(world, organizationId);
  const pushed: DirectoryUser[] = [];
  for (let index = 0; index < PEOPLE; index += 1) {
    world.time.now += 1;
    pushed.push(await pushUser(world, directory, { externalId: `s${index}` }));
  }
  people = pushed;
  group = await pushGroup(world, directory, { name: 'Everybody', memberIds: people.map(({ id }) => id) });
});

/** Two people are what a request can wait for. */
const deps = () => ({ ...world.deps, mostProjectedAtOnce: 2 });
const request = () => ({ organizationId, cause: OPERATOR, caller: { kind: 'operator' } as const });
const role = (to: 'viewer' | 'member' | 'admin'): MappingGrant => ({ scope: 'org', role: to });
const rule = async (grants: readonly MappingGrant[]): Promise<GroupMappingId> => {
  const mapping = { match: { kind: 'group_id', groupId: group.id } as const, grants };
  return (await createGroupMapping(deps(), { ...request(), mapping })).id;
};
const roleOf = async (id: MembershipId) => (await membershipOf(world, organizationId, id)).orgRole;
const rolesNow = () => Promise.all(people.map(({ membershipId }) => roleOf(membershipId)));
const run = () => runDueJobs(deps(), { reprojection: reprojectSome });
const underWay = async () => (await world.deps.storage.organizations.find(organizationId))?.reprojectionJobId;
const jobs = async (): Promise<readonly Job[]> => {
  const listed = await world.deps.storage.jobs.list(organizationId, { limit: 10 });
  return Promise.all(listed.map(({ id }) => getJob(world.deps.storage, organizationId, id)));
};
const all = (what: string) => people.map(() => what);

describe('a change that concerns more people than a request can wait for', () => {
  test('is stored at once and carried over by a job, as the act of whoever made it', async () => {
    await rule([role('viewer')]);
    expect(await rolesNow()).toEqual(all('member'));
    const [job] = await jobs();
    expect(job).toMatchObject({ kind: 'reprojection', state: 'waiting', doneCount: 0, totalCount: PEOPLE });
    expect(await underWay()).toBe(job?.id);
    expect(await run()).toBe(1);
    expect(await rolesNow()).toEqual(all('viewer'));
    expect(await underWay()).toBeNull();
    const [done] = await jobs();
    expect(done).toMatchObject({ state: 'done', doneCount: PEOPLE, totalCount: PEOPLE });
    expect(JSON.parse(done?.result ?? '')).toEqual({ changed: PEOPLE, ended: 'complete' });
    const told = await world.deps.storage.auditEvents.list(organizationId, {}, { limit: 50 });
    const moves = told.filter(({ type }) => type === 'member.roles_changed');
    expect(moves.map(({ actor }) => actor.kind)).toEqual(all('operator'));
  });

  test('a small one is carried over within the request, without a job', async () => {
    group = await pushGroup(world, directory, {
      name: 'Two',
      memberIds: people.slice(0, 2).map(({ id }) => id),
    });
    await rule([role('viewer')]);
    expect(await rolesNow()).toEqual(['viewer', 'viewer', 'member', 'member', 'member']);
    expect(await jobs()).toEqual([]);
  });

  test.each([
    ['removed', (id: GroupMappingId) => removeGroupMapping(deps(), { ...request(), id })],
    [
      'lowered',
      (id: GroupMappingId) =>
        updateGroupMapping(deps(), { ...request(), id, change: { grants: [role('viewer')] } }),
    ],
    [
      'outvoted by another policy',
      async () => {
        await world.deps.storage.transact((tx) =>
          tx.groupMappings.insert(
            organizationId,
            aGroupMapping(organizationId, {
              match: { kind: 'group_id', groupId: group.id },
              grants: [role('viewer')],
            }),
          ),
        );
        await updateOrganization(deps(), { ...request(), change: { conflictPolicy: 'refuse' } });
      },
    ],
  ])(
    'S146: admins are no admins when the answer leaves after their rule is %s, whatever the job does',
    async (_how, change) => {
      const id = await rule([role('admin')]);
      await run();
      expect(await rolesNow()).toEqual(all('admin'));
      await change(id);
      expect((await rolesNow()).includes('admin')).toBe(false);
      await run();
      expect((await rolesNow()).includes('admin')).toBe(false);
      expect(await underWay()).toBeNull();
    },
  );

  test('S147: nobody but an owner or the operator makes it directly', async () => {
    const admin = callerOf(await newMember(world, organizationId, { role: 'admin' }));
    const owner = callerOf(await newMember(world, organizationId, { role: 'owner' }));
    const mapping = { match: { kind: 'group_id', groupId: group.id } as const, grants: [role('viewer')] };
    const as = (caller: typeof admin) => createGroupMapping(deps(), { ...request(), caller, mapping });
    expect(await refusalOf(as(admin))).toBe('forbidden');
    expect(await jobs()).toEqual([]);
    expect(await refusalOf(as(owner))).toBe('done');
  });
});

describe('S146: whoever comes before the job has reached them is met with the roles of the new rules', () => {
  /** Everybody is a viewer and in a team; then the rule goes, and the job has done nothing yet. */
  const stage = async () => {
    const team = await createTeam(world.deps, { ...request(), name: 'Red' });
    const id = await rule([role('viewer'), { scope: 'team', teamId: team.id, role: 'owner' }]);
    await run();
    const [ada, bob] = people;
    if (ada === undefined || bob === undefined) throw new Error('nobody');
    return { team, id, ada, bob };
  };

  test('by session', async () => {
    const { id, ada, bob } = await stage();
    const connection = await newConnection(world, organizationId);
    const { sessionToken } = await signIn(world, connection, anUpstream(connection, { subject: 's0' }));
    expect((await findSignedIn(deps(), sessionToken))?.membership.orgRole).toBe('viewer');
    await removeGroupMapping(deps(), { ...request(), id });
    expect((await findSignedIn(deps(), sessionToken))?.membership.orgRole).toBe('member');
    expect([await roleOf(ada.membershipId), await roleOf(bob.membershipId)]).toEqual(['member', 'viewer']);
  });

  test('by an application, teams included', async () => {
    const { id, ada } = await stage();
    const person = { organizationId, membershipId: ada.membershipId, userId: ada.userId };
    expect((await findApplicationPerson(deps(), person))?.teams).toMatchObject([{ role: 'owner' }]);
    await removeGroupMapping(deps(), { ...request(), id });
    expect(await findApplicationPerson(deps(), person)).toMatchObject({ orgRole: 'member', teams: [] });
  });

  test('by a personal API key', async () => {
    const ada = people[0] && (await membershipOf(world, organizationId, people[0].membershipId));
    if (ada === undefined) throw new Error('nobody');
    const { token } = await createApiKey(deps(), {
      ...{ organizationId, caller: callerOf(ada), cause: causeOfMember(ada), expiresAt: null },
      ...{ name: 'A', kind: 'personal', scopes: ['members.read'] },
    });
    expect((await findKeyCaller(deps(), token))?.caller.scopes).toEqual(['members.read']);
    await rule([role('viewer')]);
    expect((await findKeyCaller(deps(), token))?.caller.scopes).toEqual([]);
  });

  test('by id', async () => {
    const { id, ada } = await stage();
    await removeGroupMapping(deps(), { ...request(), id });
    const organization = await world.deps.storage.organizations.find(organizationId);
    if (organization === undefined) throw new Error('no organization');
    await settleMemberById(deps(), organization, ada.membershipId);
    const before = journalOf(world.path, organizationId);
    await settleMemberById(deps(), organization, ada.membershipId);
    expect(journalOf(world.path, organizationId)).toEqual(before);
    expect(await roleOf(ada.membershipId)).toBe('member');
  });
});

describe('the job', () => {
  test('asked for again while it is under way is the same; afterwards it is another, and finds nothing to do', async () => {
    await rule([role('viewer')]);
    const ask = () => requestReprojection(deps(), { organizationId, cause: OPERATOR });
    const [first] = await jobs();
    expect((await ask()).id).toBe(first?.id);
    await run();
    const before = journalOf(world.path, organizationId);
    world.time.now += 1;
    const again = await ask();
    expect(again.id).not.toBe(first?.id);
    await run();
    const [done] = await jobs();
    expect(JSON.parse(done?.result ?? '')).toEqual({ changed: 0, ended: 'complete' });
    const after = journalOf(world.path, organizationId);
    expect(after.audit - before.audit).toBe(1);
  });

  test('mends a ledger that somebody has bent', async () => {
    await rule([role('viewer')]);
    await run();
    const [ada] = people;
    if (ada === undefined) throw new Error('nobody');
    await world.deps.storage.transact((tx) =>
      tx.grants.endByMembership(organizationId, ada.membershipId, anEnding(world.time.now)),
    );
    await requestReprojection(deps(), { organizationId, cause: OPERATOR });
    await run();
    expect(await rolesNow()).toEqual(all('viewer'));
  });

  test('ends when the rules have changed meanwhile: the next one has begun from the start', async () => {
    await rule([role('viewer')]);
    const [first] = await jobs();
    world.time.now += 1;
    await rule([role('member')]);
    expect(await underWay()).not.toBe(first?.id);
    await run();
    const done = await jobs();
    expect(done.map(({ result }) => JSON.parse(result ?? '').ended)).toEqual(['complete', 'superseded']);
    expect(await rolesNow()).toEqual(all('member'));
  });

  test('done twice for one note, as after a crash, changes nothing the second time', async () => {
    await rule([role('viewer')]);
    const [job] = await jobs();
    if (job === undefined) throw new Error('no job');
    expect(await reprojectSome(deps(), job)).toMatchObject({ isDone: true, result: { changed: PEOPLE } });
    const before = journalOf(world.path, organizationId);
    expect(await reprojectSome(deps(), job)).toMatchObject({
      isDone: true,
      result: { changed: 0, ended: 'complete' },
    });
    expect(journalOf(world.path, organizationId)).toEqual(before);
  });
});
