/** S166, R14: a link with few uses and many who want in, in a thousand orders: never one more than it says, and each is written down. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { joinByLink } from '../../../src/core/joining/link-joining.ts';
import { revokeShareableLink } from '../../../src/core/joining/shareable-links.ts';
import { countsOf } from '../../support/core-counts.ts';
import { newDirectory } from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { below, raceThrough } from '../../support/schedule.ts';
import { acceptor, newPlace, type Place, passedOn, proved } from './race-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

type Passed = Awaited<ReturnType<typeof passedOn>>;

/** Up to six people, some of whom try twice with one proof, or with two proofs of one address. */
async function joiners(place: Place, { link, token }: Passed) {
  const work: (() => Promise<unknown>)[] = [];
  for (let person = 0; person < 2 + below(place.random, 4); person += 1) {
    const email = place.address(`p${person}`);
    const proof = await proved(world, place, { door: link, email });
    const join = (shown: string) => () =>
      joinByLink(place.deps, { token, proof: shown, acceptor, cause: OPERATOR });
    work.push(join(proof));
    if (below(place.random, 3) === 0) work.push(join(proof));
    if (below(place.random, 4) === 0) work.push(join(await proved(world, place, { door: link, email })));
  }
  return work;
}

async function race(seed: number): Promise<void> {
  const place = await newPlace(world, seed);
  const { id, deps, random, schedule } = place;
  const maxUses = 1 + below(random, 3);
  const passed = await passedOn(world, place, maxUses);
  const joins = await joiners(place, passed);
  const enders: (() => Promise<unknown>)[] = [
    () =>
      revokeShareableLink(deps, {
        organizationId: id,
        caller: { kind: 'operator' },
        id: passed.link.id,
        cause: OPERATOR,
      }),
    () => newDirectory({ ...world, deps }, id),
  ];
  const ender = enders[below(random, 6)];
  const results = await schedule.run(ender === undefined ? joins : [...joins, ender]);
  const joined = results.slice(0, joins.length).filter((result) => result === 'done').length;
  const { shareableLinks, memberships } = world.deps.storage;
  const link = await shareableLinks.find(id, passed.link.id);
  const uses = await shareableLinks.listUses(id, passed.link.id, { limit: 100 });
  const members = await memberships.list(id, {}, { limit: 100 });
  const { kept, found } = await countsOf(world, id);
  expect(joined).toBeLessThanOrEqual(maxUses);
  expect([link?.uses, uses.length, members.length, found.seats, kept]).toEqual([
    ...[joined, joined, joined, joined],
    found,
  ]);
  expect(uses.map(({ membershipId }) => membershipId).sort()).toEqual(
    members.map(({ id: one }) => one).sort(),
  );
  const people = new Set(members.map(({ email }) => email));
  expect(people.size).toBe(members.length);
  if (ender === undefined) expect(joined).toBe(Math.min(maxUses, distinct(results, joins.length)));
}

/** Without anybody to end it, a link is left over only when everybody who wanted in is in. */
const distinct = (results: readonly string[], wanted: number): number =>
  results.slice(0, wanted).includes('invitation_used')
    ? Number.POSITIVE_INFINITY
    : results.filter((result) => result === 'done').length;

test('S166 1,000 seeded schedules of joining, the same proof twice, revoking and the switch to a directory: never one use too many', async () => {
  await raceThrough(1000, race);
});

test('the schedules would find it: a seat that is looked for first and taken afterwards is taken twice, in some orders', async () => {
  const careless = async (seed: number): Promise<number> => {
    const { id, deps, schedule } = await newPlace(world, seed);
    const join = async () => {
      const seen = await deps.storage.organizations.find(id);
      if (seen === undefined || seen.seatsUsed > 0) return;
      await deps.storage.transact((tx) => tx.organizations.moveCounts(id, { seats: 1, owners: 0 }));
    };
    await schedule.run([join, join]);
    return (await countsOf(world, id)).kept.seats;
  };
  const taken = new Set<number>();
  for (let seed = 1; seed <= 20; seed += 1) taken.add(await careless(seed));
  expect(taken).toEqual(new Set([1, 2]));
});
