/** What the queue of both recorders remembers between batches: bounded by count. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createRecordingQueue,
  type RecordingQueueOptions,
} from '../../../src/core/journal/recording-queue.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { anOrganization } from '../../support/builders.ts';
import { type CoreWorld, openCoreWorld } from '../../support/core-world.ts';

let world: CoreWorld;
beforeEach(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterEach(() => world.close());

interface Seen {
  readonly organizationId: OrganizationId;
  readonly place: number;
  readonly isFailed?: boolean;
}

/** A queue over three organizations, of each of which 300 are kept, and 20 failures beyond. */
async function stage(options: Partial<RecordingQueueOptions<Seen, Seen>> = {}) {
  const organizations = Array.from({ length: 3 }, () => anOrganization());
  await world.deps.storage.transact(async (tx) => {
    for (const one of organizations) await tx.organizations.insert(one.id, one);
  });
  const [first, second, third] = organizations.map(({ id }) => id);
  if (first === undefined || second === undefined || third === undefined) throw new Error('three');
  const stored: Seen[] = [];
  const trims: OrganizationId[] = [];
  const queue = createRecordingQueue<Seen, Seen>({
    storage: world.deps.storage,
    bounds: { newest: 300, ok: 0, failed: 20 },
    isFailed: ({ isFailed }) => isFailed === true,
    sizeOf: () => 1,
    toKept: (seen) => seen,
    append: async (_tx, _id, own) => {
      stored.push(...own);
    },
    trim: async (_tx, id) => trims.push(id),
    onLoss: (_count, reason) => {
      throw reason;
    },
    ...options,
  });
  let place = 0;
  const add = (organizationId: OrganizationId, count: number, isFailed = false) => {
    for (let index = 0; index < count; index += 1) {
      place += 1;
      queue.add({ organizationId, isFailed, place });
    }
  };
  const storedOf = (id: OrganizationId) => stored.filter(({ organizationId }) => organizationId === id);
  return { queue, add, trims, storedOf, ids: [first, second, third] as const };
}

test('an organization is trimmed at first and after a hundred more; of no more than so many is this known', async () => {
  const { queue, add, trims, ids } = await stage({ organizationsRemembered: 2 });
  const [first, second, third] = ids;
  const isTrimmedFor = async (id: OrganizationId): Promise<boolean> => {
    trims.length = 0;
    add(id, 1);
    await queue.flush();
    return trims.includes(id);
  };
  expect([await isTrimmedFor(first), await isTrimmedFor(first)]).toEqual([true, false]);
  expect([await isTrimmedFor(second), await isTrimmedFor(second)]).toEqual([true, false]);
  // Two are known when the third comes: nobody is any more.
  expect([await isTrimmedFor(third), await isTrimmedFor(first)]).toEqual([true, true]);
});

test('what of a flood would be trimmed at once is not stored, is not lost, and holds up nobody else', async () => {
  const { queue, add, storedOf, ids } = await stage();
  const [flooded, quiet] = ids;
  add(flooded, 30, true);
  for (let turn = 1; turn < 16; turn += 1) {
    add(flooded, 250);
    add(quiet, 3);
    await queue.storeDue();
    expect([storedOf(flooded).length, storedOf(quiet).length]).toEqual([0, turn * 3]);
  }
  await queue.storeDue();
  expect(storedOf(flooded).map(({ place }) => place)).toEqual([
    ...Array.from({ length: 20 }, (_, index) => index + 11),
    // The newest three hundred of all that came, those of the quiet organization between them not counted.
    ...Array.from({ length: 50 }, (_, index) => 30 + 13 * 253 + 200 + index + 1),
    ...Array.from({ length: 250 }, (_, index) => 30 + 14 * 253 + index + 1),
  ]);
  expect(queue.lost()).toBe(0);
  add(flooded, 1);
  await queue.storeDue();
  expect(storedOf(flooded)).toHaveLength(321);
});

test('whoever flushes has everything of a flood that is kept', async () => {
  const { queue, add, storedOf, ids } = await stage();
  add(ids[0], 1000);
  await queue.flush();
  expect(storedOf(ids[0]).map(({ place }) => place)).toEqual(
    Array.from({ length: 300 }, (_, index) => 701 + index),
  );
});

test('many flooded organizations are stored before there is no room for the next exchange', async () => {
  const { queue, add, storedOf, ids } = await stage({ bounds: { newest: 1400, ok: 0, failed: 500 } });
  for (const id of ids) add(id, 1300);
  // Nobody asks for it: the store is busy with the first of them already.
  await world.deps.storage.transact(async () => undefined, 'relaxed');
  expect(storedOf(ids[0])).not.toEqual([]);
  await queue.flush();
  expect([ids.map((id) => storedOf(id).length), queue.lost()]).toEqual([[1300, 1300, 1300], 0]);
});
