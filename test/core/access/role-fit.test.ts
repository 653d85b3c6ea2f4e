/** Role advice as a table: thresholds are promises, a person less on either side says nothing. */
import { describe, expect, test } from '@jest/globals';
import {
  ADMINISTRATORS_COUNTED,
  type RoleFitFacts,
  type RoleUse,
  roleFit,
} from '../../../src/core/access/role-fit.ts';
import type { CustomRole } from '../../../src/core/access/roles.ts';
import { ORG_ROLE_RANKS, ROLE_PERMISSIONS } from '../../../src/core/access/roles.ts';
import { days } from '../../../src/kernel/clock.ts';

type Key = keyof typeof ORG_ROLE_RANKS;
const NOW = Date.UTC(2026, 2, 1);
const role = (key: Key) => ({
  ...{ key, name: key, rank: ORG_ROLE_RANKS[key] },
  permissions: ROLE_PERMISSIONS[key],
});
const roles = [role('owner'), role('admin'), role('member'), role('viewer')];
/** A team of so many members, admins and so on. */
const team = (held: Partial<Record<Key, number>>, name = 'team "Support"') => ({
  name,
  roles: (Object.entries(held) as [Key, number][]).flatMap(([key, count]) =>
    Array.from({ length: count }, () => role(key)),
  ),
});
const factsOf = (held: Key, fields: Partial<RoleFitFacts> = {}): RoleFitFacts => ({
  role: role(held),
  roles,
  adminRank: ORG_ROLE_RANKS.admin,
  peers: [],
  members: 100,
  administrators: 3,
  owners: 2,
  now: NOW,
  ...fields,
});
const codesOf = (facts: RoleFitFacts) => roleFit(facts).map(({ code }) => code);
const used: RoleUse = {
  joinedAt: NOW - days(400),
  heldSince: NOW - days(200),
  lastActiveAt: NOW - days(1),
  used: new Set(['members.invite', 'roles.manage', 'sso.manage']),
};

describe('compared with peers', () => {
  test.each<[string, Key, Partial<Record<Key, number>>, readonly string[]]>([
    ['four peers are no evidence', 'admin', { member: 4 }, ['least_privilege']],
    ['five that hold less are', 'admin', { member: 5 }, ['above_peers']],
    ['four of five hold less', 'admin', { member: 4, admin: 1 }, ['above_peers']],
    ['three of five do not make it usual', 'admin', { member: 3, admin: 2 }, ['least_privilege']],
    ['what everybody has is fine', 'member', { member: 9 }, []],
    ['four of five hold more', 'viewer', { viewer: 1, member: 4 }, ['below_peers']],
    ['a member among admins', 'member', { admin: 10 }, ['below_peers']],
    ['mixed people say nothing', 'member', { viewer: 3, member: 2, admin: 3 }, []],
  ])('%s', (_title, held, peers, codes) => {
    expect(codesOf(factsOf(held, { peers: [team(peers)] }))).toEqual(codes);
  });

  test('the text counts, names and suggests', () => {
    expect(roleFit(factsOf('admin', { peers: [team({ viewer: 2, member: 7, admin: 1 })] }))).toEqual([
      {
        code: 'above_peers',
        text: '9 of 10 people in team "Support" hold member or less; this is admin. Consider member.',
        suggests: 'member',
      },
    ]);
  });

  test('of several groups the clearest speaks', () => {
    const peers = [team({ member: 4, admin: 1 }, 'A'), team({ member: 6 }, 'B')];
    const [hint, ...others] = roleFit(factsOf('admin', { peers }));
    expect([hint?.text.includes('in B'), others]).toEqual([true, []]);
  });
});

describe('compared with use', () => {
  test.each<[string, Key, Partial<RoleUse>, readonly string[]]>([
    ['an admin who administers', 'admin', {}, []],
    ['an admin who has not for 90 days', 'admin', { used: new Set() }, ['permissions_unused']],
    ['admin for 89 days only', 'admin', { used: new Set(), heldSince: NOW - days(89) }, []],
    ['a member has nothing to use', 'member', { used: new Set() }, []],
    [
      'an admin who read only',
      'admin',
      { used: new Set(['members.read', 'audit.read']) },
      ['permissions_unused'],
    ],
    [
      'an owner who did what admins may',
      'owner',
      { used: new Set(['teams.manage']) },
      ['permissions_unused'],
    ],
    ['not seen for 90 days', 'member', { lastActiveAt: NOW - days(90) }, ['inactive']],
    ['seen 89 days ago', 'member', { lastActiveAt: NOW - days(89) }, []],
    ['never seen since long', 'viewer', { lastActiveAt: null }, ['inactive']],
    ['never seen, but new', 'viewer', { lastActiveAt: null, joinedAt: NOW - days(2) }, []],
  ])('%s', (_title, held, use, codes) => {
    expect(codesOf(factsOf(held, { use: { ...used, ...use } }))).toEqual(codes);
  });

  test('granted against used: the lowest role that has all of it, told by its permissions', () => {
    const host = { key: 'host' as CustomRole, name: 'Host', rank: 150 };
    const permissions = ['members.read', 'members.invite', 'teams.manage'] as const;
    const use = { ...used, used: new Set(['members.invite', 'teams.manage'] as const) };
    const facts = factsOf('admin', { use, roles: [...roles, { ...host, permissions }] });
    expect(roleFit(facts)).toEqual([
      {
        code: 'permissions_unused',
        text: 'Of what admin allows beyond member, only members.invite, teams.manage was used within 90 days, as far as the audit shows: host has it.',
        suggests: 'host',
      },
    ]);
    const more = { ...use, used: new Set(['members.invite', 'roles.manage'] as const) };
    expect(codesOf({ ...facts, use: more })).toEqual([]);
  });

  test('the only owner is named as such, of two neither', () => {
    const use = used;
    expect(codesOf(factsOf('owner', { use, owners: 1 }))).toEqual(['only_owner']);
    expect(codesOf(factsOf('owner', { use, owners: 2 }))).toEqual([]);
  });
});

test.each<[string, Key, number, number, boolean]>([
  ['five of five are a small company', 'admin', 5, 5, false],
  ['six of thirty', 'admin', 6, 30, false],
  ['seven of thirty', 'admin', 7, 30, true],
  ['members are none of them', 'member', 7, 30, false],
  ['more than anybody counts', 'admin', ADMINISTRATORS_COUNTED, 100_000, true],
])('many administrators: %s', (_title, held, administrators, members, told) => {
  const facts = factsOf(held, { administrators, members, use: used });
  expect(codesOf(facts).includes('many_administrators')).toBe(told);
});
