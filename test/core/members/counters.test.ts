/** Seats and owners under races and random histories: never one seat too many, never an organization without an owner. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Directory } from '../../../src/core/entities/directory.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import type { CreatedInvitation } from '../../../src/core/joining/invitations.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { countsOf } from '../../support/core-counts.ts';
import {
  anUpstream,
  callerOf,
  dropUser,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  PASSWORD,
  proveDomain,
  pushUser,
  repushUser,
  signIn,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

type Act = (owner: Membership) => Promise<unknown>;

/** Every way an owner can be lost, asked for by another owner as the request saw the world before the race. */
function actsBy(caller: Membership): Readonly<Record<'demote' | 'suspend' | 'remove', Act>> {
  const request = (owner: Membership) => ({
    organizationId: owner.organizationId,
    id: owner.id,
    caller: callerOf(caller),
    cause: OPERATOR,
  });
  return {
    demote: (owner) => changeMember(world.deps, { ...request(owner), change: { orgRole: 'member' } }),
    suspend: (owner) => changeMember(world.deps, { ...request(owner), change: { status: 'suspended' } }),
    remove: (owner) => removeMember(world.deps, request(owner)),
  };
}

/** Owners of which the directory holds the last one, so that SCIM can try to take it away too. */
async function organizationWithOwners(count: number) {
  const { id } = await newOrganization(world);
  const directory = await newDirectory(world, id);
  const pushed = await pushUser(world, directory);
  const request = { organizationId: id, caller: { kind: 'operator' } as const, cause: OPERATOR };
  const { membership } = await changeMember(world.deps, {
    ...request,
    id: pushed.membershipId,
    change: { orgRole: 'owner' },
  });
  const others = await Promise.all(
    Array.from({ length: count - 1 }, () => newMember(world, id, { role: 'owner' })),
  );
  return { id, directory, pushed, owners: [...others, membership] };
}

async function manualWithOwners(count: number) {
  const { id } = await newOrganization(world);
  const owners = await Promise.all(
    Array.from({ length: count }, () => newMember(world, id, { role: 'owner' })),
  );
  return { id, owners, directory: undefined, pushed: undefined };
}

interface Schedule {
  readonly count: number;
  /** Who acts on whom, and how: 0 to 2 by hand; 3 and 4 over SCIM, where there is a directory. */
  readonly moves: readonly (readonly [by: number, whom: number, how: number])[];
}

async function race({ count, moves }: Schedule): Promise<void> {
  const hasDirectory = moves.some(([, , how]) => how > 2);
  const place = hasDirectory ? await organizationWithOwners(count) : await manualWithOwners(count);
  const { id, directory, pushed, owners } = place;
  const work = moves.map(([by, whom, how]): Promise<unknown> => {
    const caller = owners[by % owners.length];
    const owner = owners[whom % owners.length];
    if (caller === undefined || owner === undefined) return Promise.resolve();
    const { demote, suspend, remove } = actsBy(caller);
    const act = [demote, suspend, remove][how];
    if (act !== undefined) return act(owner);
    if (directory === undefined || pushed === undefined) return Promise.resolve();
    return how === 3
      ? repushUser(world, directory, { id: pushed.id, isActive: false })
      : dropUser(world, directory, pushed);
  });
  await Promise.all(work.map(refusalOf));
  const { kept, found } = await countsOf(world, id);
  expect(kept).toEqual(found);
  expect(found.owners).toBeGreaterThanOrEqual(1);
}

const movesOf = (ways: number) =>
  fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.nat({ max: ways })), {
    minLength: 2,
    maxLength: 6,
  });
const schedule = fc.record({
  count: fc.integer({ min: 2, max: 3 }),
  moves: fc.oneof(movesOf(2), movesOf(2), movesOf(4)),
});

describe('the last owner', () => {
  test('S140 1,000 racing schedules of demotion, suspension, removal and SCIM leave at least one active owner', async () => {
    const schedules = fc.sample(schedule, { numRuns: 1000, seed: 140 });
    for (let from = 0; from < schedules.length; from += 100) {
      await Promise.all(schedules.slice(from, from + 100).map(race));
    }
  });

  test('S140 two owners who demote each other at once: one of them stays, and the other hears last_owner or success', async () => {
    const { id } = await newOrganization(world);
    const [one, two] = [
      await newMember(world, id, { role: 'owner' }),
      await newMember(world, id, { role: 'owner' }),
    ];
    const results = await Promise.all([
      refusalOf(actsBy(one).demote(two)),
      refusalOf(actsBy(two).demote(one)),
    ]);
    expect(results.sort()).toEqual(['done', 'last_owner']);
  });

  const ways: [title: string, act: (owner: Membership) => Promise<unknown>][] = [
    ['demoting oneself', (owner) => actsBy(owner).demote(owner)],
    ['suspending oneself', (owner) => actsBy(owner).suspend(owner)],
    ['leaving', (owner) => actsBy(owner).remove(owner)],
  ];
  test.each(ways)('S140 the only owner cannot go by %s', async (_title, act) => {
    const { id } = await newOrganization(world);
    const owner = await newMember(world, id, { role: 'owner' });
    await newMember(world, id, { role: 'owner', status: 'suspended' });
    expect(await refusalOf(act(owner))).toBe('last_owner');
    expect(await countsOf(world, id)).toEqual({
      kept: { seats: 1, owners: 1 },
      found: { seats: 1, owners: 1 },
    });
  });

  test.each(['isActive: false', 'DELETE'] as const)(
    'S140 SCIM %s of the only owner is refused and changes nothing',
    async (how) => {
      const { directory, pushed } = await organizationWithOwners(1);
      const work =
        how === 'DELETE'
          ? dropUser(world, directory, pushed)
          : repushUser(world, directory, { id: pushed.id, isActive: false });
      expect(await refusalOf(work)).toBe('last_owner');
      const stored = await world.deps.storage.directoryUsers.find(
        directory.organizationId,
        directory.id,
        pushed.id,
      );
      expect(stored).toEqual(pushed);
    },
  );
});

