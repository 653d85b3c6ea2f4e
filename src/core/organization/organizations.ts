/** Organizations: made from a plan preset, found by id or slug, removed with everything in them. */
import { days } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId, UserId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { foldText } from '../../kernel/text.ts';
import type { Caller } from '../access/access.ts';
import { assertMayGrant } from '../access/access.ts';
import { DEFAULT_TEAM_NAME, settleDefaultTeam } from '../access/default-team.ts';
import { keepPast } from '../access/history.ts';
import { roleNamed } from '../access/role-table.ts';
import { assertMayRequireSso, endUnfitSessions } from '../connections/sso-enforcement.ts';
import { awaitsSecondFactor } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { ApplicationGrant } from '../entities/application.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization, Plan } from '../entities/organization.ts';
import { PLAIN_BRANDING, USUAL_NOTIFICATIONS } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { Session } from '../entities/session.ts';
import { record } from '../journal/audit.ts';
import { assertMappingTestsPass } from '../mapping/mapping-test-run.ts';
import type { ProjectionDeps } from '../mapping/rule-consequences.ts';
import { carryOutPolicy } from '../mapping/rule-consequences.ts';
import { insertTeam } from '../members/teams.ts';
import type { Repositories } from '../ports/storage.ts';
import { enqueueLogoutNotice } from '../sign-in/logout-notices.ts';
import { endSessions } from '../sign-in/session-endings.ts';
import { getOrganization } from './organization-lookup.ts';
import { changed, type OrganizationChange, settingsFacts } from './organization-settings.ts';
import { assertPlanFits } from './plan-fit.ts';
import { DEFAULT_PLAN, type PlanChoice } from './plans.ts';

export interface OrganizationInput {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly plan?: PlanChoice | undefined;
}

/** How long invitations are open in an organization that has not said otherwise. */
const INVITATION_TTL_MS = days(7);

/** Turns a choice into switches. Throws `invalid` (field `plan`) for a preset that is not configured. */
function resolvePlan(presets: Deps['plans'], choice: PlanChoice | undefined): Plan {
  const name = choice?.preset ?? DEFAULT_PLAN;
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset === undefined) {
    throw new GatehouseError(
      'invalid',
      `There is no plan called ${name}. Known plans: ${Object.keys(presets).join(', ')}.`,
      {
        field: 'plan',
      },
    );
  }
  return { ...preset, preset: name, seats: choice?.seats === undefined ? preset.seats : choice.seats };
}

/** A slug from a name: letters, digits and single hyphens; `organization` when nothing is left of it. */
function slugFrom(name: string): string {
  const slug = foldText(name)
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/g, '');
  return slug === '' ? 'organization' : slug;
}

/** Words that stand at the same place of an address as a slug does (`/sign-in/password`). */
const RESERVED_SLUGS: ReadonlySet<string> = new Set([
  'password',
  'second-step',
  'passkey',
  'emergency',
  'connect',
]);

/** Throws `invalid` (field `slug`) for a slug whose sign-in address would be something else. */
function assertFreeWord(slug: string | undefined): void {
  if (slug === undefined || !RESERVED_SLUGS.has(slug)) return;
  throw new GatehouseError('invalid', `The slug ${slug} is taken by the gateway itself.`, { field: 'slug' });
}

/** A given slug is taken as it is and may clash; one made from the name gets a number until it is free. */
async function chooseSlug(tx: Repositories, input: OrganizationInput): Promise<string> {
  if (input.slug !== undefined) return input.slug;
  const base = slugFrom(input.name);
  for (let number = 1; ; number += 1) {
    const slug = number === 1 ? base : `${base}-${number}`;
    if (!RESERVED_SLUGS.has(slug) && (await tx.organizations.findBySlug(slug)) === undefined) return slug;
  }
}

