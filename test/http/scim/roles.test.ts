/** Pushed groups become roles: through mappings, at once, and gone with the group, its name or the membership. */
import { describe, expect, test } from '@jest/globals';
import type { MappingMatch } from '../../../src/core/entities/directory.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { createTeam } from '../../../src/core/members/teams.ts';
import { parseId } from '../../../src/kernel/ids.ts';
import { testCause } from '../../support/gateway.ts';
import { onlyMember } from '../../support/members.ts';
import { aScimGroup, patchOf } from '../../support/scim.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const operator = { caller: { kind: 'operator' }, cause: testCause } as const;

/** A person outside the group "Engineering", and a rule: its members are admins or `role`, and members of the team Core. */
async function mapped(matchOf: (group: string) => MappingMatch = byId, role: 'admin' | 'viewer' = 'admin') {
  const world = await suite.world();
  const { organizationId } = world;
  const [user, group] = [await world.addUser(), await world.addGroup()];
  const team = await createTeam(suite.gateway.deps, { ...operator, organizationId, name: 'Core' });
  await createGroupMapping(suite.gateway.deps, {
    ...operator,
    organizationId,
    mapping: {
      match: matchOf(group),
      grants: [
        { scope: 'org', role },
        { scope: 'team', teamId: team.id, role: 'member' },
      ],
    },
  });
  return { ...world, user, group, team };
}

function byId(text: string): MappingMatch {
  const groupId = parseId('dg', text);
  if (groupId === undefined) throw new Error('no group id');
  return { kind: 'group_id', groupId };
}
const byName = (): MappingMatch => ({ kind: 'group_name', groupName: 'engineering' });

/** Org role, and team roles by team, of the only person. */
async function rolesIn({ organizationId }: ScimWorld): Promise<string> {
  const { id, orgRole } = await onlyMember(suite.gateway, organizationId);
  const teams = await suite.gateway.storage.teamMembers.listByMemberships(organizationId, [id]);
  return [orgRole, ...teams.map(({ role }) => `team ${role}`)].join(', ');
}

const NOTHING = 'member';
const EVERYTHING = 'admin, team member';
const add = (value: string) => patchOf({ op: 'add', path: 'members', value: [{ value }] });

describe('membership', () => {
  test.each([
    ['Okta', (id: string) => patchOf({ op: 'remove', path: `members[value eq "${id}"]` })],
    ['Entra', (id: string) => patchOf({ op: 'Remove', path: 'members', value: [{ $ref: null, value: id }] })],
    ['a full push', () => patchOf({ op: 'replace', path: 'members', value: [] })],
  ])('adding gives the roles, removing as %s does takes them', async (_name, removal) => {
    const world = await mapped();
    const { scim, user, group } = world;
    expect(await rolesIn(world)).toBe(NOTHING);
    await scim.patch(`/Groups/${group}`, add(user));
    expect(await rolesIn(world)).toBe(EVERYTHING);
    await scim.patch(`/Groups/${group}`, removal(user));
    expect(await rolesIn(world)).toBe(NOTHING);
  });

  test('a refused change gives nothing', async () => {
    const world = await mapped();
    const { scim, user, group } = world;
    const body = patchOf({ op: 'add', path: 'members', value: [{ value: user }, { value: 'du_x' }] });
    expect((await scim.patch(`/Groups/${group}`, body)).status).toBe(400);
    expect(await rolesIn(world)).toBe(NOTHING);
  });

  test('L113: a nested group passes its roles on, as long as it is nested', async () => {
    const world = await mapped();
    const { scim, user, group } = world;
    const inner = await world.addGroup({ displayName: 'Inner', members: [{ value: user }] });
    await scim.patch(`/Groups/${group}`, add(inner));
    expect(await rolesIn(world)).toBe(EVERYTHING);
    await scim.patch(`/Groups/${inner}`, patchOf({ op: 'remove', path: 'members' }));
    expect(await rolesIn(world)).toBe(NOTHING);
    await scim.patch(`/Groups/${inner}`, add(user));
    await scim.delete(`/Groups/${inner}`);
    expect(await rolesIn(world)).toBe(NOTHING);
  });
});

describe('rename and delete', () => {
  test('S138: a rule by id survives a rename; a new group of the old name gives nothing', async () => {
    const world = await mapped();
    const { scim, user, group } = world;
    await scim.patch(`/Groups/${group}`, add(user));
    await scim.patch(`/Groups/${group}`, patchOf({ op: 'replace', value: { displayName: 'Platform' } }));
    expect(await rolesIn(world)).toBe(EVERYTHING);
    await scim.delete(`/Groups/${group}`);
    expect(await rolesIn(world)).toBe(NOTHING);
    await scim.post('/Groups', aScimGroup({ members: [{ value: user }] }));
    expect(await rolesIn(world)).toBe(NOTHING);
  });

  test('a rule by name follows the name, in any letters', async () => {
    const world = await mapped(byName, 'viewer');
    const { scim, user, group } = world;
    const rename = (displayName: string) =>
      scim.patch(`/Groups/${group}`, patchOf({ op: 'replace', path: 'displayName', value: displayName }));
    await scim.patch(`/Groups/${group}`, add(user));
    expect(await rolesIn(world)).toBe('viewer, team member');
    await rename('Platform');
    expect(await rolesIn(world)).toBe(NOTHING);
    await rename('ENGINEERING');
    expect(await rolesIn(world)).toBe('viewer, team member');
    await scim.delete(`/Groups/${group}`);
    expect(await rolesIn(world)).toBe(NOTHING);
  });

  test('S137: a group called owner makes nobody owner', async () => {
    const world = await mapped();
    await world.addGroup({ displayName: 'owner', members: [{ value: world.user }] });
    await world.addGroup({ displayName: 'admin', members: [{ value: world.user }] });
    expect(await rolesIn(world)).toBe(NOTHING);
  });
});

describe('deactivation', () => {
  test('roles wait for a person who comes back', async () => {
    const world = await mapped();
    const { scim, user, group } = world;
    await scim.patch(`/Groups/${group}`, add(user));
    const set = (active: boolean) => patchOf({ op: 'replace', value: { active } });
    await scim.patch(`/Users/${user}`, set(false));
    expect((await onlyMember(suite.gateway, world.organizationId)).status).toBe('suspended');
    await scim.patch(`/Users/${user}`, set(true));
    expect(await rolesIn(world)).toBe(EVERYTHING);
  });
});
