/** What the tests of one organization at the cost of others (S222) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const LIMIT = 'src/core/rate-limit.ts';

/** A flood waits for itself alone. */
export const oneOrganizationCostGuards: readonly Guard[] = [
  {
    line: 'S222',
    file: LIMIT,
    without: 'const laneOf = (directoryId: string, now: number): Lane => {',
    put: "const laneOf = (_directoryId: string, now: number): Lane => {\n    const directoryId = 'everybody';",
    test: ['test/core/rate-limit.test.ts', 'test/http/scim/rate-limiting.test.ts'],
  },
  {
    line: 'S222',
    file: LIMIT,
    without: 'lane.credit >= 1 && lane.running < limits.inFlight && running',
    put: 'running',
    test: 'test/core/rate-limit.test.ts',
  },
];
