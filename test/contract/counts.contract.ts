/** Contract: seats and owners are counted in one conditional write, so no race passes the plan or loses the last owner. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Membership } from '../../src/core/entities/people.ts';
import type { CountsOutcome } from '../../src/core/ports/people.ts';
import type { Repositories, Storage } from '../../src/core/ports/storage.ts';
import { aMembership, anOrganization, aPlan, aUser } from '../support/builders.ts';
import { type OpenStorage, outcomeOf, race, type StorageUnderTest } from './storage-under-test.ts';

interface Case {
  readonly plan: number | null;
  readonly seats: number;
  readonly owners: number;
  readonly delta: { readonly seats: number; readonly owners: number };
  readonly outcome: CountsOutcome;
}

const delta = (seats: number, owners: number) => ({ seats, owners });

const CASES: readonly Case[] = [
  { plan: null, seats: 0, owners: 0, delta: delta(1, 0), outcome: 'moved' },
  { plan: null, seats: 1_000_000, owners: 1, delta: delta(1, 0), outcome: 'moved' },
  { plan: 2, seats: 1, owners: 1, delta: delta(1, 0), outcome: 'moved' },
  { plan: 2, seats: 2, owners: 1, delta: delta(1, 0), outcome: 'seats_exhausted' },
  { plan: 2, seats: 0, owners: 0, delta: delta(3, 0), outcome: 'seats_exhausted' },
  { plan: 0, seats: 0, owners: 0, delta: delta(1, 0), outcome: 'seats_exhausted' },
  // Over the plan after a downgrade: nobody new, but everything that does not add a seat still works.
  { plan: 2, seats: 5, owners: 1, delta: delta(0, 1), outcome: 'moved' },
  { plan: 2, seats: 5, owners: 1, delta: delta(-1, 0), outcome: 'moved' },
  { plan: 2, seats: 5, owners: 1, delta: delta(1, 0), outcome: 'seats_exhausted' },
  { plan: null, seats: 3, owners: 1, delta: delta(0, -1), outcome: 'last_owner' },
  { plan: null, seats: 1, owners: 1, delta: delta(-1, -1), outcome: 'last_owner' },
  { plan: null, seats: 3, owners: 2, delta: delta(0, -2), outcome: 'last_owner' },
  { plan: null, seats: 3, owners: 2, delta: delta(-1, -1), outcome: 'moved' },
  { plan: null, seats: 3, owners: 0, delta: delta(-1, 0), outcome: 'moved' },
  { plan: null, seats: 3, owners: 0, delta: delta(0, 1), outcome: 'moved' },
  { plan: null, seats: 3, owners: 1, delta: delta(0, 0), outcome: 'moved' },
  { plan: 3, seats: 3, owners: 1, delta: delta(1, 1), outcome: 'seats_exhausted' },
];

async function plantOrganization(storage: Storage, { plan, seats, owners }: Omit<Case, 'delta' | 'outcome'>) {
  const value = anOrganization({ plan: aPlan({ seats: plan }), seatsUsed: seats, activeOwners: owners });
  await storage.transact((tx) => tx.organizations.insert(value.id, value));
  return value;
}

/** One thing that somebody does to one of the owners while others do the same. */
interface Step {
  readonly who: number;
  readonly deed: 'demote' | 'suspend' | 'remove';
}

const schedule: fc.Arbitrary<{ readonly owners: number; readonly steps: readonly Step[] }> = fc
  .integer({ min: 2, max: 4 })
  .chain((owners) =>
    fc.record({
      owners: fc.constant(owners),
      steps: fc.array(
        fc.record({
          who: fc.integer({ min: 0, max: owners - 1 }),
          deed: fc.constantFrom('demote' as const, 'suspend' as const, 'remove' as const),
        }),
        { minLength: owners, maxLength: 8 },
      ),
    }),
  );

async function plantOwners(storage: Storage, count: number) {
  const organization = anOrganization({ seatsUsed: count, activeOwners: count });
  const id = organization.id;
  const owners: Membership[] = [];
  await storage.transact(async (tx) => {
    owners.length = 0;
    await tx.organizations.insert(id, organization);
    for (let index = 0; index < count; index += 1) {
      const user = aUser();
      const owner = aMembership(id, user.id, { orgRole: 'owner' });
      await tx.users.insert(user);
      await tx.memberships.insert(id, owner);
      owners.push(owner);
    }
  });
  return { id, owners };
}

async function act(tx: Repositories, owner: Membership, deed: Step['deed']): Promise<CountsOutcome | 'idle'> {
  const id = owner.organizationId;
  const found = await tx.memberships.find(id, owner.id);
  if (found === undefined || found.status !== 'active' || found.orgRole !== 'owner') return 'idle';
  const outcome = await tx.organizations.moveCounts(id, delta(deed === 'demote' ? 0 : -1, -1));
  if (outcome !== 'moved') return outcome;
  if (deed === 'demote') await tx.memberships.update(id, { ...found, orgRole: 'member' }, found.version);
  if (deed === 'suspend') await tx.memberships.update(id, { ...found, status: 'suspended' }, found.version);
  if (deed === 'remove') await tx.memberships.remove(id, owner.id);
  return outcome;
}

