/** Whatever groups, rules and policies there are: a plan says what applying does, undoing brings everything back, projecting again finds nothing to do. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConflictPolicy } from '../../../src/core/access/roles.ts';
import type {
  DirectoryGroup,
  DirectoryUser,
  MappingGrant,
  MappingMatch,
} from '../../../src/core/entities/directory.ts';
import type { MappingDraft } from '../../../src/core/entities/mapping-draft.ts';
import { runDueJobs } from '../../../src/core/jobs.ts';
import { applyMappingDraft, undoMappingDraft } from '../../../src/core/mapping/mapping-draft-application.ts';
import type { DraftedRuleInput } from '../../../src/core/mapping/mapping-drafts.ts';
import { createMappingDraft } from '../../../src/core/mapping/mapping-drafts.ts';
import type { MappingPlan } from '../../../src/core/mapping/mapping-plans.ts';
import { planMappingDraft } from '../../../src/core/mapping/mapping-plans.ts';
import { reprojectSome, requestReprojection } from '../../../src/core/mapping/reprojection.ts';
import { createTeam, setTeamMember } from '../../../src/core/members/teams.ts';
import type { GroupMappingId, MembershipId, OrganizationId, TeamId } from '../../../src/kernel/ids.ts';
import { newDirectory, newMember, newOrganization, pushGroup, pushUser } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

const NAMES = ['Staff', 'Ops', 'Staff abroad'] as const;
const PEOPLE = 4;
const TEAMS = 2;

interface RuleChoice {
  /** A group by id, or all of a name, or of a pattern. */
  readonly by: 'id' | 'name' | 'pattern';
  readonly group: number;
  readonly grants: readonly (
    | { readonly scope: 'org'; readonly role: 'viewer' | 'member' | 'admin' }
    | { readonly scope: 'team'; readonly team: number; readonly role: 'member' | 'admin' | 'owner' }
    | { readonly scope: 'resource'; readonly role: 'viewer' | 'editor' | 'admin' }
  )[];
  readonly rank: number;
  /** Keeps the identity of the n-th rule in force, if there is one. */
  readonly keeps: number | null;
}

interface BookChoice {
  /** Null: those in force. */
  readonly rules: readonly RuleChoice[] | null;
  readonly policy: ConflictPolicy | null;
}

const grantChoice: fc.Arbitrary<RuleChoice['grants'][number]> = fc.oneof(
  fc.record({
    scope: fc.constant('org' as const),
    role: fc.constantFrom('viewer' as const, 'member' as const, 'admin' as const),
  }),
  fc.record({
    scope: fc.constant('team' as const),
    team: fc.nat({ max: TEAMS - 1 }),
    role: fc.constantFrom('member' as const, 'admin' as const, 'owner' as const),
  }),
  fc.record({
    scope: fc.constant('resource' as const),
    role: fc.constantFrom('viewer' as const, 'editor' as const, 'admin' as const),
  }),
);
const rule: fc.Arbitrary<RuleChoice> = fc.record({
  by: fc.constantFrom('id' as const, 'id' as const, 'name' as const, 'pattern' as const),
  group: fc.nat({ max: NAMES.length - 1 }),
  grants: fc.array(grantChoice, { minLength: 1, maxLength: 3 }),
  rank: fc.nat({ max: 3 }),
  keeps: fc.option(fc.nat({ max: 4 })),
});
const book: fc.Arbitrary<BookChoice> = fc.record({
  policy: fc.constantFrom<ConflictPolicy | null>('highest', 'ranked', 'refuse', null),
  rules: fc.option(fc.array(rule, { minLength: 1, maxLength: 5 }), { freq: 3 }),
});
/** Who is in which group; the first group may be inside the last. */
const crowd = fc.record({
  members: fc.tuple(...NAMES.map(() => fc.subarray([...Array(PEOPLE).keys()], { minLength: 2 }))),
  isNested: fc.boolean(),
});

interface Stage {
  readonly organizationId: OrganizationId;
  readonly groups: readonly DirectoryGroup[];
  readonly teamIds: readonly TeamId[];
  readonly memberIds: readonly MembershipId[];
  /** People that a request projects; fewer than there are: a job does it. */
  readonly mostProjectedAtOnce: number;
}

