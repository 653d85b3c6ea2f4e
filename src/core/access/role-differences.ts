/** What becomes of one member's roles when the rules change: each role that comes or goes, because of which rules. Pure. */
import type { GrantId, TeamId } from '../../kernel/ids.ts';
import type { Membership } from '../entities/people.ts';
import type { MemberFacts, RuleSet } from '../members/member-projection.ts';
import { wantedOf } from '../members/member-projection.ts';
import { diffGrants, isSettled } from './grants.ts';
import type { Settlement } from './role-settlement.ts';
import { settlementsOf } from './role-settlement.ts';
import type { Grant, GrantSource, OrgRole, RankOf, ResolvedRole, ResolvedRoles, Resource } from './roles.ts';
import { isMapped, RESOURCE_ROLES, resolveRoles, resourceKey, TEAM_ROLES } from './roles.ts';

/** What speaks for a role. */
export interface Reason {
  readonly source: GrantSource;
  readonly role: string;
}

/** One role that comes, goes or becomes another. */
export interface RoleChange {
  readonly scope: 'org' | 'team' | 'resource';
  readonly teamId?: TeamId;
  readonly resource?: Resource;
  /** Null: no role of this kind. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface RoleDifference extends RoleChange {
  readonly isGain: boolean;
  /** What decides the role then; empty when there is none. */
  readonly because: readonly Reason[];
  /** What decides the role now. */
  readonly wasBecause: readonly Reason[];
  /** What else speaks of it then and does not count. */
  readonly overruled: readonly (Reason & { readonly why: Settlement['overruled'][number]['why'] })[];
}

export interface Foresight {
  readonly differences: readonly RoleDifference[];
  /** Org roles that the member would leave or get, for whoever asks whether the caller may move them. */
  readonly orgRoles: readonly OrgRole[];
  /** Whether the ledger would change, even if no role does. */
  readonly isTouched: boolean;
  /** Scopes in which rules disagree, now and then. */
  readonly conflicts: { readonly before: number; readonly after: number };
}

/** What would be if `after` were the rules; `before` are the rules as they are. */
export function foreseeMember(
  facts: MemberFacts,
  { before, after }: { readonly before: RuleSet; readonly after: RuleSet },
): Foresight {
  const ledger = ledgerUnder(after, facts);
  const then = resolveRoles(ledger.grants, after.conflictPolicy, after.rankOf);
  const now = resolveRoles(facts.grants, before.conflictPolicy, before.rankOf);
  const settlements = settlementsOf(ledger.grants, after.conflictPolicy, after.rankOf);
  const differences = differencesBetween(now, then, after.rankOf).map((difference) => ({
    ...difference,
    overruled: (settlements.find((one) => isSameScope(one, difference))?.overruled ?? []).map(
      ({ grant, why }) => ({ ...reasonOf(grant), why }),
    ),
  }));
  const [held, next] = [now.org?.role ?? before.defaultRole, then.org?.role ?? after.defaultRole];
  return {
    differences,
    orgRoles: held === next ? [] : [held, next],
    isTouched: ledger.isTouched,
    conflicts: {
      before: settlementsOf(facts.grants, before.conflictPolicy, before.rankOf).length,
      after: settlements.length,
    },
  };
}

/** The ledger as it would be. Its new grants have ids that no stored one has. */
function ledgerUnder(
  rules: RuleSet,
  facts: MemberFacts,
): { readonly grants: readonly Grant[]; readonly isTouched: boolean } {
  const difference = diffGrants(facts.grants.filter(isMapped), wantedOf(rules, facts));
  const { add, remove, move } = difference;
  const moved = new Map(move.map(({ grant, rank }) => [grant.id, { ...grant, rank }]));
  const added = add.map((grant, index) => ({ ...grant, id: `grt_foreseen_${index}` as GrantId }) as Grant);
  const kept = facts.grants.filter((grant) => !remove.includes(grant));
  const standing = kept.map((grant) => moved.get(grant.id) ?? grant);
  return { grants: [...standing, ...added], isTouched: !isSettled(difference) };
}

const reasonOf = ({ source, scope }: Grant): Reason => ({ source, role: scope.role });

type Place = Pick<RoleDifference, 'scope' | 'teamId' | 'resource'>;
type Compared = Omit<RoleDifference, 'overruled'>;

const placeKey = ({ scope, teamId, resource }: Place): string =>
  resource === undefined ? (teamId ?? scope) : resourceKey(resource);
const isSameScope = (one: Place, other: Place): boolean => placeKey(one) === placeKey(other);

/** The roles that `before` and `after` differ in, by whether they are more or less. */
export function compareRoles(
  before: ResolvedRoles,
  after: ResolvedRoles,
  rankOf: RankOf,
): { readonly gains: readonly RoleChange[]; readonly losses: readonly RoleChange[] } {
  const differences = differencesBetween(before, after, rankOf);
  return {
    gains: differences.filter(({ isGain }) => isGain),
    losses: differences.filter(({ isGain }) => !isGain),
  };
}

function differencesBetween(now: ResolvedRoles, then: ResolvedRoles, rankOf: RankOf): readonly Compared[] {
  const differ = <Role extends string>(
    place: Place,
    roles: { readonly was?: ResolvedRole<Role> | undefined; readonly is?: ResolvedRole<Role> | undefined },
    rank: (role: Role) => number,
  ): readonly Compared[] => {
    const { was, is } = roles;
    if (was?.role === is?.role) return [];
    const isGain = (is === undefined ? -2 : rank(is.role)) > (was === undefined ? -2 : rank(was.role));
    const reasons = (resolved: ResolvedRole<Role> | undefined) => resolved?.because.map(reasonOf) ?? [];
    const roleOf = { before: was?.role ?? null, after: is?.role ?? null };
    return [{ ...place, ...roleOf, isGain, because: reasons(is), wasBecause: reasons(was) }];
  };
  const teamIds = [...new Set([...now.teams, ...then.teams].map(({ teamId }) => teamId))].sort();
  const things = new Map(
    [...now.resources, ...then.resources].map(({ resource }) => [resourceKey(resource), resource]),
  );
  const inTeam = (roles: ResolvedRoles, id: TeamId) => roles.teams.find(({ teamId }) => teamId === id);
  const onThing = (roles: ResolvedRoles, key: string) =>
    roles.resources.find(({ resource }) => resourceKey(resource) === key);
  return [
    ...differ({ scope: 'org' }, { was: now.org, is: then.org }, (role) => rankOf(role) ?? -1),
    ...teamIds.flatMap((teamId) =>
      differ({ scope: 'team', teamId }, { was: inTeam(now, teamId), is: inTeam(then, teamId) }, (role) =>
        TEAM_ROLES.indexOf(role),
      ),
    ),
    ...[...things].flatMap(([key, resource]) =>
      differ({ scope: 'resource', resource }, { was: onThing(now, key), is: onThing(then, key) }, (role) =>
        RESOURCE_ROLES.indexOf(role),
      ),
    ),
  ];
}

/** A member whose roles or ledger would change. */
export interface ForeseenMember extends Foresight {
  readonly membership: Membership;
}