async function playSchedule(
  storage: Storage,
  { owners: count, steps }: { owners: number; steps: readonly Step[] },
) {
  const { id, owners } = await plantOwners(storage, count);
  await race(storage, steps.length, async (tx, index) => {
    const step = steps[index];
    const owner = step && owners[step.who];
    return owner && act(tx, owner, step.deed);
  });
  const left = await storage.memberships.list(id, { role: 'owner', status: 'active' }, { limit: 10 });
  const organization = await storage.organizations.find(id);
  const touched = new Set(steps.map((step) => step.who)).size;
  return { left: left.length, counted: organization?.activeOwners, expected: Math.max(1, count - touched) };
}

/** Registers the suite. */
export function counts(name: string, open: OpenStorage): void {
  describe(`${name}: seats and owners`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    test.each(CASES)(
      'plan $plan, $seats seats, $owners owners, move by $delta: $outcome',
      async ({ delta: move, outcome, ...rest }) => {
        const value = await plantOrganization(under.storage, rest);
        const answer = await under.storage.transact((tx) => tx.organizations.moveCounts(value.id, move));
        expect(answer).toBe(outcome);
        const moved = outcome === 'moved' ? move : delta(0, 0);
        expect(await under.storage.organizations.find(value.id)).toStrictEqual({
          ...value,
          seatsUsed: value.seatsUsed + moved.seats,
          activeOwners: value.activeOwners + moved.owners,
        });
      },
    );

    test('S140 of 20 parallel joins at the last seat exactly one gets it', async () => {
      const value = await plantOrganization(under.storage, { plan: 5, seats: 4, owners: 1 });
      const outcomes = await race(under.storage, 20, (tx) =>
        tx.organizations.moveCounts(value.id, delta(1, 0)),
      );
      const answers = outcomes.map((outcome) => ('answered' in outcome ? outcome.answered : outcome));
      expect(answers.filter((answer) => answer === 'moved')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'seats_exhausted')).toHaveLength(19);
      expect(await under.storage.organizations.find(value.id)).toMatchObject({ seatsUsed: 5 });
    });

    test('S140 one active owner remains after each of 200 random schedules of parallel demotions', async () => {
      const schedules = fc.sample(schedule, { numRuns: 200, seed: 140 });
      for (let from = 0; from < schedules.length; from += 20) {
        const batch = schedules.slice(from, from + 20);
        const ends = await Promise.all(batch.map((each) => playSchedule(under.storage, each)));
        for (const { left, counted, expected } of ends) {
          expect({ left, counted }).toEqual({ left: expected, counted: expected });
        }
      }
    });

    test('an update of the organization leaves both counters alone', async () => {
      const value = await plantOrganization(under.storage, { plan: 9, seats: 4, owners: 2 });
      const next = { ...value, name: 'Renamed', seatsUsed: 0, activeOwners: 0 };
      await under.storage.transact((tx) => tx.organizations.update(value.id, next, 1));
      expect(await under.storage.organizations.find(value.id)).toMatchObject({
        name: 'Renamed',
        version: 2,
        seatsUsed: 4,
        activeOwners: 2,
      });
    });

    test('a plan lowered by an update counts for the very next seat', async () => {
      const value = await plantOrganization(under.storage, { plan: 9, seats: 4, owners: 2 });
      const move = () => under.storage.transact((tx) => tx.organizations.moveCounts(value.id, delta(1, 0)));
      const lowered = { ...value, plan: aPlan({ seats: 4 }) };
      await under.storage.transact((tx) => tx.organizations.update(value.id, lowered, 1));
      expect(await move()).toBe('seats_exhausted');
      const unbounded = { ...value, plan: aPlan({ seats: null }) };
      await under.storage.transact((tx) => tx.organizations.update(value.id, unbounded, 2));
      expect(await move()).toBe('moved');
    });

    test('40 parallel moves and updates of one organization lose nothing', async () => {
      const value = await plantOrganization(under.storage, { plan: null, seats: 0, owners: 1 });
      await race(under.storage, 40, async (tx, index) => {
        if (index % 2 === 0) return tx.organizations.moveCounts(value.id, delta(1, 0));
        const found = await tx.organizations.find(value.id);
        if (found !== undefined) await tx.organizations.update(value.id, found, found.version);
        return undefined;
      });
      expect(await under.storage.organizations.find(value.id)).toMatchObject({ seatsUsed: 20, version: 21 });
    });

    test('a move is undone with its transaction', async () => {
      const value = await plantOrganization(under.storage, { plan: 5, seats: 4, owners: 1 });
      const failing = under.storage.transact(async (tx) => {
        expect(await tx.organizations.moveCounts(value.id, delta(1, 0))).toBe('moved');
        throw new Error('interrupted');
      });
      await expect(failing).rejects.toThrow('interrupted');
      expect(await under.storage.organizations.find(value.id)).toMatchObject({ seatsUsed: 4 });
    });

    test('the counters of an organization that is gone are not_found', async () => {
      const moving = under.storage.transact((tx) =>
        tx.organizations.moveCounts(anOrganization().id, delta(1, 0)),
      );
      expect(await outcomeOf(moving)).toEqual({ refused: 'not_found', field: undefined });
    });
  });
}
