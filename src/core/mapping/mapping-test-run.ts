/** Runs the mapping tests of an organization against its rules, and refuses a change of the rules that turns one red. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import { wantedGroupGrants } from '../access/role-projection.ts';
import type { Grant } from '../access/roles.ts';
import { resolveRoles, resourceKey } from '../access/roles.ts';
import type { GroupMapping } from '../entities/directory.ts';
import type { MappingTest, MappingTestExpect, MappingTestGiven } from '../entities/mapping-test.ts';
import type { RuleSet } from '../members/member-projection.ts';
import { loadRuleSet } from '../members/member-projection.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { wantedClaimGrants } from './claim-grants.ts';
import type { TestedGroup } from './mapping-test-groups.ts';
import { groupsGiven } from './mapping-test-groups.ts';

type Reader = Queries | Repositories;

/** What comes out: the same shape as what is expected, nothing left out. */
export type MappingTestOutcome = Required<MappingTestExpect>;

/** One role that is not as expected; null: no role of this kind. */
export interface MappingTestDifference {
  readonly scope: 'org' | 'team' | 'resource';
  readonly teamId?: TeamId;
  readonly resource?: MappingTestOutcome['resources'][number]['resource'];
  readonly expected: string | null;
  readonly got: string | null;
}

/** `broken`: the test names a group or a team that is not there, so it says nothing about the rules; `reason` says which. */
export type MappingTestResult = { readonly test: MappingTest; readonly reason: string | null } & (
  | {
      readonly status: 'passed' | 'failed';
      readonly got: MappingTestOutcome;
      readonly differences: readonly MappingTestDifference[];
    }
  | { readonly status: 'broken' }
);

/** Pure: the roles of somebody in exactly these groups, with these claims and no grant by hand, under these rules. */
function outcomeOfRules(
  rules: RuleSet,
  given: { readonly groups: readonly TestedGroup[]; readonly claims: MappingTestGiven['claims'] },
): MappingTestOutcome {
  const claims = new Map(given.claims.map(({ claim, values }) => [claim, values]));
  // No connection is meant: a rule over claims speaks for all of them.
  const identity = { connectionId: 'con_given' as ConnectionId, claims };
  const wanted = [
    ...wantedGroupGrants(rules.mappings, given.groups, rules.rankOf),
    ...wantedClaimGrants(rules.mappings, identity),
  ];
  // Never stored: the ids only have to differ.
  const grants = wanted.map((grant, index) => ({ ...grant, id: `grt_given_${index}` }) as Grant);
  const resolved = resolveRoles(grants, rules.conflictPolicy, rules.rankOf);
  return {
    orgRole: resolved.org?.role ?? rules.defaultRole,
    teams: resolved.teams.map(({ teamId, role }) => ({ teamId, role })),
    resources: resolved.resources.map(({ resource, role }) => ({ resource, role })),
  };
}

/** Pure: what of the expected is not so; what the test is silent about is not looked at. */
function differencesOf(
  expected: MappingTestExpect,
  got: MappingTestOutcome,
): readonly MappingTestDifference[] {
  const teams = pairUp(expected.teams, got.teams, ({ teamId }) => teamId);
  const resources = pairUp(expected.resources, got.resources, ({ resource }) => resourceKey(resource));
  return [
    ...(expected.orgRole === undefined || expected.orgRole === got.orgRole
      ? []
      : [{ scope: 'org' as const, expected: expected.orgRole, got: got.orgRole }]),
    ...teams.map(({ of: { teamId }, ...roles }) => ({ scope: 'team' as const, teamId, ...roles })),
    ...resources.map(({ of: { resource }, ...roles }) => ({
      scope: 'resource' as const,
      resource,
      ...roles,
    })),
  ];
}

