/** Group and claim rules: what they want, whom they touch, and that nothing of a rule outlives it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { wantedGroupGrants } from '../../../src/core/access/role-projection.ts';
import { rankIn } from '../../../src/core/access/role-table.ts';
import { removeConnection } from '../../../src/core/connections/connections.ts';
import { removeDirectoryGroup } from '../../../src/core/directory/directory-groups.ts';
import type { Connection } from '../../../src/core/entities/connection.ts';
import type {
  Directory,
  GroupMapping,
  MappingGrant,
  MappingMatch,
} from '../../../src/core/entities/directory.ts';
import { wantedClaimGrants } from '../../../src/core/mapping/claim-grants.ts';
import type { GroupMappingInput } from '../../../src/core/mapping/group-mappings.ts';
import {
  createGroupMapping,
  removeGroupMapping,
  updateGroupMapping,
} from '../../../src/core/mapping/group-mappings.ts';
import { previewGroupMapping } from '../../../src/core/mapping/mapping-preview.ts';
import { createTeam, removeTeam } from '../../../src/core/members/teams.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import type { MembershipId, OrganizationId } from '../../../src/kernel/ids.ts';
import { aDirectoryGroup, aGroupMapping, nextId } from '../../support/builders.ts';
import {
  anUpstream,
  callerOf,
  membershipOf,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  pushGroup,
  pushUser,
  repushGroup,
  signIn,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { rowsIn } from '../../support/journal-rows.ts';
import { BUILT_IN_ROLES } from '../../support/org-roles.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
let organizationId: OrganizationId;
let directory: Directory;
let connection: Connection;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  organizationId = (await newOrganization(world)).id;
  directory = await newDirectory(world, organizationId);
  connection = await newConnection(world, organizationId);
});

const ADMIN: readonly MappingGrant[] = [{ scope: 'org', role: 'admin' }];
const VIEWER: readonly MappingGrant[] = [{ scope: 'org', role: 'viewer' }];
const claim = (value: string, name = 'groups'): MappingMatch => ({ kind: 'claim', claim: name, value });
const map = (mapping: GroupMappingInput): Promise<GroupMapping> =>
  createGroupMapping(world.deps, { organizationId, cause: OPERATOR, caller: { kind: 'operator' }, mapping });
const request = () => ({ organizationId, cause: OPERATOR, caller: { kind: 'operator' } as const });
const roleOf = async (id: MembershipId) => (await membershipOf(world, organizationId, id)).orgRole;

/** Signs the pushed person with this externalId in, with these claims. */
const arrive = (subject: string, claims: Readonly<Record<string, readonly string[]>>) =>
  signIn(world, connection, anUpstream(connection, { subject, claims: new Map(Object.entries(claims)) }));

describe('what rules want, purely', () => {
  const group = aDirectoryGroup(
    { organizationId: nextId('org'), id: nextId('dir') },
    { displayName: 'Staff ' },
  );
  const rows: [title: string, match: MappingMatch, fits: boolean][] = [
    ['its id', { kind: 'group_id', groupId: group.id }, true],
    ['another id', { kind: 'group_id', groupId: nextId('dg') }, false],
    ['its name in another case and spacing', { kind: 'group_name', groupName: ' sTAFF' }, true],
    ['another name', { kind: 'group_name', groupName: 'Staff 2' }, false],
    ['a claim of that value', claim('Staff'), false],
  ];
  test.each(rows)('a group is matched by %s: %#', (_title, match, fits) => {
    const mapping = aGroupMapping(group.organizationId, { match, rank: 4, grants: VIEWER });
    const source = {
      kind: 'directory_group',
      directoryId: group.directoryId,
      groupId: group.id,
      mappingId: mapping.id,
    };
    const wanted = [{ scope: { kind: 'org', role: 'viewer' }, source, rank: 4 }];
    expect(wantedGroupGrants([mapping], [group], rankIn(BUILT_IN_ROLES))).toEqual(fits ? wanted : []);
  });

  const claims: [title: string, sent: [string, string[]][], wanted: number][] = [
    ['the value alone', [['groups', ['staff']]], 1],
    ['the value among others', [['groups', ['a', 'staff', 'b']]], 1],
    ['the value twice', [['groups', ['staff', 'staff']]], 1],
    ['the value in another case', [['groups', ['Staff']]], 0],
    ['the value under another claim', [['roles', ['staff']]], 0],
    ['an empty claim', [['groups', []]], 0],
    ['nothing', [], 0],
  ];
  test.each(claims)('a claim rule speaks when the provider sent %s: %#', (_title, sent, wanted) => {
    const mapping = aGroupMapping(nextId('org'), { match: claim('staff'), grants: ADMIN });
    expect(wantedClaimGrants([mapping], { connectionId: nextId('con'), claims: new Map(sent) })).toHaveLength(
      wanted,
    );
  });
});