/** Creates an organization, manual at first, with its default team where the plan has teams. Throws `already_exists` (field `slug`), `invalid`. */
export async function createOrganization(
  deps: Pick<Deps, 'storage' | 'clock' | 'plans'>,
  input: { readonly cause: Cause; readonly organization: OrganizationInput },
): Promise<Organization> {
  assertFreeWord(input.organization.slug);
  const plan = resolvePlan(deps.plans, input.organization.plan);
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const organization: Organization = {
      id: newId('org', now),
      version: 1,
      slug: await chooseSlug(tx, input.organization),
      name: input.organization.name,
      plan,
      provisioning: 'manual',
      defaultRole: 'member',
      conflictPolicy: 'highest',
      strictClaims: false,
      reprojectionJobId: null,
      ssoPolicy: 'optional',
      requireSecondFactor: false,
      invitationTtlMs: INVITATION_TTL_MS,
      ...{ linksRequireDomains: false, branding: PLAIN_BRANDING },
      notifications: USUAL_NOTIFICATIONS,
      auditRetentionDays: null,
      seatsUsed: 0,
      activeOwners: 0,
      createdAt: now,
      updatedAt: now,
    };
    const context: ChangeContext = { organizationId: organization.id, cause: input.cause, now };
    await tx.organizations.insert(organization.id, organization);
    await record(tx, context, {
      type: 'organization.created',
      target: { kind: 'organization', id: organization.id },
      details: { name: organization.name, slug: organization.slug, plan: plan.preset },
    });
    if (plan.teams !== 'none') await insertTeam(tx, context, { name: DEFAULT_TEAM_NAME, isDefault: true });
    return organization;
  });
}

/** Changes name, slug, plan or role policy. Members follow a new policy at once, or by a job where they are very many. Throws `already_exists`, `invalid`, `mapping_test_failed`, `not_found`, `seats_exhausted`, `plan_in_use`, `sso_test_required`, `plan_lacks`. */
export async function updateOrganization(
  deps: Pick<Deps, 'storage' | 'clock' | 'plans' | 'hashToken'> & ProjectionDeps,
  input: {
    readonly organizationId: OrganizationId;
    readonly caller: Caller;
    /** The caller's own, where a person asks in a browser. */
    readonly session?: Session | undefined;
    readonly cause: Cause;
    readonly change: OrganizationChange;
  },
): Promise<Organization> {
  const { organizationId, caller, cause, change } = input;
  assertFreeWord(change.slug);
  const plan = change.plan === undefined ? undefined : resolvePlan(deps.plans, change.plan);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertMayChange(tx, caller, change);
    if (change.requireSecondFactor === true) assertHasSecondFactor(input.session);
    const before = await getOrganization(tx, organizationId);
    const after = changed(before, change, { plan, now: context.now });
    if (plan !== undefined) await assertPlanFits(tx, after);
    const isNewlyRequired = after.ssoPolicy === 'required' && before.ssoPolicy === 'optional';
    if (isNewlyRequired)
      await assertMayRequireSso(tx, context, { organization: after, hashToken: deps.hashToken });
    await tx.organizations.update(organizationId, after, before.version);
    await record(tx, context, {
      type: 'organization.updated',
      target: { kind: 'organization', id: organizationId },
      details: { before: settingsFacts(before), after: settingsFacts(after) },
    });
    if (speaksDifferently(before, after)) {
      const { conflictPolicy, defaultRole } = before;
      await keepPast(tx, context, {
        kind: 'rules',
        id: organizationId,
        value: { conflictPolicy, defaultRole },
      });
    }
    if (plan !== undefined) await settleDefaultTeam(tx, context, { before, after });
    if (isNewlyRequired || isStricter(before, after)) await endUnfitSessions(tx, context, after);
    if (speaksDifferently(before, after)) await assertMappingTestsPass(tx, organizationId);
    if (after.conflictPolicy !== before.conflictPolicy) await carryOutPolicy(deps, tx, context);
    return getOrganization(tx, organizationId);
  });
}

const isStricter = (before: Organization, after: Organization): boolean =>
  after.requireSecondFactor && !before.requireSecondFactor;

