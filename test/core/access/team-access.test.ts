/** Who may put whom into a team: the whole table, and the property that nobody rises above who let them. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TeamRole } from '../../../src/core/access/roles.ts';
import { TEAM_ROLES } from '../../../src/core/access/roles.ts';
import { mayMove, type TeamStanding } from '../../../src/core/access/team-access.ts';

const ROLES = [null, ...TEAM_ROLES] as const;
const standing = (input: Partial<TeamStanding>): TeamStanding => ({
  isAboveTeams: false,
  managesTeams: false,
  own: null,
  wasOwned: true,
  ...input,
});

const NOBODY = '....';
const ALL = 'nmao';
// What each may make of somebody who is none, member, admin, owner of the team: n none, m member, a admin, o owner.
const rows: [who: string, standing: TeamStanding, moves: [string, string, string, string]][] = [
  ['the operator, or an owner of the organization', standing({ isAboveTeams: true }), [ALL, ALL, ALL, ALL]],
  ['an owner of the team', standing({ own: 'owner' }), [ALL, ALL, ALL, ALL]],
  ['an admin of the team', standing({ own: 'admin' }), ['nm..', 'nm..', NOBODY, NOBODY]],
  ['a member of the team', standing({ own: 'member' }), [NOBODY, NOBODY, NOBODY, NOBODY]],
  ['somebody outside it', standing({}), [NOBODY, NOBODY, NOBODY, NOBODY]],
  [
    'who manages teams, where it has or had an owner',
    standing({ managesTeams: true }),
    [NOBODY, NOBODY, NOBODY, NOBODY],
  ],
  [
    'who manages teams, where nobody has owned it',
    standing({ managesTeams: true, wasOwned: false }),
    [ALL, ALL, ALL, ALL],
  ],
  [
    'who manages teams and is its admin, where it has an owner',
    standing({ managesTeams: true, own: 'admin' }),
    ['nm..', 'nm..', NOBODY, NOBODY],
  ],
];

describe('moves in a team', () => {
  test.each(rows)('S147: %s', (_who, who, expected) => {
    const letters = ROLES.map((before) =>
      ROLES.map((after) => (mayMove(who, { isOwn: false, before, after }) ? (after?.[0] ?? 'n') : '.')).join(
        '',
      ),
    );
    expect(letters).toEqual(expected);
  });

  test('anybody may go, and nobody but an owner raises themselves', () => {
    for (const own of TEAM_ROLES) {
      const may = (after: TeamRole | null) => mayMove(standing({ own }), { isOwn: true, before: own, after });
      expect(may(null)).toBe(true);
      expect(may('owner')).toBe(own === 'owner');
      if (own === 'member') expect(may('admin')).toBe(false);
    }
  });

  test('S147: in a team that has an owner, no row of moves by others makes anybody an admin or an owner', () => {
    const people = ['ada', 'bob', 'eve', 'max'] as const;
    const person = fc.constantFrom(...people);
    const start = fc.record({
      bob: fc.constantFrom(null, 'member' as const, 'admin' as const),
      eve: fc.constantFrom(null, 'member' as const),
      max: fc.constantFrom(null, 'member' as const),
      manages: fc.subarray([...people]),
    });
    const moves = fc.array(fc.record({ by: person, whom: person, after: fc.constantFrom(...ROLES) }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(start, moves, ({ manages, ...roles }, all) => {
        const team: Record<string, TeamRole | null> = { ada: 'owner', ...roles };
        const raised = new Set<string>();
        // Ada, the owner, does nothing: all power in the team is hers, so nobody else may come to any.
        for (const { by, whom, after } of all.filter((move) => move.by !== 'ada')) {
          const who = standing({ own: team[by] ?? null, managesTeams: manages.includes(by) });
          if (!mayMove(who, { isOwn: by === whom, before: team[whom] ?? null, after })) continue;
          team[whom] = after;
          if (after === 'admin' || after === 'owner') raised.add(whom);
        }
        expect([team.ada, [...raised]]).toEqual(['owner', []]);
      }),
    );
  });
});
