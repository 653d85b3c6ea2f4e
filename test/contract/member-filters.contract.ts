/** Contract: members by every mix of role, status, source and team, small or large, are those that a look at each would find. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Membership, Team } from '../../src/core/entities/people.ts';
import type { MemberFilter } from '../../src/core/ports/people.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { aMembership, aTeam, aUser } from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** More than an adapter may gather at once. */
const LARGE = 520;

const ROLES = ['member', 'viewer', 'admin'] as const;
const SOURCES = ['directory', 'manual', 'sso'] as const;

/** Person `i`: each trait goes round at a pace of its own, so that all of them meet. */
const traitsOf = (i: number) =>
  ({
    orgRole: i % 9 === 0 ? 'viewer' : i % 11 === 0 ? 'admin' : 'member',
    status: i % 7 === 0 ? 'suspended' : 'active',
    source: i % 13 === 0 ? 'manual' : i % 17 === 0 ? 'sso' : 'directory',
    email: `${i % 5 === 0 ? 'ada' : 'eve'}${i}@shared.example`,
    emailKey: `${i % 5 === 0 ? 'ada' : 'eve'}${i}@shared.example`,
  }) as const;

/** Every mix, the absence of each included. */
function mixes(teams: readonly MemberFilter['teamId'][]): readonly MemberFilter[] {
  const found: MemberFilter[] = [];
  for (const role of [undefined, ...ROLES])
    for (const status of [undefined, 'active', 'suspended'] as const)
      for (const source of [undefined, ...SOURCES])
        for (const teamId of teams) found.push({ role, status, source, teamId });
  return found;
}

/** Registers the suite. */
export function memberFilters(name: string, open: OpenStorage): void {
  describe(`${name}: members by several traits at once`, () => {
    let under: StorageUnderTest;
    let world: World;
    const people: Membership[] = [];
    const teamOf = new Map<Team['id'], Set<string>>();

    /** The person with their rows, in the large team unless they came late, and some in the small one. */
    const join = async (tx: Repositories, i: number, [large, small]: readonly Team[]) => {
      const { id } = world.organization;
      const user = aUser();
      const member = aMembership(id, user.id, traitsOf(i));
      const joined = [i < LARGE ? large : undefined, i % 40 === 0 ? small : undefined];
      const roles = joined.flatMap((team) => (team ? [{ teamId: team.id, role: 'member' as const }] : []));
      await tx.users.insert(user);
      await tx.memberships.insert(id, member);
      await tx.teamMembers.replace(id, member.id, roles);
      for (const { teamId } of roles) teamOf.get(teamId)?.add(member.id);
      people.push(member);
    };

    beforeAll(async () => {
      under = await open();
      world = aWorld();
      const { id } = world.organization;
      const made = [aTeam(id), aTeam(id), aTeam(id)];
      await under.storage.transact(async (tx) => {
        people.length = 0;
        for (const team of made) teamOf.set(team.id, new Set());
        await plantWorld(tx, world);
        for (const team of made) await tx.teams.insert(id, team);
        for (let i = 0; i < LARGE + 30; i += 1) await join(tx, i, made);
      });
    });
    afterAll(() => under.close());

    const fits = (one: Membership, filter: MemberFilter): boolean =>
      (filter.role === undefined || one.orgRole === filter.role) &&
      (filter.status === undefined || one.status === filter.status) &&
      (filter.source === undefined || one.source === filter.source) &&
      (filter.teamId === undefined || teamOf.get(filter.teamId)?.has(one.id) === true) &&
      (filter.upTo === undefined || one.id <= filter.upTo);

    const idsOf = (found: readonly Membership[]): readonly string[] => found.map(({ id }) => id);
    const wantedOf = (filter: MemberFilter) => idsOf(people.filter((one) => fits(one, filter)));
    const teams = () => [undefined, ...teamOf.keys()];
    const isOfWorld = (id: string) => id === world.membership.id;

    test('all of them, in order', async () => {
      for (const filter of mixes(teams())) {
        const found = await under.storage.memberships.list(world.organization.id, filter, { limit: 1000 });
        const theirs = idsOf(found).filter((id) => !isOfWorld(id));
        expect([filter, theirs]).toEqual([filter, wantedOf(filter)]);
      }
    });

    test('in pages, and in a stretch of people', async () => {
      const [, , , , upTo] = people.toReversed();
      for (const filter of mixes(teams()).map((mix) => ({ ...mix, upTo: upTo?.id }))) {
        const [after, ...others] = wantedOf(filter);
        const page = { after, limit: 7 };
        const found = await under.storage.memberships.list(world.organization.id, filter, page);
        expect([filter, idsOf(found)]).toEqual([filter, after === undefined ? [] : others.slice(0, 7)]);
      }
    });

    test('among those whose address starts with a text', async () => {
      for (const filter of mixes(teams())) {
        const wanted = people.filter((one) => one.emailKey?.startsWith('ada') && fits(one, filter));
        const ask = { ...filter, text: 'ada' };
        const found = await under.storage.memberships.listByEmailStart(world.organization.id, ask, {
          limit: 1000,
        });
        const theirs = idsOf(found).filter((id) => !isOfWorld(id));
        expect([filter, theirs.toSorted()]).toEqual([filter, idsOf(wanted).toSorted()]);
      }
    });
  });
}
