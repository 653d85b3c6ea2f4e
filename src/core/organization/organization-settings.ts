/** The settings of an organization: what may be changed, what comes of it, and what the audit says about it. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConflictPolicy, OrgRole } from '../access/roles.ts';
import type { Branding, Notifications, Organization, Plan, SsoPolicy } from '../entities/organization.ts';
import { unknownVariables, WELCOME_VARIABLES } from '../joining/welcome-text.ts';
import type { PlanChoice } from './plans.ts';

/** Absent: as it is. Null: as Gatehouse has it. */
export type BrandingChange = { readonly [Part in keyof Branding]?: Branding[Part] | undefined };
type NotificationsChange = { readonly [Part in keyof Notifications]?: boolean | undefined };

/** What may be changed; absent: as it is. */
export interface OrganizationChange {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly plan?: PlanChoice | undefined;
  readonly defaultRole?: Exclude<OrgRole, 'owner'> | undefined;
  readonly conflictPolicy?: ConflictPolicy | undefined;
  readonly strictClaims?: boolean | undefined;
  readonly ssoPolicy?: SsoPolicy | undefined;
  readonly requireSecondFactor?: boolean | undefined;
  readonly invitationTtlMs?: number | undefined;
  readonly linksRequireDomains?: boolean | undefined;
  readonly branding?: BrandingChange | undefined;
  readonly notifications?: NotificationsChange | undefined;
  readonly auditRetentionDays?: number | null | undefined;
}

/** The organization as it is after the change. Throws `invalid` (field `branding.welcomeText`). */
export function changed(
  before: Organization,
  change: OrganizationChange,
  { plan, now }: { readonly plan: Plan | undefined; readonly now: number },
): Organization {
  return {
    ...before,
    name: change.name ?? before.name,
    slug: change.slug ?? before.slug,
    plan: plan ?? before.plan,
    defaultRole: change.defaultRole ?? before.defaultRole,
    conflictPolicy: change.conflictPolicy ?? before.conflictPolicy,
    strictClaims: change.strictClaims ?? before.strictClaims,
    ssoPolicy: change.ssoPolicy ?? before.ssoPolicy,
    requireSecondFactor: change.requireSecondFactor ?? before.requireSecondFactor,
    invitationTtlMs: change.invitationTtlMs ?? before.invitationTtlMs,
    linksRequireDomains: change.linksRequireDomains ?? before.linksRequireDomains,
    branding: withBranding(before.branding, change.branding),
    notifications: overlaid(before.notifications, change.notifications),
    auditRetentionDays:
      change.auditRetentionDays === undefined ? before.auditRetentionDays : change.auditRetentionDays,
    updatedAt: now,
  };
}

/** Throws `invalid` (field `branding.welcomeText`) for a variable that does not exist. */
export function withBranding(before: Branding, change: BrandingChange | undefined): Branding {
  const after = overlaid(before, change);
  const [unknown] = unknownVariables(after.welcomeText ?? '');
  if (unknown === undefined) return after;
  const known = WELCOME_VARIABLES.map((name) => `{${name}}`).join(', ');
  throw new GatehouseError('invalid', `There is no variable {${unknown}}. Those that exist: ${known}.`, {
    field: 'branding.welcomeText',
  });
}

function overlaid<Whole extends object>(
  before: Whole,
  change: { readonly [Part in keyof Whole]?: Whole[Part] | undefined } | undefined,
): Whole {
  const given = Object.entries(change ?? {}).filter(([, value]) => value !== undefined);
  return { ...before, ...Object.fromEntries(given) };
}

/** What the audit says of the settings, before and after. */
export function settingsFacts(organization: Organization) {
  const { name, slug, plan, defaultRole, conflictPolicy, strictClaims, ssoPolicy } = organization;
  const { requireSecondFactor, invitationTtlMs, linksRequireDomains } = organization;
  const { branding, notifications, auditRetentionDays } = organization;
  const policies = {
    defaultRole,
    conflictPolicy,
    strictClaims,
    ssoPolicy,
    requireSecondFactor,
    invitationTtlMs,
    linksRequireDomains,
  };
  return {
    name,
    slug,
    plan: plan.preset,
    seats: plan.seats,
    ...policies,
    branding,
    notifications,
    auditRetentionDays,
  };
}