const request = ({ organizationId }: Pick<Stage, 'organizationId'>) => ({
  ...{ organizationId, cause: OPERATOR, caller: { kind: 'operator' } as const },
});

interface Crowd {
  readonly members: readonly (readonly number[])[];
  readonly isNested: boolean;
}

async function newStage(choice: Crowd, mostProjectedAtOnce: number): Promise<Stage> {
  const { id: organizationId } = await newOrganization(world);
  const directory = await newDirectory(world, organizationId);
  const users: DirectoryUser[] = [];
  for (let index = 0; index < PEOPLE; index += 1) users.push(await pushUser(world, directory));
  const teamIds: TeamId[] = [];
  for (let index = 0; index < TEAMS; index += 1)
    teamIds.push((await createTeam(world.deps, { ...request({ organizationId }), name: `T${index}` })).id);
  const groups: DirectoryGroup[] = [];
  for (const [index, name] of NAMES.entries()) {
    const memberIds = (choice.members[index] ?? []).flatMap((at) => users[at]?.id ?? []);
    const inner = choice.isNested ? groups.slice(0, index - 1).map(({ id }) => id) : [];
    groups.push(await pushGroup(world, directory, { name, memberIds: [...memberIds, ...inner] }));
  }
  const byHand = await newMember(world, organizationId, { role: 'admin' });
  const memberIds = [...users.map(({ membershipId }) => membershipId), byHand.id];
  const [first] = users;
  const [teamId] = teamIds;
  if (first !== undefined && teamId !== undefined)
    await setTeamMember(world.deps, {
      ...{ ...request({ organizationId }), teamId, memberId: first.membershipId, role: 'admin' },
    });
  return { organizationId, groups, teamIds, memberIds, mostProjectedAtOnce };
}

function ruleInputs(stage: Stage, rules: readonly RuleChoice[], inForce: readonly GroupMappingId[]) {
  const taken = new Set<string>();
  return rules.map(({ by, group, grants, rank, keeps }): DraftedRuleInput => {
    const id = keeps === null ? undefined : inForce[keeps];
    const isFree = id !== undefined && !taken.has(id);
    if (isFree) taken.add(id);
    const given = grants.map((grant): MappingGrant => {
      if (grant.scope === 'team') return { ...grant, scope: 'team', teamId: teamAt(stage, grant.team) };
      if (grant.scope === 'resource') return { ...grant, resource: { type: 'bot', id: '1' } };
      // S137: names give at most member.
      return by !== 'id' && grant.role === 'admin' ? { ...grant, role: 'viewer' } : grant;
    });
    return { ...(isFree ? { id } : {}), match: matchOf(stage, by, group), grants: given, rank };
  });
}

const teamAt = ({ teamIds }: Stage, at: number): TeamId => {
  const id = teamIds[at % teamIds.length];
  if (id === undefined) throw new Error('no team');
  return id;
};

function matchOf({ groups }: Stage, by: RuleChoice['by'], at: number): MappingMatch {
  const group = groups[at];
  if (group === undefined) throw new Error('no group');
  if (by === 'name') return { kind: 'group_name', groupName: group.displayName };
  if (by === 'pattern') return { kind: 'group_pattern', groupPattern: `${group.displayName.slice(0, 3)}*` };
  return { kind: 'group_id', groupId: group.id };
}

const deps = ({ mostProjectedAtOnce }: Stage) => ({ ...world.deps, mostProjectedAtOnce });
const pause = async () => undefined;

const plan = (stage: Stage, { id }: MappingDraft): Promise<MappingPlan> =>
  planMappingDraft(world.deps, { ...request(stage), id, limit: 1000, pause });

const work = () => runDueJobs(world.deps, { reprojection: reprojectSome });

/** Applies a draft as planned, and lets the job finish where there is one. */
async function apply(stage: Stage, draft: MappingDraft): Promise<void> {
  const { planHash } = await plan(stage, draft);
  await applyMappingDraft(deps(stage), { ...request(stage), id: draft.id, planHash, pause });
  await work();
}

