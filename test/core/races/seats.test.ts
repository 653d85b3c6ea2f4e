/** S167, R14: seats over every door at once, in a thousand orders: never one too many, and who was refused has lost nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Directory } from '../../../src/core/entities/directory.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { joinByLink } from '../../../src/core/joining/link-joining.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { countsOf } from '../../support/core-counts.ts';
import {
  anUpstream,
  begin,
  finish,
  newConnection,
  newDirectory,
  newMember,
  proveDomain,
  pushUser,
  repushUser,
} from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';
import { below, oneOf, raceThrough } from '../../support/schedule.ts';
import {
  acceptor,
  invited,
  moveOver,
  newPlace,
  operator,
  type Place,
  passedOn,
  proved,
  shadowOf,
} from './race-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

type Work = () => Promise<unknown>;
/** Makes ready what one person needs to come in, and answers how they do. */
type Door = (place: Place, person: string) => Promise<Work>;

const byInvitation: Door = async (place, person) => {
  const { token } = await invited(world, place, place.address(person));
  return () => acceptInvitation(place.deps, { token, acceptor, cause: OPERATOR });
};

const byLink: Door = async (place, person) => {
  const { link, token } = await passedOn(world, place, 2);
  const proof = await proved(world, place, { door: link, email: place.address(person) });
  return () => joinByLink(place.deps, { token, proof, acceptor, cause: OPERATOR });
};

const byJit: Door = async (place, person) => {
  const domain = `${person}-${place.id.slice(4)}.example`;
  await proveDomain(world, place.id, domain);
  const connection = await newConnection(world, place.id, { jit: true });
  const answer = await begin(world, connection);
  const identity = anUpstream(connection, { subject: person, email: `ada@${domain}` });
  return () => finish({ ...world, deps: place.deps }, answer, identity);
};

/** A row of an import is invited and comes in like anybody. */
const byImport: Door = async ({ deps, id, address }, person) => {
  const row = { email: address(person), role: 'member', teams: [], delivery: 'link' } as const;
  return async () => {
    const request = { organizationId: id, cause: OPERATOR, caller: operator };
    const { url } = await createInvitation(deps, { ...request, invitation: row });
    await acceptInvitation(deps, { token: url.split('/').at(-1) ?? '', acceptor, cause: OPERATOR });
  };
};

const byReactivation: Door = async ({ deps, id }) => {
  const { id: member } = await newMember(world, id, { status: 'suspended' });
  const request = { organizationId: id, id: member, caller: operator, cause: OPERATOR };
  return () => changeMember(deps, { ...request, change: { status: 'active' } });
};

/** The directory is turned on in the middle of it, and pushes two people. */
const byDirectory: Door = async (place) => async () => {
  const here = { ...world, deps: place.deps };
  const directory = await newDirectory(here, place.id);
  await pushUser(here, directory).catch(() => undefined);
  await pushUser(here, directory);
};

const cutovers = new Map<string, number>();

/** A shadow directory with one or two people in it is switched on: all of them come in, or none. */
const byCutover: Door = async (place) => {
  const at = await shadowOf(world, place, 1 + below(place.random, 2));
  const deps = { ...place.deps, pause: async () => undefined };
  return async () => {
    const result = await refusalOf(moveOver(deps, at));
    cutovers.set(result, (cutovers.get(result) ?? 0) + 1);
  };
};

const DOORS = [
  ...[byInvitation, byInvitation, byLink, byLink, byJit, byImport, byReactivation],
  ...[byDirectory, byCutover],
];

async function expectTrueSeats({ id }: Place, seats: number): Promise<void> {
  const { kept, found } = await countsOf(world, id);
  expect(kept).toEqual(found);
  expect(found.seats).toBeLessThanOrEqual(seats);
}

async function raceOfDoors(seed: number): Promise<void> {
  const seats = 1 + (seed % 3);
  const place = await newPlace(world, seed, { preset: 'enterprise', seats });
  const { random, schedule, id } = place;
  const work: Work[] = [];
  for (let person = 0; person < 3 + below(random, 4); person += 1)
    work.push(await oneOf(random, DOORS)(place, `p${person}`));
  const results = await schedule.run(work);
  await expectTrueSeats(place, seats);
  // Nobody is turned away for want of a seat while there is one: in the end either all are in, or all seats are taken.
  const { found } = await countsOf(world, id);
  if (results.includes('seats_exhausted')) expect(found.seats).toBe(seats);
  // What was refused stays as it was: pending while the organization is manual, void once it is not.
  const organization = await world.deps.storage.organizations.find(id);
  const pending = await world.deps.storage.invitations.listPending(id);
  if (organization?.provisioning === 'directory') expect(pending).toEqual([]);
  const links = await world.deps.storage.shareableLinks.list(id, { limit: 100 });
  for (const link of links) {
    const uses = await world.deps.storage.shareableLinks.listUses(id, link.id, { limit: 10 });
    expect(uses).toHaveLength(link.uses);
  }
}

/** Creations and reactivations by a directory, against an admin who brings suspended people back. */
async function raceOfPushes(seed: number): Promise<void> {
  const seats = 1 + (seed % 3);
  const place = await newPlace(world, seed, { preset: 'enterprise', seats });
  const { random, schedule, id, deps } = place;
  const here = { ...world, deps };
  const directory: Directory = await newDirectory(world, id);
  const work: Work[] = [];
  for (let person = 0; person < 3 + below(random, 3); person += 1) {
    const idle = await pushUser(world, directory, { isActive: false });
    const suspended = await newMember(world, id, { status: 'suspended' });
    const request = { organizationId: id, id: suspended.id, caller: operator, cause: OPERATOR };
    work.push(
      oneOf<Work>(random, [
        () => pushUser(here, directory),
        () => repushUser(here, directory, { id: idle.id, isActive: true }),
        () => changeMember(deps, { ...request, change: { status: 'active' } }),
      ]),
    );
  }
  const results = await schedule.run(work);
  await expectTrueSeats(place, seats);
  const joined = results.filter((result) => result === 'done').length;
  expect(joined).toBe(Math.min(seats, work.length));
}

test('S167 1,000 seeded schedules over invitation, link, JIT, import row, reactivation, the switch to a directory and the cut-over: never one seat too many', async () => {
  await raceThrough(1000, raceOfDoors);
  // It has gone well in some orders, and found no seats in others.
  expect(Math.min(cutovers.get('done') ?? 0, cutovers.get('cutover_blocked') ?? 0)).toBeGreaterThan(20);
});

test('S167 1,000 seeded schedules of SCIM create, SCIM reactivate and reactivation by hand: exactly as many as there are seats', async () => {
  await raceThrough(1000, raceOfPushes);
});
