/** Whatever a directory pushes and an admin maps, in any order: stored roles are what the ledger's reasons amount to. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainMember } from '../../../src/core/access/explain.ts';
import { removeDirectoryGroup } from '../../../src/core/directory/directory-groups.ts';
import type { GroupMemberChange } from '../../../src/core/directory/group-members.ts';
import type { Directory } from '../../../src/core/entities/directory.ts';
import {
  createGroupMapping,
  removeGroupMapping,
  updateGroupMapping,
} from '../../../src/core/mapping/group-mappings.ts';
import { createTeam } from '../../../src/core/members/teams.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import type { TeamId } from '../../../src/kernel/ids.ts';
import {
  dropUser,
  membershipOf,
  newDirectory,
  newOrganization,
  pushGroup,
  pushUser,
  repushGroup,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { journalOf } from '../../support/journal-rows.ts';
import type { ModelGrant, ModelMapping, ModelUser, Step } from './directory-model.ts';
import { anyStep, DirectoryModel, grantsOf } from './directory-model.ts';

interface Run {
  readonly world: CoreWorld;
  readonly directory: Directory;
  readonly teamIds: readonly TeamId[];
  readonly model: DirectoryModel;
}

const CALLER = { kind: 'operator' } as const;
const nth = <Value>(values: Iterable<Value>, index: number): Value | undefined => {
  const list = [...values];
  return list.length === 0 ? undefined : list[index % list.length];
};

const nodes = ({ model }: Run, indexes: readonly number[], without?: string): readonly string[] => {
  const all = [...model.users.keys(), ...model.groups.keys()].filter((id) => id !== without);
  return [...new Set(indexes.flatMap((index) => nth(all, index) ?? []))];
};

/** Does the step to the store and to the model; answers whether something must have changed. */
function doStep(run: Run, step: Step): Promise<boolean> {
  switch (step.kind) {
    case 'pushUser':
      return addUser(run);
    case 'dropUser':
    case 'dropGroup':
    case 'unmap':
      return drop(run, step.kind, step.at);
    case 'pushGroup':
      return addGroup(run, step);
    case 'rename':
      return rename(run, step);
    case 'add':
    case 'remove':
    case 'replace':
    case 'removeGroups':
      return changeMembers(run, step);
    case 'map':
    case 'remap':
      return map(run, step);
    case 'policy':
      return setPolicy(run, step.policy);
  }
}

async function addUser({ world, directory, model }: Run): Promise<boolean> {
  const user = await pushUser(world, directory);
  model.users.set(user.id, { id: user.id, membershipId: user.membershipId });
  return true;
}

async function drop(run: Run, kind: 'dropUser' | 'dropGroup' | 'unmap', at: number): Promise<boolean> {
  const { world, directory, model } = run;
  const { organizationId, id: directoryId } = directory;
  const request = { organizationId, cause: OPERATOR, caller: CALLER };
  if (kind === 'unmap') {
    const mapping = nth(model.mappings.values(), at);
    if (mapping === undefined) return false;
    await removeGroupMapping(world.deps, { ...request, id: mapping.id });
    model.mappings.delete(mapping.id);
    return true;
  }
  if (kind === 'dropUser') {
    const user = nth(model.users.values(), at);
    if (user === undefined) return false;
    await dropUser(world, directory, user);
    model.forget(user.id);
    return true;
  }
  const group = nth(model.groups.values(), at);
  if (group === undefined) return false;
  await removeDirectoryGroup(world.deps, { ...request, directoryId, id: group.id });
  model.forget(group.id);
  return true;
}

async function addGroup(run: Run, step: Extract<Step, { name: string }>): Promise<boolean> {
  const { world, directory, model } = run;
  const memberIds = nodes(run, step.members);
  const group = await pushGroup(world, directory, { name: step.name, memberIds });
  model.groups.set(group.id, { id: group.id, name: step.name, memberIds: new Set(memberIds) });
  return true;
}

/** A rename that moves members in the same request, as a PUT does. */
async function rename(run: Run, step: Extract<Step, { name: string }>): Promise<boolean> {
  const { world, directory, model } = run;
  const group = nth(model.groups.values(), step.at);
  if (group === undefined) return false;
  const memberIds = nodes(run, step.members, group.id);
  const { name } = step;
  await repushGroup(world, directory, { id: group.id, name, members: [{ kind: 'replace', memberIds }] });
  group.name = name;
  group.memberIds.clear();
  for (const id of memberIds) group.memberIds.add(id);
  return true;
}

