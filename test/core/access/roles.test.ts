/** Roles are a pure function of the ledger: tables for the rules, properties for every ledger there can be. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { diffGrants } from '../../../src/core/access/grants.ts';
import { rankIn, roleTable } from '../../../src/core/access/role-table.ts';
import type {
  ConflictPolicy,
  Grant,
  GrantScope,
  GrantSource,
  OrgRole,
  TeamRole,
} from '../../../src/core/access/roles.ts';
import {
  ORG_ROLES,
  RESOURCE_ROLES,
  ROLE_PERMISSIONS,
  resolveRoles,
  TEAM_ROLES,
} from '../../../src/core/access/roles.ts';
import { aGrant, nextId } from '../../support/builders.ts';
import { anOrgRole } from '../../support/org-roles.ts';

/** A role of the operator's own in every gap between the built-in ones. */
const ROLES = roleTable([anOrgRole('guest', 50), anOrgRole('lead', 150), anOrgRole('deputy', 250)]);
const ranks = rankIn(ROLES);
const rankOf = (role: OrgRole): number => ranks(role) ?? -1;
const resolve = (grants: readonly Grant[], policy: ConflictPolicy) => resolveRoles(grants, policy, ranks);

const organizationId = nextId('org');
const membershipId = nextId('mem');
const TEAM_IDS = [nextId('team'), nextId('team')] as const;

const SOURCES: Readonly<Record<string, GrantSource>> = {
  default: { kind: 'default' },
  manual: { kind: 'manual', actor: 'operator' },
  invitation: { kind: 'invitation', invitationId: 'inv_1' },
  group: { kind: 'directory_group', directoryId: 'dir_1', groupId: 'dg_1', mappingId: 'map_1' },
  claim: { kind: 'sso_claim', connectionId: 'con_1', claim: 'groups', value: 'staff', mappingId: 'map_2' },
};

type Short = readonly [source: keyof typeof SOURCES, role: OrgRole, rank?: number];

const orgGrant = ([source, role, rank = 0]: Short): Grant =>
  aGrant(organizationId, membershipId, {
    scope: { kind: 'org', role },
    source: SOURCES[source] ?? { kind: 'default' },
    rank,
  });

const orgRoleOf = (grants: readonly Grant[], policy: ConflictPolicy) => resolve(grants, policy).org?.role;

