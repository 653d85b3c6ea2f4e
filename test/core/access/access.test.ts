/** Who may change whom: the guard matrix, members by hand, team roles, and what only the directory may change. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../src/core/access/access.ts';
import { assertMayGrant, assertMayTouch, holdsPermission } from '../../../src/core/access/access.ts';
import { explainMember } from '../../../src/core/access/explain.ts';
import { factsIn } from '../../../src/core/access/role-table.ts';
import type { BuiltInRole as OrgRole } from '../../../src/core/access/roles.ts';
import { ORG_ROLES } from '../../../src/core/access/roles.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { changeMember, getMember, listMembers, removeMember } from '../../../src/core/members/members.ts';
import { createTeam, removeTeam, renameTeam, setTeamMember } from '../../../src/core/members/teams.ts';
import type { OrganizationId, TeamId } from '../../../src/kernel/ids.ts';
import { nextId } from '../../support/builders.ts';
import {
  callerOf,
  causeOfMember,
  membershipOf,
  newDirectory,
  newMember,
  newOrganization,
  pushGroup,
  pushUser,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { journalOf } from '../../support/journal-rows.ts';
import { BUILT_IN_ROLES } from '../../support/org-roles.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

const organizationId = nextId('org');
const callers: Readonly<Record<OrgRole | 'operator', Caller>> = {
  operator: { kind: 'operator' },
  ...Object.fromEntries(ORG_ROLES.map((orgRole) => [orgRole, memberCaller(orgRole)])),
} as Readonly<Record<OrgRole | 'operator', Caller>>;

function memberCaller(orgRole: OrgRole): Caller {
  return {
    kind: 'member',
    organizationId,
    membershipId: nextId('mem'),
    userId: nextId('usr'),
    email: null,
    role: factsIn(BUILT_IN_ROLES, orgRole),
  };
}

const allows = (guard: () => void): boolean => {
  try {
    guard();
    return true;
  } catch {
    return false;
  }
};

describe('the guards', () => {
  // Columns: viewer, member, admin, owner.
  const rows: [caller: keyof typeof callers, allowed: [boolean, boolean, boolean, boolean]][] = [
    ['operator', [true, true, true, true]],
    ['owner', [true, true, true, true]],
    ['admin', [true, true, false, false]],
    ['member', [false, false, false, false]],
    ['viewer', [false, false, false, false]],
  ];
  test.each(rows)(
    'S147 %s may grant, and touch those who hold, exactly viewer, member, admin, owner: %j',
    (name, allowed) => {
      const caller = callers[name];
      expect(
        ORG_ROLES.map((role) => allows(() => assertMayGrant(caller, factsIn(BUILT_IN_ROLES, role)))),
      ).toEqual(allowed);
      expect(
        ORG_ROLES.map((role) => allows(() => assertMayTouch(caller, factsIn(BUILT_IN_ROLES, role)))),
      ).toEqual(allowed);
    },
  );

  test('law 1: a permission held here is not held in another organization', () => {
    expect(holdsPermission(callers.owner, organizationId, 'members.invite')).toBe(true);
    expect(holdsPermission(callers.owner, nextId('org'), 'members.invite')).toBe(false);
    expect(holdsPermission(callers.operator, nextId('org'), 'organization.remove')).toBe(true);
    expect(holdsPermission(callers.member, organizationId, 'members.invite')).toBe(false);
  });
});

interface Staff {
  readonly id: OrganizationId;
  readonly people: Readonly<Record<OrgRole, Membership>>;
}

async function staff(): Promise<Staff> {
  const { id } = await newOrganization(world);
  const [owner, admin, member, viewer] = [
    await newMember(world, id, { role: 'owner' }),
    await newMember(world, id, { role: 'admin' }),
    await newMember(world, id),
    await newMember(world, id, { role: 'viewer' }),
  ];
  return { id, people: { owner, admin, member, viewer } };
}

const requestBy = ({ id }: Staff, caller: Membership, target: Membership) => ({
  organizationId: id,
  caller: callerOf(caller),
  cause: causeOfMember(caller),
  id: target.id,
});

describe('members by hand', () => {
  const attempts: [
    by: OrgRole,
    whom: OrgRole,
    change: { orgRole?: OrgRole; status?: 'suspended' } | 'remove',
    outcome: string,
  ][] = [
    ['admin', 'admin', { orgRole: 'owner' }, 'forbidden'],
    ['admin', 'member', { orgRole: 'admin' }, 'forbidden'],
    ['admin', 'member', { orgRole: 'viewer' }, 'done'],
    ['admin', 'viewer', { orgRole: 'member' }, 'done'],
    ['admin', 'owner', { status: 'suspended' }, 'forbidden'],
    ['admin', 'owner', 'remove', 'forbidden'],
    ['admin', 'member', 'remove', 'done'],
    ['admin', 'viewer', { status: 'suspended' }, 'done'],
    ['owner', 'admin', { orgRole: 'owner' }, 'done'],
    ['owner', 'admin', 'remove', 'done'],
    ['owner', 'owner', { orgRole: 'admin' }, 'last_owner'],
    ['member', 'viewer', { orgRole: 'member' }, 'forbidden'],
    ['member', 'member', { orgRole: 'admin' }, 'forbidden'],
    ['viewer', 'member', 'remove', 'forbidden'],
  ];
  test.each(attempts)('S147 %s on %s, %j: %s', async (by, whom, change, outcome) => {
    const place = await staff();
    const request = requestBy(place, place.people[by], place.people[whom]);
    const before = journalOf(world.path, place.id);
    const work =
      change === 'remove'
        ? removeMember(world.deps, request)
        : changeMember(world.deps, { ...request, change });
    expect(await refusalOf(work)).toBe(outcome);
    if (outcome !== 'done') {
      expect(await membershipOf(world, place.id, place.people[whom].id)).toEqual(place.people[whom]);
      expect(journalOf(world.path, place.id)).toEqual(before);
    }
  });

  test('role and status in one request: both or neither', async () => {
    const place = await staff();
    const request = requestBy(place, place.people.owner, place.people.owner);
    expect(
      await refusalOf(
        changeMember(world.deps, { ...request, change: { orgRole: 'admin', status: 'suspended' } }),
      ),
    ).toBe('last_owner');
    expect(await membershipOf(world, place.id, place.people.owner.id)).toEqual(place.people.owner);
  });

  test('S115 a member of another organization is unknown', async () => {
    const [here, there] = [await staff(), await staff()];
    const request = { ...requestBy(here, here.people.owner, there.people.member) };
    expect(await refusalOf(changeMember(world.deps, { ...request, change: { orgRole: 'viewer' } }))).toBe(
      'not_found',
    );
    expect(await refusalOf(removeMember(world.deps, request))).toBe('not_found');
    expect(await refusalOf(getMember(world.deps, request))).toBe('not_found');
    expect(await refusalOf(explainMember(world.deps, request))).toBe('not_found');
  });

  test('a role given by hand is told with the giver, and the default beneath it', async () => {
    const place = await staff();
    await changeMember(world.deps, {
      ...requestBy(place, place.people.owner, place.people.viewer),
      change: { orgRole: 'admin' },
    });
    const { orgRole, grants } = await explainMember(world.deps, {
      organizationId: place.id,
      id: place.people.viewer.id,
    });
    expect(orgRole.because.map(({ sentence }) => sentence)).toEqual([
      `Given by ${place.people.owner.email}.`,
    ]);
    expect(grants.map(({ source, decides }) => [source.kind, decides]).sort()).toEqual([
      ['default', false],
      ['manual', true],
    ]);
  });
});

/** A pushed person whom a group makes admin and, in team Red, admin. */
async function directed() {
  const { id } = await newOrganization(world);
  const directory = await newDirectory(world, id);
  const user = await pushUser(world, directory);
  const group = await pushGroup(world, directory, { name: 'Staff', memberIds: [user.id] });
  const team = await createTeam(world.deps, { organizationId: id, cause: OPERATOR, name: 'Red' });
  const mapping = {
    match: { kind: 'group_id', groupId: group.id },
    grants: [
      { scope: 'org', role: 'admin' },
      { scope: 'team', teamId: team.id, role: 'admin' },
    ],
  } as const;
  const request = { organizationId: id, cause: OPERATOR, caller: { kind: 'operator' } as const };
  await createGroupMapping(world.deps, { ...request, mapping });
  return { id, user, team, request: { ...request, id: user.membershipId } };
}

