/** What the management API answers about mapping drafts and their plans. */
import { z } from 'zod';
import { ruleFields } from './directory-shapes.ts';
import { mappingTestRunShape } from './mapping-test-shapes.ts';
import { changedMemberShape } from './role-change-shapes.ts';
import { timeShape } from './shapes.ts';

const policyShape = z.enum(['highest', 'ranked', 'refuse']);
const ruleShape = z.object(ruleFields);

/** A draft, and what became of it. */
export const mappingDraftShape = z.object({
  id: z.string(),
  name: z.string().nullable(),
  status: z.enum(['open', 'applied']),
  mappings: z.array(ruleShape).describe('The whole set of rules.'),
  policy: policyShape.nullable().describe('Null: as it is when the draft is applied.'),
  createdBy: z.string().describe('operator, a membership or an API key.'),
  undoes: z.string().nullable().describe('The applied draft that it would take back.'),
  appliedAt: timeShape.nullable(),
  appliedBy: z.string().nullable(),
  createdAt: timeShape,
  updatedAt: timeShape,
});

const summaryShape = z.object({
  rules: z.object({
    added: z.array(ruleShape),
    changed: z.array(z.object({ before: ruleShape, after: ruleShape })),
    removed: z.array(ruleShape),
  }),
  policy: z.object({ before: policyShape, after: policyShape }),
  counts: z.object({
    members: z.int(),
    gains: z.int(),
    losses: z.int(),
    conflicts: z
      .object({ before: z.int(), after: z.int() })
      .describe('Scopes of members in which rules disagree.'),
  }),
  behind: z.boolean().describe('The rules in force are others than when the draft was begun.'),
  tests: mappingTestRunShape,
  refusal: z
    .object({ code: z.string(), detail: z.string(), field: z.string().nullable() })
    .nullable()
    .describe('What you would be refused with if you applied it now.'),
});

/** The plan of a draft: whom it would move, and what its tests come to. */
export const mappingPlanShape = z.object({
  planHash: z
    .string()
    .nullable()
    .describe('Of all the plan was made from. Send it with apply. Null on later pages, as is summary.'),
  summary: summaryShape.nullable(),
  items: z.array(changedMemberShape),
  nextCursor: z.string().nullable(),
});
