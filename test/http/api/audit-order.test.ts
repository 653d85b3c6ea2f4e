/** The audit as it is listed: newest first, those of one millisecond in the order in which they happened, each on one page. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTeam } from '../../../src/core/members/teams.ts';
import { testCause } from '../../support/gateway.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

/** How much later something happens than what was before; mostly in the same millisecond. */
const LATER = fc.constantFrom(0, 0, 0, 0, 1, 1000);

test('S215: rows of one millisecond come as they happened, and pages lose none while others are written', async () => {
  const property = fc.asyncProperty(
    fc.array(LATER, { minLength: 1, maxLength: 14 }),
    fc.integer({ min: 1, max: 4 }),
    fc.array(LATER, { maxLength: 4 }),
    async (before, limit, meanwhile) => {
      const { id } = await world.newOrganization();
      let made = 0;
      const make = async (later: number) => {
        world.gateway.clock.advance(later);
        made += 1;
        await createTeam(world.gateway.deps, { organizationId: id, cause: testCause, name: `Team ${made}` });
      };
      for (const later of before) await make(later);
      const seen: string[] = [];
      let cursor = '';
      do {
        const query = `type=team.created&limit=${limit}&cursor=${cursor}`;
        const { body } = await world.send(world.operator, `get /organizations/${id}/audit-events?${query}`);
        seen.push(...body.items.map((event: { details: { name: string } }) => event.details.name));
        cursor = body.nextCursor ?? '';
        const next = meanwhile[made - before.length];
        if (next !== undefined) await make(next);
      } while (cursor !== '');
      expect(seen).toEqual([...before.map((_later, index) => `Team ${before.length - index}`), 'Everyone']);
    },
  );
  await fc.assert(property, { numRuns: 40 });
});