describe('group rules', () => {
  test('S138 a rule by id follows the group through a rename and does not follow its old name', async () => {
    const ada = await pushUser(world, directory);
    const bob = await pushUser(world, directory);
    const group = await pushGroup(world, directory, { name: 'Staff', memberIds: [ada.id] });
    await map({ match: { kind: 'group_id', groupId: group.id }, grants: ADMIN });
    await repushGroup(world, directory, { id: group.id, name: 'Staff (old)' });
    await pushGroup(world, directory, { name: 'Staff', memberIds: [bob.id] });
    expect([await roleOf(ada.membershipId), await roleOf(bob.membershipId)]).toEqual(['admin', 'member']);
  });

  test("S138 a group deleted and created again with the same name has nothing of the old one's", async () => {
    const ada = await pushUser(world, directory);
    const group = await pushGroup(world, directory, { name: 'Staff', memberIds: [ada.id] });
    await map({ match: { kind: 'group_id', groupId: group.id }, grants: ADMIN });
    await removeDirectoryGroup(world.deps, { ...request(), directoryId: directory.id, id: group.id });
    expect(await roleOf(ada.membershipId)).toBe('member');
    await pushGroup(world, directory, { name: 'Staff', memberIds: [ada.id] });
    expect(await roleOf(ada.membershipId)).toBe('member');
  });

  test('S146 leaving the group takes the role in the same transaction', async () => {
    const ada = await pushUser(world, directory);
    const group = await pushGroup(world, directory, { name: 'Staff', memberIds: [ada.id] });
    await map({ match: { kind: 'group_name', groupName: 'staff' }, grants: VIEWER });
    expect(await roleOf(ada.membershipId)).toBe('viewer');
    await repushGroup(world, directory, { id: group.id, members: [{ kind: 'remove', memberIds: [ada.id] }] });
    expect(await roleOf(ada.membershipId)).toBe('member');
  });

  test('S137 an owner smuggled into a rule gives nothing', async () => {
    const ada = await pushUser(world, directory);
    await pushGroup(world, directory, { name: 'Owners', memberIds: [ada.id] });
    const grants: unknown = [{ scope: 'org', role: 'owner' }];
    const mapping = {
      match: { kind: 'group_name', groupName: 'Owners' } as const,
      grants: grants as readonly MappingGrant[],
    };
    await refusalOf(map(mapping));
    expect(await roleOf(ada.membershipId)).toBe('member');
  });

  const byName: MappingMatch[] = [
    { kind: 'group_name', groupName: 'Staff' },
    { kind: 'group_pattern', groupPattern: 'St*' },
  ];
  test.each(byName)(
    'S137 a rule that gives admin by a name gives no org role even if it is stored: %j',
    async (match) => {
      const ada = await pushUser(world, directory);
      const row = aGroupMapping(organizationId, { match, grants: ADMIN });
      await world.deps.storage.transact((tx) => tx.groupMappings.insert(organizationId, row));
      await pushGroup(world, directory, { name: 'Staff', memberIds: [ada.id] });
      expect(await roleOf(ada.membershipId)).toBe('member');
    },
  );

  test('projecting again what is already so writes nothing', async () => {
    const ada = await pushUser(world, directory);
    const group = await pushGroup(world, directory, { name: 'Staff', memberIds: [ada.id] });
    const team = await createTeam(world.deps, { ...request(), name: 'Red' });
    const grants: MappingGrant[] = [...ADMIN, { scope: 'team', teamId: team.id, role: 'admin' }];
    await map({ match: { kind: 'group_id', groupId: group.id }, grants });
    const ids = async () =>
      (await world.deps.storage.grants.listByMembership(organizationId, ada.membershipId)).map(
        ({ id }) => id,
      );
    const before = await ids();
    await map({ match: { kind: 'group_name', groupName: 'nobody' }, grants: VIEWER });
    await repushGroup(world, directory, {
      id: group.id,
      members: [{ kind: 'replace', memberIds: [ada.id] }],
    });
    await repushGroup(world, directory, { id: group.id, name: 'Staff' });
    expect(await ids()).toEqual(before);
  });

  const misfits: [title: string, mapping: () => GroupMappingInput, field: string][] = [
    [
      'a group of nobody',
      () => ({ match: { kind: 'group_id', groupId: nextId('dg') }, grants: ADMIN }),
      'match.groupId',
    ],
    [
      'a team of nobody',
      () => ({
        match: claim('x'),
        grants: [...ADMIN, { scope: 'team', teamId: nextId('team'), role: 'member' }],
      }),
      'grants[1].team',
    ],
  ];
  test.each(misfits)('a rule that names %s is invalid', async (_title, mapping, field) => {
    await expect(map(mapping())).rejects.toMatchObject({ code: 'invalid', field });
  });

  test('S147 an admin makes rules for members and viewers only, and touches no rule that gives more', async () => {
    const admin = callerOf(await newMember(world, organizationId, { role: 'admin' }));
    const asAdmin = { organizationId, cause: OPERATOR, caller: admin };
    const match = claim('staff');
    const forbidden = createGroupMapping(world.deps, { ...asAdmin, mapping: { match, grants: ADMIN } });
    expect(await refusalOf(forbidden)).toBe('forbidden');
    const { id } = await createGroupMapping(world.deps, {
      ...asAdmin,
      mapping: { match, grants: [{ scope: 'org', role: 'member' }] },
    });
    expect(
      await refusalOf(updateGroupMapping(world.deps, { ...asAdmin, id, change: { grants: ADMIN } })),
    ).toBe('forbidden');
    const strong = await map({ match, grants: ADMIN });
    expect(
      await refusalOf(updateGroupMapping(world.deps, { ...asAdmin, id: strong.id, change: { rank: 0 } })),
    ).toBe('forbidden');
    expect(await refusalOf(removeGroupMapping(world.deps, { ...asAdmin, id: strong.id }))).toBe('forbidden');
  });
});