describe('the org role', () => {
  const rows: [title: string, policy: ConflictPolicy, grants: Short[], role: OrgRole | undefined][] = [
    ['nothing gives nothing', 'highest', [], undefined],
    ['the default speaks when nothing else does', 'highest', [['default', 'member']], 'member'],
    [
      'a group that says viewer beats a default of member',
      'highest',
      [
        ['default', 'member'],
        ['group', 'viewer'],
      ],
      'viewer',
    ],
    [
      'an invitation as viewer beats a default of member',
      'highest',
      [
        ['default', 'member'],
        ['invitation', 'viewer'],
      ],
      'viewer',
    ],
    [
      'the highest of two groups',
      'highest',
      [
        ['group', 'viewer'],
        ['group', 'admin'],
      ],
      'admin',
    ],
    [
      'S139 group and claim disagree: the lower one, whichever it is',
      'highest',
      [
        ['group', 'member'],
        ['claim', 'admin'],
      ],
      'member',
    ],
    [
      'S139 claim and group disagree: the lower one, whichever it is',
      'highest',
      [
        ['claim', 'viewer'],
        ['group', 'admin'],
      ],
      'viewer',
    ],
    [
      'S139 each side is settled by itself first: the highest of the groups against the highest of the claims',
      'highest',
      [
        ['group', 'viewer'],
        ['group', 'admin'],
        ['claim', 'viewer'],
        ['claim', 'member'],
      ],
      'member',
    ],
    [
      'S139 what people give is not part of the disagreement',
      'highest',
      [
        ['group', 'admin'],
        ['claim', 'viewer'],
        ['manual', 'member'],
      ],
      'member',
    ],
    [
      'S139 the default does not lift the lower one',
      'highest',
      [
        ['default', 'member'],
        ['group', 'admin'],
        ['claim', 'viewer'],
      ],
      'viewer',
    ],
    [
      'S139 an owner rule on one side is no word at all',
      'highest',
      [
        ['claim', 'owner'],
        ['group', 'admin'],
      ],
      'admin',
    ],
    [
      'S139 ranked: the order of rules counts among groups and among claims, the lower one between them',
      'ranked',
      [
        ['group', 'admin', 1],
        ['group', 'viewer', 2],
        ['claim', 'member', 3],
        ['claim', 'admin', 4],
      ],
      'member',
    ],
    [
      'a person may raise what a group gives',
      'highest',
      [
        ['group', 'member'],
        ['manual', 'owner'],
      ],
      'owner',
    ],
    [
      'a person cannot lower what a group gives',
      'highest',
      [
        ['group', 'admin'],
        ['manual', 'viewer'],
      ],
      'admin',
    ],
    [
      'S137 owner through a group never counts',
      'highest',
      [
        ['default', 'member'],
        ['group', 'owner'],
      ],
      'member',
    ],
    [
      'S137 owner through a claim never counts',
      'highest',
      [
        ['default', 'viewer'],
        ['claim', 'owner'],
      ],
      'viewer',
    ],
    [
      'S137 owner through a group beside a real role leaves the real role',
      'highest',
      [
        ['group', 'owner'],
        ['group', 'admin'],
      ],
      'admin',
    ],
    [
      'ranked: the first rule wins though it gives less',
      'ranked',
      [
        ['group', 'viewer', 1],
        ['group', 'admin', 2],
      ],
      'viewer',
    ],
    [
      'S139 ranked: a claim that says less wins, also with a later rule',
      'ranked',
      [
        ['claim', 'viewer', 2],
        ['group', 'admin', 1],
      ],
      'viewer',
    ],
    [
      'ranked: rules of one rank, the higher role',
      'ranked',
      [
        ['group', 'viewer', 1],
        ['group', 'admin', 1],
      ],
      'admin',
    ],
    [
      'ranked: what people give is outside the ranking',
      'ranked',
      [
        ['group', 'viewer', 1],
        ['group', 'admin', 2],
        ['manual', 'member', 9],
      ],
      'member',
    ],
    [
      'refuse: rules that agree pass',
      'refuse',
      [
        ['group', 'admin'],
        ['claim', 'admin'],
      ],
      'admin',
    ],
    [
      'refuse: rules that disagree leave the default',
      'refuse',
      [
        ['default', 'viewer'],
        ['group', 'admin'],
        ['group', 'member'],
      ],
      'viewer',
    ],
    [
      'refuse: rules that disagree leave what people gave',
      'refuse',
      [
        ['default', 'viewer'],
        ['manual', 'member'],
        ['group', 'admin'],
        ['claim', 'viewer'],
      ],
      'member',
    ],
    [
      'refuse: rules that disagree leave nothing where there was nothing',
      'refuse',
      [
        ['group', 'admin'],
        ['group', 'viewer'],
      ],
      undefined,
    ],
    [
      'refuse: an owner rule is not even a disagreement',
      'refuse',
      [
        ['group', 'owner'],
        ['group', 'admin'],
      ],
      'admin',
    ],
  ];

  test.each(rows)('%s', (_title, policy, grants, role) => {
    expect(orgRoleOf(grants.map(orgGrant), policy)).toBe(role);
  });

  test('a conflict is named, for the organization and for each team', () => {
    const [teamId] = TEAM_IDS;
    const inTeam = (role: TeamRole): Grant => ({
      ...orgGrant(['group', 'member']),
      scope: { kind: 'team', teamId, role },
    });
    const grants = [
      orgGrant(['group', 'admin']),
      orgGrant(['claim', 'viewer']),
      inTeam('member'),
      inTeam('owner'),
    ];
    expect(resolve(grants, 'refuse')).toEqual({
      org: undefined,
      teams: [],
      resources: [],
      conflicts: ['org', teamId],
    });
  });

  test('every reason of the winning role is told, and none of a weaker one', () => {
    const [winner, twin, loser] = [
      orgGrant(['group', 'admin']),
      orgGrant(['manual', 'admin']),
      orgGrant(['group', 'member']),
    ];
    expect(resolve([loser, twin, winner], 'highest').org?.because).toEqual([winner, twin]);
  });
});

describe('what roles allow', () => {
  test('each org role allows everything the one below allows', () => {
    for (const [index, role] of ORG_ROLES.entries()) {
      const below = ORG_ROLES[index - 1];
      if (below === undefined) continue;
      expect(ROLE_PERMISSIONS[role]).toEqual(expect.arrayContaining([...ROLE_PERMISSIONS[below]]));
    }
  });
});

const source = fc.constantFrom(...Object.values(SOURCES));
const scope: fc.Arbitrary<GrantScope> = fc.oneof(
  fc.constantFrom(...ROLES.keys()).map((role): GrantScope => ({ kind: 'org', role })),
  fc
    .tuple(fc.constantFrom(...TEAM_IDS), fc.constantFrom(...TEAM_ROLES))
    .map(([teamId, role]): GrantScope => ({ kind: 'team', teamId, role })),
  fc
    .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('a', 'b'), fc.constantFrom(...RESOURCE_ROLES))
    .map(([type, id, role]): GrantScope => ({ kind: 'resource', resource: { type, id }, role })),
);
const grant = fc
  .record({ source, scope, rank: fc.integer({ min: 0, max: 3 }) })
  .map((parts) => aGrant(organizationId, membershipId, parts));
const ledger = fc.array(grant, { maxLength: 10 });
const policy = fc.constantFrom<ConflictPolicy>('highest', 'ranked', 'refuse');
const isMapped = (one: Grant) => one.source.kind === 'directory_group' || one.source.kind === 'sso_claim';

