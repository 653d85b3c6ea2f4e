/** What the management API answers about mapping tests. */
import { z } from 'zod';
import { orgRoleShape, resourceRoleShape, resourceShape, teamRoleShape, timeShape } from './shapes.ts';

const outcomeShape = z.object({
  orgRole: orgRoleShape,
  teams: z.array(z.object({ team: z.string(), role: teamRoleShape })),
  resources: z.array(z.object({ resource: resourceShape, role: resourceRoleShape })),
});

export const mappingTestShape = z.object({
  id: z.string(),
  name: z.string(),
  given: z.object({
    groups: z.array(z.string()).describe('Ids of directory groups, or names.'),
    claims: z.record(z.string(), z.array(z.string())),
  }),
  expect: outcomeShape.partial().describe('What is left out is not looked at.'),
  createdAt: timeShape,
  updatedAt: timeShape,
});

const resultShape = z.object({
  status: z
    .enum(['passed', 'failed', 'broken'])
    .describe(
      'broken: it names a group or a team that is not there; it holds no change up until it is changed.',
    ),
  reason: z.string().nullable().describe('What is wrong, in words; null when it passed.'),
  got: outcomeShape.nullable().describe('What came out; null when broken.'),
  differences: z.array(
    z.object({
      scope: z.enum(['org', 'team', 'resource']),
      team: z.string().optional(),
      resource: resourceShape.optional(),
      expected: z.string().nullable(),
      got: z.string().nullable(),
    }),
  ),
});

/** A test as it is kept, with what comes out of it under the rules as they are. */
export const mappingTestWithResultShape = mappingTestShape.extend({
  result: resultShape.extend({
    passed: z.boolean().describe('False: a change of the rules that leaves it failed is refused.'),
  }),
});

export const mappingTestRunShape = z.object({
  passed: z.int(),
  failed: z.int(),
  broken: z.int(),
  items: z.array(resultShape.extend({ id: z.string(), name: z.string() })),
});