/** The entries of which the two lists say different roles. */
function pairUp<Entry extends { readonly role: string }>(
  expected: readonly Entry[] | undefined,
  got: readonly Entry[],
  keyOf: (entry: Entry) => string,
): readonly { readonly of: Entry; readonly expected: string | null; readonly got: string | null }[] {
  if (expected === undefined) return [];
  const all = new Map([...got, ...expected].map((entry) => [keyOf(entry), entry]));
  const roleIn = (list: readonly Entry[], key: string) =>
    list.find((entry) => keyOf(entry) === key)?.role ?? null;
  return [...all]
    .map(([key, of]) => ({ of, expected: roleIn(expected, key), got: roleIn(got, key) }))
    .filter((pair) => pair.expected !== pair.got);
}

/** What tests run against. */
export interface TestedRules {
  /** Absent: as they are (in a transaction: as they would be). */
  readonly rules?: RuleSet;
  /** Those that a change takes away or makes others: a group only they speak of is known still, so that its test holds. */
  readonly former?: readonly GroupMapping[];
  /** Absent: every test that is kept. */
  readonly only?: readonly MappingTest[];
}

/** Runs the tests in order, those that are kept oldest first. */
export async function runMappingTests(
  from: Reader,
  organizationId: OrganizationId,
  { rules, former = [], only }: TestedRules = {},
): Promise<readonly MappingTestResult[]> {
  const tests = only ?? (await from.mappingTests.list(organizationId));
  if (tests.length === 0) return [];
  const under = rules ?? (await loadRuleSet(from, organizationId));
  const mappings = [...under.mappings, ...former];
  const teams = await from.teams.list(organizationId);
  const names = new Map<TeamId, string>(teams.map(({ id, name }) => [id, name]));
  const results: MappingTestResult[] = [];
  for (const test of tests) {
    const groups = await groupsGiven(from, { organizationId, mappings }, test.given.groups);
    const broken = groups.unknown ?? goneTeam(test, names);
    if (broken !== undefined) {
      results.push({ test, status: 'broken', reason: broken });
      continue;
    }
    const given = { groups: groups.found, claims: test.given.claims };
    const got = outcomeOfRules(under, given);
    const differences = differencesOf(test.expect, got);
    const reason = differences.length === 0 ? null : differences.map((one) => inWords(one, names)).join(', ');
    results.push({ test, status: reason === null ? 'passed' : 'failed', reason, got, differences });
  }
  return results;
}

function goneTeam({ expect }: MappingTest, names: ReadonlyMap<TeamId, string>): string | undefined {
  const gone = expect.teams?.find(({ teamId }) => !names.has(teamId));
  return gone && `Unknown team: ${gone.teamId} is gone. Change this test, or remove it.`;
}

function inWords(difference: MappingTestDifference, names: ReadonlyMap<TeamId, string>): string {
  const { teamId, resource, expected, got } = difference;
  const what =
    teamId !== undefined
      ? `role in team "${names.get(teamId) ?? teamId}"`
      : resource === undefined
        ? 'org role'
        : `role on ${resourceKey(resource)}`;
  return `${what} ${got ?? 'none'} instead of ${expected ?? 'none'}`;
}

const MOST_TOLD = 5;

/**
 * For a change of the rules, in its transaction, after the write: throws `mapping_test_failed` naming the tests, what
 * they expect and what would come out. Broken tests say nothing. `former`: see `TestedRules`.
 */
export async function assertMappingTestsPass(
  tx: Repositories,
  organizationId: OrganizationId,
  former: readonly GroupMapping[] = [],
): Promise<void> {
  assertPassed(await runMappingTests(tx, organizationId, { former }));
}

/** Likewise, for tests that have been run. */
export function assertPassed(results: readonly MappingTestResult[]): void {
  const failed = results.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return;
  const told = failed.slice(0, MOST_TOLD).map(({ test, reason }) => `"${test.name}" (${test.id}): ${reason}`);
  const rest = failed.length > MOST_TOLD ? `; and ${failed.length - MOST_TOLD} more` : '';
  throw new GatehouseError(
    'mapping_test_failed',
    `Nothing was changed. With this change would come out, by mapping test: ${told.join('; ')}${rest}.`,
  );
}