/** Whether the rules of the organization may amount to other roles now. */
const speaksDifferently = (before: Organization, after: Organization): boolean =>
  after.conflictPolicy !== before.conflictPolicy || after.defaultRole !== before.defaultRole;

/** Roles that follow from a setting are given like any other: nobody hands out, or takes, what they may not (law 8). */
async function assertMayChange(tx: Repositories, caller: Caller, change: OrganizationChange): Promise<void> {
  if (change.defaultRole !== undefined)
    assertMayGrant(caller, await roleNamed(tx, change.defaultRole, 'defaultRole'), 'defaultRole');
  if (caller.kind === 'operator' || caller.role.key === 'owner') return;
  for (const [field, detail] of OWNERS_SETTINGS)
    if (change[field] !== undefined)
      throw new GatehouseError('forbidden', detail, { field, whatToDo: 'Ask an owner to change it.' });
}

/** Whoever asks it of others has done it: nobody locks themselves out of the very setting. */
function assertHasSecondFactor(session: Session | undefined): void {
  if (session === undefined || !awaitsSecondFactor({ requireSecondFactor: true }, session)) return;
  throw new GatehouseError('invalid', 'Set up a second step for yourself first, and sign in with it.', {
    field: 'requireSecondFactor',
  });
}

const OWNERS_SETTINGS = [
  ['conflictPolicy', 'The policy decides about admins too; only an owner changes it.'],
  ['strictClaims', 'What a sign-in leaves out can take roles of admins too; only an owner changes this.'],
  ['auditRetentionDays', 'What the audit forgets is for an owner to decide.'],
  ['linksRequireDomains', 'Who may come in by a link is for an owner to decide.'],
  ['ssoPolicy', 'How everybody signs in is for an owner to decide.'],
  ['requireSecondFactor', 'How everybody signs in is for an owner to decide.'],
] as const;

/**
 * Removes an organization and everything that belongs to it; people who are nowhere else a member go too. What remains
 * is the audit row and the event that tell its end (law 9). Throws `not_found`.
 */
export async function removeOrganization(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly organizationId: OrganizationId; readonly cause: Cause },
): Promise<void> {
  const { organizationId, cause } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const { name, slug } = await getOrganization(tx, organizationId);
    const members = await listMembers(tx, organizationId);
    const grants = await listApplicationGrants(tx, members);
    const which = { by: 'organization' } as const;
    const ended = await endSessions(tx, context, { which, reason: 'organization_removed' });
    await tx.organizations.remove(organizationId);
    for (const { userId } of members) await removeIfWithoutTies(tx, userId);
    // After the removal, which takes along what waits to be told.
    for (const grant of grants) await enqueueLogoutNotice(tx, context, grant);
    await record(tx, context, {
      type: 'organization.removed',
      target: { kind: 'organization', id: organizationId },
      // What told of each end went with the rest of the journal: people are forgotten with their organization.
      details: { name, slug, members: members.length, endedSessions: ended.length },
    });
  }, 'alone');
}

async function listApplicationGrants(
  tx: Repositories,
  members: readonly Membership[],
): Promise<readonly ApplicationGrant[]> {
  const grants: ApplicationGrant[] = [];
  for (const { organizationId, id } of members)
    grants.push(...(await tx.applicationGrants.listByMembership(organizationId, id)));
  return grants;
}

async function listMembers(tx: Repositories, organizationId: OrganizationId): Promise<readonly Membership[]> {
  const members: Membership[] = [];
  const limit = 500;
  for (let after: string | undefined; ; after = members.at(-1)?.id) {
    const page = await tx.memberships.list(organizationId, {}, { after, limit });
    members.push(...page);
    if (page.length < limit) return members;
  }
}

async function removeIfWithoutTies(tx: Repositories, id: UserId): Promise<void> {
  const user = await tx.users.find(id);
  if (user !== undefined && user.emailKey === null && (await tx.memberships.listByUser(id)).length === 0) {
    await tx.users.remove(id);
  }
}