describe('what the directory decided', () => {
  const roles: [role: OrgRole, outcome: string][] = [
    ['viewer', 'role_from_directory'],
    ['member', 'role_from_directory'],
    ['admin', 'done'],
    ['owner', 'done'],
  ];
  test.each(roles)('a person whom a group makes admin, made %s by hand: %s', async (orgRole, outcome) => {
    const { id, request } = await directed();
    expect(await refusalOf(changeMember(world.deps, { ...request, change: { orgRole } }))).toBe(outcome);
    expect((await membershipOf(world, id, request.id)).orgRole).toBe(outcome === 'done' ? orgRole : 'admin');
  });

  test('a pushed person can be suspended here, not removed', async () => {
    const { request } = await directed();
    expect(await refusalOf(removeMember(world.deps, request))).toBe('role_from_directory');
    expect(await refusalOf(changeMember(world.deps, { ...request, change: { status: 'suspended' } }))).toBe(
      'done',
    );
    expect(await refusalOf(changeMember(world.deps, { ...request, change: { status: 'active' } }))).toBe(
      'done',
    );
  });

  const teamRoles: [role: 'member' | 'admin' | 'owner' | null, outcome: string][] = [
    ['member', 'role_from_directory'],
    ['admin', 'done'],
    ['owner', 'done'],
    [null, 'role_from_directory'],
  ];
  test.each(teamRoles)(
    'a person whom a group makes team admin, set to %s by hand: %s',
    async (role, outcome) => {
      const { id, team, request } = await directed();
      const input = {
        organizationId: id,
        cause: OPERATOR,
        teamId: team.id,
        memberId: request.id,
        role,
        caller: { kind: 'operator' } as const,
      };
      expect(await refusalOf(setTeamMember(world.deps, input))).toBe(outcome);
      const { teams } = await getMember(world.deps, request);
      expect(teams.map((one) => one.role)).toEqual([outcome === 'done' ? role : 'admin']);
    },
  );
});

