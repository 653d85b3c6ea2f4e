/** What an organization has of its plan: seats taken and left, and each feature with a sentence on what to do about it. */
import type { Caller } from '../access/access.ts';
import { holdsPermission } from '../access/access.ts';
import type { Deps } from '../deps.ts';
import type { Organization } from '../entities/organization.ts';
import { seatsLeft } from '../joining/invitation-rules.ts';
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

/**
 * `used` are active memberships, `promised` what open invitations hold; null is no limit. `left` is what may still be promised, never
 * negative.
 */
export interface SeatUse {
  readonly limit: number | null;
  readonly used: number;
  readonly promised: number;
  readonly left: number | null;
  readonly text: string;
}

/** `seats` is null, and `features` is the line on invitations alone, for whoever does not read who the members are. */
export interface PlanUsage {
  readonly plan: string;
  readonly seats: SeatUse | null;
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

interface Asked {
  readonly organization: Organization;
  readonly caller: Caller;
  readonly seats: SeatUse;
  /** The configured plans, from which the way out is named. */
  readonly presets: Readonly<Record<string, PlanPreset>>;
}

/** Answers the usage of `organization` as `caller` has it: whether they may invite is what inviting itself would say. */
export async function planUsage(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  input: Omit<Asked, 'seats'>,
): Promise<PlanUsage> {
  const { organization } = input;
  const seats = seatsOf(organization, await storage.invitations.countOpen(organization.id, clock()));
  const mayCount = holdsPermission(input.caller, organization.id, 'members.read');
  return {
    plan: organization.plan.preset,
    seats: mayCount ? seats : null,
    features: PLAN_FEATURES.filter((feature) => mayCount || feature === 'invitations').map((feature) =>
      featureUse({ ...input, seats }, feature),
    ),
  };
}

function seatsOf(organization: Organization, promised: number): SeatUse {
  const { plan, seatsUsed: used } = organization;
  const { seats: limit } = plan;
  if (limit === null) return { limit, used, promised, left: null, text: 'This plan has no seat limit.' };
  const left = Math.max(0, seatsLeft(organization, promised));
  return { limit, used, promised, left, text: seatsText(limit, { used, left }) };
}

function seatsText(limit: number, { used, left }: { readonly used: number; readonly left: number }): string {
  if (left > 0) return `${left} of ${limit} seats are free.`;
  return used < limit
    ? `All ${limit} seats are taken or promised to people invited already. Revoke an invitation that waits, suspend or remove a member, or ask for a plan with more seats.`
    : `All ${limit} seats are taken. Suspend or remove a member, or ask for a plan with more seats.`;
}

/** Pure: whether nobody more may be invited. The operator may promise beyond the seats while one is not taken (`assertSeatForOne`). */
const hasNoSeat = ({ seats: { limit, used, left }, caller }: Asked): boolean =>
  limit !== null && (caller.kind === 'operator' ? used >= limit : left === 0);

function featureUse(asked: Asked, feature: PlanFeature): FeatureUse {
  const { presets } = asked;
  const { plan, provisioning } = asked.organization;
  const plans = Object.keys(presets).filter((name) => {
    const preset = presets[name];
    return preset !== undefined && includes(preset, feature);
  });
  if (feature === 'invitations' && provisioning === 'directory') {
    const text = 'People are managed by the directory. Ask whoever administers it to add somebody there.';
    return { feature, isAvailable: false, text, plans: [] };
  }
  if (feature === 'invitations' && !holdsPermission(asked.caller, asked.organization.id, 'members.invite')) {
    const who = asked.caller.kind === 'api_key' ? 'This key may' : 'You may';
    const text = `${who} not invite people here. Ask an admin of ${asked.organization.name} to invite them.`;
    return { feature, isAvailable: false, text, plans: [] };
  }
  if (!includes(plan, feature)) {
    const way = plans.length === 0 ? 'No plan here has it.' : `Plans that have it: ${plans.join(', ')}.`;
    return { feature, isAvailable: false, text: `${lacks(plan, feature)} ${way}`, plans };
  }
  if (feature === 'invitations' && hasNoSeat(asked))
    return { feature, isAvailable: false, text: asked.seats.text, plans: [] };
  return { feature, isAvailable: true, text: `The plan ${plan.preset} includes ${WORDS[feature]}.`, plans };
}

function lacks(plan: Organization['plan'], feature: PlanFeature): string {
  if (feature === 'invitations') return `The plan ${plan.preset} does not include inviting people.`;
  if (feature === 'teams' && plan.teams === 'one') return `The plan ${plan.preset} has one team.`;
  return `The plan ${plan.preset} does not include ${WORDS[feature]}.`;
}
