/** Power by the back door: settings, rules and connections give and take roles too, so they keep to law 8. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../src/core/access/access.ts';
import { holdsPermission } from '../../../src/core/access/access.ts';
import type { OrgRole, Permission } from '../../../src/core/access/roles.ts';
import { isProvedAddress } from '../../../src/core/connections/domains.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { createOrganization, updateOrganization } from '../../../src/core/organization/organizations.ts';
import { nextText } from '../../support/builders.ts';
import {
  callerOf,
  membershipOf,
  newDirectory,
  newMember,
  newOrganization,
  proveDomain,
  pushGroup,
  pushUser,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

describe('S62, S147: who holds a connection or a directory holds everybody in it', () => {
  const keys: readonly Permission[] = ['sso.manage', 'scim.manage'];
  test.each<[role: OrgRole, holds: boolean]>([
    ['viewer', false],
    ['member', false],
    ['admin', false],
    ['owner', true],
  ])('%s: %s', async (role, holds) => {
    const { id } = await newOrganization(world);
    const caller = callerOf(await newMember(world, id, { role }));
    expect(keys.map((key) => holdsPermission(caller, id, key))).toEqual([holds, holds]);
  });
});

describe('S147: settings that give roles', () => {
  type Change = Parameters<typeof updateOrganization>[1]['change'];
  test.each<[role: OrgRole, change: Change, outcome: string]>([
    ['admin', { defaultRole: 'admin' }, 'forbidden'],
    ['admin', { defaultRole: 'viewer' }, 'done'],
    ['owner', { defaultRole: 'admin' }, 'done'],
    ['admin', { conflictPolicy: 'refuse' }, 'forbidden'],
    ['owner', { conflictPolicy: 'refuse' }, 'done'],
  ])('%s changing %j: %s', async (role, change, outcome) => {
    const { id } = await newOrganization(world);
    const caller = callerOf(await newMember(world, id, { role }));
    expect(
      await refusalOf(
        updateOrganization(world.deps, { organizationId: id, caller, cause: OPERATOR, change }),
      ),
    ).toBe(outcome);
  });
});

test('S147: a rule that would take an admin’s role away is an owner’s to make', async () => {
  const { id } = await newOrganization(world);
  await updateOrganization(world.deps, {
    organizationId: id,
    caller: { kind: 'operator' },
    cause: OPERATOR,
    change: { conflictPolicy: 'refuse' },
  });
  const directory = await newDirectory(world, id);
  const user = await pushUser(world, directory);
  const group = await pushGroup(world, directory, { name: 'Admins', memberIds: [user.id] });
  const rule = (caller: Caller, role: 'admin' | 'viewer') =>
    createGroupMapping(world.deps, {
      organizationId: id,
      caller,
      cause: OPERATOR,
      mapping: { match: { kind: 'group_id', groupId: group.id }, grants: [{ scope: 'org', role }] },
    });
  await rule({ kind: 'operator' }, 'admin');
  const admin = callerOf(await membershipOf(world, id, user.membershipId));
  expect(admin).toMatchObject({ role: { key: 'admin' } });
  expect(await refusalOf(rule(admin, 'viewer'))).toBe('forbidden');
  expect((await membershipOf(world, id, user.membershipId)).orgRole).toBe('admin');
  await rule({ kind: 'operator' }, 'viewer');
  expect((await membershipOf(world, id, user.membershipId)).orgRole).toBe('member');
});

test.each(['a@evil.example@PROVED', 'a b@PROVED', '@PROVED', 'a@evil.example, b@PROVED'])(
  'S172: %s is in nobody’s proved domain',
  async (shape) => {
    const { id } = await newOrganization(world);
    const { domain } = await proveDomain(world, id, `${nextText('proved')}.example`);
    expect(await isProvedAddress(world.deps.storage, id, shape.replace('PROVED', domain))).toBe(false);
    expect(await isProvedAddress(world.deps.storage, id, `a@${domain}`)).toBe(true);
  },
);

describe('a slug that is a word of the gateway', () => {
  const make = (organization: { name: string; slug?: string }) =>
    createOrganization(world.deps, { cause: OPERATOR, organization });

  test('is refused when asked for', async () => {
    expect(await refusalOf(make({ name: 'X', slug: 'password' }))).toBe('invalid');
  });

  test('is passed over when made from the name', async () => {
    expect((await make({ name: 'Password' })).slug).toBe('password-2');
  });
});
