/** S159, R14: one invitation, everybody at once, in a thousand orders: at most one member comes of it, and it says so. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { changeInvitation, resendInvitation } from '../../../src/core/joining/invitation-changes.ts';
import { revokeInvitation } from '../../../src/core/joining/invitations.ts';
import { countsOf } from '../../support/core-counts.ts';
import { newDirectory } from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { oneOf, raceThrough } from '../../support/schedule.ts';
import { acceptor, invited, newPlace, operator, type Place } from './race-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

const ACTS = ['accept', 'accept', 'accept', 'revoke', 'resend', 'change', 'directory'] as const;
type Act = (typeof ACTS)[number];

function worker(place: Place, given: Awaited<ReturnType<typeof invited>>) {
  const { deps, id } = place;
  const request = { organizationId: id, id: given.invitation.id, caller: operator, cause: OPERATOR };
  const work: Readonly<Record<Act, () => Promise<unknown>>> = {
    accept: () => acceptInvitation(deps, { token: given.token, acceptor, cause: OPERATOR }),
    revoke: () => revokeInvitation(deps, { ...request, caller: { kind: 'operator' } }),
    resend: () => resendInvitation(deps, request),
    change: () => changeInvitation(deps, { ...request, change: { role: 'viewer' } }),
    directory: () => newDirectory({ ...world, deps }, id),
  };
  return (act: Act) => work[act];
}

async function race(seed: number): Promise<{ readonly acts: string; readonly trace: readonly string[] }> {
  const place = await newPlace(world, seed);
  const { id, random, schedule } = place;
  const given = await invited(world, place, place.address('ada'));
  const acts: Act[] = ['accept', 'accept', ...Array.from({ length: 3 }, () => oneOf(random, ACTS))];
  const results = await schedule.run(acts.map(worker(place, given)));
  const joined = results.filter((result, index) => acts[index] === 'accept' && result === 'done').length;
  const stored = await world.deps.storage.invitations.find(id, given.invitation.id);
  const { kept, found } = await countsOf(world, id);
  expect(joined).toBeLessThanOrEqual(1);
  expect([kept, found.seats]).toEqual([found, joined]);
  expect(stored?.status === 'accepted').toBe(joined === 1);
  expect(new Set(results)).not.toContain('internal');
  if (!acts.includes('revoke') && !acts.includes('directory') && !acts.includes('resend'))
    expect(joined).toBe(1);
  return { acts: acts.join(), trace: schedule.trace };
}

test('S159 1,000 seeded schedules of accept, revoke, resend, change and the switch to a directory: at most one member', async () => {
  await raceThrough(1000, async (seed) => void (await race(seed)));
});

test('a seed decides the order: the same one twice is the same race, another is another', async () => {
  const [one, again, other] = [await race(7), await race(7), await race(8)];
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});