describe('claim rules', () => {
  test('the claim of a sign-in gives the role; the next one without it in the list takes it', async () => {
    const ada = await pushUser(world, directory, { externalId: 's1' });
    await map({ match: claim('boss'), grants: ADMIN });
    await arrive('s1', { groups: ['staff', 'boss'] });
    expect(await roleOf(ada.membershipId)).toBe('admin');
    await arrive('s1', { groups: ['staff'] });
    expect(await roleOf(ada.membershipId)).toBe('member');
  });

  test('a claim that was not sent leaves the role alone; an empty one takes it', async () => {
    const ada = await pushUser(world, directory, { externalId: 's1' });
    await map({ match: claim('boss'), grants: ADMIN });
    await arrive('s1', { groups: ['boss'] });
    await arrive('s1', { email: ['a@x.example'] });
    expect(await roleOf(ada.membershipId)).toBe('admin');
    await arrive('s1', { groups: [] });
    expect(await roleOf(ada.membershipId)).toBe('member');
  });

  test('in a strict organization a claim that was not sent takes the role, but one that could not be sent does not', async () => {
    const ada = await pushUser(world, directory, { externalId: 's1' });
    const change = { strictClaims: true };
    await updateOrganization(world.deps, { ...request(), change });
    await map({ match: claim('boss'), grants: ADMIN });
    await arrive('s1', { groups: ['boss'] });
    await signIn(world, connection, anUpstream(connection, { subject: 's1', untold: ['groups'] }));
    expect(await roleOf(ada.membershipId)).toBe('admin');
    const other = await newConnection(world, organizationId);
    await signIn(world, other, anUpstream(other, { subject: 's1' }));
    expect(await roleOf(ada.membershipId)).toBe('admin');
    await arrive('s1', { email: ['a@x.example'] });
    expect(await roleOf(ada.membershipId)).toBe('member');
  });

  test('only an owner or the operator makes the organization strict', async () => {
    const admin = callerOf(await newMember(world, organizationId, { role: 'admin' }));
    const owner = callerOf(await newMember(world, organizationId, { role: 'owner' }));
    const change = { strictClaims: true };
    const as = (caller: typeof admin) => updateOrganization(world.deps, { ...request(), caller, change });
    expect(await refusalOf(as(admin))).toBe('forbidden');
    expect(await refusalOf(as(owner))).toBe('done');
  });

  test('what one connection says is not unsaid by another', async () => {
    const ada = await pushUser(world, directory, { externalId: 's1' });
    await map({ match: claim('boss'), grants: ADMIN });
    await arrive('s1', { groups: ['boss'] });
    const other = await newConnection(world, organizationId);
    await signIn(world, other, anUpstream(other, { subject: 's1', claims: new Map([['groups', []]]) }));
    expect(await roleOf(ada.membershipId)).toBe('admin');
  });

  const ends: [title: string, end: (mapping: GroupMapping) => Promise<unknown>][] = [
    ['the rule is removed', ({ id }) => removeGroupMapping(world.deps, { ...request(), id })],
    [
      'the rule speaks of another value',
      ({ id }) => updateGroupMapping(world.deps, { ...request(), id, change: { match: claim('other') } }),
    ],
    [
      'the rule speaks of a group now',
      ({ id }) =>
        updateGroupMapping(world.deps, {
          ...request(),
          id,
          change: { match: { kind: 'group_name', groupName: 'x' }, grants: VIEWER },
        }),
    ],
    [
      'the connection that said so is removed',
      () => removeConnection(world.deps, { ...request(), id: connection.id }),
    ],
  ];
  test.each(ends)('a role from a claim ends when %s, without waiting for a sign-in', async (_title, end) => {
    const ada = await pushUser(world, directory, { externalId: 's1' });
    const mapping = await map({ match: claim('boss'), grants: ADMIN });
    await arrive('s1', { groups: ['boss'] });
    expect(await roleOf(ada.membershipId)).toBe('admin');
    await end(mapping);
    expect(await roleOf(ada.membershipId)).toBe('member');
  });

  test('a rule that gives another role gives it at once to those who hold the old one', async () => {
    const ada = await pushUser(world, directory, { externalId: 's1' });
    const { id } = await map({ match: claim('boss'), grants: ADMIN });
    await arrive('s1', { groups: ['boss'] });
    await updateGroupMapping(world.deps, {
      ...request(),
      id,
      change: { grants: [{ scope: 'org', role: 'viewer' }] },
    });
    expect(await roleOf(ada.membershipId)).toBe('viewer');
  });
});