describe('for every ledger', () => {
  test('the order of grants does not matter', () => {
    const shuffled = ledger.chain((grants) =>
      fc.tuple(fc.constant(grants), fc.shuffledSubarray(grants, { minLength: grants.length })),
    );
    fc.assert(
      fc.property(shuffled, policy, ([grants, others], by) => {
        expect(resolve(others, by)).toEqual(resolve(grants, by));
      }),
    );
  });

  test('the deciding grants alone decide the same', () => {
    fc.assert(
      fc.property(ledger, policy, (grants, by) => {
        const { org, teams, resources } = resolve(grants, by);
        const deciding = [org, ...teams, ...resources].flatMap((role) => role?.because ?? []);
        expect(resolve(deciding, by)).toEqual({ org, teams, resources, conflicts: [] });
      }),
    );
  });

  test('under highest, one more spoken grant never lowers a role that was spoken, but for groups and claims that now disagree', () => {
    fc.assert(
      fc.property(ledger, grant, (grants, more) => {
        const kinds = new Set([...grants, more].filter(isMapped).map((one) => one.source.kind));
        if (kinds.size > 1) return;
        const before = resolve(grants, 'highest').org;
        if (before === undefined || before.because.some((one) => one.source.kind === 'default')) return;
        const after = resolve([...grants, more], 'highest').org;
        expect(rankOf(after?.role ?? 'viewer')).toBeGreaterThanOrEqual(rankOf(before.role));
      }),
    );
  });

  test('S139 with groups and claims that both speak, the role is never above what either says alone', () => {
    fc.assert(
      fc.property(ledger, policy, (grants, by) => {
        const mapped = grants.filter(isMapped);
        const whole = orgRoleOf(mapped, by);
        for (const kind of ['directory_group', 'sso_claim'] as const) {
          const alone = orgRoleOf(
            mapped.filter((one) => one.source.kind === kind),
            by,
          );
          if (whole === undefined || alone === undefined) continue;
          expect(rankOf(whole)).toBeLessThanOrEqual(rankOf(alone));
        }
      }),
    );
  });

  test('S137 no mapping makes an owner, under any policy', () => {
    fc.assert(
      fc.property(ledger, policy, (grants, by) => {
        expect(orgRoleOf(grants.filter(isMapped), by)).not.toBe('owner');
      }),
    );
  });

  test('a role never outlives its last reason', () => {
    fc.assert(
      fc.property(ledger, policy, (grants, by) => {
        const { org, teams } = resolve(grants, by);
        for (const resolved of [org, ...teams]) {
          if (resolved === undefined) continue;
          const rest = grants.filter((one) => !resolved.because.includes(one));
          const after = resolve(rest, by);
          const said = [after.org, ...after.teams].flatMap((one) => one?.because ?? []);
          expect(said).not.toEqual(expect.arrayContaining([...resolved.because]));
        }
      }),
    );
  });

  test('the org role, team roles and roles on resources do not see each other', () => {
    fc.assert(
      fc.property(ledger, policy, (grants, by) => {
        const whole = resolve(grants, by);
        const only = (kind: GrantScope['kind']) =>
          resolve(
            grants.filter((one) => one.scope.kind === kind),
            by,
          );
        expect(whole.org).toEqual(only('org').org);
        expect(whole.teams).toEqual(only('team').teams);
        expect(whole.resources).toEqual(only('resource').resources);
      }),
    );
  });
});

describe('diffGrants', () => {
  test('applying the difference gives exactly what was wanted, and applying it again changes nothing', () => {
    fc.assert(
      fc.property(ledger, ledger, (current, wanted) => {
        const { add, remove, move } = diffGrants(current, wanted);
        const rankOf = new Map(move.map(({ grant, rank }) => [grant, rank]));
        const kept = current.flatMap((one) =>
          remove.includes(one) ? [] : [{ ...one, rank: rankOf.get(one) ?? one.rank }],
        );
        const next = [...kept, ...add.map((one) => aGrant(organizationId, membershipId, one))];
        // Of two that differ in rank alone the later counts: one rule says a thing once.
        const keys = (grants: readonly Pick<Grant, 'scope' | 'source' | 'rank'>[]) =>
          new Map(grants.map((one) => [JSON.stringify([one.scope, one.source]), one.rank]));
        expect(keys(next)).toEqual(keys(wanted));
        expect(diffGrants(next, wanted)).toEqual({ add: [], remove: [], move: [] });
      }),
    );
  });

  test('what is already there is kept under its own id', () => {
    const one = orgGrant(['manual', 'admin']);
    const { scope: wantedScope, source: wantedSource, rank } = one;
    expect(diffGrants([one], [{ scope: wantedScope, source: wantedSource, rank }])).toEqual({
      ...{ add: [], remove: [], move: [] },
    });
    expect(diffGrants([one], [{ scope: wantedScope, source: wantedSource, rank: rank + 1 }])).toEqual({
      ...{ add: [], remove: [], move: [{ grant: one, rank: rank + 1 }] },
    });
  });
});
