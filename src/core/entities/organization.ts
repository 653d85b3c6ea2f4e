/** The customer: an organization with its plan and its way of managing people. */
import type { JobId, OrganizationId } from '../../kernel/ids.ts';
import type { ConflictPolicy, OrgRole } from '../access/roles.ts';
import type { PlanPreset } from '../organization/plans.ts';

/** `preset` is the name it was made from; the switches are copied so that a later change of presets moves nobody. */
export interface Plan extends PlanPreset {
  readonly preset: string;
}

export type SsoPolicy = 'optional' | 'required';

/** How an organization's mails look and what its welcome says; null: as Gatehouse has it. */
export interface Branding {
  /** What people know the product as. */
  readonly productName: string | null;
  /** `#rrggbb`, of the heading and the button. */
  readonly color: string | null;
  /** https; for pages and the product. Mails never load it, because that would tell its server who reads them. */
  readonly logoUrl: string | null;
  /** Whom people ask: an address, or a line of text. */
  readonly supportContact: string | null;
  /** With variables of `core/joining/welcome-text.ts`. */
  readonly welcomeText: string | null;
}

/** An organization as it comes: nothing of its own. */
export const PLAIN_BRANDING: Branding = {
  productName: null,
  color: null,
  logoUrl: null,
  supportContact: null,
  welcomeText: null,
};

/** Which mails the organization sends to its members. */
export interface Notifications {
  /** An org role changed by hand. */
  readonly roleChanged: boolean;
  /** Removed by hand. */
  readonly removed: boolean;
  /** Joined by an invitation or at a first sign-in; never by a directory. */
  readonly welcome: boolean;
}

export const USUAL_NOTIFICATIONS: Notifications = { roleChanged: true, removed: true, welcome: false };

export interface Organization {
  readonly id: OrganizationId;
  readonly version: number;
  readonly slug: string;
  readonly name: string;
  readonly plan: Plan;
  /** Law 11: in a `directory` organization every invitation door is shut. */
  readonly provisioning: 'manual' | 'directory';
  readonly defaultRole: OrgRole;
  readonly conflictPolicy: ConflictPolicy;
  /** True: a claim that a sign-in does not carry ends the roles it gave; false: it leaves them alone. */
  readonly strictClaims: boolean;
  /** `required`: members come in through a connection of the organization and by no other way (S157). */
  readonly ssoPolicy: SsoPolicy;
  /** Members who come in by themselves, without an identity provider, show a code or a passkey. */
  readonly requireSecondFactor: boolean;
  /** The job that carries changed rules over to everybody; while it is under way, roles are settled where they are asked for. */
  readonly reprojectionJobId: JobId | null;
  /** How long an invitation is open unless it says so itself, milliseconds. */
  readonly invitationTtlMs: number;
  /** True: a link for more than one use is made for named domains only. */
  readonly linksRequireDomains: boolean;
  readonly branding: Branding;
  readonly notifications: Notifications;
  /** Audit rows older than this go; null: none does. */
  readonly auditRetentionDays: number | null;
  /** Active memberships; kept by `organizations.moveCounts` so that seats are one conditional write. */
  readonly seatsUsed: number;
  /** Active memberships that resolve to owner. */
  readonly activeOwners: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