describe('a team that goes', () => {
  const sources: [title: string, match: () => Promise<MappingMatch>][] = [
    [
      'a group rule',
      async () => ({
        kind: 'group_id',
        groupId: (await pushGroup(world, directory, { name: 'g', memberIds: await everybody() })).id,
      }),
    ],
    ['a claim rule', async () => claim('red')],
  ];
  const everybody = async () =>
    (
      await world.deps.storage.directoryUsers.query(
        organizationId,
        directory.id,
        { kind: 'all' },
        { offset: 0, limit: 9 },
      )
    ).rows.map(({ id }) => id);

  test.each(sources)(
    'takes its grants along from %s, also those that a conflict had silenced',
    async (_title, match) => {
      const change = (conflictPolicy: 'refuse' | 'highest') =>
        updateOrganization(world.deps, {
          organizationId,
          caller: { kind: 'operator' },
          cause: OPERATOR,
          change: { conflictPolicy },
        });
      const ada = await pushUser(world, directory, { externalId: 's1' });
      const team = await createTeam(world.deps, { ...request(), name: 'Red' });
      await change('refuse');
      const where = await match();
      await map({ match: where, grants: [{ scope: 'team', teamId: team.id, role: 'member' }] });
      await map({ match: where, grants: [{ scope: 'team', teamId: team.id, role: 'admin' }, ...ADMIN] });
      await arrive('s1', { groups: ['red'] });
      await removeTeam(world.deps, { ...request(), id: team.id });
      expect(await refusalOf(change('highest'))).toBe('done');
      const grants = await world.deps.storage.grants.listByMembership(organizationId, ada.membershipId);
      expect(grants.filter(({ scope }) => scope.kind === 'team')).toEqual([]);
      expect(await roleOf(ada.membershipId)).toBe('admin');
      const left = await world.deps.storage.groupMappings.list(organizationId);
      expect(left.map(({ grants: given }) => given)).toEqual([ADMIN]);
      const told = await world.deps.storage.auditEvents.list(organizationId, {}, { limit: 100 });
      const types = told.map(({ type }) => type);
      expect(types).toEqual(
        expect.arrayContaining(['group_mapping.removed', 'group_mapping.updated', 'team.removed']),
      );
    },
  );
});

