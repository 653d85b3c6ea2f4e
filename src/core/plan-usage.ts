/** What an organization has of its plan: seats taken and left, and each feature with a sentence on what to do about it. Pure. */
import type { Organization } from './entities/organization.ts';
import type { PlanPreset } from './plans.ts';

export const PLAN_FEATURES = ['invitations', 'teams', 'sso', 'scim'] as const;
export type PlanFeature = (typeof PLAN_FEATURES)[number];

/** One feature of the plan. `text` is for people: what is there, or what to do. `plans` names the presets that would have it. */
export interface FeatureUse {
  readonly feature: PlanFeature;
  readonly isAvailable: boolean;
  readonly text: string;
  readonly plans: readonly string[];
}

/** Seats are active memberships; null is no limit. `left` is never negative. */
export interface PlanUsage {
  readonly plan: string;
  readonly seats: {
    readonly limit: number | null;
    readonly used: number;
    readonly left: number | null;
    readonly text: string;
  };
  readonly features: readonly FeatureUse[];
}

const WORDS: Readonly<Record<PlanFeature, string>> = {
  invitations: 'inviting people',
  teams: 'several teams',
  sso: 'single sign-on',
  scim: 'directory provisioning (SCIM)',
};

const includes = (plan: PlanPreset, feature: PlanFeature): boolean =>
  feature === 'teams' ? plan.teams === 'many' : plan[feature];

/** Answers the usage of `organization`; `presets` are the configured plans, from which the way out is named. */
export function planUsage(
  organization: Organization,
  presets: Readonly<Record<string, PlanPreset>>,
): PlanUsage {
  const { plan, seatsUsed: used } = organization;
  const left = plan.seats === null ? null : Math.max(0, plan.seats - used);
  return {
    plan: plan.preset,
    seats: { limit: plan.seats, used, left, text: seatsText(plan.seats, left) },
    features: PLAN_FEATURES.map((feature) => featureUse(organization, feature, presets)),
  };
}

function seatsText(limit: number | null, left: number | null): string {
  if (limit === null || left === null) return 'This plan has no seat limit.';
  if (left > 0) return `${left} of ${limit} seats are free.`;
  return `All ${limit} seats are taken. Suspend or remove somebody, or ask for a plan with more seats.`;
}

function featureUse(
  { plan, provisioning, seatsUsed }: Organization,
  feature: PlanFeature,
  presets: Readonly<Record<string, PlanPreset>>,
): FeatureUse {
  const plans = Object.keys(presets).filter((name) => {
    const preset = presets[name];
    return preset !== undefined && includes(preset, feature);
  });
  if (feature === 'invitations' && provisioning === 'directory') {
    const text = 'People are managed by the directory. Ask whoever administers it to add somebody there.';
    return { feature, isAvailable: false, text, plans: [] };
  }
  if (!includes(plan, feature)) {
    const way = plans.length === 0 ? 'No plan here has it.' : `Plans that have it: ${plans.join(', ')}.`;
    return { feature, isAvailable: false, text: `${lacks(plan, feature)} ${way}`, plans };
  }
  if (feature === 'invitations' && plan.seats !== null && seatsUsed >= plan.seats) {
    return { feature, isAvailable: false, text: seatsText(plan.seats, 0), plans: [] };
  }
  return { feature, isAvailable: true, text: `The plan ${plan.preset} includes ${WORDS[feature]}.`, plans };
}

function lacks(plan: Organization['plan'], feature: PlanFeature): string {
  if (feature === 'invitations') return `The plan ${plan.preset} does not include inviting people.`;
  if (feature === 'teams' && plan.teams === 'one') return `The plan ${plan.preset} has one team.`;
  return `The plan ${plan.preset} does not include ${WORDS[feature]}.`;
}