async function changeMembers(
  run: Run,
  step: Extract<Step, { kind: 'add' | 'remove' | 'replace' | 'removeGroups' }>,
): Promise<boolean> {
  const { world, directory, model } = run;
  const group = nth(model.groups.values(), step.at);
  if (group === undefined) return false;
  const memberIds = nodes(run, step.members, group.id);
  const before = [...group.memberIds].sort();
  const change: GroupMemberChange =
    step.kind === 'removeGroups'
      ? { kind: 'removeWhere', matches: (member) => member.memberKind === 'group' }
      : { kind: step.kind, memberIds };
  await repushGroup(world, directory, { id: group.id, members: [change] });
  if (step.kind === 'replace') group.memberIds.clear();
  if (step.kind === 'add' || step.kind === 'replace') for (const id of memberIds) group.memberIds.add(id);
  if (step.kind === 'remove') for (const id of memberIds) group.memberIds.delete(id);
  if (step.kind === 'removeGroups') for (const id of model.groups.keys()) group.memberIds.delete(id);
  return JSON.stringify(before) !== JSON.stringify([...group.memberIds].sort());
}

async function map(run: Run, step: Extract<Step, { byName: string | null }>): Promise<boolean> {
  const { world, directory, model, teamIds } = run;
  const group = nth(model.groups.values(), step.group);
  if (step.byName === null && group === undefined) return false;
  const match: ModelMapping['match'] =
    step.byName === null && group !== undefined
      ? { kind: 'group_id', groupId: group.id }
      : { kind: 'group_name', groupName: step.byName ?? '' };
  // S137: a name gives at most member.
  const given = step.grants.map((grant) =>
    step.byName !== null && grant.scope === 'org' && grant.role === 'admin'
      ? { ...grant, role: 'viewer' as const }
      : grant,
  );
  const mapping = { match, grants: grantsOf(given, teamIds), rank: step.rank };
  const request = { organizationId: directory.organizationId, cause: OPERATOR, caller: CALLER };
  const old = step.kind === 'remap' ? nth(model.mappings.values(), step.at) : undefined;
  if (old !== undefined) {
    await updateGroupMapping(world.deps, { ...request, id: old.id, change: mapping });
    Object.assign(old, mapping);
    return true;
  }
  const { id } = await createGroupMapping(world.deps, { ...request, mapping });
  model.mappings.set(id, { id, ...mapping });
  return true;
}

async function setPolicy(
  { world, directory, model }: Run,
  policy: DirectoryModel['policy'],
): Promise<boolean> {
  const { organizationId } = directory;
  await updateOrganization(world.deps, {
    caller: { kind: 'operator' },
    organizationId,
    cause: OPERATOR,
    change: { conflictPolicy: policy },
  });
  model.policy = policy;
  return true;
}

async function expectAgreement(run: Run): Promise<void> {
  for (const user of run.model.users.values()) await expectRoles(run, user);
}

async function expectRoles({ world, directory, model }: Run, user: ModelUser): Promise<void> {
  const { organizationId } = directory;
  const expected = model.rolesOf(user);
  const membership = await membershipOf(world, organizationId, user.membershipId);
  const teams = await world.deps.storage.teamMembers.listByMemberships(organizationId, [membership.id]);
  expect(membership.orgRole).toBe(expected.org?.role);
  expect(teams.map(({ teamId, role }) => ({ teamId, role }))).toEqual(
    expected.teams.map(({ teamId, role }) => ({ teamId, role })),
  );
  const told = await explainMember(world.deps, { organizationId, id: membership.id });
  const groupsTold = [told.orgRole, ...told.teams].flatMap(({ because }) =>
    because.flatMap(({ source }) => (source.kind === 'directory_group' ? [source.groupName] : [])),
  );
  const groupsMeant = [expected.org, ...expected.teams].flatMap((one) =>
    (one?.because ?? []).flatMap(({ source }) =>
      source.kind === 'directory_group' ? [model.groups.get(source.groupId)?.name] : [],
    ),
  );
  expect(new Set(groupsTold)).toEqual(new Set(groupsMeant));
}

