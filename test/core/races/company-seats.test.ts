/** S167: seats while a whole company moves: the job of a file, a cut-over, its way back and another plan, in many orders. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rollBackCutover } from '../../../src/core/directory/cutover.ts';
import { runDueJobs } from '../../../src/core/jobs.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import {
  invitationImportHandler,
  startInvitationImport,
} from '../../../src/core/joining/invitation-import.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import { countsOf } from '../../support/core-counts.ts';
import { newMember } from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { below } from '../../support/schedule.ts';
import { acceptor, invited, moveOver, newPlace, operator, type Place, shadowOf } from './race-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

const pause = async () => undefined;

/** Those whom the file has invited so far come in one after the other. */
async function acceptMailed({ deps, id }: Place): Promise<void> {
  for (const { mailId } of await deps.storage.invitations.listPending(id)) {
    const mail = mailId === null ? undefined : await world.deps.storage.outbox.find(id, mailId);
    const token = /\/invitations\/([\w-]+)/.exec(mail?.payload ?? '')?.[1];
    if (token !== undefined)
      await acceptInvitation(deps, { token, acceptor, cause: OPERATOR }).catch(() => undefined);
  }
}

/** Whoever changes the plan looks at it for a while first, so that it comes before, between and behind the rest. */
async function lookAround({ deps, id, random }: Place): Promise<void> {
  for (let left = below(random, 40); left > 0; left -= 1) await deps.storage.organizations.find(id);
}

async function companyOf(seed: number) {
  const seats = 3 + (seed % 4);
  const place = await newPlace(world, seed, { preset: 'enterprise', seats });
  const { id, random, address } = place;
  for (let member = 0; member < below(random, 2); member += 1) await newMember(world, id);
  const rows = Array.from({ length: 1 + below(random, 2) }, (_, line) => {
    const email = address(`row${line}`);
    return { line, email, entry: { email, role: 'member' } } as const;
  });
  await startInvitationImport(world.deps, { organizationId: id, cause: OPERATOR, rows });
  const byHand = await invited(world, place, address('hand'));
  const at = await shadowOf(world, place, 1 + below(random, 2));
  return { place, byHand, at, smaller: { preset: 'enterprise', seats: Math.max(1, seats - 2) } };
}

async function raceOfACompany(seed: number): Promise<readonly string[]> {
  const { place, byHand, at, smaller } = await companyOf(seed);
  const { deps, id, schedule } = place;
  const withPause = { ...deps, pause };
  const results = await schedule.run([
    async () => {
      await runDueJobs(deps, { invitation_import: invitationImportHandler });
      await acceptMailed(place);
    },
    () => acceptInvitation(deps, { token: byHand.token, acceptor, cause: OPERATOR }),
    () => moveOver(withPause, at),
    async () => {
      await lookAround(place);
      await rollBackCutover(withPause, at);
    },
    async () => {
      await lookAround(place);
      const change = { plan: smaller };
      await updateOrganization(deps, { organizationId: id, caller: operator, cause: OPERATOR, change });
    },
  ]);
  // The schedule's own store answers nobody once its race is over.
  const { storage } = world.deps;
  const { kept, found } = await countsOf(world, id);
  const organization = await storage.organizations.find(id);
  expect(kept).toEqual(found);
  expect(found.seats).toBeLessThanOrEqual(organization?.plan.seats ?? 0);
  const [, accepted, moved] = results;
  // Who was refused has lost nothing.
  if (moved !== 'done') expect((await storage.directories.find(id, at.directoryId))?.isShadow).toBe(true);
  if (moved !== 'done' && accepted !== 'done')
    expect((await storage.invitations.find(id, byHand.invitation.id))?.status).toBe('pending');
  return results;
}

/** One after the other: a runner takes the jobs of every organization, so that races side by side would meet. */
async function raceAll(count: number): Promise<readonly (readonly string[])[]> {
  const all: (readonly string[])[] = [];
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      all.push(await raceOfACompany(seed));
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
  return all;
}

test('S167 200 seeded schedules of the job of a file, an acceptance, a cut-over, its way back and a smaller plan: never one seat too many', async () => {
  const all = await raceAll(200);
  const met = [0, 1, 2, 3, 4].map((piece) => [...new Set(all.map((results) => results[piece]))]);
  // Each has gone well in some order and met the others in another.
  expect(met).toEqual([
    ['done'],
    expect.arrayContaining(['done', 'seats_exhausted', 'invitation_revoked']),
    expect.arrayContaining(['done', 'cutover_blocked']),
    expect.arrayContaining(['done', 'rollback_over']),
    expect.arrayContaining(['done', 'seats_exhausted']),
  ]);
});