async function draftOf(stage: Stage, choice: BookChoice): Promise<MappingDraft> {
  const inForce = (await world.deps.storage.groupMappings.list(stage.organizationId)).map(({ id }) => id);
  const { rules, policy } = choice;
  return createMappingDraft(world.deps, {
    ...request(stage),
    draft: { rules: rules === null ? undefined : ruleInputs(stage, rules, inForce), policy },
  });
}

/** Roles of a member, one text for each. */
async function rolesOf({ organizationId }: Stage, id: MembershipId): Promise<ReadonlyMap<string, string>> {
  const { storage } = world.deps;
  const membership = await storage.memberships.find(organizationId, id);
  const teams = await storage.teamMembers.listByMemberships(organizationId, [id]);
  const roles = new Map(teams.map(({ teamId, role }): [string, string] => [teamId, role]));
  return roles.set('org', membership?.orgRole ?? '');
}

/** Everything that rules are about: who holds what and why, and the rules themselves. */
async function everything(stage: Stage) {
  const { organizationId } = stage;
  const { storage } = world.deps;
  const members = [];
  for (const id of stage.memberIds) {
    const grants = await storage.grants.listByMembership(organizationId, id);
    const ledger = grants.map(({ scope, source, rank }) => JSON.stringify([scope, source, rank])).sort();
    members.push([id, [...(await rolesOf(stage, id))].sort(), ledger]);
  }
  const rules = (await storage.groupMappings.list(organizationId)).map(({ id, match, grants, rank }) => ({
    ...{ id, match, grants, rank },
  }));
  const { conflictPolicy, reprojectionJobId } = (await storage.organizations.find(organizationId)) ?? {};
  rules.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { members, rules, conflictPolicy, reprojectionJobId };
}

/** What a plan foretells of the roles that are stored; roles on resources are in the ledger only. */
const foretold = ({ items }: MappingPlan) =>
  items.flatMap(({ membership, differences }) =>
    differences
      .filter(({ scope }) => scope !== 'resource')
      .map(({ teamId, before, after }) => [membership.id, teamId ?? 'org', before, after]),
  );

describe('for any groups, rules and policies', () => {
  test.each([
    ['in one transaction', 100],
    ['by a job', 1],
  ])(
    '%s: the plan is what happens, undoing brings everything back, nothing is left to project',
    async (_how, atOnce) => {
      await fc.assert(
        fc.asyncProperty(crowd, book, book, async (people, first, second) => {
          const stage = await newStage(people, atOnce);
          await apply(stage, await draftOf(stage, first));
          const before = await everything(stage);
          const rolesBefore = new Map<string, ReadonlyMap<string, string>>();
          for (const id of stage.memberIds) rolesBefore.set(id, await rolesOf(stage, id));

          const draft = await draftOf(stage, second);
          const told = foretold(await plan(stage, draft));
          expect(await everything(stage)).toEqual(before);
          await apply(stage, draft);
          const happened = [];
          for (const id of stage.memberIds) {
            const [was, is] = [rolesBefore.get(id) ?? new Map<string, string>(), await rolesOf(stage, id)];
            for (const place of new Set([...was.keys(), ...is.keys()]))
              if (was.get(place) !== is.get(place))
                happened.push([id, place, was.get(place) ?? null, is.get(place) ?? null]);
          }
          expect(told.map(String).sort()).toEqual(happened.map(String).sort());

          const after = await everything(stage);
          const job = await requestReprojection(world.deps, request(stage));
          await work();
          const ended = await world.deps.storage.jobs.find(stage.organizationId, job.id);
          expect(JSON.parse(ended?.result ?? '')).toEqual({ changed: 0, ended: 'complete' });
          expect(await everything(stage)).toEqual(after);
          expect(
            (await plan(stage, await draftOf(stage, { rules: [], policy: null }))).basis.before.rules,
          ).toHaveLength(after.rules.length);

          const { id } = draft;
          await apply(stage, await undoMappingDraft(world.deps, { ...request(stage), id }));
          expect(await everything(stage)).toEqual(before);
        }),
        { numRuns: 40 },
      );
    },
  );
});
