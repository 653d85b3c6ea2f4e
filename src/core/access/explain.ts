/** "Why does she have this?", and why did she then: every role of a member, traced to the grants behind it, in words. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { PastMembership, Trace, TracedGrant } from '../entities/history.ts';
import type { MembershipStatus } from '../entities/people.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { LookingBack } from './explain-words.ts';
import { teamNameOf, tellActor, tellSource } from './explain-words.ts';
import { factsOf } from './history.ts';
import { ranksLookingBack } from './past-roles.ts';
import type { Grant, OrgRole, ResolvedRoles, Resource, ResourceRole, TeamRole } from './roles.ts';
import { isMapped, resolveRoles } from './roles.ts';

/** Through whom something began or ended, and when. */
export interface ExplainedMoment {
  readonly at: number;
  /** Null for what happened before this was kept. */
  readonly by: Trace | null;
  /** Who that is, in words. */
  readonly who: string | null;
}

/** One grant as told to a person. */
export interface ExplainedGrant {
  readonly id: string;
  readonly scope: 'org' | 'team' | 'resource';
  readonly team?: { readonly id: string; readonly name: string };
  readonly resource?: Resource;
  readonly role: string;
  readonly source: Readonly<Record<string, unknown>> & { readonly kind: Grant['source']['kind'] };
  /** One plain sentence, such as `Directory group "Engineering" (okta) through a group mapping.` */
  readonly sentence: string;
  /** Whether this grant decides the role; the others are outranked. */
  readonly decides: boolean;
  readonly at: number;
  readonly begun: ExplainedMoment;
  /** Null while it stands. */
  readonly ended: ExplainedMoment | null;
}

export interface Explanation {
  readonly id: MembershipId;
  /** Null: as things are now. */
  readonly at: number | null;
  /** From when on everything that ended is known; epoch ms. */
  readonly historySince: number;
  /** `none`: not a member then. */
  readonly status: MembershipStatus | 'none';
  /** Null for a past day on which the person was suspended or no member. */
  readonly orgRole: { readonly role: OrgRole | null; readonly because: readonly ExplainedGrant[] };
  readonly teams: readonly {
    readonly id: TeamId;
    readonly name: string;
    readonly role: TeamRole;
    readonly because: readonly ExplainedGrant[];
  }[];
  readonly resources: readonly {
    readonly resource: Resource;
    readonly role: ResourceRole;
    readonly because: readonly ExplainedGrant[];
  }[];
  readonly grants: readonly ExplainedGrant[];
}

export interface ExplainRequest {
  readonly organizationId: OrganizationId;
  readonly id: MembershipId;
  /** The instant to look at, epoch ms; absent: now. */
  readonly at?: number | undefined;
  /** Whether the asker may read about people who are members no more. */
  readonly mayReadRemoved?: boolean | undefined;
}

/**
 * Explains every role of one member, now or at an instant. On a past day a suspended person had no role; whoever was not a
 * member has status `none`. Throws `not_found`, and `invalid` (field `at`) for an instant that has not come.
 */
export async function explainMember(
  deps: Pick<Deps, 'storage' | 'clock'>,
  request: ExplainRequest,
): Promise<Explanation> {
  const { organizationId, id, at } = request;
  if (at !== undefined && at > deps.clock())
    throw new GatehouseError('invalid', 'That day has not come.', { field: 'at' });
  const look: LookingBack = { from: deps.storage, organizationId, at: at ?? Number.MAX_SAFE_INTEGER };
  const held = await membershipAt(look, request);
  const { resolved, traced, defaultRole } = await ledgerAt(look, id);
  const status = held?.status ?? 'none';
  const counts = status === 'active' || (at === undefined && held !== undefined);
  const { tell, grants } = await tellGrants(look, { traced, resolved, counts });
  return {
    id,
    at: at ?? null,
    historySince: await historySince(look),
    status,
    orgRole: {
      role: counts ? (resolved.org?.role ?? defaultRole) : null,
      because: counts ? tell(resolved.org?.because ?? []) : [],
    },
    teams: (counts ? resolved.teams : []).map((team) => {
      const because = tell(team.because);
      return { id: team.teamId, name: because[0]?.team?.name ?? '', role: team.role, because };
    }),
    resources: (counts ? resolved.resources : []).map((one) => ({ ...one, because: tell(one.because) })),
    grants,
  };
}

