/** S140, R14: owners who demote, suspend, remove, hand over and leave at once, and SCIM besides, in a thousand orders: one remains. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Membership } from '../../../src/core/entities/people.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import { leaveOrganization, transferOwnership } from '../../../src/core/members/ownership.ts';
import { countsOf } from '../../support/core-counts.ts';
import {
  callerOf,
  causeOfMember,
  dropUser,
  membershipOf,
  newDirectory,
  newMember,
  pushUser,
  repushUser,
} from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { below, oneOf, raceThrough } from '../../support/schedule.ts';
import { newPlace, operator, type Place } from './race-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

type Work = () => Promise<unknown>;

/** Every way in which `by`, an owner as the request saw the world before the race, ends somebody's ownership. */
function acts({ deps, id: organizationId }: Place, by: Membership, whom: Membership): readonly Work[] {
  const cause = causeOfMember(by);
  const request = { organizationId, id: whom.id, caller: callerOf(by), cause };
  return [
    () => changeMember(deps, { ...request, change: { orgRole: 'member' } }),
    () => changeMember(deps, { ...request, change: { status: 'suspended' } }),
    () => removeMember(deps, request),
    () => leaveOrganization(deps, { organizationId, membershipId: by.id, cause }),
    () => transferOwnership(deps, { ...request, becomes: 'member' }),
  ];
}

/** An owner whom a directory holds, and the ways in which it lets go of them. */
async function pushedOwner(place: Place) {
  const directory = await newDirectory(world, place.id);
  const pushed = await pushUser(world, directory);
  await changeMember(world.deps, {
    ...{ organizationId: place.id, id: pushed.membershipId, caller: operator, cause: OPERATOR },
    change: { orgRole: 'owner' },
  });
  const here = { ...world, deps: place.deps };
  const work: readonly Work[] = [
    () => repushUser(here, directory, { id: pushed.id, isActive: false }),
    () => dropUser(here, directory, pushed),
  ];
  return { owner: await membershipOf(world, place.id, pushed.membershipId), work };
}

async function race(seed: number): Promise<void> {
  const place = await newPlace(world, seed);
  const { random, id, schedule } = place;
  const owners: Membership[] = [];
  for (let count = 0; count < 1 + below(random, 2); count += 1)
    owners.push(await newMember(world, id, { role: 'owner' }));
  const fromDirectory = seed % 3 === 0 ? await pushedOwner(place) : undefined;
  if (fromDirectory !== undefined) owners.push(fromDirectory.owner);
  const people = [...owners, await newMember(world, id)];
  const work: Work[] = Array.from({ length: 2 + below(random, 4) }, () =>
    oneOf(random, acts(place, oneOf(random, owners), oneOf(random, people))),
  );
  await schedule.run(fromDirectory === undefined ? work : [...work, oneOf(random, fromDirectory.work)]);
  const { kept, found } = await countsOf(world, id);
  expect(kept).toEqual(found);
  expect(found.owners).toBeGreaterThanOrEqual(1);
}

test('S140 1,000 seeded schedules of demotion, suspension, removal, leaving, transfer and SCIM: an active owner remains', async () => {
  await raceThrough(1000, race);
});

test('S140 1,000 seeded schedules of two owners who demote each other: exactly one remains', async () => {
  await raceThrough(1000, async (seed) => {
    const place = await newPlace(world, seed);
    const one = await newMember(world, place.id, { role: 'owner' });
    const two = await newMember(world, place.id, { role: 'owner' });
    const [demote, suspend, remove] = [0, 1, 2];
    const how = () => oneOf(place.random, [demote, suspend, remove]) ?? 0;
    const work = [acts(place, one, two)[how()], acts(place, two, one)[how()]].filter(
      (act) => act !== undefined,
    );
    const results = await place.schedule.run(work);
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect((await countsOf(world, place.id)).found.owners).toBe(1);
  });
});