describe('teams', () => {
  const rolesIn = async ({ id, people }: Staff, who: OrgRole) =>
    (await getMember(world.deps, { organizationId: id, id: people[who].id })).teams.map(
      ({ teamId, role }) => [teamId, role] as const,
    );
  const put = (place: Staff, teamId: TeamId, role: 'member' | 'admin' | 'owner' | null) =>
    setTeamMember(world.deps, {
      organizationId: place.id,
      cause: OPERATOR,
      teamId,
      memberId: place.people.viewer.id,
      role,
      caller: { kind: 'operator' },
    });

  test('one person holds another role in each team, and no team role moves the org role', async () => {
    const place = await staff();
    const request = { organizationId: place.id, cause: OPERATOR };
    const [red, blue] = [
      await createTeam(world.deps, { ...request, name: 'Red' }),
      await createTeam(world.deps, { ...request, name: 'Blue' }),
    ];
    await put(place, red.id, 'owner');
    await put(place, blue.id, 'member');
    expect(new Map(await rolesIn(place, 'viewer'))).toEqual(
      new Map([
        [red.id, 'owner'],
        [blue.id, 'member'],
      ]),
    );
    expect((await membershipOf(world, place.id, place.people.viewer.id)).orgRole).toBe('viewer');
    await put(place, red.id, null);
    expect(await rolesIn(place, 'viewer')).toEqual([[blue.id, 'member']]);
    const inBlue = await listMembers(world.deps, {
      organizationId: place.id,
      filter: { teamId: blue.id },
      page: { limit: 9 },
    });
    expect(inBlue.map(({ membership }) => membership.id)).toEqual([place.people.viewer.id]);
  });

  test('a team that goes takes its roles along; the default team stays', async () => {
    const place = await staff();
    const request = { organizationId: place.id, cause: OPERATOR };
    const red = await createTeam(world.deps, { ...request, name: 'Red' });
    await put(place, red.id, 'owner');
    await removeTeam(world.deps, { ...request, id: red.id });
    expect(await rolesIn(place, 'viewer')).toEqual([]);
    const [everyone] = await world.deps.storage.teams.list(place.id);
    expect(await refusalOf(removeTeam(world.deps, { ...request, id: everyone?.id ?? red.id }))).toBe(
      'forbidden',
    );
    expect(await refusalOf(removeTeam(world.deps, { ...request, id: red.id }))).toBe('not_found');
    expect(await refusalOf(put(place, red.id, 'member'))).toBe('not_found');
  });

  const plans: [preset: string, teams: string[], more: string][] = [
    ['free', [], 'plan_lacks'],
    ['team', ['Everyone'], 'plan_lacks'],
    ['business', ['Everyone'], 'done'],
  ];
  test.each(plans)('plan %s begins with %j, another one: %s', async (preset, names, more) => {
    const { id } = await newOrganization(world, { plan: { preset } });
    expect((await world.deps.storage.teams.list(id)).map(({ name }) => name)).toEqual(names);
    expect(
      await refusalOf(createTeam(world.deps, { organizationId: id, cause: OPERATOR, name: 'Red' })),
    ).toBe(more);
  });

  test("S115 another organization's team is unknown", async () => {
    const [here, there] = [await staff(), await staff()];
    const team = await createTeam(world.deps, { organizationId: there.id, cause: OPERATOR, name: 'Red' });
    const request = { organizationId: here.id, cause: OPERATOR, id: team.id };
    expect(await refusalOf(renameTeam(world.deps, { ...request, name: 'Mine' }))).toBe('not_found');
    expect(await refusalOf(removeTeam(world.deps, request))).toBe('not_found');
    expect(await refusalOf(put(here, team.id, 'owner'))).toBe('not_found');
  });
});
