/** Mapping tests and what came out of them, as JSON. */
import type { z } from 'zod';
import type { MappingTest, MappingTestExpect } from '../../core/entities/mapping-test.ts';
import type { MappingTestDifference, MappingTestResult } from '../../core/mapping/mapping-test-run.ts';
import type {
  mappingTestRunShape,
  mappingTestShape,
  mappingTestWithResultShape,
} from './mapping-test-shapes.ts';
import { isoTime } from './present.ts';

const presentTeams = (teams: NonNullable<MappingTestExpect['teams']>) =>
  teams.map(({ teamId, role }) => ({ team: teamId, role }));

export const presentMappingTest = (test: MappingTest): z.infer<typeof mappingTestShape> => {
  const { orgRole, teams, resources } = test.expect;
  return {
    id: test.id,
    name: test.name,
    given: {
      groups: test.given.groups.map((group) => (group.kind === 'id' ? group.groupId : group.groupName)),
      claims: Object.fromEntries(test.given.claims.map(({ claim, values }) => [claim, [...values]])),
    },
    expect: {
      ...(orgRole === undefined ? {} : { orgRole }),
      ...(teams === undefined ? {} : { teams: presentTeams(teams) }),
      ...(resources === undefined ? {} : { resources: [...resources] }),
    },
    createdAt: isoTime(test.createdAt),
    updatedAt: isoTime(test.updatedAt),
  };
};

const presentDifference = ({ scope, teamId, resource, expected, got }: MappingTestDifference) => ({
  scope,
  ...(teamId === undefined ? {} : { team: teamId }),
  ...(resource === undefined ? {} : { resource }),
  expected,
  got,
});

const presentResult = (result: MappingTestResult) => ({
  status: result.status,
  reason: result.reason,
  got:
    result.status === 'broken'
      ? null
      : {
          orgRole: result.got.orgRole,
          teams: presentTeams(result.got.teams),
          resources: [...result.got.resources],
        },
  differences: result.status === 'broken' ? [] : result.differences.map(presentDifference),
});

export const presentMappingTestWithResult = (
  result: MappingTestResult,
): z.infer<typeof mappingTestWithResultShape> => ({
  ...presentMappingTest(result.test),
  result: { passed: result.status === 'passed', ...presentResult(result) },
});

export const presentMappingTestRun = (
  results: readonly MappingTestResult[],
): z.infer<typeof mappingTestRunShape> => {
  const count = (status: MappingTestResult['status']) =>
    results.filter((result) => result.status === status).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    broken: count('broken'),
    items: results.map((result) => ({
      id: result.test.id,
      name: result.test.name,
      ...presentResult(result),
    })),
  };
};
