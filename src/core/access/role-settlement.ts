/** Where rules disagree: which of them win, which are overruled, and why. Pure; the outcome is that of `resolveRoles`. */
import type { TeamId } from '../../kernel/ids.ts';
import type { ConflictPolicy, Grant, RankOf, Resource } from './roles.ts';
import { isMapped, resolveRoles, resourceKey } from './roles.ts';

/**
 * Why a rule does not count: a rule of a lower rank says otherwise; a rule gives more; groups and claims differ and the
 * lesser counts; rules disagree and the organization refuses that.
 */
export type Overruling = 'rank' | 'weaker' | 'groups_and_claims' | 'refused';

export interface Settlement {
  readonly scope: 'org' | 'team' | 'resource';
  readonly teamId?: TeamId;
  readonly resource?: Resource;
  /** None under `refuse`: none of the rules counts then. */
  readonly winners: readonly Grant[];
  readonly overruled: readonly { readonly grant: Grant; readonly why: Overruling }[];
}

const keyOf = ({ scope }: Grant): string =>
  scope.kind === 'org' ? 'org' : scope.kind === 'team' ? scope.teamId : resourceKey(scope.resource);

/** The scopes in which rules say different roles, and how each is settled. What people gave is not looked at. */
export function settlementsOf(
  grants: readonly Grant[],
  policy: ConflictPolicy,
  rankOf: RankOf,
): readonly Settlement[] {
  const byScope = Map.groupBy(grants.filter(isMapped), keyOf);
  return [...byScope]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, said]) => {
      const [first] = said;
      if (first === undefined || new Set(said.map(({ scope }) => scope.role)).size < 2) return [];
      const winners = deciding(said, policy, rankOf);
      const overruled = said
        .filter((grant) => !winners.includes(grant))
        .map((grant) => ({ grant, why: whyNot(grant, said, { winners, policy, rankOf }) }));
      return [{ ...placeOf(first), winners, overruled }];
    });
}

function placeOf({ scope }: Grant): Pick<Settlement, 'scope' | 'teamId' | 'resource'> {
  switch (scope.kind) {
    case 'org':
      return { scope: 'org' };
    case 'team':
      return { scope: 'team', teamId: scope.teamId };
    case 'resource':
      return { scope: 'resource', resource: scope.resource };
  }
}

/** The grants of one scope that decide it. */
function deciding(said: readonly Grant[], policy: ConflictPolicy, rankOf: RankOf): readonly Grant[] {
  const { org, teams, resources } = resolveRoles(said, policy, rankOf);
  return [org, ...teams, ...resources].flatMap((resolved) => resolved?.because ?? []);
}

function whyNot(
  grant: Grant,
  said: readonly Grant[],
  {
    winners,
    policy,
    rankOf,
  }: { readonly winners: readonly Grant[]; readonly policy: ConflictPolicy; readonly rankOf: RankOf },
): Overruling {
  if (policy === 'refuse') return 'refused';
  const { kind } = grant.source;
  const isAmongKin = winners.some(({ source }) => source.kind === kind);
  const kin = said.filter(({ source }) => source.kind === kind);
  const ahead = isAmongKin
    ? winners.filter(({ source }) => source.kind === kind)
    : deciding(kin, policy, rankOf);
  if (ahead.includes(grant)) return 'groups_and_claims';
  return policy === 'ranked' && ahead.some(({ rank }) => rank < grant.rank) ? 'rank' : 'weaker';
}
