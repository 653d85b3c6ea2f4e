/** What the queue of both recorders remembers between batches: bounded by count. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createRecordingQueue } from '../../src/core/journal/recording-queue.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { anOrganization } from '../support/builders.ts';
import { type CoreWorld, openCoreWorld } from '../support/core-world.ts';

let world: CoreWorld;
beforeEach(async () => {
  world = await openCoreWorld();
});
afterEach(() => world.close());

test('an organization is trimmed at first and after a hundred more; of no more than so many is this known', async () => {
  const organizations = Array.from({ length: 3 }, () => anOrganization());
  await world.deps.storage.transact(async (tx) => {
    for (const one of organizations) await tx.organizations.insert(one.id, one);
  });
  const trimmed: OrganizationId[] = [];
  const queue = createRecordingQueue({
    storage: world.deps.storage,
    toKept: (organizationId: OrganizationId) => ({ organizationId }),
    append: async () => undefined,
    trim: async (_tx, id) => trimmed.push(id),
    onLoss: (_count, reason) => {
      throw reason;
    },
    organizationsRemembered: 2,
  });
  const [first, second, third] = organizations.map(({ id }) => id);
  const trimmedFor = async (id: OrganizationId | undefined): Promise<boolean> => {
    trimmed.length = 0;
    if (id !== undefined) queue.add(id);
    await queue.flush();
    return trimmed.includes(id ?? first ?? anOrganization().id);
  };
  expect([await trimmedFor(first), await trimmedFor(first)]).toEqual([true, false]);
  expect([await trimmedFor(second), await trimmedFor(second)]).toEqual([true, false]);
  // Two are known when the third comes: nobody is any more.
  expect([await trimmedFor(third), await trimmedFor(first)]).toEqual([true, true]);
});