const inviteLink = (organizationId: OrganizationId, email: string): Promise<CreatedInvitation> =>
  createInvitation(world.deps, {
    organizationId,
    cause: OPERATOR,
    caller: { kind: 'operator' },
    invitation: { email, role: 'member', teams: [], delivery: 'link' },
  });

const accept = ({ url }: CreatedInvitation) =>
  acceptInvitation(world.deps, {
    token: url.split('/').at(-1) ?? '',
    acceptor: { kind: 'new', name: 'Ada', password: PASSWORD },
    cause: OPERATOR,
  });

const historyStep = fc.record({
  what: fc.constantFrom('join', 'push', 'flip', 'remove', 'role', 'suspended', 'active'),
  at: fc.nat({ max: 9 }),
  orgRole: fc.constantFrom('owner', 'admin', 'member', 'viewer'),
});
type HistoryStep = typeof historyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** One event in the life of an organization; whatever it is refused with, the counters must stay true. */
async function live(directory: Directory, { what, at, orgRole }: HistoryStep): Promise<unknown> {
  const { organizationId, id: directoryId } = directory;
  const { storage } = world.deps;
  if (what === 'join') return newMember(world, organizationId, { role: orgRole });
  if (what === 'push') return pushUser(world, directory, { isActive: at % 2 === 0 });
  if (what === 'flip') {
    const all = { kind: 'all' } as const;
    const { rows } = await storage.directoryUsers.query(organizationId, directoryId, all, {
      offset: 0,
      limit: 100,
    });
    const user = rows[at % Math.max(1, rows.length)];
    return user && repushUser(world, directory, { id: user.id, isActive: !user.isActive });
  }
  const members = await storage.memberships.list(organizationId, {}, { limit: 100 });
  const member = members[at % Math.max(1, members.length)];
  if (member === undefined) return undefined;
  const request = { organizationId, id: member.id, caller: { kind: 'operator' } as const, cause: OPERATOR };
  if (what === 'remove') return removeMember(world.deps, request);
  const change = what === 'suspended' || what === 'active' ? { status: what } : { orgRole };
  return changeMember(world.deps, { ...request, change });
}

describe('seats', () => {
  test('S167 five seats and twenty joins at once by invitation and just-in-time: exactly five, and who failed may try again', async () => {
    const { id } = await newOrganization(world, { plan: { preset: 'enterprise', seats: 5 } });
    await proveDomain(world, id, `seats-${id.slice(4)}.example`);
    const connection = await newConnection(world, id, { jit: true });
    const invitations = await Promise.all(
      Array.from({ length: 10 }, (_, index) => inviteLink(id, `guest-${index}@${id.slice(4)}.example`)),
    );
    const joins = Array.from({ length: 10 }, (_, index) =>
      signIn(
        world,
        connection,
        anUpstream(connection, { subject: `s${index}`, email: `s${index}@seats-${id.slice(4)}.example` }),
      ),
    );
    const results = await Promise.all([...invitations.map(accept), ...joins].map(refusalOf));
    expect(results.filter((result) => result === 'done')).toHaveLength(5);
    expect(new Set(results)).toEqual(new Set(['done', 'seats_exhausted']));
    expect(await countsOf(world, id)).toEqual({
      kept: { seats: 5, owners: 0 },
      found: { seats: 5, owners: 0 },
    });
    const failed =
      invitations.find((_invitation, index) => results[index] === 'seats_exhausted') ??
      (await inviteLink(id, 'x@y.example'));
    const [someone] = await world.deps.storage.memberships.list(id, {}, { limit: 1 });
    if (someone !== undefined)
      await removeMember(world.deps, {
        organizationId: id,
        id: someone.id,
        caller: { kind: 'operator' },
        cause: OPERATOR,
      });
    expect(await refusalOf(accept(failed))).toBe('done');
  });

  test('S167 five seats and twenty SCIM creations at once: exactly five; inactive people take none', async () => {
    const { id } = await newOrganization(world, { plan: { preset: 'enterprise', seats: 5 } });
    const directory = await newDirectory(world, id);
    const pushes = Array.from({ length: 20 }, (_, index) =>
      pushUser(world, directory, { userName: `u${index}` }),
    );
    const results = await Promise.all(pushes.map(refusalOf));
    expect(results.filter((result) => result === 'done')).toHaveLength(5);
    const idle = await pushUser(world, directory, { isActive: false });
    expect(await refusalOf(repushUser(world, directory, { id: idle.id, isActive: true }))).toBe(
      'seats_exhausted',
    );
    expect((await countsOf(world, id)).kept.seats).toBe(5);
  });

  test('counters equal reality after any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(historyStep, { minLength: 5, maxLength: 25 }), async (steps) => {
        const { id } = await newOrganization(world, { plan: { preset: 'enterprise', seats: 6 } });
        const directory = await newDirectory(world, id);
        for (const step of steps) {
          await refusalOf(live(directory, step));
          const { kept, found } = await countsOf(world, id);
          expect(kept).toEqual(found);
          expect(kept.seats).toBeLessThanOrEqual(6);
        }
      }),
      { numRuns: 40 },
    );
  });
});
