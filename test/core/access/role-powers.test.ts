/** Nobody rises above who let them: the guard rules over every table of roles and every row of acts there can be (S147). */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertMayGrant, assertMayTouch, type Caller } from '../../../src/core/access/access.ts';
import { factsIn, type RoleFacts, roleTable } from '../../../src/core/access/role-table.ts';
import {
  ORG_ROLE_RANKS,
  type OrgRole,
  PERMISSIONS,
  type PermissionKey,
} from '../../../src/core/access/roles.ts';
import { nextId } from '../../support/builders.ts';
import { anOrgRole } from '../../support/org-roles.ts';

const organizationId = nextId('org');
const callerWith = (role: RoleFacts): Caller => ({
  ...{ kind: 'member', organizationId, membershipId: nextId('mem'), userId: nextId('usr'), email: null },
  role,
});
const passes = (guard: () => void): boolean => {
  try {
    guard();
    return true;
  } catch {
    return false;
  }
};

// Few keys, so that one role often has all of another's: those that manage, one of owners, one of the product.
const permissions = fc.subarray<PermissionKey>(['members.update', 'roles.manage', 'scim.manage', 'app:a']);
/** Any table, sound or not: ranks up to owner's, any permissions. The rule must not lean on the operator's care. */
const tables = fc
  .uniqueArray(fc.record({ rank: fc.integer({ min: 1, max: 299 }), permissions }), {
    selector: ({ rank }) => rank,
    maxLength: 6,
  })
  .map((rows) => rows.filter(({ rank }) => rank % 100 !== 0))
  .map((rows) =>
    roleTable(rows.map(({ rank, permissions }) => anOrgRole(`role-${rank}`, rank, { permissions }))),
  );

const PEOPLE = 5;
const person = fc.nat({ max: PEOPLE - 1 });
const scene = tables.chain((table) => {
  const role = fc.constantFrom<OrgRole>(...table.keys());
  return fc.record({
    table: fc.constant(table),
    start: fc.array(role, { minLength: PEOPLE, maxLength: PEOPLE }),
    acts: fc.array(fc.record({ by: person, whom: person, role }), { minLength: 25, maxLength: 50 }),
  });
});

type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

/** Plays the acts that the guards let through; `mayAct` leaves some people out. Answers the roles after each. */
function play(
  { table, start, acts }: Scene,
  mayAct: (role: RoleFacts) => boolean,
): readonly (readonly RoleFacts[])[] {
  let held = start.map((key) => factsIn(table, key));
  const seen = [held];
  for (const { by, whom, role } of acts) {
    const [actor, target, given] = [held[by], held[whom], factsIn(table, role)];
    if (actor === undefined || target === undefined || !mayAct(actor)) continue;
    const caller = callerWith(actor);
    const isAllowed = passes(() => {
      assertMayTouch(caller, target);
      assertMayGrant(caller, given);
    });
    if (!isAllowed) continue;
    held = held.map((one, index) => (index === whom ? given : one));
    seen.push(held);
  }
  return seen;
}

const isOwner = ({ key }: RoleFacts) => key === 'owner';
const powersOf = (roles: readonly RoleFacts[]) => new Set(roles.flatMap((role) => role.permissions));

describe('S147: whatever the roles and whatever people try', () => {
  test('where no owner acts, nobody comes to admin or above who was not, and nobody to a permission that none of them held', () => {
    let moves = 0;
    fc.assert(
      fc.property(scene, (one) => {
        const states = play(one, (role) => !isOwner(role));
        moves += states.length - 1;
        const [first = []] = states;
        const held = powersOf(first.filter((role) => !isOwner(role)));
        for (const state of states)
          for (const [index, role] of state.entries()) {
            if (role === first[index]) continue;
            expect(role.rank).toBeLessThan(ORG_ROLE_RANKS.admin);
            for (const key of role.permissions) expect(held).toContain(key);
          }
      }),
      { numRuns: 500 },
    );
    expect(moves).toBeGreaterThan(200);
  });

  test('nobody gives what stands beside or above them, or a permission they lack, unless they are an owner', () => {
    fc.assert(
      fc.property(tables, (table) => {
        for (const own of table.values())
          for (const given of table.values()) {
            if (isOwner(own) || !passes(() => assertMayGrant(callerWith(own), given))) continue;
            expect(given.rank).toBeLessThan(own.rank);
            expect(given.rank).toBeLessThan(ORG_ROLE_RANKS.admin);
            expect(own.permissions).toEqual(expect.arrayContaining([...given.permissions]));
          }
      }),
    );
  });

  test('an owner, and the operator, give every role and touch everybody', () => {
    fc.assert(
      fc.property(tables, (table) => {
        for (const caller of [callerWith(factsIn(table, 'owner')), { kind: 'operator' } as const])
          for (const role of table.values()) {
            expect(passes(() => assertMayGrant(caller, role))).toBe(true);
            expect(passes(() => assertMayTouch(caller, role))).toBe(true);
          }
      }),
    );
  });

  test('a role that is gone is worth nothing: it gives nothing, and nothing is lost with it', () => {
    fc.assert(
      fc.property(tables, (table) => {
        const gone = factsIn(roleTable([]), anOrgRole('gone', 1).key);
        expect([gone.rank, gone.permissions]).toEqual([-1, []]);
        for (const role of table.values())
          expect(passes(() => assertMayGrant(callerWith(gone), role))).toBe(false);
      }),
    );
  });
});

test('the table: built-in roles have the product’s keys of those below, an owner all, a custom role its own', () => {
  fc.assert(
    fc.property(tables, fc.subarray<PermissionKey>(['app:x', 'app:y']), (custom, added) => {
      const rows = [...custom.values()]
        .filter(({ key }) => key.startsWith('role-'))
        .map((role) => anOrgRole(role.key, role.rank, { permissions: role.permissions }));
      const table = roleTable([...rows, anOrgRole('member', 100, { permissions: added })]);
      const of = (key: OrgRole) => factsIn(table, key).permissions;
      for (const key of ['member', 'admin', 'owner'] as const)
        expect(of(key)).toEqual(expect.arrayContaining(added));
      for (const key of added) expect(of('viewer')).not.toContain(key);
      for (const row of rows) expect(of(row.key)).toEqual(row.permissions);
      const apps = rows.flatMap((row) => row.permissions).filter((key) => key.startsWith('app:'));
      expect(of('owner')).toEqual(expect.arrayContaining([...apps, ...PERMISSIONS]));
      const ranks = [...table.values()].map(({ rank }) => rank);
      expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
    }),
  );
});
