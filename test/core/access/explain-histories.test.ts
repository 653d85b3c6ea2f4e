/** Whatever happens, in any order: what is told of a past instant is what was true at that instant, written down then. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainMember } from '../../../src/core/access/explain.ts';
import { listResourceRoles, setResourceRole } from '../../../src/core/access/resource-grants.ts';
import { changeDirectoryGroup, removeDirectoryGroup } from '../../../src/core/directory/directory-groups.ts';
import type { Directory } from '../../../src/core/entities/directory.ts';
import {
  createGroupMapping,
  removeGroupMapping,
  updateGroupMapping,
} from '../../../src/core/mapping/group-mappings.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import { createTeam, renameTeam, setTeamMember } from '../../../src/core/members/teams.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import type { MembershipId, TeamId } from '../../../src/kernel/ids.ts';
import {
  dropUser,
  newDirectory,
  newMember,
  newOrganization,
  pushGroup,
  pushUser,
  repushUser,
} from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';

const CALLER = { kind: 'operator' } as const;
const at = fc.nat({ max: 20 });
const role = fc.constantFrom('viewer' as const, 'member' as const, 'admin' as const);
const anyStep = fc.record({
  kind: fc.constantFrom(
    ...(['push', 'push', 'join', 'role', 'role', 'suspend', 'activate', 'remove', 'drop', 'team'] as const),
    ...(['resource', 'group', 'members', 'members', 'members', 'rename', 'ungroup', 'map', 'remap'] as const),
    ...(['unmap', 'policy', 'renameTeam', 'deactivate'] as const),
  ),
  at,
  other: at,
  role,
  /** How much later; 0: in the same millisecond as the step before. */
  later: fc.nat({ max: 2 }),
});
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

interface Run {
  readonly world: CoreWorld;
  readonly directory: Directory;
  readonly teamId: TeamId;
  readonly seen: Set<MembershipId>;
}

const nth = <Value>(values: readonly Value[], index: number): Value | undefined =>
  values[index % Math.max(1, values.length)];

/** Does the step where it can be done; refusals (no such thing, last owner, the directory's) change nothing. */
async function doStep(run: Run, step: Step): Promise<void> {
  try {
    await STEPS[step.kind](run, step);
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code === 'internal') throw error;
  }
}

const scopeOf = ({ directory }: Run) => ({
  organizationId: directory.organizationId,
  caller: CALLER,
  cause: OPERATOR,
});

async function someMember(run: Run, index: number) {
  const { organizationId } = run.directory;
  return nth(await run.world.deps.storage.memberships.list(organizationId, {}, { limit: 100 }), index);
}

async function someUser({ world, directory }: Run, index: number) {
  const page = { limit: 100 };
  const { organizationId, id } = directory;
  return nth(await world.deps.storage.directoryUsers.scan(organizationId, id, { kind: 'all' }, page), index);
}

async function someGroup({ world, directory }: Run, index: number) {
  const page = { limit: 100 };
  const { organizationId, id } = directory;
  return nth(await world.deps.storage.directoryGroups.scan(organizationId, id, { kind: 'all' }, page), index);
}

async function someMapping({ world, directory }: Run, index: number) {
  return nth(await world.deps.storage.groupMappings.list(directory.organizationId), index);
}

async function changeSomebody(
  run: Run,
  index: number,
  change: Parameters<typeof changeMember>[1]['change'],
): Promise<void> {
  const member = await someMember(run, index);
  if (member !== undefined) await changeMember(run.world.deps, { ...scopeOf(run), id: member.id, change });
}

async function changeGroup(run: Run, step: Step, isRename: boolean): Promise<void> {
  const { world, directory } = run;
  const group = await someGroup(run, step.at);
  const user = await someUser(run, step.other);
  if (group === undefined || user === undefined) return;
  const isIn = (await world.deps.storage.groupMembers.listGroupsOf(directory.organizationId, user.id)).some(
    ({ id }) => id === group.id,
  );
  await changeDirectoryGroup(world.deps, {
    ...scopeOf(run),
    directoryId: directory.id,
    id: group.id,
    change: () => ({
      group: isRename ? { displayName: `G${step.other % 3}`, externalId: null, attributes: {} } : undefined,
      memberChanges: isRename ? [] : [{ kind: isIn ? 'remove' : 'add', memberIds: [user.id] }],
    }),
  });
}

const ruleOf = (step: Step, groupId: string) => ({
  match:
    step.other % 2 === 0
      ? { kind: 'group_name' as const, groupName: `G${step.at % 3}` }
      : { kind: 'group_id' as const, groupId: groupId as never },
  grants: [{ scope: 'org' as const, role: step.role }],
  rank: step.other % 4,
});