describe('preview', () => {
  const grantsOfRule = fc.uniqueArray(
    fc.constantFrom<MappingGrant>(...ADMIN, { scope: 'org', role: 'viewer' }),
    { minLength: 1 },
  );
  const rule = fc.record({ group: fc.nat({ max: 2 }), grants: grantsOfRule, rank: fc.nat({ max: 2 }) });

  test('says exactly who will gain and lose what, and stores nothing', async () => {
    const people = [
      await pushUser(world, directory),
      await pushUser(world, directory),
      await pushUser(world, directory),
    ];
    const groups = await Promise.all(
      [[0], [0, 1], [1, 2]].map((at, index) =>
        pushGroup(world, directory, {
          name: `g${index}`,
          memberIds: people.filter((_one, i) => at.includes(i)).map(({ id }) => id),
        }),
      ),
    );
    const roles = async () => Promise.all(people.map(({ membershipId }) => roleOf(membershipId)));
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 4 }), async (rules) => {
        for (const { group, grants, rank } of rules) {
          const mapping: GroupMappingInput = {
            match: { kind: 'group_id', groupId: groups[group]?.id ?? nextId('dg') },
            grants,
            rank,
          };
          const [before, rows] = [await roles(), rowsIn(world.path, 'audit_events')];
          const told = await previewGroupMapping(world.deps, { organizationId, mapping });
          expect(rowsIn(world.path, 'audit_events')).toBe(rows);
          await map(mapping);
          const after = await roles();
          const changed = people.flatMap(({ membershipId }, at) =>
            before[at] === after[at] ? [] : [[membershipId, before[at], after[at]]],
          );
          const foretold = told.flatMap(({ membership, differences }) =>
            differences.map((one) => [membership.id, one.before, one.after]),
          );
          expect(foretold.sort()).toEqual(changed.sort());
        }
        for (const { id } of await world.deps.storage.groupMappings.list(organizationId))
          await removeGroupMapping(world.deps, { ...request(), id });
      }),
      { numRuns: 15 },
    );
  });
});
