/** What an organization has of its plan, over the management API: seats and features, with what to do where one is missing. */
import { z } from 'zod';
import { PLAN_FEATURES, planUsage } from '../../core/organization/plan-usage.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const usageShape = z.object({
  plan: z.string(),
  seats: z
    .object({
      limit: z.int().nullable().describe('Null: no limit.'),
      used: z.int().describe('Active members.'),
      promised: z.int().describe('Held by invitations that wait.'),
      left: z.int().nullable().describe('Neither used nor promised.'),
      text: z.string(),
    })
    .nullable()
    .describe('Null for members who do not read who the members are.'),
  features: z
    .array(
      z.object({
        feature: z.enum(PLAN_FEATURES),
        isAvailable: z.boolean(),
        text: z.string().describe('For people: why not, and what to do.'),
        plans: z.array(z.string()).describe('Presets that include it.'),
      }),
    )
    .describe('To members who do not read who the members are: invitations alone.'),
});

/** All routes of this resource. */
export const planUsageRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/usage',
    operationId: 'getPlanUsage',
    summary: 'Answers seats taken and left, and what the plan includes, with a sentence for each.',
    tag: 'organizations',
    guard: { kind: 'organization', permission: 'members.read', orAnyMember: true },
    status: 200,
    response: usageShape,
    errors: [],
    handle: ({ deps, organization, caller }) =>
      planUsage(deps, { organization, caller, presets: deps.plans }),
  }),
];