/** What the membership was at the instant; undefined when there was none then. Throws `not_found` for ids that never were one. */
async function membershipAt(
  look: LookingBack,
  { organizationId, id, mayReadRemoved }: ExplainRequest,
): Promise<PastMembership | undefined> {
  const current = await look.from.memberships.find(organizationId, id);
  const subject = { kind: 'membership', id } as const;
  const isKnown =
    current !== undefined ||
    (mayReadRemoved === true && (await look.from.pastValues.find(organizationId, subject, -1)) !== undefined);
  if (!isKnown) throw new GatehouseError('not_found', 'No such member.');
  const past = await look.from.pastValues.find(organizationId, subject, look.at);
  const held = past?.value ?? (current && factsOf(current));
  return held !== undefined && held.createdAt <= look.at ? held : undefined;
}

interface LedgerThen {
  readonly traced: readonly TracedGrant[];
  readonly resolved: ResolvedRoles;
  readonly defaultRole: OrgRole;
}

/** The grants of that instant, and what they amounted to under the rules of that instant. */
async function ledgerAt({ from, organizationId, at }: LookingBack, id: MembershipId): Promise<LedgerThen> {
  const traced = await from.grants.listAsOf(organizationId, id, at);
  const past = await from.pastValues.find(organizationId, { kind: 'rules', id: organizationId }, at);
  const { conflictPolicy, defaultRole } = past?.value ?? (await getOrganization(from, organizationId));
  const grants: Grant[] = [];
  for (const { grant } of traced)
    grants.push(conflictPolicy === 'ranked' ? await rankedAt({ from, organizationId, at }, grant) : grant);
  const ranks = await ranksLookingBack(from, grants);
  return { traced, resolved: resolveRoles(grants, conflictPolicy, ranks), defaultRole };
}

/** The grant with the rank that its rule had at the instant. */
async function rankedAt({ from, organizationId, at }: LookingBack, grant: Grant): Promise<Grant> {
  if (!isMapped(grant)) return grant;
  const past = await from.pastValues.find(organizationId, { kind: 'rank', id: grant.id }, at);
  return past === undefined ? grant : { ...grant, rank: past.value };
}

async function historySince({ from, organizationId }: LookingBack): Promise<number> {
  const subject = { kind: 'unrecorded', id: organizationId } as const;
  const unrecorded = await from.pastValues.find(organizationId, subject, -1);
  return unrecorded?.until ?? (await getOrganization(from, organizationId)).createdAt;
}

async function tellGrants(
  look: LookingBack,
  { traced, resolved, counts }: Omit<LedgerThen, 'defaultRole'> & { readonly counts: boolean },
) {
  const roles = [resolved.org, ...resolved.teams, ...resolved.resources];
  const deciding = new Set(
    counts ? roles.flatMap((role) => role?.because.map((grant) => grant.id) ?? []) : [],
  );
  const explained = new Map<string, ExplainedGrant>();
  for (const one of traced) {
    const told = await explainGrant(look, { traced: one, decides: deciding.has(one.grant.id) });
    explained.set(one.grant.id, told);
  }
  return {
    grants: [...explained.values()],
    tell: (because: readonly Grant[]) => because.flatMap((grant) => explained.get(grant.id) ?? []),
  };
}

async function explainGrant(
  look: LookingBack,
  { traced, decides }: { readonly traced: TracedGrant; readonly decides: boolean },
): Promise<ExplainedGrant> {
  const { grant, begunBy, ended } = traced;
  const { scope } = grant;
  const told = await tellSource(look, traced);
  const name = scope.kind === 'team' ? await teamNameOf(look, scope.teamId) : null;
  return {
    id: grant.id,
    scope: scope.kind,
    ...(scope.kind === 'team' ? { team: { id: scope.teamId, name: name ?? '' } } : {}),
    ...(scope.kind === 'resource' ? { resource: scope.resource } : {}),
    role: scope.role,
    source: { ...grant.source, ...told.names },
    sentence: told.sentence,
    decides,
    at: grant.createdAt,
    begun: moment(grant.createdAt, begunBy),
    ended: ended === null ? null : moment(ended.endedAt, ended.endedBy),
  };
}

const moment = (at: number, by: Trace | null): ExplainedMoment => ({
  at,
  by,
  who: by === null ? null : tellActor(by),
});