async function newRun(world: CoreWorld): Promise<Run> {
  const organization = await newOrganization(world);
  const directory = await newDirectory(world, organization.id);
  const request = { organizationId: organization.id, cause: OPERATOR };
  const teamIds = [
    (await createTeam(world.deps, { ...request, name: 'Red' })).id,
    (await createTeam(world.deps, { ...request, name: 'Blue' })).id,
  ];
  const run = { world, directory, teamIds, model: new DirectoryModel() };
  for (let count = 0; count < 3; count += 1) await addUser(run);
  // A rule on an outer group from the start: what happens to inner ones must be seen through it.
  await doStep(run, { kind: 'pushGroup', at: 0, name: 'Inner', members: [0] });
  await doStep(run, { kind: 'pushGroup', at: 0, name: 'Outer', members: [3] });
  const grants: ModelGrant[] = [{ scope: 'org', role: 'admin' }];
  await doStep(run, { kind: 'map', at: 0, byName: null, group: 1, grants, rank: 1 });
  return run;
}

describe('pushes, groups and mappings in any order', () => {
  let world: CoreWorld;
  beforeAll(async () => {
    world = await openCoreWorld({ runsTwice: false });
  });
  afterAll(() => world.close());

  test('roles, explanations and the journal agree with the model after every step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 8, maxLength: 20 }), async (steps) => {
        const run = await newRun(world);
        const journal = () => journalOf(world.path, run.directory.organizationId);
        let before = journal();
        for (const step of steps) {
          const changed = await doStep(run, step);
          const after = journal();
          expect(after.audit > before.audit).toBe(changed);
          expect(after.events).toBe(after.audit);
          before = after;
          await expectAgreement(run);
        }
      }),
      { numRuns: 25 },
    );
  });

  const both: readonly ModelGrant[] = [
    { scope: 'org', role: 'admin' },
    { scope: 'team', team: 0, role: 'owner' },
  ];
  const viewer: readonly ModelGrant[] = [{ scope: 'org', role: 'viewer' }];
  const toOuter = { kind: 'map', at: 0, byName: null, group: 1, rank: 2 } as const;
  const toInner = { kind: 'map', at: 0, byName: null, group: 0, rank: 0 } as const;
  // Inner holds user 0; Outer holds Inner, and its members are admins. Members count users first, then the other groups.
  const stories: [title: string, steps: Step[]][] = [
    ['somebody added to an inner group', [{ kind: 'add', at: 0, members: [1, 2] }]],
    ['somebody taken out of an inner group', [{ kind: 'remove', at: 0, members: [0] }]],
    ['an inner group taken out', [{ kind: 'removeGroups', at: 1, members: [] }]],
    ['an inner group deleted', [{ kind: 'dropGroup', at: 0 }]],
    ['the outer group deleted', [{ kind: 'dropGroup', at: 1 }]],
    [
      'groups that contain each other',
      [
        { kind: 'add', at: 0, members: [3] },
        { ...toInner, grants: viewer },
      ],
    ],
    [
      'a third level',
      [
        { kind: 'pushGroup', at: 0, name: 'Core', members: [2] },
        { kind: 'add', at: 0, members: [4] },
      ],
    ],
    [
      'a policy that ranks',
      [
        { ...toInner, grants: viewer },
        { kind: 'policy', policy: 'ranked' },
      ],
    ],
    [
      'a policy that refuses',
      [
        { ...toInner, grants: viewer },
        { kind: 'policy', policy: 'refuse' },
      ],
    ],
    [
      'a rule for a team',
      [
        { ...toOuter, grants: both },
        { kind: 'unmap', at: 0 },
      ],
    ],
    ['a rule that moves to a name', [{ ...toOuter, kind: 'remap', byName: 'inner', grants: viewer }]],
    [
      'a rename out of a name rule',
      [
        { ...toOuter, byName: 'INNER', grants: viewer },
        { kind: 'rename', at: 0, name: 'Other', members: [0] },
      ],
    ],
  ];
  test.each(stories)('%s: roles follow at once', async (_title, steps) => {
    const run = await newRun(world);
    await expectAgreement(run);
    for (const step of steps) {
      expect(await doStep(run, step)).toBe(true);
      await expectAgreement(run);
    }
  });
});