const STEPS: Readonly<Record<Step['kind'], (run: Run, step: Step) => Promise<unknown>>> = {
  push: ({ world, directory }) => pushUser(world, directory),
  join: ({ world, directory }, step) => newMember(world, directory.organizationId, { role: step.role }),
  role: (run, step) => changeSomebody(run, step.at, { orgRole: step.role }),
  suspend: (run, step) => changeSomebody(run, step.at, { status: 'suspended' }),
  activate: (run, step) => changeSomebody(run, step.at, { status: 'active' }),
  remove: async (run, step) => {
    const member = await someMember(run, step.at);
    if (member !== undefined) await removeMember(run.world.deps, { ...scopeOf(run), id: member.id });
  },
  drop: async (run, step) => {
    const user = await someUser(run, step.at);
    if (user === undefined) return;
    await dropUser(run.world, run.directory, user);
    // Half of them come back as the same person, with a second life of the same membership.
    if (step.other % 2 === 0) {
      run.world.time.now += step.later;
      await pushUser(run.world, run.directory, { userName: user.userName });
    }
  },
  deactivate: async (run, step) => {
    const user = await someUser(run, step.at);
    if (user !== undefined)
      await repushUser(run.world, run.directory, { id: user.id, isActive: !user.isActive });
  },
  team: async (run, step) => {
    const member = await someMember(run, step.at);
    if (member === undefined) return;
    const teamRole = step.other % 3 === 0 ? null : step.other % 3 === 1 ? 'member' : 'owner';
    const who = { ...scopeOf(run), teamId: run.teamId, memberId: member.id };
    await setTeamMember(run.world.deps, { ...who, role: teamRole, caller: { kind: 'operator' } });
  },
  resource: async (run, step) => {
    const member = await someMember(run, step.at);
    if (member === undefined) return;
    const given = step.other % 2 === 0 ? null : ('editor' as const);
    const what = { ...scopeOf(run), id: member.id, resource: { type: 'bot', id: 'one' } };
    await setResourceRole(run.world.deps, { ...what, role: given });
  },
  group: async (run, step) => {
    const user = await someUser(run, step.other);
    const name = `G${step.at % 3}`;
    await pushGroup(run.world, run.directory, { name, memberIds: user === undefined ? [] : [user.id] });
  },
  members: (run, step) => changeGroup(run, step, false),
  rename: (run, step) => changeGroup(run, step, true),
  ungroup: async (run, step) => {
    const group = await someGroup(run, step.at);
    if (group === undefined) return;
    const where = { ...scopeOf(run), directoryId: run.directory.id };
    await removeDirectoryGroup(run.world.deps, { ...where, id: group.id });
  },
  map: async (run, step) => {
    const group = await someGroup(run, step.at);
    if (group !== undefined)
      await createGroupMapping(run.world.deps, { ...scopeOf(run), mapping: ruleOf(step, group.id) });
  },
  remap: async (run, step) => {
    const [group, mapping] = [await someGroup(run, step.at), await someMapping(run, step.other)];
    if (group === undefined || mapping === undefined) return;
    const change = ruleOf(step, group.id);
    await updateGroupMapping(run.world.deps, { ...scopeOf(run), id: mapping.id, change });
  },
  unmap: async (run, step) => {
    const mapping = await someMapping(run, step.at);
    if (mapping !== undefined) await removeGroupMapping(run.world.deps, { ...scopeOf(run), id: mapping.id });
  },
  policy: (run, step) =>
    updateOrganization(run.world.deps, {
      ...scopeOf(run),
      change: { conflictPolicy: (['highest', 'ranked', 'refuse'] as const)[step.at % 3] },
    }),
  renameTeam: (run, step) =>
    renameTeam(run.world.deps, { ...scopeOf(run), id: run.teamId, name: `T${step.at}` }),
};

interface Seen {
  readonly status: string;
  readonly orgRole: string | null;
  readonly teams: readonly unknown[];
  readonly resources: readonly unknown[];
}

const NOBODY: Seen = { status: 'none', orgRole: null, teams: [], resources: [] };

/** What is true now, as stored: nothing of the history is asked. */
async function look({ world, directory, seen }: Run): Promise<ReadonlyMap<MembershipId, Seen>> {
  const { storage } = world.deps;
  const { organizationId } = directory;
  const members = await storage.memberships.list(organizationId, {}, { limit: 200 });
  const teams = await storage.teams.list(organizationId);
  const facts = new Map<MembershipId, Seen>();
  for (const { id, status, orgRole } of members) {
    seen.add(id);
    const roles = await storage.teamMembers.listByMemberships(organizationId, [id]);
    const inTeams = roles.map((row) => ({
      role: row.role,
      name: teams.find((team) => team.id === row.teamId)?.name,
    }));
    const resources = await listResourceRoles(storage, organizationId, id);
    const counts = status === 'active';
    facts.set(id, counts ? { status, orgRole, teams: inTeams, resources } : { ...NOBODY, status });
  }
  return facts;
}

async function told({ world, directory }: Run, id: MembershipId, instant: number): Promise<Seen> {
  const { organizationId } = directory;
  const request = { organizationId, id, at: instant, mayReadRemoved: true };
  const { status, orgRole, teams, resources } = await explainMember(world.deps, request);
  return {
    status,
    orgRole: orgRole.role,
    teams: teams.map((team) => ({ role: team.role, name: team.name })),
    resources: resources.map((one) => ({ resource: one.resource, role: one.role })),
  };
}

describe('explained as of a past instant', () => {
  let world: CoreWorld;
  beforeAll(async () => {
    world = await openCoreWorld({ runsTwice: false });
  });
  afterAll(() => world.close());

  const newRun = async (): Promise<Run> => {
    const organization = await newOrganization(world);
    const directory = await newDirectory(world, organization.id);
    const team = await createTeam(world.deps, {
      organizationId: organization.id,
      cause: OPERATOR,
      name: 'Red',
    });
    const run = { world, directory, teamId: team.id, seen: new Set<MembershipId>() };
    for (const kind of ['push', 'push', 'group', 'map'] as const)
      await doStep(run, { kind, at: 0, other: 0, role: 'admin', later: 0 });
    return run;
  };

  test('every past instant is told as it was, for everybody who was ever there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 40 }), async (steps) => {
        const run = await newRun();
        const journal = new Map([[world.time.now, await look(run)]]);
        for (const step of steps) {
          world.time.now += step.later;
          await doStep(run, step);
          journal.set(world.time.now, await look(run));
        }
        for (const [instant, facts] of journal)
          for (const id of run.seen)
            expect([instant, await told(run, id, instant)]).toEqual([instant, facts.get(id) ?? NOBODY]);
      }),
      { numRuns: 40 },
    );
  });
});
