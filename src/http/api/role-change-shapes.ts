/** What the management API answers about roles that come and go with rules, and about rules that disagree. */
import { z } from 'zod';
import { roleChangeShape } from './directory-shapes.ts';
import { resourceShape } from './shapes.ts';

/** What speaks for a role. */
export const reasonShape = z.object({
  kind: z.enum(['default', 'manual', 'invitation', 'directory_group', 'sso_claim']),
  role: z.string(),
  mapping: z.string().optional().describe('The rule.'),
  group: z.string().optional().describe('The directory group it speaks of.'),
  claim: z.string().optional(),
  value: z.string().optional(),
});

/** A reason that does not count. */
export const overruledShape = reasonShape.extend({
  why: z.enum(['rank', 'weaker', 'groups_and_claims', 'refused']),
  text: z.string().describe('Why it does not count, in a sentence.'),
});

/** Whose roles, or whose conflicts. */
export const memberFields = {
  id: z.string(),
  userId: z.string(),
  email: z.string().nullable(),
  name: z.string(),
};

/** Where a role holds. */
export const placeFields = {
  scope: z.enum(['org', 'team', 'resource']),
  team: z.string().optional(),
  resource: resourceShape.optional(),
};

const explainedChangeShape = roleChangeShape.extend({
  because: z.array(reasonShape).describe('What decides the role then.'),
  wasBecause: z.array(reasonShape).describe('What decides it now.'),
  overruled: z.array(overruledShape).describe('What else speaks of it then, and does not count.'),
});

/** One member whose roles would change. */
export const changedMemberShape = z.object({
  ...memberFields,
  gains: z.array(explainedChangeShape),
  losses: z.array(explainedChangeShape),
});

/** Everybody whose roles would change. */
export const previewShape = z.object({ items: z.array(changedMemberShape) });
